"""Images and annotations as a user gives them; what cannot be used is refused or counted."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..io import AnnotationSet, ImageRecord, Report
from ._files import read_image
from ._projection import evenly

#: Bytes of pixels that the trunk's filters are learned from.
MEMORY = 2**26


class Refusals:
    """Raises errors, or with ``on_error="skip"`` counts what they are about in ``report``."""

    def __init__(self, on_error: str):
        self.skips, self.report = on_error == "skip", Report()

    def read(self, make: Callable, what: str, *given) -> Any:
        """``make(*given)``; None where it raises a ValueError that is to be skipped."""
        try:
            return make(*given)
        except ValueError as error:
            if not self.skips:
                raise
            self.report.skip(what, error)
            return None

    def warn(self) -> None:
        """Say what was left out, if anything was."""
        if self.report.skipped:
            warnings.warn(f"left out:\n{self.report}", UserWarning, stacklevel=4)


class Images(Sequence):
    """The images (h, w) or (h, w, c) that ``X`` holds or reads; None for one that was left out.

    An image of a file, or of a sequence that reads, is read anew whenever it is asked for: of each only the
    ``shapes`` and ``types`` (None for one left out) are kept. ``rows`` are the places in X.
    """

    def __init__(self, X, rows: Sequence[int], shapes: list, types: list):
        self.X, self.rows, self.shapes, self.types = X, rows, shapes, types

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> np.ndarray | None:
        return None if self.shapes[i] is None else _pixels(self.X[self.rows[i]], f"X[{self.rows[i]}]")

    def take(self, chosen: Sequence[int]) -> Images:
        """Some of them."""
        return Images(self.X, *([part[i] for i in chosen] for part in (self.rows, self.shapes, self.types)))


def read_images(X, refusals: Refusals, channels: tuple[int, ...] | None = None) -> Images:
    """The images of an array or a sequence, or of a list of paths of files, each checked once.

    Raises ValueError naming the image that is no array of numbers, is not finite, or has other ``channels``
    than those given, or than the first one.
    """
    if isinstance(X, np.ndarray) and X.dtype.kind in "biuf" and X.ndim not in (3, 4):
        raise ValueError(
            "X must be images (n, h, w) or (n, h, w, c), or a list of images (h, w) or (h, w, c) that may "
            f"differ in size, got an array of shape {X.shape}"
        )
    if not hasattr(X, "__len__") or not len(X):
        raise ValueError("X holds no image")
    images = Images(X, range(len(X)), [], [])
    for i in range(len(X)):
        image = refusals.read(_image, "image", X[i], channels, f"X[{i}]")
        images.shapes.append(None if image is None else image.shape)
        images.types.append(None if image is None else image.dtype)
        if image is not None:
            channels = image.shape[2:]
    if not any(images.shapes):
        raise ValueError("no image of X can be used")
    return images


def _image(image, channels: tuple[int, ...] | None, where: str) -> np.ndarray:
    image = _pixels(image, where)
    if image.dtype.kind not in "biuf" or image.ndim not in (2, 3) or not image.size:
        raise ValueError(
            f"{where} must be numbers (h, w) or (h, w, c), got {image.dtype} of shape {image.shape}"
        )
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise ValueError(f"{where} has pixels that are NaN or infinite")
    if channels is not None and image.shape[2:] != channels:
        shown = "(h, w)" if not channels else f"(h, w, {channels[0]})"
        raise ValueError(f"{where} has the shape {image.shape}, expected {shown} as the first image")
    return image


def _pixels(image, where: str) -> np.ndarray:
    if image is None:
        raise ValueError(f"{where} is None: the image could not be read")
    if isinstance(image, str | os.PathLike):
        return read_image(Path(image))
    try:
        return np.asarray(image)
    except ValueError as error:
        raise ValueError(f"{where} is no image: {error}") from None


def as_trunk_takes(images: Images):
    """Images evenly spread over all, as many as fit into ``MEMORY``: an array where they have one shape, or a
    list."""
    sizes = [np.prod(shape) * kind.itemsize for shape, kind in zip(images.shapes, images.types, strict=True)]
    some = images.take(evenly(len(images), max(int(MEMORY // np.mean(sizes)), 1)))
    same = len(set(zip(some.shapes, some.types, strict=True))) == 1
    return np.stack(list(some)) if same else list(some)


def columns_of(y, names: Sequence[str], n_images: int) -> dict[str, list]:
    """For each of ``names`` the annotation of every image, None where there is none.

    y is an array with fields (`make_targets`), a data frame, a list of dicts, name -> annotation, or
    annotations of a file (`skmtl.io.AnnotationSet`), where every head looks for what it needs itself.
    """
    if isinstance(y, AnnotationSet) or any(isinstance(one, ImageRecord) for one in y):
        found = {name: list(y) for name in names}
    elif getattr(getattr(y, "dtype", None), "names", None):
        found = _fields(names, y.dtype.names, lambda name: list(y[name]))
    elif hasattr(y, "columns"):
        found = _fields(names, list(y.columns), lambda name: y[name].tolist())
    else:
        found = _dicts(y, names)
    same_number(len(y), n_images)
    return found


def same_number(n: int, n_images: int) -> None:
    if n != n_images:
        raise ValueError(f"X has {n_images} images, but y has {n} annotations")


def _fields(names, given, column: Callable) -> dict[str, list]:
    _check_names(names, given, "y")
    return {name: column(name) for name in names}


def _dicts(y, names) -> dict[str, list]:
    for i, one in enumerate(y):
        if one is not None and not isinstance(one, dict):
            raise ValueError(
                f"y[{i}] must be a dict, name of head -> annotation, or None, got {type(one).__name__}; y "
                "may also be an array with fields, a data frame or an AnnotationSet"
            )
        _check_names((), one or {}, f"y[{i}]", names)
    return {name: [None if one is None else one.get(name) for one in y] for name in names}


def _check_names(wanted, given, where: str, possible=None) -> None:
    lacking = [name for name in wanted if name not in given]
    if lacking:
        raise ValueError(
            f"{where} has no field {lacking[0]!r}, which a head is for; its fields are {list(given)}"
        )
    extra = [name for name in given if name not in (possible if possible is not None else wanted)]
    if extra:
        raise ValueError(
            f"{where} has a field {extra[0]!r} that no head is for; the heads are {list(possible or wanted)}"
        )
