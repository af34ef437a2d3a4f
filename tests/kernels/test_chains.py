"""The kernel of total variation along rows against its slow twin."""

import naive_couplings
import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close

from skmtl.kernels.chains import flatten_steps

TWIN = Tolerance("an active-set solver of the dual problem", rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("amount", [0.0, 0.1, 1.0, 30.0])
def test_rows_are_those_of_the_twin(length, amount, rng):
    rows = rng.normal(size=(4, length)).cumsum(axis=1)
    rows[0] = np.round(rows[0])  # equal neighbours
    out = np.empty_like(rows)
    flatten_steps(rows, amount, out)
    assert_close(out, [naive_couplings.flatten_steps(row, amount) for row in rows], TWIN)


def test_few_steps_are_exactly_equal_and_the_mean_stays(rng):
    rows = np.repeat([0.0, 5.0], 10)[None] + 0.1 * rng.normal(size=(3, 20))
    out = np.empty_like(rows)
    flatten_steps(rows, 2.0, out)
    assert ((np.diff(out, axis=1) != 0).sum(axis=1) == 1).all()
    assert_close(out.mean(axis=1), rows.mean(axis=1), ROUNDING)
