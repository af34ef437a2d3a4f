"""Images as a user gives them, read a block at a time and never copied as a whole.

Inside the package a set of images is an array (n, h, w, c) or, where sizes differ, a list of arrays
(h, w, c). A block is some images of one size: a slice of the array, or the numbers of images in the list.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from skmtl.utils._plain import is_plain, refuse_not_finite

from ._shapes import as_images, image_shape_of, numbers

ANY_SIZE = (None, None)  # rows and columns in the image_shape_ of images whose sizes differ


def first_images(estimator, X):
    """The images of X, their shape (h, w, c), h and w None where sizes are free, and whether it is a guess.

    Sets what scikit-learn wants to be set, ``n_features_in_`` and ``feature_names_in_``, where it applies.
    """
    X, ragged = read_list(X)
    given = estimator.image_shape
    free = given is not None and len(given) == 3 and tuple(given[:2]) == ANY_SIZE
    if ragged or free:
        for name in ("n_features_in_", "feature_names_in_"):
            vars(estimator).pop(name, None)
        shape = (*ANY_SIZE, numbers(given[2], "image_shape")[0] if free else X[0].shape[2])
        if given is not None and not free:
            raise ValueError(
                f"image_shape={given!r} is one size, but X is a list of images of different sizes; give "
                f"image_shape=None or {shape}"
            )
        return _of_any_size(estimator, X, ragged, shape[2]), shape, False
    X = validate_data(estimator, X, allow_nd=True, dtype="numeric", ensure_all_finite=False)
    shape, guessed = image_shape_of(X.shape, given)
    return _finite(estimator, as_images(X, shape)), shape, guessed


def more_images(estimator, X):
    """The images of X, which must go with those that ``estimator`` was fitted to."""
    if is_plain(estimator, X):
        return _finite(estimator, as_images(X, estimator.image_shape_))
    check_is_fitted(estimator)
    X, ragged = read_list(X)
    shape = estimator.image_shape_
    if shape[:2] == ANY_SIZE:
        return _of_any_size(estimator, X, ragged, shape[2])
    if ragged:
        raise ValueError(
            f"X is a list of images of different sizes, but all images at fit had {shape}: rows, columns, "
            "channels; fit with such a list, or with image_shape=(None, None, channels), for any size"
        )
    X = validate_data(estimator, X, reset=False, allow_nd=True, dtype="numeric", ensure_all_finite=False)
    return _finite(estimator, as_images(X, shape))


def read_list(X):
    """Of a list, tuple or 1-D object array of images: their array and False or, where they differ in size, a
    list of arrays (h, w, c) and True. Anything else is given back with False."""
    listed = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1)
    if not listed or not len(X) or not all(map(_is_image, X)):
        return X, False
    images = [np.asarray(image) for image in X]
    if len({image.shape for image in images}) == 1:
        return np.stack(images), False
    return [image if image.ndim == 3 else image[:, :, None] for image in images], True


def _is_image(one) -> bool:
    return hasattr(one, "__array_interface__") and np.asarray(one).ndim in (2, 3)


def _of_any_size(estimator, images, ragged: bool, channels: int):
    """A list of images (h, w, c) or an array (n, h, w[, c]), checked: numbers, and the right channels."""
    if not ragged:
        shape = np.shape(images)
        images = np.asarray(images)
        images = images[..., None] if images.ndim == 3 else images
        if images.ndim != 4 or 0 in shape:
            raise ValueError(
                f"X must be a list of images, or an array (n, h, w) or (n, h, w, c); got the shape {shape}"
            )
    for i, image in enumerate(images if ragged else images[:1]):
        if image.shape[2] != channels or image.dtype.kind not in "biuf" or 0 in image.shape:
            raise ValueError(
                f"image {i} of X has the shape {image.shape} and the type {image.dtype}; expected numbers, "
                f"rows, columns and channels={channels}"
            )
    return _finite(estimator, images)


def _finite(estimator, images):
    """``images``, or an error if one holds NaN or infinity."""
    for some in images if isinstance(images, list) else (images,):
        refuse_not_finite(estimator, some)
    return images


def pixel_type(images) -> np.dtype:
    return np.result_type(*{image.dtype for image in images}) if isinstance(images, list) else images.dtype


def feature_type(images) -> np.dtype:
    """Of the features of ``images``: float32 where that holds every pixel, float64 otherwise."""
    return _feature_type(pixel_type(images))


@cache
def _feature_type(pixels: np.dtype) -> np.dtype:
    fits = np.result_type(pixels, np.float32) == np.float32
    return np.dtype(np.float32 if fits else np.float64)


def sizes(images) -> np.ndarray:
    """Rows and columns of every image, (n, 2)."""
    if isinstance(images, list):
        return np.array([image.shape[:2] for image in images])
    return np.broadcast_to(np.array(images.shape[1:3]), (len(images), 2))


def shapes(images) -> set[tuple[int, int, int]]:
    """The shapes (h, w, c) that occur."""
    return {image.shape for image in images} if isinstance(images, list) else {images.shape[1:]}


def blocks(images, size: Callable[[tuple], int], numbers=None) -> list:
    """Images of one shape (h, w, c), at most ``size(shape)`` of them and at least one, together.

    All of them, or those of ``numbers``. Blocks depend on the images alone, so that results are the same
    for any number of threads.
    """
    if numbers is None and not isinstance(images, list):
        step = max(size(images.shape[1:]), 1)
        return [slice(start, min(start + step, len(images))) for start in range(0, len(images), step)]
    groups: dict[tuple, list[int]] = {}
    for i in range(len(images)) if numbers is None else numbers.tolist():
        groups.setdefault(images[i].shape, []).append(i)
    found = []
    for shape, members in groups.items():
        step = max(size(shape), 1)
        found += [np.array(members[start : start + step]) for start in range(0, len(members), step)]
    return found


def block_of(images, index) -> np.ndarray:
    """The images of a block, (m, h, w, c): a view of the array where the block is a slice."""
    return np.stack([images[i] for i in index]) if isinstance(images, list) else images[index]
