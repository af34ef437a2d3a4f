"""The mixed-family model: tasks of several losses under one coupling."""

import naive
import naive_losses
import numpy as np
import pandas as pd
import pytest
from _asserts import ROUNDING, SAME_BITS, SOLVED, Tolerance, assert_close

from skmtl import (
    MultiTaskLinearRegressor,
    MultiTaskLogisticRegression,
    MultiTaskMixedModel,
    make_targets,
)
from skmtl.couplings import Independent, JointSparsity, LearnedRelation, LowRank, SharedParameters
from skmtl.losses import HuberLoss, PoissonLoss, QuantileLoss, SquaredHingeLoss

EQUAL = Tolerance("equal minima of one convex function", rtol=1e-7)
N, D = 50, 4
LOSSES = {"count": PoissonLoss(), "high": QuantileLoss(0.8)}


@pytest.fixture
def table(rng):
    """X and five tasks: a number, two classes, a count, a number with a quantile, three classes."""
    X = rng.normal(size=(N, D)) + 0.5
    z = X @ (rng.normal(size=(D, 1)) + 0.3 * rng.normal(size=(D, 5)))
    return X, {
        "size": z[:, 0] + 0.3 * rng.normal(size=N),
        "sick": np.where(z[:, 1] + 0.3 * rng.normal(size=N) > 0, "yes", "no"),
        "count": rng.poisson(np.exp(np.clip(0.4 * z[:, 2], -3, 2))) + (np.arange(N) == 0),
        "high": z[:, 3] + rng.standard_t(3, size=N),
        "kind": np.digitize(z[:, 4], np.quantile(z[:, 4], [0.3, 0.6])),
    }


def naive_sum(table, W, b):
    """Mean loss over all labels times the number of tasks; W (d, 7), b (7,) with three columns for kind."""
    X, y = table
    Z = X @ W + b
    each = [naive.squared_loss, lambda y, z: naive.logistic_loss(float(y == "yes"), z),
            naive_losses.poisson_loss, lambda y, z: naive_losses.quantile_loss(y, z, 0.8)]  # fmt: skip
    total = sum(loss(y[name][i], Z[i, t]) for t, (loss, name) in enumerate(zip(each, y, strict=False))
                for i in range(N))  # fmt: skip
    return (total + sum(naive.multinomial_loss(y["kind"][i], Z[i, 4:]) for i in range(N))) / N


@pytest.mark.parametrize("coupling", [SharedParameters(0.6), JointSparsity()], ids=repr)
def test_the_objective_is_the_naive_one_at_its_minimum(table, coupling):
    X, y = table
    model = MultiTaskMixedModel(0.1, losses=LOSSES, coupling=coupling, tol=1e-8).fit(X, make_targets(**y))

    def objective(W, b):
        if isinstance(coupling, JointSparsity):
            return naive_sum(table, W, b) + 0.1 * naive.row_norm(W)
        tied = naive.shared_parameters_penalty(W[:, :4], 0.6)
        return naive_sum(table, W, b) + 0.1 * (tied + 0.5 * (W[:, 4:] ** 2).sum())

    W, b = np.vstack(model.coef_).T, np.concatenate(model.intercept_)
    assert_close(model.objective_, objective(W, b), EQUAL)
    rng = np.random.default_rng(0)
    for _ in range(20):
        dW, db = rng.normal(size=W.shape), rng.normal(size=b.shape)
        for size in (1e-2, -1e-2):
            assert objective(W + size * dW, b + size * db) > model.objective_
    assert model.optimality_ <= 1e-8 and model.dual_gap_ is not None


def test_independent_tasks_are_their_own_models(table):
    X, y = table
    fields = make_targets(**y)
    model = MultiTaskMixedModel(0.05, losses=LOSSES, coupling=Independent()).fit(X, fields)
    predicted, probability = model.predict(X), model.predict_proba(X)
    for name in ("size", "count", "high"):
        alone = MultiTaskLinearRegressor(0.05, loss=LOSSES.get(name), coupling=Independent()).fit(X, y[name])
        near = Tolerance("quantiles at a gap of 1e-9", rtol=1e-3, atol=1e-3)
        assert_close(predicted[name], alone.predict(X), near)
    for name in ("sick", "kind"):
        alone = MultiTaskLogisticRegression(0.05, coupling=Independent()).fit(X, y[name])
        assert_close(probability[name], alone.predict_proba(X), SOLVED)
        assert predicted[name].tolist() == alone.predict(X).tolist()
    assert list(probability) == ["sick", "kind"]
    assert [loss.__class__.__name__ for loss in model.losses_.values()] == [
        "SquaredLoss", "LogisticLoss", "PoissonLoss", "QuantileLoss", "MultinomialLoss",
    ]  # fmt: skip


def test_tasks_of_one_column_are_tied(table):
    """A number and its sign: a label that is missing almost everywhere is learned from the number."""
    X, y = table
    seen = np.arange(N) % 10 == 0
    sign = np.where(seen, y["size"] > 0, np.nan)
    fields = make_targets(size=y["size"], sign=sign)
    losses = {"sign": MultiTaskLogisticRegression()._loss([0, 1])}
    tied = MultiTaskMixedModel(0.05, losses=losses, coupling=SharedParameters(0.9)).fit(X, fields)
    apart = MultiTaskMixedModel(0.05, losses=losses, coupling=Independent()).fit(X, fields)
    right = [(m.predict(X)["sign"] == (y["size"] > 0)).mean() for m in (tied, apart)]
    assert right[0] > right[1]
    assert tied.task_covariance_[0, 1] == 0.9 and tied.shared_coef_.shape == (1, D)


@pytest.mark.parametrize("coupling", [SharedParameters(0.6), JointSparsity(), LowRank()], ids=repr)
def test_a_missing_label_costs_its_own_task_only(table, coupling, rng):
    """Rows without any label change nothing, nor what stands in the place of a missing label."""
    X, y = table
    gone = rng.random(N) < 0.3
    kind = np.where(gone, -1, y["kind"])
    fields = make_targets(size=np.where(gone, np.nan, y["size"]), kind=kind, high=y["high"])
    model = MultiTaskMixedModel(0.05, coupling=coupling, missing_label=-1).fit(X, fields)
    assert model.classes_[1].tolist() == [0, 1, 2] and model.classes_[0] is None
    more = np.concatenate([fields, make_targets(size=[np.nan], kind=[-1], high=[np.nan])])
    longer = MultiTaskMixedModel(0.05, coupling=coupling, missing_label=-1).fit(
        np.vstack([X, 9 + X[:1]]), more
    )
    assert_close(longer.predict(X)["size"], model.predict(X)["size"], SOLVED)
    text = make_targets(size=y["size"], sick=np.where(gone, None, y["sick"]))
    assert MultiTaskMixedModel().fit(X, text).classes_[1].tolist() == ["no", "yes"]


@pytest.mark.parametrize("order", [[4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_the_order_of_tasks_does_not_matter(table, order):
    X, y = table
    straight = MultiTaskMixedModel(0.05, losses=LOSSES).fit(X, make_targets(**y))
    names = [list(y)[k] for k in order]
    permuted = MultiTaskMixedModel(0.05, losses=LOSSES).fit(X, make_targets(**{k: y[k] for k in names}))
    assert permuted.task_names_in_.tolist() == names
    for t, name in enumerate(y):
        near = Tolerance("weights at a gap of 1e-9", rtol=1e-3, atol=1e-3)
        assert_close(permuted.coef_[names.index(name)], straight.coef_[t], near)
    back = np.argsort(order)
    assert_close(permuted.task_covariance_[np.ix_(back, back)], straight.task_covariance_, ROUNDING)


def test_every_form_of_y(table):
    X, y = table
    structured = MultiTaskMixedModel(losses=LOSSES).fit(X, make_targets(**y))
    frame = MultiTaskMixedModel(losses=LOSSES).fit(X, pd.DataFrame(y))
    assert isinstance(frame.predict(X), pd.DataFrame)
    for name in y:
        assert_close(frame.predict(X)[name].to_numpy(), structured.predict(X)[name], SAME_BITS)
    scores = structured.score_tasks(X, make_targets(**y))
    assert list(scores) == list(y) and structured.score(X, make_targets(**y)) == np.mean(
        list(scores.values())
    )
    assert frame.score_tasks(X, pd.DataFrame(y)) == scores
    numbers = np.column_stack([y["size"], y["high"]])
    matrix = MultiTaskMixedModel(losses={"task1": HuberLoss()}).fit(X, numbers)
    assert matrix.predict(X).shape == (N, 2) and matrix.coef_.shape == (2, D)
    one = MultiTaskMixedModel().fit(X, y["kind"])
    assert one.predict(X).shape == (N,) and one.predict_proba(X).shape == (N, 3)
    assert one.classes_.tolist() == [0, 1, 2]


def test_margins_have_no_probabilities(table):
    X, y = table
    losses = {"sick": SquaredHingeLoss(), "kind": SquaredHingeLoss()}
    fields = make_targets(size=y["size"], sick=y["sick"], kind=y["kind"])
    model = MultiTaskMixedModel(losses=losses).fit(X, fields)
    assert not hasattr(model, "predict_proba")
    assert model.score_tasks(X, fields)["kind"] > 0.5
    mixed = MultiTaskMixedModel(losses={"sick": SquaredHingeLoss()}).fit(X, make_targets(**y))
    assert list(mixed.predict_proba(X)) == ["count", "kind"]


def test_relations_between_losses_are_learned(rng):
    X = rng.normal(size=(120, 5))
    z = X @ rng.normal(size=5)
    fields = make_targets(up=z + 0.3 * rng.normal(size=120), down=-z > 0)
    C = MultiTaskMixedModel(0.1, coupling=LearnedRelation(sharing=0)).fit(X, fields).task_covariance_
    assert C[0, 1] < -0.3


REFUSED = [
    ({"losses": {"sise": HuberLoss()}}, "losses names the task 'sise'; the tasks of y are"),
    ({"losses": {"size": "huber"}}, r"losses\['size'\] must be a Loss, see skmtl.losses, got 'huber'"),
    ({"losses": {"sick": HuberLoss()}}, "task 'sick' must hold numbers, got '(yes|no)'"),
    ({"losses": {"high": PoissonLoss()}}, "task 'high': PoissonLoss needs counts or rates >= 0, got -"),
    ({"task_weight": {"sise": 2.0}}, "task_weight names the task 'sise'"),
]


@pytest.mark.parametrize("parameters, message", REFUSED, ids=[message for _, message in REFUSED])
def test_refusals_name_the_task(parameters, message, table):
    X, y = table
    with pytest.raises(ValueError, match=message):
        MultiTaskMixedModel(**parameters).fit(X, make_targets(**y))


def test_fields_of_several_numbers_are_refused(table):
    X, _ = table
    with pytest.raises(ValueError, match=r"field 'box' of y holds arrays of shape \(4,\) a sample"):
        MultiTaskMixedModel().fit(X, make_targets(box=np.zeros((N, 4))))
    model = MultiTaskMixedModel().fit(X, make_targets(a=X[:, 0], b=X[:, 1]))
    with pytest.raises(ValueError, match=r"y has the tasks \['a'\], the model was fitted on \['a', 'b'\]"):
        model.score(X, make_targets(a=X[:, 0]))
