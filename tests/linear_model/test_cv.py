"""Searches over couplings and alphas: against scikit-learn's and against folds by hand."""

import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, SAME_BITS, SOLVED, Tolerance, assert_close
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import MultiTaskLassoCV, RidgeCV
from sklearn.model_selection import GroupKFold, KFold

from skmtl import (
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
    MultiTaskLogisticRegression,
    MultiTaskLogisticRegressionCV,
)
from skmtl.couplings import (
    GivenRelation,
    Independent,
    JointSparsity,
    LearnedRelation,
    LowRank,
    SharedParameters,
)
from skmtl.linear_model._search import best_candidate

FOLDS = Tolerance("fits of folds, stopped at a relative gap of 1e-4", rtol=5e-3)
N, D, T = 60, 5, 3
ALPHAS = [1.0, 0.1, 0.01]


@pytest.fixture
def table(rng):
    X = rng.normal(size=(N, D)) + 1.0
    W = rng.normal(size=(D, 1)) + 0.3 * rng.normal(size=(D, T))
    return X, X @ W + rng.normal(size=(N, T))


@pytest.fixture(params=["numbers", "classes", "own rows", "missing", "sparse", "more classes"])
def problem(request, table, rng):
    X, Y = table
    if request.param == "classes":
        return MultiTaskLogisticRegressionCV, {}, X, (Y > np.median(Y, axis=0)).astype(int)
    if request.param == "more classes":
        return MultiTaskLogisticRegressionCV, {}, X, np.digitize(Y, np.quantile(Y, [0.3, 0.6]))
    if request.param == "own rows":
        task = np.arange(N) % T
        return MultiTaskLinearRegressorCV, {"task_feature": D}, np.column_stack([X, task]), Y[range(N), task]
    if request.param == "missing":
        return MultiTaskLinearRegressorCV, {}, X, np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
    return MultiTaskLinearRegressorCV, {}, sp.csr_array(X) if request.param == "sparse" else X, Y


def plain(model):
    """The plain model with the parameters that were chosen."""
    cls = {
        MultiTaskLinearRegressorCV: MultiTaskLinearRegressor,
        MultiTaskLogisticRegressionCV: MultiTaskLogisticRegression,
    }[type(model)]
    shared = cls().get_params().keys() & model.get_params().keys()
    parameters = {name: getattr(model, name) for name in shared}
    return cls(alpha=model.alpha_, coupling=model.coupling_, **parameters)


def test_the_chosen_model_is_the_plain_model(problem):
    cls, parameters, X, y = problem
    couplings = [Independent(), SharedParameters(), JointSparsity()]
    model = cls(alphas=4, couplings=couplings, cv=3, **parameters).fit(X, y)
    assert model.coupling_ in couplings and model.alpha_ in model.alphas_[couplings.index(model.coupling_)]
    alone = plain(model).fit(X, y)
    assert_close(model.predict(X), alone.predict(X), SAME_BITS)
    assert model.objective_ == alone.objective_ and model.optimality_ <= model.tol
    assert model.alphas_.shape == (3, 4) and model.task_losses_.shape == (12, 3, T)
    assert len(model.cv_results_["params"]) == 12 and model.n_splits_ == 3
    scores = np.array([model.cv_results_[f"split{k}_test_score"] for k in range(3)]).T
    assert_close(scores, -np.nanmean(model.task_losses_, axis=2), SAME_BITS)
    assert_close(model.cv_results_["mean_test_score"], scores.mean(axis=1), SAME_BITS)
    assert model.best_score_ == model.cv_results_["mean_test_score"][model.best_index_]


def test_losses_are_those_of_fits_to_the_folds(problem):
    cls, parameters, X, y = problem
    folds = list(KFold(3).split(np.arange(N)))
    model = cls(alphas=ALPHAS, couplings=[SharedParameters()], cv=folds, **parameters).fit(X, y)
    for k, (train, test) in enumerate(folds):
        for i, alpha in enumerate(ALPHAS):
            one = plain(model).set_params(alpha=alpha).fit(X[train], y[train])
            assert_close(model.task_losses_[i, k], _losses(one, X[test], y[test]), FOLDS)


def _losses(model, X, y):
    """Mean loss of each task on its observed labels, label by label."""
    if hasattr(model, "predict_proba"):
        P = model.predict_proba(X)
        return [-np.log([p[i, c] for i, c in enumerate(y[:, t])]).mean() for t, p in enumerate(P)]
    squares = (model.predict(X) - y) ** 2 / 2
    if squares.ndim == 2:
        return np.nanmean(squares, axis=0)
    return [squares[X[:, D] == t].mean() for t in range(T)]


def test_lasso_search_is_scikit_learn_s(table):
    X, Y = table
    ours = MultiTaskLinearRegressorCV(
        alphas=12, eps=1e-2, couplings=JointSparsity(), cv=KFold(4), caution=0
    ).fit(X, Y)
    peer = MultiTaskLassoCV(alphas=12, eps=1e-2, cv=4, tol=1e-10, max_iter=100_000).fit(X, Y)
    assert_close(ours.alphas_[0], peer.alphas_, Tolerance("sums in another order", rtol=1e-8))
    assert_close(2 * ours.task_losses_.mean(axis=2), peer.mse_path_, FOLDS)
    assert np.isclose(ours.alpha_, peer.alpha_, rtol=1e-8, atol=0)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_leave_one_out_is_ridge_cv(table, intercept, weighted, rng):
    X, Y = table
    weight = rng.random(N) + 0.1 if weighted else np.ones(N)
    ours = MultiTaskLinearRegressorCV(
        alphas=ALPHAS, couplings=Independent(), cv="loo", fit_intercept=intercept
    ).fit(X, Y, sample_weight=weight)
    theirs = RidgeCV(np.array(ALPHAS) * weight.sum(), fit_intercept=intercept)
    theirs.fit(X, Y, sample_weight=weight)
    assert np.isclose(ours.alpha_ * weight.sum(), theirs.alpha_, rtol=1e-10, atol=0)
    assert_close(ours.coef_, theirs.coef_, Tolerance("two direct solutions", rtol=1e-8, atol=1e-10))


@pytest.mark.parametrize("coupling", [Independent(), SharedParameters(0.7), GivenRelation(np.ones((T, T)))])
@pytest.mark.parametrize("shape", ["tall", "wide"])
def test_leave_one_out_is_a_fit_without_each_row(coupling, shape, table):
    """A row is left out of the sum, and alpha keeps its strength against the rows that remain."""
    X, Y = (part[: (20 if shape == "tall" else 4)] for part in table)
    model = MultiTaskLinearRegressorCV(alphas=[0.1], couplings=coupling, cv="loo").fit(X, Y)
    errors = np.zeros((len(X), T))
    for i in range(len(X)):
        rest = np.arange(len(X)) != i
        one = MultiTaskLinearRegressor(0.1 * len(X) / (len(X) - 1), coupling=coupling)
        errors[i] = (one.fit(X[rest], Y[rest]).predict(X[i : i + 1])[0] - Y[i]) ** 2
    found = model.task_losses_[0, 0]
    assert_close(found, 0.5 * errors.mean(axis=0), Tolerance("one solution by two formulas", rtol=1e-7))


@pytest.mark.parametrize("coupling", [Independent(), SharedParameters(0.7)])
@pytest.mark.parametrize("intercept", [True, False])
def test_generalised_scores_from_the_hat_matrix(coupling, intercept, table):
    """Along each eigenvector of C: residuals over one minus the mean leverage, by the hat matrix itself."""
    X, Y = table
    model = MultiTaskLinearRegressorCV(
        alphas=ALPHAS, couplings=coupling, cv="gcv", fit_intercept=intercept
    ).fit(X, Y)
    values, V = np.linalg.eigh(coupling.covariance(T))
    mean = np.full((N, N), 1 / N) if intercept else np.zeros((N, N))
    A = X - mean @ X
    for i, alpha in enumerate(ALPHAS):
        errors = np.zeros((N, T))
        for k in range(T):
            H = A @ np.linalg.solve(A.T @ A + N * alpha / values[k] * np.eye(D), A.T) + mean
            errors[:, k] = (Y - H @ Y) @ V[:, k] / (1 - np.trace(H) / N)
        expected = 0.5 * ((errors @ V.T) ** 2).mean(axis=0)
        assert_close(model.task_losses_[i, 0], expected, Tolerance("two formulas", rtol=1e-8))


def test_unrelated_tasks_stay_apart_and_related_ones_do_not():
    """Means over seeds: unrelated tasks lose at most 0.5 %, similar and opposed ones gain."""
    change = {"unrelated": [], "similar": [], "opposed": []}
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, fresh = rng.normal(size=(60, 10)), rng.normal(size=(2000, 10))
        w, own, sign = rng.normal(size=(10, 1)), rng.normal(size=(10, 6)), rng.choice([-1, 1], 6)
        weights = {"unrelated": own, "similar": w + 0.2 * own, "opposed": sign * w + 0.2 * own}
        for kind, W in weights.items():
            Y, truth = X @ W + 3 * rng.normal(size=(60, 6)), fresh @ W
            tied = MultiTaskLinearRegressorCV(alphas=7).fit(X, Y)
            apart = MultiTaskLinearRegressorCV(alphas=7, couplings=Independent()).fit(X, Y)
            errors = [9 + ((model.predict(fresh) - truth) ** 2).mean() for model in (tied, apart)]
            change[kind].append(errors[0] / errors[1] - 1)
    assert np.mean(change["unrelated"]) <= 0.005
    assert np.mean(change["similar"]) < -0.02 and np.mean(change["opposed"]) < -0.02


def test_threads_and_weights(table, rng):
    """Rows of weight zero and labels of weight zero count as absent, in folds too."""
    X, Y = table
    weight = np.ones_like(Y)
    weight[rng.random(Y.shape) < 0.3] = 0.0
    base = MultiTaskLinearRegressorCV(alphas=4, couplings=[Independent(), SharedParameters()])
    weighted = clone(base).fit(X, Y, target_weight=weight)
    missing = clone(base).set_params(n_jobs=3).fit(X, np.where(weight > 0, Y, np.nan))
    assert_close(weighted.task_losses_, missing.task_losses_, ROUNDING)
    assert weighted.alpha_ == pytest.approx(missing.alpha_, rel=1e-12)


def test_scoring_and_groups(table):
    X, Y = table

    def minus_largest(model, X, Y):
        return -np.abs(model.predict(X) - Y).max()

    model = MultiTaskLinearRegressorCV(
        alphas=ALPHAS, couplings=Independent(), scoring=minus_largest, cv=GroupKFold(3)
    ).fit(X, Y, groups=np.arange(N) % 3)
    for k in range(3):
        held_out = np.arange(N) % 3 == model_fold(model, X, Y, k)
        one = MultiTaskLinearRegressor(0.1, coupling=Independent()).fit(X[~held_out], Y[~held_out])
        expected = minus_largest(one, X[held_out], Y[held_out])
        assert model.cv_results_[f"split{k}_test_score"][1] == pytest.approx(expected, rel=1e-6)
    by_name = MultiTaskLinearRegressorCV(alphas=ALPHAS, couplings=Independent(), scoring="r2").fit(X, Y)
    assert 0 < by_name.best_score_ <= 1


def model_fold(model, X, Y, k):
    """The group that the k-th fold of ``GroupKFold`` holds out."""
    _, test = list(GroupKFold(3).split(X, Y, np.arange(N) % 3))[k]
    return test[0] % 3


def test_which_candidate_is_chosen():
    scores = np.array([[-3.0, -1.0], [-1.2, -1.0], [-1.1, -1.1], [-0.9, -1.1], [-1.0, -1.0], [-2.0, -2.0]])

    def best(caution, one=False):
        return best_candidate([3, 3], scores, scores, caution=caution, one_standard_error=one)

    assert best(0) == 3  # the first of two equal ones of the second coupling
    assert best(2) == 1  # a gain of 0.1 with a standard error of 0.2 is no gain
    assert best(0, one=True) == 3 and best(2, one=True) == 1
    scores[3], scores[4] = [-0.95, -1.1], [-0.8, -1.1]
    assert best(0) == 4 and best(0, one=True) == 3
    scores[4] = np.nan
    assert best(0) == 3


def test_what_is_searched_by_default(table):
    X, Y = table
    model = MultiTaskLinearRegressorCV(alphas=2, cv=2).fit(X, Y)
    kinds = [type(c) for c in dict.fromkeys(model.cv_results_["coupling"])]
    assert kinds == [Independent, *[SharedParameters] * 3, JointSparsity, LowRank]
    one = MultiTaskLinearRegressorCV(alphas=2, cv=2).fit(X, Y[:, 0])
    assert {type(c) for c in one.cv_results_["coupling"]} == {Independent}
    rows = np.column_stack([X, np.arange(N) % 2])
    shared = MultiTaskLinearRegressorCV(alphas=2, cv=2, task_feature=D, unknown_task="shared")
    assert shared.fit(rows, Y[:, 0]).predict(np.column_stack([X, np.full(N, 7)])).shape == (N,)
    assert not hasattr(MultiTaskLinearRegressorCV(), "fit_path")


def test_refusals(table):
    X, Y = table
    cases = [
        ({"couplings": []}, "couplings must be a coupling or a list of couplings, got an empty list"),
        ({"couplings": [3]}, "list of couplings, got 3"),
        ({"cv": 99}, r"whole number in \[2, 60\]"),
        ({"cv": "gcv", "couplings": JointSparsity()}, "needs quadratic couplings.*got JointSparsity"),
        ({"cv": "loo", "couplings": LearnedRelation()}, "that are not learned, got LearnedRelation"),
        ({"alphas": [0.1, 0.0]}, "1-D array of positive values"),
    ]
    for parameters, message in cases:
        with pytest.raises(ValueError, match=message):
            MultiTaskLinearRegressorCV(**parameters).fit(X, Y)
    with pytest.raises(TypeError, match="unexpected keyword argument 'alpha'"):
        MultiTaskLinearRegressorCV(alpha=3)
    with pytest.raises(ValueError, match="cv='gcv' needs the squared loss on an X that is not sparse"):
        MultiTaskLinearRegressorCV(cv="gcv").fit(X, np.where(Y > 3, np.nan, Y))
    rows = np.column_stack([X, np.repeat([0, 1], N // 2)])
    with pytest.raises(ValueError, match="fold 0 leaves task 0 without a label to learn from"):
        MultiTaskLinearRegressorCV(task_feature=D, cv=KFold(2)).fit(rows, Y[:, 0])


def test_folds_that_stop_short_are_told(table):
    model = MultiTaskLinearRegressorCV(alphas=[0.5, 0.001], couplings=LowRank(), cv=2, max_iter=1)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(*table)
    assert any("fits to folds stopped short" in str(one.message) for one in caught)


def test_the_penalty_of_intercepts_is_searched(rng):
    """Tasks of one intercept: a strong penalty is chosen, and few rows are predicted better."""
    X, task = rng.normal(size=(60, 3)), np.arange(60) % 15
    y = X @ np.ones(3) + rng.normal(size=60)
    rows = np.column_stack([X, task])
    model = MultiTaskLinearRegressorCV(
        alphas=4,
        couplings=SharedParameters(1.0),
        intercept_penalties=[0, 100],
        cv=4,
        caution=0,
        task_feature=-1,
    ).fit(rows, y)
    assert model.intercept_penalty_ == 100
    assert set(model.cv_results_["intercept_penalty"]) == {0, 100} and model.alphas_.shape == (1, 4)
    plain = MultiTaskLinearRegressor(task_feature=-1).set_params(
        **model.cv_results_["params"][model.best_index_]
    )
    assert_close(plain.fit(rows, y).intercept_, model.intercept_, SOLVED)
    assert (
        np.ptp(model.intercept_) < 0.1 < np.ptp(plain.set_params(intercept_penalty=0).fit(rows, y).intercept_)
    )
    for wrong, message in (([-1.0], "numbers >= 0"), ([], "1-D list")):
        with pytest.raises(ValueError, match=message):
            model.set_params(intercept_penalties=wrong).fit(rows, y)
