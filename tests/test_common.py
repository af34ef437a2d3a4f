"""What every public estimator owes: scikit-learn's checks and our own, by discovery."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from _checks import CHECKS
from _estimators import EXPECTED_FAILURES, VARIANTS, data_for, expected_failures, find_estimators, instances
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.estimator_checks import parametrize_with_checks

import skmtl

INSTANCES = instances()


@parametrize_with_checks(INSTANCES, expected_failed_checks=expected_failures, xfail_strict=True)
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("estimator", INSTANCES, ids=repr)
def test_own(estimator, check, rng):
    check(estimator, *data_for(estimator, rng))


def test_every_public_estimator_is_in_the_table():
    missing = sorted(set(find_estimators()) - set(VARIANTS))
    assert not missing, f"give each a line in VARIANTS of tests/_estimators.py: {missing}"


def test_the_table_names_public_estimators_only():
    found = set(find_estimators())
    assert set(VARIANTS) <= found, f"not public, or gone: {sorted(set(VARIANTS) - found)}"
    assert set(EXPECTED_FAILURES) <= set(VARIANTS)
    assert all(VARIANTS[name](cls) for name, cls in find_estimators().items() if name in VARIANTS)


def test_expected_failures_have_reasons():
    reasons = [reason for checks in EXPECTED_FAILURES.values() for reason in checks.values()]
    assert all(len(reason.split()) >= 4 for reason in reasons), "say why in a sentence"


# Each own check on an estimator that breaks its promise, and on one that keeps it.


class Mean(RegressorMixin, BaseEstimator):
    """Keeps every promise."""

    def __init__(self, shift=0.0, n_jobs=None):
        self.shift = shift
        self.n_jobs = n_jobs

    def fit(self, X, y):
        self.mean_ = np.mean(y, axis=0)
        return self

    def predict(self, X):
        return np.tile(self.mean_, (len(X), 1)) + X[:, :1]


class WritesParameter(Mean):
    def fit(self, X, y):
        self.shift = 1.0
        return super().fit(X, y)


class WritesIntoParameter(Mean):
    def fit(self, X, y):
        self.shift["n"] = len(X)
        return super().fit(X, y)


class Forgets(Mean):
    def __getstate__(self):
        return {**super().__getstate__(), "mean_": 0.0}


class WritesInput(Mean):
    def fit(self, X, y):
        X += 1.0
        return super().fit(X, y)


class LearnsInInit(Mean):
    def __init__(self, shift=0.0, n_jobs=None):
        super().__init__(shift, n_jobs)
        self.ready_ = True


class LooksAtTheBatch(Mean):
    def predict(self, X):
        return super().predict(X) + X.mean()


class CountsThreads(Mean):
    def predict(self, X):
        return super().predict(X) * (self.n_jobs or 1)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_an_estimator_that_keeps_its_promises_passes(check, rng):
    check(Mean(), *data_for(Mean(), rng))


@pytest.mark.parametrize(
    "name, estimator",
    [
        ("check_fit_keeps_parameters", WritesParameter()),
        ("check_fit_keeps_parameters", WritesIntoParameter(shift={})),
        ("check_pickle_gives_the_same", Forgets()),
        ("check_input_may_be_read_only", WritesInput()),
        ("check_clone_learns_the_same", LearnsInInit()),
        ("check_repr_is_readable", Mean(shift=threading.Lock())),
        ("check_repr_is_readable", WritesParameter()),
        ("check_a_row_alone_is_as_in_a_batch", LooksAtTheBatch()),
        ("check_threads_do_not_matter", CountsThreads()),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_broken_promise_is_found(name, estimator, rng):
    (check,) = (check for check in CHECKS if check.__name__ == name)
    with pytest.raises((AssertionError, ValueError)):
        check(estimator, *data_for(Mean(), rng))


def test_an_estimator_outside_the_table_is_found(monkeypatch):
    monkeypatch.setattr(Mean, "__module__", "skmtl.toy")
    monkeypatch.setitem(vars(skmtl), "Mean", Mean)
    monkeypatch.setattr(skmtl, "__all__", ["Mean"])
    with pytest.raises(AssertionError, match="give each a line in VARIANTS.*Mean"):
        test_every_public_estimator_is_in_the_table()
