"""Designs: the adjoint is the transpose, the diagonal is the diagonal, centring changes nothing else."""

import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, assert_close

from skmtl.design import OwnRowsDesign, Question, SharedDesign, output_families
from skmtl.design._grams import row_tables

D, T, C = 3, 2, 2


@pytest.fixture(params=["shared", "own rows", "shared sparse"])
def built(request, rng):
    """A centred design, its weights' width and its predictions' width."""
    X = rng.normal(size=(7, D)) + 1.0
    weight = rng.random(7)
    if request.param == "own rows":
        return OwnRowsDesign(X, weight, np.array([0, 0, 0, 1, 1, 1, 1]), T, C, center=True), T * C, C
    X = sp.csr_array(X) if "sparse" in request.param else X
    return SharedDesign(X, weight, center=True), T * C, T * C


def matrix_of(design, width):
    """The whole linear map, column by column: W first, b after it."""
    columns = []
    for k in range((D + 1) * width):
        x = np.zeros((D + 1) * width)
        x[k] = 1.0
        columns.append(design.forward(x[: D * width].reshape(D, width), x[D * width :]).ravel())
    return np.array(columns).T


def test_adjoint_is_the_transpose(built, rng):
    design, width, out = built
    A = matrix_of(design, width)
    R = rng.normal(size=(7, out))
    G, g = design.adjoint(R)
    assert_close(np.concatenate([G.ravel(), g]), A.T @ R.ravel(), ROUNDING)


def test_diagonal_of_the_normal_matrix(built, rng):
    design, width, out = built
    A, H = matrix_of(design, width), rng.random((7, out))
    D_, d = design.diagonal(H)
    assert_close(np.concatenate([D_.ravel(), d]), np.diag(A.T @ (H.ravel()[:, None] * A)), ROUNDING)


def test_uncentred_intercepts_serve_the_raw_features(rng):
    X, task = rng.normal(size=(6, D)) + 5.0, np.array([0, 0, 0, 1, 1, 1])
    W, b = rng.normal(size=(D, T)), rng.normal(size=T)
    design = OwnRowsDesign(X, np.ones(6), task, T, 1, center=True)
    raw = design.uncentered(W, b)
    expected = [X[i] @ W[:, task[i]] + raw[task[i]] for i in range(6)]
    assert_close(design.forward(W, b)[:, 0], expected, ROUNDING)


def test_tasks_of_equal_ties_form_a_family():
    two, three = output_families([Question(c, None, c if c > 2 else 1) for c in (2, 3, 2, 3)])
    assert two.tasks.tolist() == [0, 2] and two.columns == slice(0, 2)
    assert three.tasks.tolist() == [1, 3] and three.columns == slice(2, 8)
    assert three.columns_of(3) == slice(5, 8)


def test_tasks_of_one_loss_are_neighbours_in_their_family():
    (family,) = output_families([Question("tied", loss, 1) for loss in "abcab"])
    assert family.tasks.tolist() == [0, 3, 1, 4, 2]


@pytest.fixture(params=[False, True], ids=["as it is", "centred"])
def center(request):
    return request.param


@pytest.fixture(params=["shared", "own rows", "shared sparse", "own rows sparse"])
def any_design(request, center, rng):
    """A design, and its features as rows x features x columns of W, zero where a row is not a column's."""
    X, task = rng.normal(size=(7, D)) + 1.0, np.array([0, 0, 0, 1, 1, 1, 1])
    rows = sp.csr_array(X) if "sparse" in request.param else X
    if "own" not in request.param:
        return SharedDesign(rows, rng.random(7), center=center), np.repeat(X[:, :, None], T * C, axis=2)
    mine = np.repeat(task[:, None] == np.arange(T), C, axis=1)
    return OwnRowsDesign(rows, rng.random(7), task, T, C, center=center), X[:, :, None] * mine[:, None, :]


def test_products_of_features_under_weights(any_design, center, rng):
    design, A = any_design
    H = rng.random((7, C if hasattr(design, "task") else T * C))
    grams, cross, totals = design.products(H)
    for p in range(T * C):
        mine = A[:, :, p].any(axis=1)
        h = (H[:, p % C] if hasattr(design, "task") else H[:, p])[mine]
        X = A[mine, :, p]
        centred = X - np.average(X, axis=0, weights=h) if center else X
        assert_close(grams[p], centred.T @ (h[:, None] * centred), ROUNDING)
        assert_close(totals[p], h.sum(), ROUNDING)
    assert_close(cross, design.adjoint(H)[0], ROUNDING)


def test_a_restricted_design_has_the_columns(any_design, rng):
    design, _ = any_design
    chosen, W, b = np.array([2, 0]), rng.normal(size=(D, T * C)), rng.normal(size=T * C)
    others = W.copy()
    others[chosen] = 0.0
    part = design.restrict(chosen)
    assert_close(part.forward(W[chosen], b), design.forward(W - others, b), ROUNDING)
    R = rng.normal(size=part.forward(W[chosen], b).shape)
    assert_close(part.adjoint(R)[0], design.adjoint(R)[0][chosen], ROUNDING)


@pytest.mark.parametrize("sizes", [[3], [1, 1, 1], [5, 0, 2, 9, 1, 8]])
def test_tables_hold_every_row_of_a_group_once(sizes):
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    columns = [(rows[:, g], real[:, g]) for rows, real in row_tables(bounds) for g in range(rows.shape[1])]
    found = sorted(rows[real].tolist() for rows, real in columns)
    assert found == [list(range(a, b)) for a, b in zip(bounds[:-1], bounds[1:], strict=True) if b > a]
    assert all(2 * real.sum() > real.size for _, real in row_tables(bounds))
