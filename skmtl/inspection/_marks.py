"""Reads and checks what a contact sheet is asked to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Marks:
    """Images ``(n, h, w, 3)`` uint8 and their annotations; what was not given is None."""

    images: np.ndarray
    boxes: np.ndarray | None = None
    true_boxes: np.ndarray | None = None
    points: np.ndarray | None = None
    true_points: np.ndarray | None = None
    masks: np.ndarray | None = None
    true_masks: np.ndarray | None = None
    labels: Sequence | None = None
    true_labels: Sequence | None = None
    notes: Sequence | None = None
    point_names: Sequence[str] | None = None

    def label_right(self, i: int) -> bool | None:
        """Whether label ``i`` equals the truth; None where no truth is given."""
        return None if self.true_labels is None else bool(self.labels[i] == self.true_labels[i])

    def box_right(self, i: int) -> bool | None:
        """Whether box ``i`` overlaps the true box by at least one half; None without truth."""
        if self.true_boxes is None or not np.isfinite(self.true_boxes[i]).all():
            return None
        a, b = self.boxes[i], self.true_boxes[i]
        common = _area(np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:]))
        either = _area(a[:2], a[2:]) + _area(b[:2], b[2:]) - common
        return bool(common > 0 and common >= 0.5 * either)


def _area(low: np.ndarray, high: np.ndarray) -> float:
    return float(np.prod(np.maximum(high - low, 0)))


def read_marks(images, *, point_names, **given) -> Marks:
    """Check everything against the images and turn it into arrays."""
    pixels = read_images(images)
    n, height, width = pixels.shape[:3]
    shapes = {"boxes": (n, 4), "points": (n, None, 2), "masks": (n, height, width)}
    read = {}
    for name, value in given.items():
        if value is None:
            continue
        shape = shapes.get(name.removeprefix("true_"))
        read[name] = _column(name, value, n) if shape is None else _array(name, value, shape)
    for name in ("labels", "points"):
        _need_prediction(name, read)
    return Marks(pixels, **read, point_names=_point_names(point_names, read))


def read_images(images) -> np.ndarray:
    """``(n, h, w, 3)`` uint8 from grey or colour images, integers of 0 to 255 or floats of 0 to 1."""
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or images.size == 0:
        raise ValueError(
            f"images must have shape (n, h, w), (n, h, w, 1) or (n, h, w, 3), got {images.shape}."
        )
    top = 1 if images.dtype.kind == "f" else 255
    if images.dtype.kind not in "fiub" or not (images.min() >= 0 and images.max() <= top):
        raise ValueError(
            "images must be integers from 0 to 255 or floats from 0 to 1, "
            f"got {images.dtype} from {images.min()} to {images.max()}."
        )
    levels = images * (255 if images.dtype.kind in "fb" else 1)
    return np.repeat(np.rint(levels).astype(np.uint8), 3 // images.shape[-1], axis=-1)


def _array(name: str, value, shape: tuple) -> np.ndarray:
    value = np.asarray(value)
    fits = value.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, value.shape, strict=False)
    )
    if not fits:
        wanted = tuple("n_points" if side is None else side for side in shape)
        raise ValueError(f"{name} must have shape {wanted} to fit images, got {value.shape}.")
    return value != 0 if name.endswith("masks") else value.astype(np.float64)


def _column(name: str, value: Sequence, n: int) -> list:
    value = list(value)
    if len(value) != n:
        raise ValueError(f"{name} must have one entry for each of the {n} images, got {len(value)}.")
    return value


def _need_prediction(name: str, read: dict) -> None:
    if name == "labels" and "true_labels" in read and "labels" not in read:
        raise ValueError("true_labels was given without labels to compare with it.")
    if name == "points" and {"points", "true_points"} <= set(read):
        if read["points"].shape != read["true_points"].shape:
            raise ValueError(
                f"points and true_points must have one shape, got {read['points'].shape} "
                f"and {read['true_points'].shape}."
            )


def _point_names(names: Sequence[str] | None, read: dict) -> list[str] | None:
    points = read.get("points", read.get("true_points"))
    if points is None:
        return None
    if names is None:
        return [f"point {k + 1}" for k in range(points.shape[1])]
    if len(names) != points.shape[1]:
        raise ValueError(f"point_names has {len(names)} names for {points.shape[1]} points.")
    return [str(name) for name in names]
