"""fit_batches: samples that come in batches, and are judged by others that are given."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import Tolerance, assert_close
from _networks import bits_of, hide, rows_of, scenes
from sklearn.base import clone

from skmtl import MultiHeadNetwork, MultiTaskMLPClassifier, MultiTaskMLPRegressor, make_targets
from skmtl.heads import NumberHead
from skmtl.neural_network import ConvTrunk, DenseTrunk, MixtureTrunk

ONCE = {"max_iter": 1, "schedule": "constant"}


def test_one_batch_of_all_is_fit():
    rng = np.random.default_rng(5)
    X, fields = scenes(rng, 60)
    images = X, make_targets(**hide(fields, rng, 0.2))
    trunk = ConvTrunk((4,), (8,), dropout=0.2, batch_norm=True)
    model = MultiHeadNetwork(trunk=trunk, batch_size=16, max_iter=3, random_state=0)
    assert bits_of(clone(model).fit_batches([images])) == bits_of(clone(model).fit(*images))


def test_a_generator_serves_one_epoch_and_a_function_many(rng):
    X, y = rows_of(rng)
    cuts = [slice(0, 50), slice(50, 90), slice(90, 120)]

    def batches():
        return ((X[cut], y[cut]) for cut in cuts)

    model = MultiHeadNetwork(max_iter=25, learning_rate=0.01, schedule="constant", random_state=0)
    listed = clone(model).fit_batches([(X[cut], y[cut]) for cut in cuts])
    made = clone(model).fit_batches(batches)
    assert made.score(X, y) > 0.9 and made.loss_curve_.shape == (25, 2)
    assert bits_of(made) == bits_of(listed)
    once = clone(model).set_params(**ONCE)
    stepwise = clone(once)
    for batch in batches():
        stepwise.partial_fit(*batch)
    assert bits_of(once.fit_batches(batches())) == bits_of(stepwise)


def test_losses_are_those_of_all_rows(rng):
    """At a rate of almost nothing the mean over batches is the loss of the whole set."""
    X, y = rng.normal(size=(90, 3)), rng.normal(size=90)
    slow = {"solver": "sgd", "learning_rate": 1e-12, "alpha": 0.0, **ONCE}
    model = MultiHeadNetwork([("y", NumberHead())], DenseTrunk((4,)), random_state=0, **slow)
    cuts = [slice(0, 60), slice(60, 90)]
    first = clone(model).fit_batches([(X[:60], y[:60])])
    parts = clone(model).fit_batches([(X[cut], y[cut]) for cut in cuts])
    scale = first._codings["y"]
    mean = (first.predict(X) - scale["shift"]) / scale["scale"] - (y - scale["shift"]) / scale["scale"]
    assert_close(parts.loss_curve_[0], [0.5 * (mean**2).mean()], Tolerance("float32", rtol=1e-5))


def test_weights_come_with_their_batch(rng):
    X, y = rows_of(rng)
    weight = np.r_[np.ones(60), np.zeros(60)]
    model = MultiHeadNetwork(max_iter=2, random_state=0)
    weighed = clone(model).fit_batches([(X, y, weight)])
    assert bits_of(weighed) == bits_of(clone(model).fit_batches([(X[:60], y[:60])]))


def test_shares_of_experts_are_told_of_the_last_batch(rng):
    X, y = rows_of(rng)
    model = MultiHeadNetwork(trunk=MixtureTrunk(DenseTrunk((4,)), n_experts=2), max_iter=2, random_state=0)
    model.fit_batches([(X[:60], y[:60]), (X[60:], y[60:])])
    assert_close(model.sharing_.sum(axis=1), np.ones(2), Tolerance("shares", rtol=1e-12))


@pytest.mark.parametrize(
    "batches, options, message",
    [
        (iter([]), {"max_iter": 1}, r"batches is empty: at least one \(X, y\) is needed"),
        (iter([]), {}, "batches can be read once, but max_iter=30: give a list, or a function"),
        ([1], {}, r"batches must hold \(X, y\) or \(X, y, sample_weight\), got int"),
        ([], {"early_stopping": True}, r"early_stopping=True and validation=\(X, y\) belong together"),
        ([], {"checkpoint": "x.npz"}, "checkpoint compares all samples, which fit_batches cannot"),
    ],
)
def test_batches_that_cannot_be_read_are_refused(batches, options, message):
    with pytest.raises(ValueError, match=message):
        MultiHeadNetwork(**options).fit_batches(batches)


def test_a_function_must_begin_anew(rng):
    spent = iter([rows_of(rng)])
    with pytest.raises(ValueError, match="batches gave nothing when it was asked a second time"):
        MultiHeadNetwork().fit_batches(lambda: spent)


@pytest.mark.parametrize("cls", [MultiHeadNetwork, MultiTaskMLPRegressor])
def test_samples_given_for_it_stop_training_where_they_were_told_best(cls, rng):
    X = rng.normal(size=(60, 4))
    y = X[:, 0] + rng.normal(size=60)  # most of it by chance: soon learned by heart
    parts, judges = [(X[:20], y[:20]), (X[20:40], y[20:40])], (X[40:], y[40:])
    model = cls(learning_rate=0.01, schedule="constant", random_state=0)
    stopped = clone(model).set_params(early_stopping=True, max_iter=80, n_iter_no_change=5)
    stopped.fit_batches(parts, validation=judges)
    best = int(stopped.validation_curve_.argmin())
    assert 0 < best < stopped.n_iter_ - 1 < 79
    shorter = clone(model).set_params(max_iter=best + 1).fit_batches(parts)
    assert bits_of(stopped) == bits_of(shorter)
    loss = 0.5 * np.square((shorter.predict(X[40:]) - y[40:]) / y[:20].std()).mean()
    assert_close(stopped.validation_curve_[best], [loss], Tolerance("float32", rtol=1e-5))


@pytest.mark.parametrize(
    "validation, early_stopping, message",
    [
        (lambda X, y: (X, y), False, "belong together"),
        (lambda X, y: X, True, r"validation must hold \(X, y\) or \(X, y, sample_weight\), got ndarray"),
        (lambda X, y: (X[:1], make_targets(kind=[""], size=[np.nan])), True, "validation has no row with"),
        (lambda X, y: (X[:, :2], y), True, "X has 2 features"),
    ],
)
def test_samples_to_judge_by_are_checked(validation, early_stopping, message, rng):
    X, y = rows_of(rng, 30)
    model = MultiHeadNetwork(early_stopping=early_stopping, random_state=0)
    with pytest.raises(ValueError, match=message):
        model.fit_batches([(X, y)], validation=validation(X, y))
    assert not hasattr(model, "params_")


def test_perceptrons_learn_from_batches(rng):
    X = rng.normal(size=(200, 3))
    Y = np.column_stack([X[:, 0] * X[:, 1], X.sum(axis=1)])
    parts = [(X[:120], Y[:120]), (X[120:], Y[120:])]
    regressor = MultiTaskMLPRegressor((16,), learning_rate=0.02, max_iter=60, random_state=0)
    assert regressor.fit_batches(parts).score(X, Y) > 0.9 and regressor.solver_ == "adam"
    labels = [(part, (target > 0).astype(int)) for part, target in parts]
    classifier = MultiTaskMLPClassifier((16,), learning_rate=0.02, max_iter=60, random_state=0)
    assert classifier.fit_batches(labels, classes=[0, 1]).score(X, Y > 0) > 0.9
    whole = clone(regressor).set_params(solver="adam").fit(X, Y)
    assert bits_of(clone(regressor).fit_batches([(X, Y)])) == bits_of(whole)
