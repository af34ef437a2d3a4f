"""Heat maps: the colour tells the sign and the size, names and values find room."""

import numpy as np
import pytest

from skmtl.inspection import draw_matrix
from skmtl.inspection._heatmap import _UNKNOWN, _colour, _written

NAMES = ["a", "b", "c"]


def cell_colours(picture, n_rows, n_columns):
    """The colour in the corner of every cell, found from the picture's right and lower edge inwards."""
    pixels = np.asarray(picture).astype(int)
    rows = [pixels.shape[0] - 16 - 58 * (n_rows - i) + 4 for i in range(n_rows)]
    left = np.flatnonzero((pixels[rows[0]] != 255).any(axis=1))[0]
    return np.array([[pixels[y, left + 58 * j + 4] for j in range(n_columns)] for y in rows])


def test_colours_follow_sign_and_size():
    matrix = np.array([[1.0, -1.0, 0.0], [0.5, -0.5, np.nan], [2.0, -2.0, 0.1]])
    colours = cell_colours(draw_matrix(matrix, NAMES, limit=1.0), 3, 3)
    np.testing.assert_array_equal(colours[0, 0], _colour(1.0))
    np.testing.assert_array_equal(colours[0, 1], _colour(-1.0))
    np.testing.assert_array_equal(colours[0, 2], (248, 248, 246))
    np.testing.assert_array_equal(colours[2, :2], colours[0, :2])
    np.testing.assert_array_equal(colours[1, 2], _UNKNOWN)
    assert colours[1, 0, 0] > colours[1, 0, 2] and colours[1, 1, 0] < colours[1, 1, 2]


def test_the_largest_absolute_value_is_the_limit():
    matrix = np.array([[4.0, -2.0], [-2.0, 4.0]])
    np.testing.assert_array_equal(
        np.asarray(draw_matrix(matrix, ["a", "b"])), np.asarray(draw_matrix(matrix, ["a", "b"], limit=4))
    )


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_matrices_without_scale_are_drawn(value):
    assert draw_matrix(np.full((2, 2), value), ["a", "b"]).mode == "RGB"


def test_values_are_written_with_their_decimals():
    assert [_written(v, 2) for v in (1, -0.5, -0.001, np.nan)] == ["1.00", "-0.50", "0.00", ""]
    widths = [draw_matrix(np.eye(3), NAMES, digits=d).width for d in (0, 3)]
    assert widths[0] < widths[1]


def test_long_names_wide_values_and_titles_make_room():
    small = draw_matrix(np.eye(3), NAMES)
    named = draw_matrix(np.eye(3), ["a camera with a long name"] * 3)
    assert named.width > small.width + 80 and named.height > small.height + 80
    wide = draw_matrix(np.eye(3) * 1e7, NAMES)
    assert wide.width > small.width + 60
    titled = draw_matrix(np.eye(3), NAMES, title="A title that is wider than this matrix of three")
    assert titled.width > small.width and titled.height == small.height + 34


def test_rectangular_matrices():
    picture = draw_matrix([[1.0, -1.0]], ["row"], column_names=["x", "y"])
    colours = cell_colours(picture, 1, 2)
    np.testing.assert_array_equal(colours[0], [_colour(1.0), _colour(-1.0)])


@pytest.mark.parametrize(
    ("matrix", "arguments", "message"),
    [
        (np.zeros(3), {}, r"matrix must be two-dimensional.*got \(3,\)"),
        (np.zeros((0, 3)), {}, "matrix must be"),
        (np.full((3, 3), np.inf), {}, "matrix must be two-dimensional, not empty and not infinite"),
        (np.eye(2), {}, r"^names must have 2 entries for a matrix \(2, 2\), got 3"),
        (np.eye(3), {"column_names": ["x"]}, "column_names must have 3 entries"),
        (np.eye(3), {"limit": 0}, "limit must be a positive number, got 0"),
        (np.eye(3), {"digits": -1}, "digits must be an integer from 0 to 6, got -1"),
    ],
)
def test_what_does_not_fit_is_named(matrix, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_matrix(matrix, NAMES, **arguments)
