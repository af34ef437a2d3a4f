"""Penalties: values and proximal maps against slow twins; prox and conjugate against each other."""

import naive
import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close

from skmtl.couplings import (
    EntryNorm,
    Penalty,
    RowMax,
    RowNorm,
    SquaredTraceNorm,
    TaskNorm,
    TraceNorm,
)

BISECTED = Tolerance("a twin that bisects", rtol=1e-9, atol=1e-10)
SVD = Tolerance("another way to the singular values", rtol=1e-7, atol=1e-8)
TASKS = np.array([0, 1, 1, 2])

# penalty, its naive value, its naive prox at step 1
TWINS = {
    "rows": (RowNorm(), naive.row_norm, naive.row_norm_prox, naive.row_norm_dual),
    "row maxima": (RowMax(), naive.row_max, naive.row_max_prox, naive.row_max_dual),
    "entries": (EntryNorm(), naive.entry_norm, naive.entry_norm_prox, naive.entry_norm_dual),
    "tasks": (
        TaskNorm(TASKS),
        lambda W: naive.task_norm(W, TASKS),
        lambda V, step: naive.task_norm_prox(V, step, TASKS),
        lambda G: naive.task_norm_dual(G, TASKS),
    ),
    "trace": (TraceNorm(), naive.trace_norm, naive.trace_norm_prox, naive.trace_norm_dual),
}
MIXED = [RowNorm(0.7, 0.4), RowNorm(0.0, 1.0), EntryNorm(0.5, 0.5), TaskNorm(TASKS, 2.0), SquaredTraceNorm()]
ALL: list[Penalty] = [*(penalty for penalty, *_ in TWINS.values()), *MIXED]


@pytest.fixture
def matrix(rng):
    return rng.normal(size=(6, 4)) * np.array([3.0, 1.0, 1.0, 0.3, 0.1, 0.0])[:, None]


@pytest.mark.parametrize("name", TWINS)
def test_value_prox_and_dual_norm_are_those_of_the_twin(name, matrix):
    penalty, value, prox, dual = TWINS[name]
    tolerance = SVD if name == "trace" else BISECTED
    assert_close(penalty.value(matrix), value(matrix), tolerance)
    assert_close(penalty.dual_norm(matrix), dual(matrix), tolerance)
    for step in (0.05, 0.8, 100.0):
        assert_close(penalty.prox(matrix, step), prox(matrix, step), tolerance, f"step {step}")


def test_squared_trace_norm_is_its_twin(matrix):
    assert_close(SquaredTraceNorm().value(matrix), 0.5 * naive.trace_norm(matrix) ** 2, SVD)
    for step in (1e-3, 0.3, 50.0):
        expected = naive.squared_trace_norm_prox(matrix, step)
        assert_close(SquaredTraceNorm().prox(matrix, step), expected, BISECTED, f"step {step}")


@pytest.mark.parametrize("step", [0.1, 1.0])
@pytest.mark.parametrize("penalty", ALL, ids=lambda p: type(p).__name__)
def test_prox_and_conjugate_meet(penalty, step, matrix):
    """At P = prox(V) the slope G = (V - P) / step is a subgradient: h(P) + h*(G) = <G, P>."""
    P = penalty.prox(matrix, step)
    G = (matrix - P) / step
    assert_close(penalty.share(G), 1.0, ROUNDING)
    assert_close(penalty.value(P) + penalty.conjugate(G), np.vdot(G, P), BISECTED)


@pytest.mark.parametrize("penalty", ALL, ids=lambda p: type(p).__name__)
def test_no_matrix_beats_the_conjugate(penalty, matrix, rng):
    """h*(G) >= <G, W> - h(W) for all W, at the largest share of G for which h* is finite."""
    G = penalty.share(5 * matrix) * 5 * matrix
    for _ in range(50):
        W = rng.normal(size=matrix.shape) * rng.exponential()
        assert np.vdot(G, W) - penalty.value(W) <= penalty.conjugate(G) + 1e-9


@pytest.mark.parametrize("penalty", ALL, ids=lambda p: type(p).__name__)
def test_zero_is_left_at_zero(penalty):
    zero = np.zeros((6, 4))
    assert_close(penalty.value(zero), 0.0, ROUNDING)
    assert_close(penalty.prox(zero, 1.0), zero, ROUNDING)
    assert_close(penalty.share(zero), 1.0, ROUNDING)


def test_a_penalty_without_a_formula_for_its_conjugate_says_so(matrix):
    class Plain(Penalty):
        def value(self, W):
            return 0.0

        def prox(self, V, step):
            return V

    assert Plain().conjugate(matrix) is None and Plain().share(matrix) == 1.0


@pytest.mark.parametrize("name", TWINS)
def test_where_a_penalty_begins_is_its_dual_norm(name, matrix):
    """By the formula of norms, and by the bisection that serves any other penalty."""
    penalty, _, _, dual = TWINS[name]
    tolerance = SVD if name == "trace" else BISECTED
    assert_close(penalty.silent_from(matrix), dual(matrix), tolerance)
    bisected = Penalty.silent_from(penalty, matrix)
    assert_close(bisected, dual(matrix), Tolerance("bisection to 1e-9", rtol=1e-6))


def test_penalties_that_are_smooth_at_zero_never_fall_silent(matrix):
    assert RowNorm(0.0, 1.0).silent_from(matrix) == SquaredTraceNorm().silent_from(matrix) == np.inf
    assert RowNorm(0.5, 0.5).silent_from(matrix) == pytest.approx(2 * naive.row_norm_dual(matrix))
