"""Ctrl-C at any point of a fit leaves the estimator as it was before, whichever solver runs."""

import sys
from pathlib import Path

import numpy as np
import pytest
from _asserts import SAME_BITS, assert_close
from sklearn.base import clone

import skmtl
from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import ClusteredTasks, JointSparsity, LearnedRelation, LowRank, SharedParameters
from skmtl.linear_model._base import LinearTaskModel

PACKAGE = str(Path(skmtl.__file__).parent)
MODELS = [MultiTaskLinearRegressor, MultiTaskLogisticRegression]
COUPLINGS = [SharedParameters(), JointSparsity(), LowRank(), LearnedRelation(smoothing=0.1), ClusteredTasks()]
(SOLVERS,) = (one.options for one in LinearTaskModel._parameter_constraints["solver"])


class Interrupter:
    """Counts calls of the package's functions and, at a given one, is the user's Ctrl-C."""

    def __init__(self, at=None):
        self.at, self.calls = at, 0

    def __enter__(self):
        self.before = sys.getprofile()
        sys.setprofile(self._on_event)
        return self

    def __exit__(self, *error):
        sys.setprofile(self.before)

    def _on_event(self, frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE) and not code.co_name.startswith("<"):
            self.calls += 1
            if self.calls == self.at:
                sys.setprofile(None)
                raise KeyboardInterrupt


def served(solver):
    """Models that this solver can fit."""
    X = np.random.default_rng(0).normal(size=(20, 3))
    for cls in MODELS:
        Y = X[:, :2] if cls is MultiTaskLinearRegressor else (X[:, :2] > 0).astype(int)
        for coupling in COUPLINGS:
            model = cls(0.1, coupling=coupling, solver=solver, tol=1e-5)
            try:
                model.fit(X, Y)
            except ValueError:  # refused, as it should: another test reads the sentence
                continue
            yield cls(0.1, coupling=coupling, solver=solver, tol=1e-5)


@pytest.mark.parametrize("solver", sorted(SOLVERS))
def test_an_interrupted_fit_changes_nothing(solver, rng):
    X = rng.normal(size=(30, 4))
    Y = X[:, :3] + rng.normal(size=(30, 3))
    models = list(served(solver))
    assert models, f"no model of this list is served by {solver}"
    for model in models:
        y = Y if isinstance(model, MultiTaskLinearRegressor) else (Y > 0).astype(int)
        _assert_interrupts_are_harmless(model, X, y)


def _assert_interrupts_are_harmless(model, X, y):
    """At several points of a second fit, to half of the tasks, and of the first fit of a fresh model."""
    fresh = dict(vars(model))
    half = X, y[:, :2]
    with Interrupter() as second:
        clone(model).fit(*half)
    model.fit(X, y)
    fitted, said = dict(vars(model)), model.predict(X)
    for share in (0.1, 0.5, 0.9):
        at = max(1, int(share * second.calls))
        with pytest.raises(KeyboardInterrupt), Interrupter(at):
            model.fit(*half)
        assert vars(model) == fitted
        assert_close(model.predict(X), said, SAME_BITS)
        unfitted = clone(model)
        with pytest.raises(KeyboardInterrupt), Interrupter(at):
            unfitted.fit(*half)
        assert vars(unfitted).keys() == fresh.keys()


def test_an_interrupted_new_task_leaves_the_model(rng):
    X = rng.normal(size=(30, 4))
    model = MultiTaskLinearRegressor(0.1).fit(X, X[:, :3])
    with Interrupter() as counter:
        model.fit_new_task(X, X[:, 3])
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt), Interrupter(counter.calls // 2):
        model.fit_new_task(X, X[:, 3])
    assert vars(model) == before
