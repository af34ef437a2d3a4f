"""The networks on plain targets: what they learn, what they remember, and what they refuse."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from skmtl import MultiTaskMLPClassifier, MultiTaskMLPRegressor
from skmtl import balancers as b

FAST = {"hidden_layer_sizes": (16,), "max_iter": 5, "random_state": 0}


def class_data(rng, n=60):
    """Two tasks: three named classes, and a number that is above 0 or not."""
    X = rng.normal(size=(n, 4))
    names = np.array(["low", "mid", "top"])[np.digitize(X[:, 0], [-0.4, 0.4])]
    return X, np.column_stack([names, np.where(X[:, 1] > 0, "yes", "no")]).astype(object)


def number_data(rng, n=60):
    X = rng.normal(size=(n, 4))
    return X, np.column_stack([1000 + 300 * X[:, 0], np.abs(X[:, 1] * X[:, 2])])


def bits_of(model) -> bytes:
    return b"".join(value.tobytes() for value in model.params_.values())


# ---------------------------------------------------------------------------------- it learns


@pytest.mark.parametrize(
    "options",
    [
        {"solver": "adam"},
        {"solver": "adamw"},
        {"solver": "sgd", "learning_rate": 0.05},
        {"solver": "lbfgs"},
        {"solver": "adam", "activation": "gelu", "schedule": "cosine", "batch_norm": True},
        {"solver": "adam", "dropout": 0.2, "head_layer_sizes": 16, "schedule": "triangle"},
        {"solver": "adam", "early_stopping": True, "n_iter_no_change": 20},
    ],
    ids=str,
)
def test_digits_are_learned_with_most_labels_missing(options, rng):
    X, digit = load_digits(return_X_y=True)
    X = X / 16
    Y = np.column_stack([digit, digit % 2, digit >= 5]).astype(float)
    seen = np.where(rng.random(Y.shape) < 0.7, np.nan, Y)
    options = {"learning_rate": 0.005, "max_iter": 40} | options
    model = MultiTaskMLPClassifier(random_state=0, **options).fit(X[:1000], seen[:1000])
    assert min(model.score_tasks(X[1000:], Y[1000:]).values()) > 0.85
    assert model.loss_curve_.shape == (model.n_iter_, 3)
    assert (model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]).all()


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson"])
def test_numbers_of_very_different_scales_are_learned(loss, rng):
    X, Y = number_data(rng, 400)
    model = MultiTaskMLPRegressor(loss=loss, solver="adam", learning_rate=0.01, max_iter=100, random_state=0)
    scores = model.fit(X[:300], Y[:300]).score_tasks(X[300:], Y[300:])
    assert min(scores.values()) > 0.8
    if loss == "poisson":
        assert model.predict(10 * X).min() >= 0


@pytest.mark.parametrize(
    "balancer",
    [
        b.Fixed([1.0, 0.5]), b.Uncertainty(), b.DynamicWeightAverage(), b.FAMO(), b.GradNorm(), b.PCGrad(),
        b.MGDA(), b.CAGrad(), b.IMTLG(), b.NashMTL(), b.Aligned(),
    ],
    ids=repr,
)  # fmt: skip
def test_every_balancer_trains(balancer, rng):
    X, y = class_data(rng, 200)
    y[::3, 1] = None
    model = MultiTaskMLPClassifier(
        solver="adam", balancer=balancer, learning_rate=0.01, max_iter=40, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.85
    assert model.task_weights_.shape == (model.n_iter_, 2)
    assert np.isfinite(model.task_weights_).all()


# --------------------------------------------------------------- equal to what it must equal


def test_one_classification_task_is_scikit_learns_network(rng):
    """The same weights give the same probabilities, and the minimum is as low."""
    X, y = class_data(rng)
    ours = MultiTaskMLPClassifier(
        (7, 5), activation="relu", random_state=0, alpha=0.02, solver="lbfgs", tol=1e-7, max_iter=500
    )
    ours.fit(X, y[:, 0].astype(str))
    theirs = MLPClassifier(
        (7, 5), random_state=0, alpha=0.02 * len(X), solver="lbfgs", tol=1e-7, max_iter=500
    )
    theirs.fit(X, y[:, 0].astype(str))

    def objective(model):
        P = model.predict_log_proba(X)
        fit = -P[np.arange(len(X)), np.searchsorted(model.classes_, y[:, 0].astype(str))].mean()
        return fit + 0.01 * sum((W**2).sum() for W in model.coefs_)

    lowest = objective(theirs)
    theirs.coefs_ = [ours.params_[f"{name}.W"] for name in ("trunk.dense0", "trunk.dense1", "head0.out")]
    theirs.intercepts_ = [ours.params_[f"{name}.b"] for name in ("trunk.dense0", "trunk.dense1", "head0.out")]
    assert_close(ours.predict_proba(X), theirs.predict_proba(X), ROUNDING)
    assert objective(theirs) < 1.1 * lowest


def test_one_regression_task_is_scikit_learns_network(rng):
    X, Y = number_data(rng)
    ours = MultiTaskMLPRegressor((7,), activation="relu", random_state=0).fit(X, Y[:, 0])
    theirs = MLPRegressor(hidden_layer_sizes=(7,), solver="lbfgs", tol=1e9).fit(X, Y[:, 0])
    theirs.coefs_ = [ours.params_["trunk.dense0.W"], ours.params_["head0.out.W"] * Y[:, 0].std()]
    theirs.intercepts_ = [
        ours.params_["trunk.dense0.b"],
        ours.params_["head0.out.b"] * Y[:, 0].std() + Y[:, 0].mean(),
    ]
    assert_close(ours.predict(X), theirs.predict(X), ROUNDING)


@pytest.mark.parametrize("options", [{}, {"solver": "adam", "batch_size": 16}])
def test_a_row_without_labels_or_weight_changes_nothing(options, rng):
    X, Y = number_data(rng)
    Y[3, 0] = np.nan
    more_X, more_Y = np.vstack([X, X[:5] + 3]), np.vstack([Y, np.full((5, 2), np.nan)])
    weight = np.ones(len(X))
    weight[7] = 0
    model = MultiTaskMLPRegressor(**FAST, **options)
    plain = clone(model).fit(np.delete(X, 7, axis=0), np.delete(Y, 7, axis=0))
    assert bits_of(clone(model).fit(X, Y, sample_weight=weight)) == bits_of(plain)
    assert bits_of(clone(model).fit(more_X, more_Y, sample_weight=np.r_[weight, np.ones(5)])) == bits_of(
        plain
    )


REPEATED = Tolerance("the same sums in another order, through 5 iterations", rtol=1e-6, atol=1e-8)


def test_target_weight_of_two_is_a_label_twice(rng):
    X, Y = number_data(rng, 30)
    twice = np.ones(Y.shape)
    twice[:10, 0] = 2
    again = np.full((10, 2), np.nan)
    again[:, 0] = Y[:10, 0]
    model = MultiTaskMLPRegressor(activation="gelu", **FAST)
    weighted = clone(model).fit(X, Y, target_weight=twice)
    repeated = clone(model).fit(np.vstack([X, X[:10]]), np.vstack([Y, again]))
    assert_close(weighted.predict(X), repeated.predict(X), REPEATED)


def test_no_trunk_at_all_is_separate_linear_models(rng):
    X, Y = number_data(rng)
    model = MultiTaskMLPRegressor((), alpha=0.0, solver="lbfgs", tol=1e-12, max_iter=1000).fit(X, Y)
    solution = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), Y, rcond=None)[0]
    expected = np.column_stack([X, np.ones(len(X))]) @ solution
    assert_close(
        model.predict(X), expected, Tolerance("L-BFGS stopped near the optimum", rtol=1e-4, atol=1e-3)
    )


# --------------------------------------------------------------------------- bits and state


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"solver": "adam", "dropout": 0.3, "batch_norm": True, "early_stopping": True},
        {"solver": "adam", "balancer": b.PCGrad()},
        {"solver": "sgd", "balancer": b.FAMO(), "dropout": 0.3},
    ],
    ids=str,
)
def test_a_seed_gives_the_same_bits_and_another_seed_others(options, rng):
    X, y = class_data(rng)
    model = MultiTaskMLPClassifier(**FAST, batch_size=16).set_params(**options)
    first = bits_of(clone(model).fit(X, y))
    assert bits_of(clone(model).fit(X, y)) == first
    assert bits_of(clone(model).set_params(random_state=1).fit(X, y)) != first


def test_bits_do_not_depend_on_blas_threads(rng):
    X = rng.normal(size=(600, 200))
    y = X[:, :3] > 0
    model = MultiTaskMLPClassifier((128,), solver="adam", batch_size=300, max_iter=3, random_state=0)
    told = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            told.append(bits_of(clone(model).fit(X, y)))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "cls, data", [(MultiTaskMLPClassifier, class_data), (MultiTaskMLPRegressor, number_data)]
)
def test_partial_fit_goes_on_after_a_pickle_with_the_same_bits(cls, data, rng):
    X, y = data(rng)
    classes = [np.unique(column.astype(str)) for column in y.T]
    more = {"classes": classes} if cls is MultiTaskMLPClassifier else {}
    model = cls(
        solver="adam", dropout=0.2, batch_norm=True, balancer=b.GradNorm(), batch_size=16, random_state=0
    )
    straight, broken = clone(model), clone(model)
    for i in range(4):
        straight.partial_fit(X, y, **more if i == 0 else {})
        broken.partial_fit(X, y, **more if i == 0 else {})
        broken = pickle.loads(pickle.dumps(broken))
    assert bits_of(broken) == bits_of(straight)
    assert straight.loss_curve_.shape == (4, 2) and straight.n_iter_ == 4


def test_partial_fit_takes_parts_without_some_labels_and_classes(rng):
    X, y = class_data(rng)
    classes = [np.array(["low", "mid", "top"]), np.array(["no", "yes"])]
    model = MultiTaskMLPClassifier((8,), learning_rate=0.02, random_state=0).partial_fit(
        X, y, classes=classes
    )
    only = y.copy()
    only[:, 1] = None
    model.partial_fit(X[y[:, 0] == "low"], only[y[:, 0] == "low"])
    for _ in range(30):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.85
    with pytest.raises(ValueError, match="task 'task1' has the label 'maybe', never seen before"):
        model.partial_fit(X[:1], np.array([["low", "maybe"]], dtype=object))


def test_a_part_without_any_label_changes_nothing(rng):
    X, Y = number_data(rng)
    model = MultiTaskMLPRegressor((4,), random_state=0).partial_fit(X, Y)
    before = bits_of(model)
    assert bits_of(model.partial_fit(X[:3], np.full((3, 2), np.nan))) == before and model.n_iter_ == 1


def test_logarithms_of_probabilities_are_finite_far_away(rng):
    X, y = class_data(rng)
    model = MultiTaskMLPClassifier(**FAST).fit(X, y)
    for near, far, p in zip(
        model.predict_log_proba(X), model.predict_log_proba(1e6 * X), model.predict_proba(X), strict=True
    ):
        assert_close(near, np.log(p), ROUNDING)
        assert np.isfinite(far).all() and far.min() < -1000


def test_partial_fit_goes_on_from_fit(rng):
    X, Y = number_data(rng, 200)
    model = MultiTaskMLPRegressor(solver="adam", learning_rate=0.01, max_iter=30, random_state=0).fit(X, Y)
    first = model.loss_curve_[0].mean()
    model.partial_fit(X, Y)
    assert model.loss_curve_.shape == (1, 2)
    assert model.loss_curve_[0].mean() < 0.4 * first


def test_one_array_of_classes_serves_all_tasks(rng):
    X = rng.normal(size=(30, 3))
    y = (X[:, :2] > 0).astype(int)
    model = MultiTaskMLPClassifier((4,), random_state=0).partial_fit(X, y, classes=np.array([0, 1]))
    assert [own.tolist() for own in model.classes_] == [[0, 1], [0, 1]]


def test_warm_start_begins_where_the_fit_before_ended(rng):
    X, y = class_data(rng, 200)
    model = MultiTaskMLPClassifier(
        solver="adam", max_iter=30, learning_rate=0.01, warm_start=True, random_state=0
    )
    first = model.fit(X, y).loss_curve_
    second = model.fit(X, y).loss_curve_
    assert second[0].mean() < 0.4 * first[0].mean()
    for name, options in {"layers": {"hidden_layer_sizes": (3,)}, "tasks": {}}.items():
        other = y if name == "layers" else y[:, :1]
        with pytest.raises(ValueError, match=f"warm_start=True.*{name}"):
            clone(model).fit(X, y).set_params(**options).fit(X, other)


def test_a_failed_fit_leaves_the_model_as_it_was(rng):
    X, y = class_data(rng)
    model = MultiTaskMLPClassifier(**FAST).fit(X, y)
    before = vars(model).copy()
    with pytest.raises(ValueError, match="one class only"):
        model.fit(X, np.where(y == "no", "yes", y))
    model.set_params(solver="sgd", learning_rate=1e9, max_iter=50)
    with pytest.raises(
        FloatingPointError, match=r"loss of task 'task\d' is no longer finite in epoch \d+: lower"
    ):
        model.fit(1e6 * X, y)
    assert model.params_ is before["params_"] and model.classes_ is before["classes_"]


def test_early_stopping_keeps_the_best_parameters(rng):
    X, Y = number_data(rng, 120)
    Y += rng.normal(size=Y.shape) * Y.std(axis=0)
    options = {"solver": "adam", "learning_rate": 0.02, "max_iter": 200, "random_state": 0}
    model = MultiTaskMLPRegressor(early_stopping=True, validation_fraction=0.3, **options).fit(X, Y)
    assert model.n_iter_ < 200 and len(model.validation_curve_) == model.n_iter_
    best = int(model.validation_curve_.mean(axis=1).argmin()) + 1
    assert best < model.n_iter_
    short = MultiTaskMLPRegressor(
        early_stopping=True, validation_fraction=0.3, **options | {"max_iter": best}
    )
    assert bits_of(short.fit(X, Y)) == bits_of(model)


def test_angles_between_tasks_are_recorded(rng):
    X = rng.normal(size=(80, 4))
    y = X[:, :1] + 0.1 * rng.normal(size=(80, 1))
    Y = np.hstack([y, y, -y])
    model = MultiTaskMLPRegressor((), head_layer_sizes=()).set_params(
        hidden_layer_sizes=(8,), solver="adam", max_iter=3, record_conflict=True, random_state=0
    )
    cosines = model.fit(X, Y).gradient_cosines_
    assert cosines.shape == (3, 3, 3)
    assert_close(np.diagonal(cosines, axis1=1, axis2=2), np.ones((3, 3)), ROUNDING)
    plain = clone(model).set_params(record_conflict=False).fit(X, Y)
    assert bits_of(plain) == bits_of(model)
    assert not hasattr(plain, "gradient_cosines_")


def test_prediction_needs_no_numba(rng):
    code = """
import sys, numpy as np
from skmtl import MultiTaskMLPClassifier
X = np.arange(40.0).reshape(20, 2) / 40
MultiTaskMLPClassifier((4,), max_iter=2).fit(X, np.arange(20) % 3).predict(X)
assert not {"numba", "llvmlite", "matplotlib", "skimage"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


# ------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "options, message",
    [
        ({"solver": "lbfgs", "dropout": 0.1}, "cannot take dropout=0.1; use solver='adam'"),
        ({"solver": "lbfgs", "early_stopping": True}, "cannot take early_stopping=True"),
        ({"solver": "lbfgs", "balancer": b.MGDA()}, r"cannot take balancer=MGDA\(\)"),
        ({"balancer": b.Fixed([1, 2, 3])}, r"weights has shape \(3,\), but there are 2 tasks"),
        ({"hidden_layer_sizes": (4, 0)}, "hidden_layer_sizes must hold whole numbers >= 1, got 0"),
        ({"hidden_layer_sizes": (np.nan,)}, "hidden_layer_sizes must hold whole numbers >= 1, got nan"),
        ({"head_layer_sizes": (2.5,)}, "head_layer_sizes must hold whole numbers >= 1, got 2.5"),
        ({"early_stopping": True, "validation_fraction": 0.999}, "leaves no label of task 'task0'"),
        (
            {"balancer": b.PCGrad(-1), "solver": "adam"},
            "PCGrad: seed must be a whole number, at least 0, got -1",
        ),
        ({"learning_rate": 0.0}, "'learning_rate' parameter"),
    ],
)
def test_what_does_not_fit_is_refused(options, message, rng):
    X, y = class_data(rng)
    with pytest.raises(ValueError, match=message):
        MultiTaskMLPClassifier(**options).fit(X, y)


def test_counts_below_zero_are_refused(rng):
    X, Y = number_data(rng)
    with pytest.raises(ValueError, match="task 'task1': loss='poisson' needs numbers >= 0, got -"):
        MultiTaskMLPRegressor(loss="poisson").fit(X, Y * [1, -1])
    model = MultiTaskMLPRegressor((4,), loss="poisson").partial_fit(X, Y)
    with pytest.raises(ValueError, match="task 'task1': loss='poisson' needs numbers >= 0, got -"):
        model.partial_fit(X, Y * [1, -1])


def test_partial_fit_refuses_what_it_cannot_take(rng):
    X, y = class_data(rng)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        MultiTaskMLPClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="classes has entries for 1 tasks, but y has 2"):
        MultiTaskMLPClassifier().partial_fit(X, y, classes=[np.array(["no", "yes"])])
    for few in ([], [0], [["no"], ["no", "yes"]]):
        with pytest.raises(ValueError, match="classes must hold at least two classes for each task, got "):
            MultiTaskMLPClassifier().partial_fit(X, y, classes=few)
    assert not hasattr(MultiTaskMLPClassifier(solver="lbfgs"), "partial_fit")
    model = MultiTaskMLPRegressor((4,)).partial_fit(*number_data(rng))
    with pytest.raises(ValueError, match="the model learns y with 2 tasks, got 1-D"):
        model.partial_fit(X, np.ones(len(X)))


def test_verbose_draws_a_bar_and_silence_is_the_default(rng, capsys):
    X, y = class_data(rng)
    MultiTaskMLPClassifier(**FAST).fit(X, y)
    assert capsys.readouterr().err == ""
    MultiTaskMLPClassifier(**FAST, verbose=True).fit(X, y)
    assert "fit [" in capsys.readouterr().err
