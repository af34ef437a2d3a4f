"""Images and annotations as a user gives them; what cannot be used is refused or counted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..io import AnnotationSet, ImageRecord, Report


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


def read_images(X, refusals: Refusals) -> list[np.ndarray | None]:
    """The images (h, w) or (h, w, c) of an array or a list; None for one that was skipped.

    Raises ValueError naming the image that is no array of numbers, is not finite, or has other channels than
    the first one.
    """
    if isinstance(X, np.ndarray) and X.dtype != object and X.ndim not in (3, 4):
        raise ValueError(
            "X must be images (n, h, w) or (n, h, w, c), or a list of images (h, w) or (h, w, c) that may "
            f"differ in size, got an array of shape {X.shape}"
        )
    if not hasattr(X, "__len__") or not len(X):
        raise ValueError("X holds no image")
    images = [refusals.read(_image, "image", X[i], f"X[{i}]") for i in range(len(X))]
    first = next((image for image in images if image is not None), None)
    if first is None:
        raise ValueError("no image of X can be used")
    channels = first.shape[2:]
    return [image if image is None else refusals.read(same_channels, "image", image, channels, f"X[{i}]")
            for i, image in enumerate(images)]  # fmt: skip


def _image(image, where: str) -> np.ndarray:
    if image is None:
        raise ValueError(f"{where} is None: the image could not be read")
    try:
        image = np.asarray(image)
    except ValueError as error:
        raise ValueError(f"{where} is no image: {error}") from None
    if image.dtype.kind not in "biuf" or image.ndim not in (2, 3) or not image.size:
        raise ValueError(
            f"{where} must be numbers (h, w) or (h, w, c), got {image.dtype} of shape {image.shape}"
        )
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise ValueError(f"{where} has pixels that are NaN or infinite")
    return image


def same_channels(image: np.ndarray, channels: tuple[int, ...], where: str) -> np.ndarray:
    if image.shape[2:] != channels:
        shown = "(h, w)" if not channels else f"(h, w, {channels[0]})"
        raise ValueError(f"{where} has the shape {image.shape}, expected {shown} as the first image")
    return image


def as_trunk_takes(images: Sequence[np.ndarray]):
    """One array where all images have one shape, else the list of them."""
    same = len({(image.shape, image.dtype) for image in images}) == 1
    return np.stack(images) if same else list(images)


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
