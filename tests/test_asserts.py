"""The helpers of the suite can fail."""

import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, SOLVED, assert_close


def test_equal_values_pass():
    assert_close([1.0, np.nan], [1.0, np.nan], SAME_BITS)
    assert_close([1.0], [1.0 + 1e-12], ROUNDING)
    assert_close(["a", "b"], ["a", "b"], SAME_BITS)


@pytest.mark.parametrize(
    "actual, desired, tolerance",
    [
        ([1.0], [1.0 + 1e-12], SAME_BITS),
        ([1.0], [1.1], SOLVED),
        ([1.0], [np.nan], SOLVED),
        ([1.0, 1.0], [1.0], SOLVED),
        (["a"], ["b"], SOLVED),
        (1.0, [1.0], SAME_BITS),
    ],
)
def test_unequal_values_fail_with_the_reason(actual, desired, tolerance):
    with pytest.raises(AssertionError, match=tolerance.why):
        assert_close(actual, desired, tolerance, "coefficients")


def test_the_generator_is_seeded_by_the_test(rng, seed):
    assert_close(rng.normal(size=3), np.random.default_rng(seed).normal(size=3), SAME_BITS)
