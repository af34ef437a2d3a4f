"""float32 features stay float32 from the fit to the prediction; what cannot be reached is reported."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING_32, Tolerance, assert_close
from sklearn.exceptions import ConvergenceWarning

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import (
    ClusteredTasks,
    Dirty,
    ElementwiseSparsity,
    Independent,
    JointSparsity,
    LearnedRelation,
    LowRank,
    OutlierTasks,
    RobustLowRank,
    SharedParameters,
    SparseLowRank,
    TaskChain,
)
from skmtl.design import OwnRowsDesign, SharedDesign
from skmtl.solvers import newton_cg, proximal_gradient, row_descent

MINIMUM_32 = Tolerance("a minimum found in float32 to a residual of 1e-5", rtol=1e-4)

COUPLINGS = [
    Independent(),
    SharedParameters(),
    TaskChain(),
    LearnedRelation(smoothing=1e-2),
    ClusteredTasks(),
    JointSparsity(),
    JointSparsity(0.5),
    ElementwiseSparsity(),
    LowRank(),
    LowRank(squared=True),
    Dirty(),
    Dirty(0.5, norm="max"),
    OutlierTasks(),
    RobustLowRank(),
    SparseLowRank(),
]
N, D, T = 60, 6, 4


@pytest.fixture
def forms(rng):
    """Name of a form of data -> features, targets, parameters; in float64."""
    X = rng.normal(size=(N, D)) + 1.0
    Y = X @ rng.normal(size=(D, T)) + rng.normal(size=(N, T))
    rows = np.column_stack([X, np.arange(N) % T])
    return {
        "complete": (X, Y, {}),
        "missing labels": (X, np.where(rng.random(Y.shape) < 0.2, np.nan, Y), {}),
        "own rows": (rows, Y[:, 0], {"task_feature": D}),
        "sparse": (sp.csr_array(np.where(np.abs(X) > 1, X, 0.0)), Y, {}),
    }


FORMS = ["complete", "missing labels", "own rows", "sparse"]


@pytest.fixture
def formats(monkeypatch):
    """The number formats of all weights, predictions and residuals that pass through a design."""
    seen = set()
    for design in (SharedDesign, OwnRowsDesign):
        for name in ("forward", "adjoint", "diagonal"):
            monkeypatch.setattr(design, name, _watched(getattr(design, name), seen))
    return seen


def _watched(method, seen):
    def watched(self, *arrays):
        result = method(self, *arrays)
        both = result if isinstance(result, tuple) else (result,)
        seen.update(array.dtype for array in (*arrays, *both))
        return result

    return watched


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_regression_stays_float32(coupling, form, forms, formats):
    X, y, parameters = forms[form]
    exact = MultiTaskLinearRegressor(0.1, coupling=coupling, **parameters).fit(X, y)
    formats.clear()
    X = X.astype(np.float32)
    model = MultiTaskLinearRegressor(0.1, coupling=coupling, **parameters).fit(X, y)
    assert formats <= {np.dtype(np.float32)}
    assert model.coef_.dtype == model.intercept_.dtype == model.predict(X).dtype == np.float32
    assert_close(model.objective_, exact.objective_, MINIMUM_32)
    assert 0 < model.optimality_ <= 1e-5


@pytest.mark.parametrize("coupling", [SharedParameters(), LowRank(), JointSparsity(0.5)], ids=repr)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classification_stays_float32(coupling, n_classes, forms, formats):
    X, Y, _ = forms["complete"]
    Y = np.digitize(Y, np.quantile(Y, np.arange(1, n_classes) / n_classes))
    exact = MultiTaskLogisticRegression(0.1, coupling=coupling).fit(X, Y)
    formats.clear()
    X = X.astype(np.float32)
    model = MultiTaskLogisticRegression(0.1, coupling=coupling).fit(X, Y)
    assert formats <= {np.dtype(np.float32)}
    assert {P.dtype for P in model.predict_proba(X)} == {np.dtype(np.float32)}
    assert_close(model.objective_, exact.objective_, MINIMUM_32)


@pytest.mark.parametrize("solver", ["newton-cg", "closed-form", "proximal-gradient", "block-descent"])
def test_every_solver_stays_float32(solver, forms):
    X, Y, _ = forms["complete"]
    coupling = JointSparsity() if solver in ("proximal-gradient", "block-descent") else SharedParameters()
    exact = MultiTaskLinearRegressor(0.1, coupling=coupling).fit(X, Y)
    model = MultiTaskLinearRegressor(0.1, coupling=coupling, solver=solver).fit(X.astype(np.float32), Y)
    assert model.coef_.dtype == np.float32
    assert_close(model.coef_, exact.coef_, Tolerance("weights of a float32 minimum", rtol=1e-2, atol=1e-3))


def test_weights_and_unseen_tasks_stay_float32(forms, rng):
    X, y, parameters = forms["own rows"]
    X, weight = X.astype(np.float32), rng.random(N)
    model = MultiTaskLinearRegressor(0.1, unknown_task="shared", **parameters)
    model.fit(X, y, sample_weight=weight)
    X[:, D] = 17
    assert model.shared_coef_.dtype == model.predict(X).dtype == np.float32
    double = model.predict(X.astype(np.float64))
    assert_close(model.predict(X), double, ROUNDING_32)


class _Restless:
    """A float32 problem whose residual falls three times and never again."""

    lipschitz = 1.0

    def __init__(self):
        self.looks = 0

    def image(self, x):
        return x

    residual = pull_back = image

    def prox(self, x, step):
        return x

    def certificate(self, x, image):
        self.looks += 1
        return max(1.0 / self.looks, 0.25), None


def test_a_tolerance_beyond_float32_does_not_go_on_for_ever():
    from skmtl.solvers import Certificate

    problem = _Restless()
    problem.certificate = lambda x, image, look=problem.certificate: Certificate(*look(x, image))
    x = np.ones(3, np.float32)
    result = proximal_gradient(problem, x, tol=1e-9, max_iter=100_000)
    assert result.n_iter < 1000 and not result.converged and result.certificate.residual == 0.25


def test_solvers_end_in_float32_with_the_residual_reached(rng):
    X, Y = rng.normal(size=(50, 5)).astype(np.float32), rng.normal(size=(50, 3)).astype(np.float32)
    result = row_descent(X, Y, 3.0, 0.0, tol=1e-30, max_iter=100_000)
    assert not result.converged and result.n_iter < 10_000 and result.residual < 1e-5
    result = newton_cg(_Slope(X), np.zeros(5, np.float32), tol=1e-30, max_iter=100_000, gradient_scale=1.0)
    assert not result.converged and result.n_iter < 1000 and result.residual < 1e-5
    assert result.x.dtype == np.float32


class _Slope:
    """``sum log(1 + exp(-X x)) + |x|^2 / 2`` for ``newton_cg``."""

    quadratic = False

    def __init__(self, X):
        self.X = X

    def value_gradient(self, x):
        z = self.X @ x
        slope = -1 / (1 + np.exp(z))
        return float(np.logaddexp(0, -z).sum() + 0.5 * (x @ x)), self.X.T @ slope + x

    def hessian(self, x):
        p = 1 / (1 + np.exp(-self.X @ x))
        H = self.X.T @ (self.X * (p * (1 - p))[:, None]) + np.eye(len(x), dtype=x.dtype)
        return lambda v: H @ v, H.diagonal()


def test_a_hard_float32_fit_reports_what_it_reached(rng):
    """Columns of very different scale: the warning and ``optimality_`` say the same, and it ends."""
    X = (rng.normal(size=(40, 6)) * 10.0 ** np.arange(-3, 3) + 100).astype(np.float32)
    Y = rng.normal(size=(40, 2))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model = MultiTaskLinearRegressor(1e-6, coupling=LowRank(), max_iter=2000).fit(X, Y)
    assert np.isfinite(model.optimality_)
    assert bool(caught) == (model.optimality_ > 1e-5)
