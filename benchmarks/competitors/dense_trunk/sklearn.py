"""scikit-learn's MLPClassifier on the five labels together: one logistic output for each."""

from __future__ import annotations

import warnings

from problems.dense_trunk import BATCH, HIDDEN, RATE
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

PACKAGE = "scikit-learn"


def prepare(data, threads):
    warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is given
    model = MLPClassifier(
        HIDDEN, alpha=0.0, learning_rate_init=RATE, batch_size=BATCH, max_iter=data.epochs, random_state=0
    )
    model.fit(data.X[:BATCH], data.Y[:BATCH])
    return data, model


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return output.predict_proba(state[0].X_new)
