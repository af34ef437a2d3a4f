"""The region that a box head found: a frame of its own per image, and the picture inside it."""

from __future__ import annotations

import numpy as np

# A region is never smaller than this share of the image: a tiny box would be all interpolation.
_SMALLEST = 0.1


def region_frame(boxes: np.ndarray, image_shape: tuple[int, int], margin: float) -> dict:
    """Frames around boxes (n, 4), with the image's aspect ratio: ``centre`` and ``half`` size, (n, 2)."""
    size = np.array(image_shape[::-1], float)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    share = np.abs((boxes[:, 2:] - boxes[:, :2]) / size).max(axis=1) * (1 + margin)
    half = np.clip(share, _SMALLEST, 1.0)[:, None] * size / 2
    return {"centre": centre, "half": half}


def to_local(xy: np.ndarray, frame: dict) -> np.ndarray:
    """(n, 2m) columns x, y, x, y, ... in pixels as coordinates of the frame, -1..1 inside it."""
    pairs = xy.reshape(len(xy), -1, 2)
    return ((pairs - frame["centre"][:, None]) / frame["half"][:, None]).reshape(xy.shape)


def to_global(xy: np.ndarray, frame: dict) -> np.ndarray:
    """The inverse of :func:`to_local`."""
    pairs = xy.reshape(len(xy), -1, 2)
    return (pairs * frame["half"][:, None] + frame["centre"][:, None]).reshape(xy.shape)


def crop(images: np.ndarray, frame: dict, shape: tuple[int, int]) -> np.ndarray:
    """The inside of each frame, resampled to ``shape`` by bilinear interpolation; the dtype is kept.

    ``images`` is (n, h, w[, c]). Outside the image its border pixels go on.
    """
    rows = _positions(frame["centre"][:, 1], frame["half"][:, 1], shape[0], images.shape[1])
    columns = _positions(frame["centre"][:, 0], frame["half"][:, 0], shape[1], images.shape[2])
    tail = (1,) * (images.ndim - 3)
    n = np.arange(len(images))[:, None]
    low, high, part = rows
    part = part.reshape(*part.shape, 1, *tail)
    out = images[n, low] * (1 - part) + images[n, high] * part
    low, high, part = columns
    n, j = n[:, :, None], np.arange(shape[0])[None, :, None]
    part = part.reshape(len(part), 1, -1, *tail)
    out = out[n, j, low[:, None]] * (1 - part) + out[n, j, high[:, None]] * part
    if images.dtype.kind in "iu":
        out = np.rint(out)
    return out.astype(images.dtype)


def _positions(centre: np.ndarray, half: np.ndarray, size: int, limit: int) -> tuple:
    """Lower neighbour, upper neighbour and weight of the upper one, each (n, size)."""
    steps = (np.arange(size) + 0.5) / size * 2 - 1
    at = np.clip(centre[:, None] + half[:, None] * steps - 0.5, 0, limit - 1)
    low = at.astype(np.intp)
    return low, np.minimum(low + 1, limit - 1), (at - low).astype(np.float32)


def region_maps(frame: dict, image_shape: tuple[int, int]) -> np.ndarray:
    """(n, h, w, 3): how far each pixel is from the frame's centre, in half sizes: |x|, |y|, the larger."""
    x = (np.arange(image_shape[1]) + 0.5 - frame["centre"][:, :1]) / frame["half"][:, :1]
    y = (np.arange(image_shape[0]) + 0.5 - frame["centre"][:, 1:]) / frame["half"][:, 1:]
    x, y = np.broadcast_arrays(np.abs(x)[:, None, :], np.abs(y)[:, :, None])
    return np.clip(np.stack([x, y, np.maximum(x, y)], axis=-1), 0, 2).astype(np.float32)
