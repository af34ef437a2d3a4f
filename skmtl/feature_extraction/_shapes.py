"""Checks of shapes: each error says what was given and what is possible."""

from __future__ import annotations

import math
from numbers import Integral

import numpy as np


def numbers(value, name: str) -> tuple[int, ...]:
    """``value``, a positive int or several, as a tuple."""
    several = value if isinstance(value, (tuple, list, np.ndarray)) else (value,)
    if not len(several) or any(not isinstance(one, Integral) or one < 1 for one in several):
        raise ValueError(f"{name} must be a positive integer or several of them; got {value!r}")
    return tuple(int(one) for one in several)


def pair(value, name: str) -> tuple[int, int]:
    """``value``, a positive int or two, as rows and columns."""
    if type(value) is int and value > 0:  # in every call of transform
        return value, value
    both = numbers(value, name)
    if len(both) > 2:
        raise ValueError(f"{name} must be one positive integer or two, rows and columns; got {value!r}")
    return both[0], both[-1]


def image_shape_of(x_shape: tuple[int, ...], image_shape) -> tuple[tuple[int, int, int], bool]:
    """(h, w, c) of the images in an X of ``x_shape``, and whether it had to be guessed."""
    given = None if image_shape is None else _three(numbers(image_shape, "image_shape"), image_shape)
    if len(x_shape) not in (2, 3, 4):
        raise ValueError(
            f"X must have the shape (n, h, w), (n, h, w, c) or, flattened, (n, n_features); got {x_shape}"
        )
    if len(x_shape) > 2:
        shape = _three(x_shape[1:], x_shape[1:])
        if given not in (None, shape):
            raise ValueError(f"image_shape={image_shape!r} does not match X, whose images are {shape}")
        return shape, False
    n_features = x_shape[1]
    if given is None:
        side = math.isqrt(n_features)
        return ((side, side, 1) if side * side == n_features else (1, n_features, 1)), True
    if math.prod(given) != n_features:
        raise ValueError(
            f"image_shape={image_shape!r} needs {math.prod(given)} features in X, which has {n_features}"
        )
    return given, False


def _three(shape: tuple[int, ...], given) -> tuple[int, int, int]:
    if len(shape) not in (2, 3):
        raise ValueError(f"image_shape must be (rows, columns) or (rows, columns, channels); got {given!r}")
    return (*shape, 1) if len(shape) == 2 else tuple(shape)


def as_images(X: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """``X`` as (n, h, w, c), a view; its images must have ``shape``."""
    full = X.shape[1:] == shape or (shape[2] == 1 and X.shape[1:] == shape[:2])
    flat = X.ndim == 2 and X.shape[1] == math.prod(shape)
    if not (full or flat):
        raise ValueError(
            f"X has images of shape {X.shape[1:]}, but the images at fit had {shape}: rows, columns, channels"
        )
    return X.reshape(len(X), *shape)


def grid_levels(grid, positions: tuple[int, int], clip: bool) -> tuple[int, ...]:
    """The grids to pool over, whose cells must not be smaller than one of ``positions``, rows and columns.

    With ``clip`` a grid of too many cells shrinks to what fits instead of being refused.
    """
    levels, most = numbers(grid, "grid"), min(positions)
    if clip:
        return tuple(dict.fromkeys(min(level, most) for level in levels))
    if max(levels) > most:
        raise ValueError(
            f"grid={grid!r} asks for {max(levels)} cells a side, but the filters have {positions[0]} x "
            f"{positions[1]} positions; give a smaller grid, stride or kernel_size, fewer layers that pool, "
            "or larger images"
        )
    return levels


def check_positions(at, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``at`` = (image, row, column) as int64 arrays of one length, within images of ``sizes`` (n, 2)."""
    if not isinstance(at, (tuple, list)) or len(at) != 3:
        raise ValueError("at must be a tuple of three arrays: image index, row, column")
    arrays = [np.asarray(one) for one in at]
    for array, name in zip(arrays, ("image index", "row", "column"), strict=True):
        if array.ndim != 1 or len(array) != len(arrays[0]) or (array.size and array.dtype.kind not in "iu"):
            raise ValueError(
                f"at must hold three integer arrays of one dimension and one length; the {name} has the "
                f"shape {array.shape} and the type {array.dtype}"
            )
    image, row, column = (array.astype(np.int64) for array in arrays)
    _check_within(image, np.full(len(image), len(sizes)), "image index")
    _check_within(row, sizes[image, 0], "row")
    _check_within(column, sizes[image, 1], "column")
    return image, row, column


def _check_within(places: np.ndarray, limits: np.ndarray, name: str) -> None:
    wrong = np.flatnonzero((places < 0) | (places >= limits))
    if len(wrong):
        i = wrong[0]
        raise ValueError(f"at: {name} {i} must lie in 0..{limits[i] - 1}; got {places[i]}")
