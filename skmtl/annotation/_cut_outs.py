"""Objects cut out of an image, all of one size."""

from __future__ import annotations

import numpy as np

from ._resample import triangle

#: Side of what is cut out of an image in pixels, cells a side that it is pooled over, and how much wider it
#: is than what was found.
SIDE, CELLS, WIDER = 48, 4, 1.2
#: Rows of an image that are in memory as floats at once.
BAND = 512


def cut_outs(image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The squares around boxes (m, 4) as (m, `SIDE`, `SIDE`) pixels, and channels, of the image's type.

    Beyond the image its outermost pixels are repeated. A pixel is the mean of those around its place,
    weighted by a triangle that reaches as far as the next one's place, or the next pixel of the image where
    that is further: linear interpolation of what is enlarged, without aliases of what is made smaller.
    """
    out = np.empty((len(boxes), SIDE, SIDE, *image.shape[2:]), image.dtype)
    for one, box in zip(out, boxes, strict=True):
        one[:] = _square(image, box)
    return out


def _square(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    side = max(WIDER * (box[2:] - box[:2]).max(), 1)
    corner = (box[:2] + box[2:] - side) / 2
    (columns, along), (rows, down) = (
        _weights(start, side, n) for start, n in zip(corner, image.shape[1::-1], strict=True)
    )
    kind, square = np.result_type(image.dtype, np.float32), 0
    for start in range(0, len(rows), BAND):
        some = slice(start, start + BAND)
        planes = np.moveaxis(image[rows[some, None], columns], (0, 1), (-2, -1)).astype(kind, order="C")
        square = square + down[:, some].astype(kind) @ planes @ along.astype(kind).T
    square = np.moveaxis(square, (-2, -1), (0, 1))
    return square if image.dtype.kind == "f" else np.rint(square)


def _weights(start: float, side: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (k,) along an axis of ``n``, and how much each counts in each of the `SIDE` places."""
    step = side / SIDE
    reach, places = max(step, 1), start + (np.arange(SIDE) + 0.5) * step
    pixels = np.arange(int(places[0] - reach) - 1, int(places[-1] + reach) + 1)
    weights = triangle(pixels, places, reach)
    return np.clip(pixels, 0, n - 1), weights / weights.sum(axis=1, keepdims=True)
