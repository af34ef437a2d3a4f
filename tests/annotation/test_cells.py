"""Cells, their targets and what joins their boxes, against what they mean."""

import numpy as np
import pytest

from skmtl.annotation._cells import boxes_at, cell_targets, grid_of, with_surroundings
from skmtl.annotation._suppression import suppress, vote


def test_centres_run_along_the_rows():
    grid = grid_of((5, 8, 3), 4)
    np.testing.assert_array_equal(grid.centres(), [[2, 2], [6, 2], [2, 6], [6, 6]])


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_cell_tells_the_box_that_it_speaks_for(size):
    boxes = np.array([[3.0, 4.0, 13.0, 10.0], [15.0, 2.0, 20.0, 12.0]])
    grid = grid_of((14, 23), size)
    said, places = cell_targets(grid, boxes, np.array([7, 2]))
    for code, box in zip((7, 2), boxes, strict=True):
        cells = np.flatnonzero(said == code)
        assert len(cells)
        np.testing.assert_allclose(boxes_at(grid, cells, places[cells]), [box] * len(cells))
    assert np.isnan(places[said < 0]).all() and np.isfinite(places[said >= 0]).all()


def test_a_box_smaller_than_a_cell_has_a_cell():
    said, _ = cell_targets(grid_of((20, 20), 10), np.array([[11.0, 11.0, 12.0, 12.0]]), np.array([3]))
    np.testing.assert_array_equal(said, [-1, -1, -1, 3])


def test_the_smaller_of_two_nested_boxes_has_the_cell():
    boxes = np.array([[4.0, 4.0, 6.0, 6.0], [0.0, 0.0, 10.0, 10.0]])
    said, _ = cell_targets(grid_of((10, 10), 1), boxes, np.array([0, 1]))
    assert said.reshape(10, 10)[4, 4] == 0 and said.reshape(10, 10)[3, 3] == 1


def test_boxes_are_cut_at_the_edges_and_do_not_overflow():
    grid = grid_of((10, 20), 5)
    boxes = boxes_at(grid, np.array([0]), np.array([[0.0, 0.0, 1e6, 1e6]]))
    np.testing.assert_array_equal(boxes, [[0, 0, 20, 10]])


def test_surroundings_repeat_the_edge():
    cells = np.arange(12.0).reshape(3, 4, 1)
    seen = with_surroundings(cells, 2, np.array([0, 7]))
    np.testing.assert_array_equal(seen[0], [0, 0, 2, 0, 0, 2, 8, 8, 10])
    np.testing.assert_array_equal(seen[1], [7, 5, 7, 3, 1, 3, 11, 9, 11])
    np.testing.assert_array_equal(with_surroundings(cells, 1)[:, 0], cells.ravel())


def _naive_suppress(boxes, scores, overlap):
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if all(_iou(boxes[i], boxes[j]) < overlap for j in kept):
            kept.append(i)
    return kept


def _iou(a, b):
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    return width * height / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height)


@pytest.mark.parametrize("overlap", [0.2, 0.5, 1.0])
def test_suppress_and_vote(overlap):
    rng = np.random.default_rng(0)
    corner, side = rng.uniform(0, 20, (60, 2)), rng.uniform(3, 12, (60, 2))
    boxes, scores = np.hstack([corner, corner + side]), rng.uniform(size=60)
    kept = suppress(boxes, scores, overlap)
    assert kept.tolist() == _naive_suppress(boxes, scores, overlap)
    for row, k in zip(vote(boxes, scores, kept), kept, strict=True):
        voters = [i for i in range(60) if _iou(boxes[i], boxes[k]) >= 0.5]
        np.testing.assert_allclose(row, np.average(boxes[voters], axis=0, weights=scores[voters]))


def test_no_boxes_and_boxes_without_area():
    assert len(suppress(np.empty((0, 4)), np.empty(0), 0.5)) == 0
    flat = np.array([[1.0, 1.0, 1.0, 5.0]])
    np.testing.assert_array_equal(vote(flat, np.array([0.3]), suppress(flat, np.array([0.3]), 0.5)), flat)
