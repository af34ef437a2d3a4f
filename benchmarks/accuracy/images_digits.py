"""scikit-learn's digits, 8 x 8 pixels: 20 labels a class to learn from, the other 1597 to be judged on."""

from __future__ import annotations

import numpy as np
from image_data import digits as load  # noqa: F401 - images.py asks each study for it
from image_models import Streamed, conv, radial
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

NOTES = """
Chosen on other seeds: 4 x 4 filters and quadrants. Strengths are chosen inside, by 5 folds for the models of
scikit-learn and by generalised cross-validation for ours.
"""

ALPHAS = tuple(np.logspace(-4, 1, 6))


def _searched(model, **grid):
    return make_pipeline(FunctionTransformer(_flat), GridSearchCV(model, grid, cv=5))


def _flat(images):
    return images.reshape(len(images), -1)


def _conv(**options):
    options = {"n_filters": 128, "kernel_size": 4, "grid": 2} | options
    return lambda seed, n_jobs: Streamed(conv(seed, n_jobs, **options), ALPHAS)


ROWS = {
    "pixels, logistic regression": lambda seed, n_jobs: _searched(
        LogisticRegression(max_iter=2000), C=np.logspace(-2, 3, 6)
    ),
    "pixels, Gaussian SVM": lambda seed, n_jobs: _searched(SVC(), C=np.logspace(-1, 3, 5)),
    "32 k-means filters, ridge": _conv(n_filters=32),
    "128 k-means filters, ridge": _conv(),
    "128 k-means filters, no roots, ridge": _conv(root=False),
    "128 k-means filters, Gaussian, ridge": lambda seed, n_jobs: Streamed(
        radial(
            conv(seed, n_jobs, n_filters=128, kernel_size=4, grid=2), seed, n_components=200, dimensions=100
        ),
        ALPHAS,
    ),
}
