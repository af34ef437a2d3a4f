"""The kernels of descent over rows where tasks differ, against slow twins and by the slopes they leave."""

import naive_parts
import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close

from skmtl.kernels.task_rows import descend_grams, descend_residuals, descend_tasks

NEWTON = Tolerance("a length by Newton's method and by bisection", rtol=1e-7, atol=1e-9)
D, T = 5, 4
PRICES = {
    "rows": (3.0, np.inf, 0.0, False),
    "rows and ridge": (2.0, np.inf, 1.5, False),
    "rows that nothing exceeds": (1e3, np.inf, 0.0, False),
    "entries": (np.inf, 2.0, 0.5, False),
    "both": (3.0, 2.0, 0.0, False),
    "both, rows dear": (3.9, 2.0, 0.0, False),
    "peaks": (5.0, np.inf, 0.0, True),
    "peaks and entries": (5.0, 2.0, 0.0, True),
}


@pytest.fixture
def tasks(rng):
    """Rows of four tasks of 7 to 10 rows, where they begin, and parts of W to start from."""
    bounds = np.cumsum([0, 7, 8, 9, 10])
    X, y = np.asfortranarray(rng.normal(size=(34, D))), 2 * rng.normal(size=34)
    parts = rng.normal(size=(2, D, T)) * (rng.random((2, D, 1)) < 0.7)
    return X, y, bounds, parts


def summed(X, y, bounds):
    pairs = list(zip(bounds[:-1], bounds[1:], strict=True))
    grams = np.stack([X[a:b].T @ X[a:b] for a, b in pairs], axis=2)
    return grams, np.stack([X[a:b].T @ y[a:b] for a, b in pairs], axis=1)


def slopes(grams, moments, W):
    return moments - np.einsum("jkt,kt->jt", grams, W)


@pytest.mark.parametrize("name", PRICES)
def test_rows_move_as_in_the_twin(name, tasks):
    *prices, peak = PRICES[name]
    X, y, bounds, (shared, own) = tasks
    shared, own = shared * np.isfinite(prices[0]), own * np.isfinite(prices[1])
    grams, moments = summed(X, y, bounds)
    expected = naive_parts.descend_parts(grams, moments, shared, own, prices, peak)
    slope, numbers = slopes(grams, moments, shared + own), np.array([*prices, peak])
    R = y - np.concatenate([X[a:b] @ (shared + own)[:, t] for t, (a, b) in enumerate(pairs(bounds))])
    same = shared.copy(), own.copy()
    assert descend_grams(grams, slope, shared, own, numbers)
    assert_close(np.stack([shared, own]), expected, NEWTON)
    assert_close(slope, slopes(grams, moments, shared + own), ROUNDING)
    assert descend_residuals(X, R, bounds, *same, np.einsum("jjt->jt", grams), numbers)
    assert_close(np.stack(same), expected, NEWTON)
    left = np.stack([X[a:b].T @ R[a:b] for a, b in pairs(bounds)], axis=1)
    assert_close(left, slope, NEWTON)


def pairs(bounds):
    return list(zip(bounds[:-1], bounds[1:], strict=True))


@pytest.mark.parametrize("name", PRICES)
def test_tasks_of_one_second_derivative(name, tasks):
    *prices, peak = PRICES[name]
    X, y, bounds, (shared, own) = tasks
    shared, own = shared * np.isfinite(prices[0]), own * np.isfinite(prices[1])
    _, moments = summed(X, y, bounds)
    gram = X.T @ X
    grams = np.repeat(gram[:, :, None], T, axis=2)
    expected = naive_parts.descend_parts(grams, moments, shared, own, prices, peak)
    slope = slopes(grams, moments, shared + own)
    assert descend_grams(gram[:, :, None], slope, shared, own, np.array([*prices, peak]))
    assert_close(np.stack([shared, own]), expected, NEWTON)
    assert_close(slope, slopes(grams, moments, shared + own), ROUNDING)


def test_features_that_a_task_lacks_get_no_weight_there(tasks):
    X, y, bounds, _ = tasks
    X[bounds[1] : bounds[2], 2] = 0.0
    grams, moments = summed(X, y, bounds)
    for prices in ([1.0, np.inf, 0.0, 0.0], [np.inf, 1.0, 0.0, 0.0], [1.0, np.inf, 0.0, 1.0]):
        parts = np.zeros((2, D, T))
        descend_grams(grams, moments.copy(), *parts, np.array(prices))
        assert parts[:, 2, 1].tolist() == [0.0, 0.0] and parts[:, 2].any()


@pytest.mark.parametrize("kernel", ["grams", "residuals"])
def test_rows_at_rest_stay(kernel, tasks):
    X, y, bounds, _ = tasks
    grams, moments = summed(X, y, bounds)
    parts, numbers = np.zeros((2, D, T)), np.array([1e4, 1e4, 0.0, 0.0])
    if kernel == "grams":
        assert not descend_grams(grams, moments, *parts, numbers)
    else:
        assert not descend_residuals(X, y, bounds, *parts, np.einsum("jjt->jt", grams), numbers)
    assert not parts.any()


@pytest.mark.parametrize("one", [False, True])
@pytest.mark.parametrize("price", [0.5, 5.0])
def test_each_task_is_left_at_its_minimum(price, one, tasks):
    """Where q is 0 the slope is short enough; elsewhere it is the price long and points along q."""
    X, y, bounds, (own, _) = tasks
    grams, moments = summed(X, y, bounds)
    if one:
        grams = np.repeat((X.T @ X)[:, :, None], T, axis=2)
    values, vectors = np.linalg.eigh(grams[:, :, :1].T if one else grams.T)
    slope = slopes(grams, moments, own)
    assert descend_tasks(vectors, values, slope, own, price)
    assert_close(slope, slopes(grams, moments, own), ROUNDING)
    used = own.any(axis=0)
    assert used.any()
    lengths = np.linalg.norm(own, axis=0)
    assert_close(slope[:, used], price * own[:, used] / lengths[used], NEWTON)
    assert (np.linalg.norm(slope[:, ~used], axis=0) <= price).all()


def test_a_task_of_fewer_rows_than_features_is_left_at_its_minimum(rng):
    X, y, own = rng.normal(size=(3, D)), rng.normal(size=3), np.zeros((D, 1))
    values, vectors = np.linalg.eigh((X.T @ X)[None])
    slope = (X.T @ y)[:, None]
    price = 0.3 * np.linalg.norm(slope)
    assert descend_tasks(vectors, np.maximum(values, 0.0), slope, own, price)
    assert_close(slope, X.T @ (y[:, None] - X @ own), ROUNDING)
    assert_close(slope, price * own / np.linalg.norm(own), NEWTON)


def test_dear_tasks_stay_out(tasks):
    X, y, bounds, _ = tasks
    grams, moments = summed(X, y, bounds)
    own = np.zeros((D, T))
    values, vectors = np.linalg.eigh(grams.T)
    assert not descend_tasks(vectors, values, moments, own, 1e4) and not own.any()
