"""Where rows lie in their image, and whether that tells what they are: in streets, not in smears of blood."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._head import UNKNOWN
from ._sampling import codes

#: Parts of an image along each axis, of which it is asked what lies there.
PARTS = 8
#: The share that places must explain in images left out - of the entropy of kinds, of the variance of
#: numbers -, by how many standard errors it must be more than nothing, and from how many images on that can
#: be known. Explained are 0.43 of streets, 0.37 of raccoons and 0.20 of cars; 0.10 of digits and of the
#: vessels of a retina, at most 0.02 of nuclei, membranes and blood cells.
SHARE, ERRORS, IMAGES = 0.15, 3.0, 5
#: Shares of kinds are kept so far from 0 before their logarithms are taken.
EDGE = 1e-6


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
    (p,), and the ``sums`` (p, k) of numbers, or of 0 and 1 for each kind; of numbers also the ``squares`` of
    all, one number."""

    known: np.ndarray
    sums: np.ndarray
    squares: float | None


def spread(targets: dict[str, np.ndarray], places: np.ndarray, n_codes: int) -> Spread:
    """Of rows at ``places`` (n, 2): of their kinds or, if they have none, of their numbers."""
    down, along = np.minimum((places * PARTS).astype(np.int64), PARTS - 1).T
    part, p = down * PARTS + along, PARTS**2
    if "kind" in targets:
        kind = codes(targets)
        judged = kind != UNKNOWN
        sums = np.bincount(part[judged] * n_codes + kind[judged], minlength=p * n_codes).reshape(p, n_codes)
        return Spread(sums.sum(axis=1), sums, None)
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
    weight = (known / known.sum(axis=1, keepdims=True))[:, :, None]
    if spreads[0].squares is None:
        logs = np.log(np.maximum(overall, EDGE))
        gain, whole = means * (np.log(np.maximum(local, EDGE)) - logs), -means * logs
    else:
        gain = (means - overall) ** 2 - (means - local) ** 2
        whole = overall**2 - 2 * means * overall
    gain, whole = ((part * weight).sum(axis=(1, 2)) for part in (gain, whole))
    if spreads[0].squares is not None:
        whole += [one.squares / one.known.sum() for one in spreads]
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return bool(gain.mean() > max(SHARE * whole.mean(), ERRORS * error))
