"""Linear models with every loss: scikit-learn's minima, naive objectives, and all forms of data."""

import naive
import naive_losses
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, SOLVED, Tolerance, assert_close
from scipy.optimize import minimize
from sklearn.linear_model import PoissonRegressor, QuantileRegressor
from sklearn.svm import SVR, LinearSVC, LinearSVR

from skmtl import MultiTaskLinearRegressor, MultiTaskLinearSVC, MultiTaskLinearSVR, MultiTaskMixedModel
from skmtl.couplings import ElementwiseSparsity, Independent, JointSparsity, LearnedRelation, SharedParameters
from skmtl.losses import (
    EpsilonInsensitiveLoss,
    HuberLoss,
    LogisticLoss,
    PoissonLoss,
    QuantileLoss,
    SquaredEpsilonInsensitiveLoss,
)

N, D, T = 40, 4, 3
PEER = Tolerance("scikit-learn's own stopping rule", rtol=1e-4, atol=1e-4)
BFGS = Tolerance("a general optimiser", rtol=1e-7)
GAP = Tolerance("objectives at gaps of 1e-9 of the null value", rtol=1e-7)
SHORT = Tolerance("objectives at gaps of 1e-6 of the null value", rtol=1e-4)
WEIGHTS = Tolerance("weights at gaps of 1e-9 of the null value", rtol=1e-3, atol=1e-3)

LOSSES = [HuberLoss(0.5), QuantileLoss(0.8), EpsilonInsensitiveLoss(0.4), SquaredEpsilonInsensitiveLoss(0.4),
          PoissonLoss()]  # fmt: skip
COUPLINGS = [SharedParameters(0.6), JointSparsity(0.5)]
TWINS = {
    "HuberLoss": lambda y, z: naive_losses.huber_loss(y, z, 0.5),
    "QuantileLoss": lambda y, z: naive_losses.quantile_loss(y, z, 0.8),
    "EpsilonInsensitiveLoss": lambda y, z: naive_losses.epsilon_loss(y, z, 0.4),
    "SquaredEpsilonInsensitiveLoss": lambda y, z: 0.5 * naive_losses.epsilon_loss(y, z, 0.4) ** 2,
    "PoissonLoss": naive_losses.poisson_loss,
}


@pytest.fixture
def table(rng):
    """Features with means and scales, targets of three related tasks with heavy tails, and counts."""
    X = rng.normal(size=(N, D)) * [1.0, 2.0, 0.5, 1.0] + 1.0
    signal = 0.3 * X @ (rng.normal(size=(D, 1)) + 0.3 * rng.normal(size=(D, T)))
    Y = 3 * signal + rng.standard_t(2, size=(N, T)) + [0.0, 10.0, 1000.0]
    return (
        X,
        Y,
        rng.poisson(np.exp(np.clip(signal + 0.5, -3, 3))).astype(float) + (np.arange(N) == 0)[:, None],
    )


def targets(loss, table):
    return table[2] if isinstance(loss, PoissonLoss) else table[1]


def penalty(coupling):
    if isinstance(coupling, SharedParameters):
        return lambda W: naive.shared_parameters_penalty(W, coupling.sharing)
    return lambda W: 0.5 * naive.row_norm(W) + 0.25 * (W**2).sum()


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_sparse_quantiles_are_scikit_learn_s(table, quantile, intercept):
    X, Y, _ = table
    ours = MultiTaskLinearRegressor(0.05, loss=QuantileLoss(quantile), coupling=ElementwiseSparsity())
    ours.set_params(fit_intercept=intercept).fit(X, Y[:, :2])
    total = 0.0
    for t in range(2):
        peer = QuantileRegressor(quantile=quantile, alpha=0.05, fit_intercept=intercept).fit(X, Y[:, t])
        loss = [
            naive_losses.quantile_loss(*pair, quantile) for pair in zip(Y[:, t], peer.predict(X), strict=True)
        ]
        total += np.mean(loss) + 0.05 * np.abs(peer.coef_).sum()
        assert_close(ours.coef_[t], peer.coef_, WEIGHTS)
    assert_close(ours.objective_, total, GAP)


def test_poisson_regression_is_scikit_learn_s(table):
    X, _, counts = table
    ours = MultiTaskLinearRegressor(0.1, loss=PoissonLoss(), coupling=Independent()).fit(X, counts)
    for t in range(T):
        peer = PoissonRegressor(alpha=0.1, tol=1e-10, max_iter=10_000).fit(X, counts[:, t])
        assert_close(ours.coef_[t], peer.coef_, PEER)
        assert_close(ours.predict(X)[:, t], peer.predict(X), PEER)


def test_support_vector_regression_is_scikit_learn_s(table):
    X, Y, _ = table
    y = Y[:, 1]
    ours = MultiTaskLinearSVR(0.05, epsilon=0.3, coupling=Independent(), tol=1e-9).fit(X, y)
    peer = SVR(kernel="linear", C=1 / (0.05 * N), epsilon=0.3, tol=1e-8).fit(X, y)
    assert_close(ours.coef_, peer.coef_, PEER)
    excess = [naive_losses.epsilon_loss(*pair, 0.3) for pair in zip(y, peer.predict(X), strict=True)]
    assert_close(
        ours.objective_, np.mean(excess) + 0.025 * (peer.coef_**2).sum(), Tolerance("SMO", rtol=1e-6)
    )
    squared = MultiTaskLinearSVR(
        0.05, epsilon=0.3, squared=True, coupling=Independent(), fit_intercept=False, tol=1e-9
    ).fit(X, y)
    peer = LinearSVR(
        C=1 / (0.1 * N), epsilon=0.3, loss="squared_epsilon_insensitive", fit_intercept=False, tol=1e-10,
        max_iter=100_000,
    ).fit(X, y)  # fmt: skip
    assert_close(squared.coef_[0], peer.coef_, PEER)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_support_vector_classification_is_scikit_learn_s(table, n_classes):
    """One column, or one against the rest for each class."""
    X, Y, _ = table
    y = np.digitize(Y[:, 0], np.quantile(Y[:, 0], np.arange(1, n_classes) / n_classes))
    ours = MultiTaskLinearSVC(0.02, coupling=Independent(), fit_intercept=False).fit(X, y)
    peer = LinearSVC(C=1 / (0.04 * N), fit_intercept=False, tol=1e-10, max_iter=100_000).fit(X, y)
    assert_close(ours.coef_, peer.coef_, PEER)
    assert_close(ours.decision_function(X), peer.decision_function(X), PEER)
    assert ours.predict(X).tolist() == peer.predict(X).tolist()
    assert not hasattr(ours, "predict_proba")


@pytest.mark.parametrize("coupling", [SharedParameters(0.6), JointSparsity()], ids=repr)
def test_margins_of_several_tasks_with_intercepts(table, coupling):
    """Two and three classes side by side: any small change raises the naive objective."""
    X, Y, _ = table
    y = np.column_stack(
        [Y[:, 0] > np.median(Y[:, 0]), np.digitize(Y[:, 1], np.quantile(Y[:, 1], [0.3, 0.6]))]
    )
    model = MultiTaskLinearSVC(0.05, coupling=coupling, tol=1e-11).fit(X, y)
    assert [coef.shape for coef in model.coef_] == [(1, D), (3, D)]

    def objective(W, b):
        Z = X @ W + b
        losses = [naive_losses.squared_hinge_loss(y[i, 0], Z[i, 0]) for i in range(N)]
        losses += [naive_losses.rest_hinge_loss(y[i, 1], Z[i, 1:]) for i in range(N)]
        R = 0.5 * (W**2).sum() if isinstance(coupling, SharedParameters) else naive.row_norm(W)
        return sum(losses) / N + 0.05 * R

    W, b = np.vstack(model.coef_).T, np.concatenate(model.intercept_)
    assert_close(model.objective_, objective(W, b), GAP)
    for _ in range(20):
        dW, db = (np.random.default_rng(_).normal(size=shape) for shape in (W.shape, b.shape))
        for size in (1e-3, -1e-3):
            assert objective(W + size * dW, b + size * db) > model.objective_


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_missing_labels_against_the_naive_objective(loss, coupling, table, rng):
    """The value reported, and no other optimiser that starts there finds a smaller one."""
    X, Y = table[0], targets(loss, table).copy()
    Y[1:][rng.random((N - 1, T)) < 0.3] = np.nan
    model = MultiTaskLinearRegressor(0.1, loss=loss, coupling=coupling, tol=1e-7).fit(X, Y)

    def objective(x):
        W, b = x[: D * T].reshape(D, T), x[D * T :]
        return naive.shared_objective(TWINS[type(loss).__name__], X, Y, W, b, 0.1, penalty(coupling))

    here = np.concatenate([model.coef_.T.ravel(), model.intercept_])
    assert_close(model.objective_, objective(here), GAP)
    best = minimize(objective, here, method="Nelder-Mead", options={"maxfev": 100}).fun
    assert best >= model.objective_ * (1 - 1e-5)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_long_wide_and_sparse_forms_are_one_model(loss, coupling, table, rng):
    X, Y, weight = table[0], targets(loss, table), rng.random(N) + 0.1
    parameters = {"alpha": 0.1, "loss": loss, "coupling": coupling, "tol": 1e-6}
    wide = MultiTaskLinearRegressor(**parameters).fit(X, Y, sample_weight=weight)
    rows = np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)])
    long = MultiTaskLinearRegressor(**parameters, task_feature=-1)
    long.fit(rows, Y.T.ravel(), sample_weight=np.tile(weight, T))
    sparse = MultiTaskLinearRegressor(**parameters).fit(sp.csr_array(X), Y, sample_weight=weight)
    for other in (long, sparse):
        assert abs(other.objective_ - wide.objective_) <= max(_gap(other), _gap(wide))
        assert_close(other.objective_, wide.objective_, SHORT)
    assert_close(
        long.predict(rows), wide.predict(X).T.ravel(), Tolerance("gaps of 1e-6", rtol=0.02, atol=0.1)
    )


def _gap(model) -> float:
    return 1e-6 * model.objective_ if model.dual_gap_ is None else model.dual_gap_ + 1e-12


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
@pytest.mark.parametrize("loss", [QuantileLoss(0.8), EpsilonInsensitiveLoss(0.4)], ids=repr)
def test_the_gap_bounds_the_distance_to_the_minimum(loss, coupling, table):
    X, Y, _ = table
    exact = MultiTaskLinearRegressor(0.1, loss=loss, coupling=coupling, tol=1e-7).fit(X, Y)
    for tol in (0.1, 1e-3, 1e-5):
        rough = MultiTaskLinearRegressor(0.1, loss=loss, coupling=coupling, tol=tol).fit(X, Y)
        assert 0 < rough.dual_gap_ and rough.optimality_ <= tol
        assert -exact.dual_gap_ <= rough.objective_ - exact.objective_ <= rough.dual_gap_


@pytest.mark.parametrize("loss", [HuberLoss(0.5), QuantileLoss(0.5)], ids=repr)
def test_a_learned_relation_with_kinks(loss, table):
    """Its objective is at most that of the relation it starts from, and its certificate holds."""
    X, Y, _ = table
    learned = MultiTaskLinearRegressor(0.1, loss=loss, coupling=LearnedRelation(), tol=1e-6).fit(X, Y)
    fixed = MultiTaskLinearRegressor(0.1, loss=loss, coupling=SharedParameters(0.25), tol=1e-6).fit(X, Y)
    start = LearnedRelation().constant(LearnedRelation().covariance(T))
    assert learned.objective_ < fixed.objective_ + 0.1 * start
    assert learned.optimality_ <= 1e-6 and learned.dual_gap_ is not None


@pytest.mark.parametrize("loss", [HuberLoss(1e-3), QuantileLoss(0.5)], ids=repr)
@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_outliers_do_not_move_the_model(loss, coupling, rng):
    """Also where the start is far away in units of the threshold."""
    X = rng.normal(size=(60, D))
    w = rng.normal(size=(D, T))
    Y = X @ w + 1000.0
    Y[::10] += 1e5
    model = MultiTaskLinearRegressor(1e-6, loss=loss, coupling=coupling, tol=1e-6).fit(X, Y)
    assert_close(model.coef_, w.T, Tolerance("an alpha of 1e-6, a tol of 1e-6", atol=0.2))


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_counts_of_very_different_rates(coupling, rng):
    X = rng.normal(size=(80, D))
    rates = np.exp(0.2 * X @ rng.normal(size=(D, T)) + np.log([0.2, 20.0, 1e4]))
    model = MultiTaskLinearRegressor(
        1e-3, loss=PoissonLoss(), coupling=coupling, loss_average="task", tol=1e-6
    )
    model.fit(X, rng.poisson(rates))
    assert (model.predict(X) > 0).all()
    assert_close(model.predict(X)[:, 2], rates[:, 2], Tolerance("noise of Poisson counts", rtol=0.1))


def test_predictions_of_a_shared_part_are_rates(rng):
    X, task = rng.normal(size=(60, 2)), np.arange(60) % 3
    model = MultiTaskLinearRegressor(loss=PoissonLoss(), task_feature=0, unknown_task="shared")
    model.fit(np.column_stack([task, X]), rng.poisson(3.0, 60))
    assert (model.predict(np.column_stack([np.full(60, 9), X])) > 0).all()


REFUSED = [
    ({"loss": LogisticLoss()}, r"loss=LogisticLoss\(\) is one of class labels; a regressor needs"),
    ({"loss": PoissonLoss()}, "task 'task1': PoissonLoss needs counts or rates >= 0, got -2"),
    ({"loss": HuberLoss(-1)}, r"HuberLoss.threshold must be a number in \(0, inf\), got -1"),
    ({"loss": HuberLoss(), "solver": "closed-form"}, "solver='closed-form' needs the squared loss"),
    ({"loss": "huber"}, "The 'loss' parameter of MultiTaskLinearRegressor must be an instance of"),
]


@pytest.mark.parametrize("parameters, message", REFUSED, ids=[message for _, message in REFUSED])
def test_refusals_name_what_does_not_fit(parameters, message, rng):
    X, Y = rng.normal(size=(10, 2)), np.abs(rng.normal(size=(10, 2)))
    Y[4, 1] = -2.0
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor(**parameters).fit(X, Y)


def test_a_target_that_never_changes(rng):
    """No residual at the start: widths need another unit."""
    X = rng.normal(size=(12, 2))
    model = MultiTaskLinearRegressor(loss=QuantileLoss(), coupling=JointSparsity()).fit(
        X, np.full((12, 2), 5.0)
    )
    assert_close(model.predict(X), np.full((12, 2), 5.0), SOLVED)
    assert_close(model.coef_, np.zeros((2, 2)), ROUNDING)


class NoConjugate(SquaredEpsilonInsensitiveLoss):
    """A smooth loss whose conjugate is not known."""

    def conjugate(self, y, r, w):
        return None


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_kinks_need_conjugates_everywhere(coupling, table):
    losses = {"task0": QuantileLoss(), "task1": NoConjugate()}
    with pytest.raises(ValueError, match="has no formula for its conjugate: give it the method conjugate"):
        MultiTaskMixedModel(losses=losses, coupling=coupling).fit(table[0], table[1])
    alone = MultiTaskLinearRegressor(loss=NoConjugate(), coupling=coupling, tol=1e-6).fit(*table[:2])
    assert alone.dual_gap_ is None and alone.optimality_ <= 1e-6
