"""Values from files that nobody vouches for: numbers, sizes, boxes, outlines, labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ._problems import Bad

# Far beyond any image, and small enough that five times it is an int32: outlines are drawn in fifths.
MAX_COORDINATE = 1e8
MAX_SIDE = 1_000_000
MAX_PIXELS = 1 << 28


def number(value, name: str = "") -> float:
    """A finite float from a JSON number or a text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Bad(f"expected a number, got {short(value)}", name)
    try:
        result = float(value)
    except (ValueError, OverflowError):
        raise Bad(f"expected a number, got {short(value)}", name) from None
    if not math.isfinite(result) or "_" in str(value):
        raise Bad(f"expected a finite number, got {short(value)}", name)
    return result


def coordinate(value, name: str = "") -> float:
    """A number that can be a position in an image."""
    result = number(value, name)
    if abs(result) > MAX_COORDINATE:
        raise Bad(f"{result:g} is out of range: coordinates are at most {MAX_COORDINATE:g}", name)
    return result


def integer(value, name: str = "", low: int = 0, high: int = 2**53) -> int:
    """An integer in [low, high]; 3.0 counts as one."""
    result = number(value, name)
    if result != int(result) or not low <= result <= high:
        raise Bad(f"expected an integer from {low} to {high}, got {short(value)}", name)
    return int(value) if isinstance(value, int) else int(result)


def image_size(height, width, max_pixels: int = MAX_PIXELS, name: str = "") -> tuple[int, int]:
    """(height, width), both positive, of an image with no more than ``max_pixels`` pixels."""
    height = integer(height, f"{name}.height" if name else ".height", 1, MAX_SIDE)
    width = integer(width, f"{name}.width" if name else ".width", 1, MAX_SIDE)
    if height * width > max_pixels:
        raise Bad(f"an image of {height} x {width} pixels: more than max_pixels={max_pixels}", name)
    return height, width


def optional_size(height, width, max_pixels: int = MAX_PIXELS) -> tuple[int | None, int | None]:
    """As `image_size`, and (None, None) where the file does not say."""
    if height is None and width is None:
        return None, None
    return image_size(height, width, max_pixels)


def box(corners: Sequence[float], size: tuple[int | None, int | None], name: str = ".box") -> tuple:
    """Four floats x0, y0, x1, y1 of positive area that touch the image."""
    x0, y0, x1, y1 = corners = tuple(float(v) for v in corners)
    if max(map(abs, corners)) > MAX_COORDINATE:
        raise Bad(f"{corners} is out of range: coordinates are at most {MAX_COORDINATE:g}", name)
    if not (x1 > x0 and y1 > y0):
        raise Bad(f"the box {_show(corners)} (x0, y0, x1, y1) has no area", name)
    height, width = size
    if height is not None and (x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height):
        raise Bad(f"the box {_show(corners)} lies outside the image of {height} x {width} pixels", name)
    return corners


def _show(corners: Sequence[float]) -> str:
    return f"({', '.join(f'{v:g}' for v in corners)})"


def numbers(values, name: str = "") -> np.ndarray:
    """A 1-D float64 array of coordinates from a list of JSON numbers."""
    if not isinstance(values, (list, tuple)):
        raise Bad(f"expected a list of numbers, got {short(values)}", name)
    if not all(type(v) in (int, float) for v in values):
        raise Bad(f"expected numbers only, got {short(values)}", name)
    try:
        array = np.array(values, dtype=np.float64)
    except OverflowError:
        raise Bad("holds a number out of range", name) from None
    if not (np.abs(array) <= MAX_COORDINATE).all():
        raise Bad(f"holds a number that is not finite or beyond {MAX_COORDINATE:g}", name)
    return array


def pairs(values, name: str = "", least: int = 1) -> np.ndarray:
    """An (n, 2) float64 array of x, y from a list of [x, y]."""
    if not isinstance(values, (list, tuple)) or not all(
        isinstance(v, (list, tuple)) and len(v) == 2 for v in values
    ):
        raise Bad(f"expected a list of [x, y], got {short(values)}", name)
    return outline(numbers([v for pair in values for v in pair], name), name, least)


def outline(flat: np.ndarray, name: str = "", least: int = 3) -> np.ndarray:
    """x, y, x, y, ... as an (n, 2) array of at least ``least`` points."""
    if flat.size % 2 or flat.size < 2 * least:
        raise Bad(f"expected at least {least} points as pairs x, y; got {flat.size} numbers", name)
    return flat.reshape(-1, 2)


def points(flat: np.ndarray, name: str = ".keypoints") -> np.ndarray:
    """x, y, v, ... as a (K, 3) array; v is 0 (not labelled), 1 (hidden) or 2 (visible)."""
    if flat.size % 3 or not flat.size:
        raise Bad(f"expected x, y, v for each point; got {flat.size} numbers", name)
    array = flat.reshape(-1, 3)
    if not np.isin(array[:, 2], (0, 1, 2)).all():
        raise Bad("the visibility of a point is 0, 1 or 2", name)
    return array


def text(value, name: str = "") -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Bad(f"expected a text, got {short(value)}", name)
    return value


def mapping(value, name: str = "") -> Mapping:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Bad(f"expected a JSON object, got {short(value)}", name)
    return value


def sequence(value, name: str = "") -> list:
    """A JSON array."""
    if not isinstance(value, list):
        raise Bad(f"expected a JSON array, got {short(value)}", name)
    return value


def need(record: Mapping, key: str):
    """``record[key]``, or a complaint that names the key."""
    if key not in record:
        raise Bad(f"the key {key!r} is missing; there are {short(sorted(map(str, record)))}")
    return record[key]


def score(value, name: str = ".score") -> float | None:
    """A confidence, or None."""
    return None if value is None else number(value, name)


def flag(value, name: str = "") -> bool:
    """A yes or no as files write it: 0, 1, true, false."""
    known = {"0": False, "1": True, "false": False, "true": True, "0.0": False, "1.0": True}
    answer = known.get(str(value).strip().lower())
    if answer is None:
        raise Bad(f"expected 0 or 1, got {short(value)}", name)
    return answer


def short(value, limit: int = 60) -> str:
    """The repr of a value from a file, cut so that a message stays a line."""
    if isinstance(value, (str, bytes, list, tuple)) and len(value) > limit:
        value = value[:limit]
    if isinstance(value, dict):
        return f"a JSON object of {len(value)} keys"
    if isinstance(value, int) and abs(value) > 10**limit:
        return "a number of very many digits"
    shown = repr(value)
    return shown if len(shown) <= limit else f"{shown[:limit]}..."
