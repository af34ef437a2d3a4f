"""The kernel that solves many small problems against its slow twin."""

import naive_tasks
import numpy as np
import pytest
from _asserts import SAME_BITS, SOLVED, assert_close

from skmtl.kernels.tasks import solve_tasks

BOUNDS = np.array([0, 3, 10, 11, 16])


@pytest.fixture(params=[False, True], ids=["no intercept", "intercept"])
def problem(request, rng):
    """Four tasks of 3, 7, 1 and 5 rows and four features."""
    X, offsets = rng.normal(size=(16, 4)) + 1.0, np.zeros((4, 5))
    right = rng.normal(size=(4, 5))
    if request.param:
        offsets[:, :4], offsets[:, 4] = rng.normal(size=(4, 4)), 1.0
    else:
        right[:, 4] = 0.0
    return X, BOUNDS, offsets, rng.random(16), 0.1 + rng.random(4), right


def test_tasks_are_solved_as_in_the_twin(problem):
    *parts, right = problem
    x = right.copy()
    solve_tasks(*parts, np.full(4, 1e-13), x)
    assert_close(x, naive_tasks.solve_tasks(*parts, right), SOLVED)


def test_forcing_bounds_what_is_left(problem):
    """Solved up to the share that was asked for, task by task; 1 asks for nothing."""
    *parts, right = problem
    x, forcing = right.copy(), np.array([1e-2, 1.0, 1e-8, 0.3])
    solve_tasks(*parts, forcing, x)
    assert_close(x[1], np.zeros(5), SAME_BITS)
    X, bounds, offsets, bend, ridge = parts
    for t in (0, 2, 3):
        rows = slice(bounds[t], bounds[t + 1])
        A = np.hstack([X[rows] - offsets[t, :4], np.full((len(X[rows]), 1), offsets[t, 4])])
        left = right[t] - A.T @ (bend[rows] * (A @ x[t])) - ridge[t] * np.append(x[t, :4], 0.0)
        assert np.linalg.norm(left) <= (forcing[t] + 1e-9) * np.linalg.norm(right[t])


def test_nothing_to_do_is_done(problem):
    *parts, right = problem
    x = np.zeros_like(right)
    solve_tasks(*parts, np.full(4, 1e-9), x)
    assert_close(x, np.zeros_like(right), SAME_BITS)
