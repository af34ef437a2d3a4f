"""ConvFeatureExtractor.transform_dense with the given filters, on the pixels as they are."""

from __future__ import annotations

from skmtl import ConvFeatureExtractor
from skmtl.feature_extraction import FixedFilters

PACKAGE = "skmtl"


def prepare(data, threads):
    model = ConvFeatureExtractor(
        FixedFilters(data.filters),
        threshold=data.threshold,
        activation="two-sided" if data.two_sided else "relu",
        scales=(1, 2, 4),
        n_jobs=threads,
    )
    model.fit(data.image[None])
    model.transform_dense(data.image[None])
    return data, model


def run(state):
    data, model = state
    return model.transform_dense(data.image[None])


def result(state, output):
    return output[0]
