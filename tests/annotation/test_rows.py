"""Rows part by part are those of the whole image; samples and their shares."""

import naive_grids
import numpy as np
import pytest
from annotation._toys import Shown, Tiled, squares

from skmtl.annotation import _rows as rows_module
from skmtl.annotation._cells import with_surroundings
from skmtl.annotation._rows import Cells, Regions, cell_means, derivative_tiles
from skmtl.annotation._sampling import codes, count, draw, quotas
from skmtl.annotation._told import EDGE, set_right, told_columns


def seen(image, size=1):
    """The derivatives of all cells, with the means of the maps beside them."""
    means = cell_means(Shown()._maps(image).transpose(2, 0, 1), size).transpose(1, 2, 0)
    return np.concatenate([derivatives(image, size), means], axis=2)


def derivatives(image, size):
    ((_, _, plain),) = derivative_tiles(image, max(image.shape), size)
    return plain


def gathered(rows, trunk, image, wanted=None):
    frame = rows.frame(image)
    parts = list(rows.parts(trunk, image, frame, wanted))
    numbers = np.concatenate([number for number, _ in parts])
    return numbers, np.concatenate([X for _, X in parts]), frame


@pytest.mark.parametrize("size, reach", [(1, 3), (2, 1), (3, 2), (4, 40)])
@pytest.mark.parametrize("trunk", [Shown(), Tiled()])
def test_cells_by_bands_are_those_of_the_whole_image(monkeypatch, trunk, size, reach):
    monkeypatch.setattr(rows_module, "TILE", 3)
    monkeypatch.setattr(rows_module, "ROWS", 5)
    image = squares(1)[0][0]
    rows = Cells(size, reach)
    rows.learn(trunk, [image])
    numbers, X, frame = gathered(rows, trunk, image)
    whole = seen(image, size)
    assert whole.shape[:2] == (frame.rows, frame.columns)
    np.testing.assert_array_equal(numbers, np.arange(len(frame)))
    np.testing.assert_array_equal(X, with_surroundings(whole, reach))
    wanted = np.array([0, 4, len(frame) - 1])
    numbers, X, _ = gathered(rows, trunk, image, wanted)
    np.testing.assert_array_equal(numbers, wanted)
    np.testing.assert_array_equal(X, with_surroundings(whole, reach, wanted))


@pytest.mark.parametrize("cell", [1, 3, 10])
def test_means_of_cells(cell):
    planes = np.random.default_rng(0).normal(size=(2, 5, 7))
    expected = naive_grids.cell_means(planes.transpose(1, 2, 0), cell).transpose(2, 0, 1)
    np.testing.assert_allclose(cell_means(planes, cell), expected)


@pytest.mark.parametrize("trunk", [Shown(), Tiled()])
def test_regions_are_means_of_their_pixels(monkeypatch, trunk):
    monkeypatch.setattr(rows_module, "TILE", 8)
    image = squares(1)[0][0]
    assert gathered(Regions(20, True), None, image)[1].shape[1] == 41
    _, X, frame = gathered(Regions(20, False), trunk, image)
    assert 5 < frame.n < 60 and set(np.unique(frame.labels)) == set(range(frame.n))
    for i in range(frame.n):
        np.testing.assert_allclose(X[i], seen(image)[frame.labels == i].mean(axis=0), rtol=1e-5)


def test_many_features_of_cells_become_fewer_along_their_largest_spread():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(4000, 3))
    rows = hidden @ rng.normal(size=(3, 200)) + 0.01 * rng.normal(size=(4000, 200)) + 5
    project = rows_module.learn_projection(rows)
    told = project(rows)
    assert told.shape == (4000, 128)
    share = told.var(axis=0) / told.var(axis=0).sum()
    assert share[:3].sum() > 0.999 and abs(told.mean(axis=0)).max() < 1e-3
    assert rows_module.learn_projection(rows[:, :128]) is None


def test_rows_are_drawn_by_kind_in_each_image():
    rng = np.random.default_rng(0)
    kinds = [np.where(rng.uniform(size=n) < 0.1, 1, 0) for n in (3000, 500, 40)]
    kinds[1][:50] = -1
    there = np.stack([count(one, 2) for one in kinds])
    assert there.sum() == 3540 - 50
    quota = quotas(there, np.array([600, 150]))
    np.testing.assert_allclose(quota.sum(axis=0), [600, 150], atol=1)
    assert (quota <= there).all() and (abs(quota - there * [600, 150] / there.sum(axis=0)) <= 1).all()
    for own, one in zip(quota, kinds, strict=True):
        rows = draw(one, own, rng.random(len(one)))
        np.testing.assert_array_equal(count(one[rows], 2), own)
        assert len(np.unique(rows)) == len(rows)


def test_heads_draw_the_same_rows_where_they_can():
    keys, kinds = np.random.default_rng(0).random(1000), np.arange(1000) % 10 // 9
    same, other = draw(kinds, np.array([300, 50]), keys), draw(kinds, np.array([200, 100]), keys)
    assert len(np.intersect1d(same, other)) == 250


def test_rows_without_a_kind_are_drawn_where_something_is_known():
    np.testing.assert_array_equal(codes({"value": np.array([[1.0, np.nan], [np.nan, np.nan]])}), [0, -1])


def test_probabilities_are_set_right_for_the_shares_drawn():
    """A rare kind drawn ten times as often as a frequent one: shares of the drawn become shares of all."""
    there, drawn = np.array([9000.0, 1000.0]), np.array([900.0, 1000.0])
    among_drawn = drawn / drawn.sum()
    right = set_right(among_drawn[None], np.array([0, 1]), drawn / there)
    np.testing.assert_allclose(right[0], there / there.sum())
    with_unknown = set_right(np.array([[0.2, 0.3, 0.5]]), np.array([-1, 0, 2]), np.array([0.5, 1, 1]))
    np.testing.assert_allclose(with_unknown, [[0.6 / 1.1, 0, 0.5 / 1.1]])


def test_what_was_told_becomes_log_odds_and_numbers():
    told = {
        "a": {"kind": np.array([[0.25, 0.75], [1.0, 0.0]]), "depth": np.array([[5.0], [6]])},
        "b": {"kind": np.array([[0.5, 0.25, 0.25], [0, 0, 1.0]])},
    }
    odds, edge = np.log(3), np.log(EDGE / (1 - EDGE))
    expected = [[odds, 5, 0, -odds, -odds], [edge, 6, edge, edge, -edge]]
    np.testing.assert_allclose(told_columns(told), expected, rtol=1e-6)
