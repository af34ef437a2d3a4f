"""ConvFeatureExtractor: the first layer hidden, the second one's maps pooled over a grid of 2 x 2 pixels."""

from __future__ import annotations

import numpy as np

from skmtl import ConvFeatureExtractor
from skmtl.feature_extraction import ConvLayer, FixedFilters

PACKAGE = "skmtl"


def prepare(data, threads):
    first, last = (FixedFilters(filters, bias=bias) for filters, bias in data.layers)
    model = ConvFeatureExtractor(
        last,
        hidden_layers=[ConvLayer(first)],
        padding="same",
        activation="relu",
        threshold=0.0,
        pooling="max",
        grid=data.X.shape[1] // 4,
        n_jobs=threads,
    )
    model.fit(data.X[:2])
    model.transform(data.X[: data.at_once])
    return data, model


def run(state):
    data, model = state
    calls = range(0, len(data.X), data.at_once)
    return np.concatenate([model.transform(data.X[i : i + data.at_once]) for i in calls])


def result(state, output):
    data = state[0]
    side = data.X.shape[1] // 4
    return output.reshape(len(data.X), side, side, -1)
