"""A heat map of signed numbers: task relations, covariances, correlations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ._canvas import FAINT, MARGIN, PAPER, TEXT, Colour, fitted, font, text_width

_CELL = 58
_BAR = 16
_LONGEST_NAME = 170
# From -limit over 0 to limit: blue, pale, red, told apart by colour-blind readers too.
_ANCHORS = np.array(
    [
        (33, 82, 150), (86, 148, 199), (176, 211, 232), (248, 248, 246),
        (249, 199, 171), (222, 110, 86), (158, 24, 44),
    ],
    dtype=np.float64,
)  # fmt: skip
_UNKNOWN: Colour = (205, 207, 210)


def draw_matrix(
    matrix,
    names: Sequence[str],
    *,
    column_names: Sequence[str] | None = None,
    title: str = "",
    limit: float | None = None,
    digits: int = 2,
) -> Image.Image:
    """A heat map with names and values: red above zero, blue below, pale near zero.

    Parameters
    ----------
    matrix : array (n_rows, n_columns)
        The numbers. NaN is drawn grey.
    names : sequence of str, length n_rows
        Names of the rows, and of the columns of a square matrix.
    column_names : sequence of str, length n_columns, optional
        Names of the columns. Default: ``names``.
    title : str, default=""
        Written above the map.
    limit : float > 0, optional
        The number with the strongest colour; larger ones look the same. Default: the largest
        absolute value of the matrix.
    digits : int, default=2
        Decimals of the written values.

    Returns
    -------
    picture : PIL.Image.Image
        RGB picture; `save_picture` writes it.

    Raises
    ------
    ValueError
        If the matrix is not two-dimensional, is empty or holds infinite numbers, if the names do
        not fit it, or if limit or digits is out of range.
    """
    matrix, rows, columns = _read(matrix, names, names if column_names is None else column_names)
    limit = _limit(matrix, limit)
    if not isinstance(digits, (int, np.integer)) or not 0 <= digits <= 6:
        raise ValueError(f"digits must be an integer from 0 to 6, got {digits!r}.")
    return _draw(matrix, rows, columns, title, limit, digits)


def _read(matrix, names, column_names) -> tuple[np.ndarray, list[str], list[str]]:
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.size == 0 or np.isinf(matrix).any():
        raise ValueError(f"matrix must be two-dimensional, not empty and not infinite, got {matrix.shape}.")
    for title, given, n in zip(("names", "column_names"), (names, column_names), matrix.shape, strict=True):
        if len(given) != n:
            raise ValueError(f"{title} must have {n} entries for a matrix {matrix.shape}, got {len(given)}.")
    return matrix, [str(name) for name in names], [str(name) for name in column_names]


def _limit(matrix: np.ndarray, limit: float | None) -> float:
    if limit is None:
        known = np.abs(matrix[np.isfinite(matrix)])
        return float(known.max(initial=0)) or 1.0
    if not 0 < limit < np.inf:
        raise ValueError(f"limit must be a positive number, got {limit!r}.")
    return float(limit)


def _draw(matrix, rows, columns, title, limit, digits) -> Image.Image:
    cell = max(_CELL, 14 + max(text_width(_written(v, digits), 14) for v in matrix.ravel()))
    left = MARGIN + min(_LONGEST_NAME, max(text_width(name, 14) for name in rows)) + 10
    upright = max(text_width(name, 14) for name in columns) > cell - 6
    above = min(_LONGEST_NAME, max(text_width(name, 14) for name in columns)) if upright else 18
    top = MARGIN + 34 * bool(title) + above + 8
    width, height = left + cell * len(columns), top + cell * len(rows)
    scale = 24 + _BAR + 12 + text_width(f"-{_written(limit, digits)}", 12)
    total = max(width + scale + MARGIN, min(2 * MARGIN + text_width(title, 18), width + scale + 400))
    picture = Image.new("RGB", (total, height + MARGIN), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((MARGIN, MARGIN), fitted(title, 18, total - 2 * MARGIN), TEXT, font(18))
    for i, j in np.ndindex(matrix.shape):
        _cell(draw, matrix[i, j], (left + j * cell, top + i * cell), cell, (limit, digits))
    for i, name in enumerate(rows):
        where = (left - 10, top + i * cell + cell // 2)
        draw.text(where, fitted(name, 14, _LONGEST_NAME), TEXT, font(14), anchor="rm")
    for j, name in enumerate(columns):
        _column_name(picture, fitted(name, 14, _LONGEST_NAME), left + j * cell + cell // 2, top - 8, upright)
    _colour_bar(draw, (width + 24, top), height - top, (limit, digits))
    return picture


def _written(value: float, digits: int) -> str:
    """The value with its decimals; what rounds to zero has no sign."""
    return "" if np.isnan(value) else f"{round(float(value), digits) + 0.0:.{digits}f}"


def _colour(share: float) -> Colour:
    """The colour of a number between -1 and 1."""
    at = (np.clip(share, -1, 1) + 1) / 2 * (len(_ANCHORS) - 1)
    mixed = [np.interp(at, np.arange(len(_ANCHORS)), _ANCHORS[:, k]) for k in range(3)]
    return tuple(round(float(level)) for level in mixed)


def _cell(draw: ImageDraw.ImageDraw, value: float, corner, cell: int, scale: tuple[float, int]) -> None:
    limit, digits = scale
    colour = _UNKNOWN if np.isnan(value) else _colour(value / limit)
    x, y = corner
    draw.rectangle((x, y, x + cell - 2, y + cell - 2), colour)
    light = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    ink = TEXT if light > 140 else PAPER
    draw.text((x + cell / 2 - 1, y + cell / 2 - 1), _written(value, digits), ink, font(14), anchor="mm")


def _column_name(picture: Image.Image, name: str, x: int, bottom: int, upright: bool) -> None:
    draw = ImageDraw.Draw(picture)
    if not upright:
        draw.text((x, bottom), name, TEXT, font(14), anchor="ms")
        return
    tag = Image.new("RGB", (text_width(name, 14) + 2, 20), PAPER)
    ImageDraw.Draw(tag).text((0, 10), name, TEXT, font(14), anchor="lm")
    tag = tag.transpose(Image.Transpose.ROTATE_90)
    picture.paste(tag, (x - 10, bottom - tag.height))


def _colour_bar(draw: ImageDraw.ImageDraw, corner, height: int, scale: tuple[float, int]) -> None:
    limit, digits = scale
    x, y = corner
    height -= 2
    for step in range(height):
        draw.line((x, y + step, x + _BAR, y + step), _colour(1 - 2 * step / max(height - 1, 1)))
    for value, at, anchor in ((limit, y, "la"), (0.0, y + height // 2, "lm"), (-limit, y + height, "ls")):
        draw.text((x + _BAR + 8, at), _written(value, digits), FAINT, font(12), anchor=anchor)
