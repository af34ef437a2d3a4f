"""ConvFeatureExtractor with the given filters, on the pixels as they are."""

from __future__ import annotations

import numpy as np

from skmtl import ConvFeatureExtractor
from skmtl.feature_extraction import FixedFilters

PACKAGE = "skmtl"


def prepare(data, threads, arithmetic="float"):
    model = ConvFeatureExtractor(
        FixedFilters(data.filters),
        threshold=data.threshold,
        pooling="sum",
        grid=2,
        arithmetic=arithmetic,
        n_jobs=threads,
    )
    model.fit(data.X[:4])
    model.transform(data.X[:1])
    return data, model


def run(state):
    data, model = state
    calls = range(0, len(data.X), data.at_once)
    return np.concatenate([model.transform(data.X[i : i + data.at_once]) for i in calls])


def result(state, output):
    data = state[0]
    return output.reshape(len(data.X), 4, 2, len(data.filters)).transpose(0, 2, 1, 3)
