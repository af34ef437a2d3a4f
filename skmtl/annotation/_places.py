"""Where rows lie in their image, and whether that tells what they are: in streets, not in smears of blood."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._head import UNKNOWN
from ._sampling import codes

#: Parts of an image along each axis, of which it is asked what lies there.
PARTS = 8
#: The share of the variance that places must explain in images left out, by how many standard errors it must
#: be more than nothing, and from how many images on that can be known. Explained are 0.38 of streets and 0.28
#: of raccoons; 0.04 of the vessels of a retina and of digits, 0.01 of membranes and blood cells.
SHARE, ERRORS, IMAGES = 0.1, 3.0, 5


def place_planes(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], step: int = 1) -> np.ndarray:
    """How far down and how far to the right in an image of ``shape`` places of a grid lie, from 0 to 1:
    (2, ...) float32 for rows and columns of any shape that go together, ``step`` pixels apart."""
    down, along = (
        ((place + 0.5) * (step / length)).astype(np.float32)
        for place, length in zip((rows, columns), shape, strict=True)
    )
    return np.stack(np.broadcast_arrays(down, along))


class Spread(NamedTuple):
    """What the rows of an image tell in each of its p = PARTS x PARTS parts: how many there are, ``known``
    (p,), their ``sums`` (p, k), and the ``squares`` of all of it, one number."""

    known: np.ndarray
    sums: np.ndarray
    squares: float


def spread(targets: dict[str, np.ndarray], places: np.ndarray, n_codes: int) -> Spread:
    """Of rows at ``places`` (n, 2): of their kinds as 0 or 1 for each, else of their numbers."""
    down, along = np.minimum((places * PARTS).astype(np.int64), PARTS - 1).T
    part, p = down * PARTS + along, PARTS**2
    if "kind" in targets:
        kind = codes(targets)
        judged = kind != UNKNOWN
        sums = np.bincount(part[judged] * n_codes + kind[judged], minlength=p * n_codes).reshape(p, n_codes)
        return Spread(sums.sum(axis=1), sums, float(sums.sum()))
    values = np.concatenate([own.reshape(len(part), -1) for own in targets.values()], axis=1)
    judged = np.isfinite(values).all(axis=1)
    values, part = values[judged].astype(np.float64), part[judged]
    sums = np.stack([np.bincount(part, own, p) for own in values.T], axis=1)
    return Spread(np.bincount(part, minlength=p), sums, float((values**2).sum()))


def place_tells(spreads: list[Spread]) -> bool:
    """Whether the means of the parts of all other images say more of an image than their mean does.

    Each image counts the same. Parts of few images are drawn towards the mean of all.
    """
    spreads = [one for one in spreads if one.known.any()]
    if len(spreads) < IMAGES:
        return False
    known = np.stack([one.known for one in spreads])
    there = (known > 0)[:, :, None]
    means = np.stack([one.sums for one in spreads]) / np.maximum(known, 1)[:, :, None]
    others, n = (means * there).sum(axis=0) - means * there, there.sum(axis=0) - there
    overall = others.sum(axis=1, keepdims=True) / n.sum(axis=1, keepdims=True)
    local = (others + overall) / (n + 1)
    weight = known / known.sum(axis=1, keepdims=True)
    gain = (((means - overall) ** 2 - (means - local) ** 2).sum(axis=2) * weight).sum(axis=1)
    squares = np.array([one.squares / one.known.sum() for one in spreads])
    middle, overall = (means * weight[:, :, None]).sum(axis=1), overall[:, 0]
    variance = squares - 2 * (middle * overall).sum(axis=1) + (overall**2).sum(axis=1)
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return bool(gain.mean() > max(SHARE * variance.mean(), ERRORS * error))
