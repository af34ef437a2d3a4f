"""The convex conjugates of the losses, and gradients balanced for free intercepts."""

import numpy as np
import pytest
from _asserts import ROUNDING, assert_close

from skmtl.losses import (
    EpsilonInsensitiveLoss,
    HuberLoss,
    LogisticLoss,
    Loss,
    MultinomialLoss,
    PoissonLoss,
    QuantileLoss,
    SquaredEpsilonInsensitiveLoss,
    SquaredHingeLoss,
    SquaredLoss,
)

LOSSES = [(SquaredLoss(), 1), (LogisticLoss(), 1), (MultinomialLoss(), 3), (HuberLoss(0.7), 1),
          (QuantileLoss(0.8), 1), (EpsilonInsensitiveLoss(0.3), 1), (SquaredEpsilonInsensitiveLoss(0.3), 1),
          (PoissonLoss(), 1), (SquaredHingeLoss(), 1), (SquaredHingeLoss(), 3)]  # fmt: skip


@pytest.fixture(params=LOSSES, ids=repr)
def case(request, rng):
    """A loss and y, z, w of 12 rows and 2 tasks that show every class; some weights are zero."""
    loss, C = request.param
    y = np.stack([rng.permutation(np.arange(12) % max(C, 2)) for _ in range(2)], axis=1).astype(float)
    w = rng.random((12, 2))
    w[:2, 0] = 0.0
    return loss, y, rng.normal(size=(12, 2, C)), w


def test_loss_and_conjugate_meet_at_the_gradient(case):
    """Fenchel: l(z) + l*(l'(z)) = z l'(z)."""
    loss, y, z, w = case
    r = loss.gradient(y, z, w)
    assert_close(loss.value(y, z, w) + loss.conjugate(y, r, w), np.vdot(z, r), ROUNDING)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_no_prediction_beats_the_conjugate(case, share, rng):
    loss, y, z, w = case
    r = share * loss.gradient(y, z, w)
    for _ in range(20):
        other = 2 * rng.normal(size=z.shape)
        assert np.vdot(other, r) - loss.value(y, other, w) <= loss.conjugate(y, r, w) + 1e-12


def test_a_balanced_gradient_sums_to_zero_and_stays_in_the_domain(case, rng):
    loss, y, z, w = case
    r = loss.balance(y, loss.gradient(y, z + 2.0, w), w)
    assert_close(r.sum(axis=0), np.zeros(r.shape[1:]), ROUNDING)
    assert_close(r[:2, 0], 0 * r[:2, 0], ROUNDING, "unobserved entries")
    for _ in range(20):  # inside the domain the conjugate is a true bound
        other = rng.normal(size=z.shape)
        assert np.vdot(other, r) - loss.value(y, other, w) <= loss.conjugate(y, r, w) + 1e-12


def test_a_balanced_gradient_is_left_alone(case):
    loss, y, z, w = case
    r = loss.balance(y, loss.gradient(y, z, w), w)
    assert_close(loss.balance(y, r, w), r, ROUNDING)


def test_a_probability_of_nearly_one_is_balanced_too():
    y, w = np.array([[0.0], [1.0], [1.0]]), np.ones((3, 1))
    r = LogisticLoss().balance(y, LogisticLoss().gradient(y, np.full((3, 1, 1), 50.0), w), w)
    assert_close(r.sum(), 0.0, ROUNDING)
    assert np.isfinite(LogisticLoss().conjugate(y, r, w))


@pytest.mark.parametrize("loss, C", [pair for pair in LOSSES if pair[0].smoothness], ids=repr)
def test_smoothness_bounds_the_curvature(loss, C, rng):
    y, z, w = np.zeros((200, 1)), 0.3 * rng.normal(size=(200, 1, C)), np.ones((200, 1))
    direction = rng.normal(size=z.shape)
    direction -= direction.mean(axis=-1, keepdims=True) if C > 1 else 0.0
    stretch = (direction * loss.curvature(y, z, w).apply(direction)).sum(-1) / (direction**2).sum(-1)
    assert stretch.max() <= loss.smoothness + 1e-12
    assert stretch.max() >= 0.6 * loss.smoothness, "the bound is close"


def test_a_loss_without_formulas_says_so():
    class Plain(Loss):
        def value(self, y, z, w):
            return 0.0

        def gradient(self, y, z, w):
            return 0.0 * z

        def curvature(self, y, z, w):
            raise NotImplementedError

    y = np.zeros((1, 1))
    assert Plain().conjugate(y, y[..., None], y) is None and Plain().smoothness is None
