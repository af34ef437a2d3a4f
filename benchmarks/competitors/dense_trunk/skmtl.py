"""MultiTaskMLPClassifier: a head for each task."""

from __future__ import annotations

import numpy as np
from problems.dense_trunk import BATCH, HIDDEN, RATE

from skmtl import MultiTaskMLPClassifier

PACKAGE = "skmtl"


def prepare(data, threads):
    model = MultiTaskMLPClassifier(
        HIDDEN,
        activation="relu",
        solver="adam",
        alpha=0.0,
        learning_rate=RATE,
        batch_size=BATCH,
        max_iter=data.epochs,
        random_state=0,
    )
    model.fit(data.X[:BATCH], data.Y[:BATCH])
    return data, model


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return np.stack([P[:, 1] for P in output.predict_proba(state[0].X_new)], axis=1)
