"""One box and one set of key points per image."""

from __future__ import annotations

import numpy as np

from ..utils._weights import checked_weights
from ._observed import checked_average, mean_observed
from ._overlap import box_iou, checked_boxes, checked_sigmas, mean_similarity


def mean_box_iou(y_true, y_pred, *, sample_weight=None) -> float:
    """Mean intersection over union of one box per image.

    Parameters
    ----------
    y_true : (n, 4) array-like
        x1, y1, x2, y2 in pixels; a row of four NaN is an image whose box was not drawn: left out.
    y_pred : (n, 4) array-like
        Needed, and finite, wherever there is a true box.
    sample_weight : (n,) array-like, optional

    Returns
    -------
    float : in [0, 1]; NaN where no box is observed.

    Raises
    ------
    ValueError
        For another shape, a row finite in part, x2 < x1, or a box that is not predicted.
    """
    truth = checked_boxes(y_true, "y_true", missing=True)
    guess = checked_boxes(y_pred, "y_pred", missing=True)
    _same_length(truth, guess)
    lost = np.isnan(guess[:, 0]) & ~np.isnan(truth[:, 0])
    if lost.any():
        raise ValueError(f"y_pred: row {lost.argmax()} is NaN, but y_true has a box there")
    return mean_observed(
        box_iou(truth, guess), checked_weights(sample_weight, (len(truth),), "sample_weight")
    )


def oks(y_true, y_pred, *, area, sigmas=None) -> np.ndarray:
    """Object key point similarity of one set of points per image.

    ``mean over labelled points i of exp(-d_i^2 / (2 area (2 sigma_i)^2))`` with distances d in pixels.

    Parameters
    ----------
    y_true : (n, K, 2) array-like as x, y, or (n, K, 3) as x, y, visibility
        A point with NaN, or of visibility 0, is not labelled and left out.
    y_pred : (n, K, 2 or 3) array-like
    area : float or (n,) array-like
        Area of the object in square pixels.
    sigmas : float or (K,) array-like, optional
        As in :func:`detection_scores`.

    Returns
    -------
    (n,) float64 : in [0, 1]; NaN for an image without a labelled point.

    References
    ----------
    Ronchi & Perona (2017), "Benchmarking and error diagnosis in multi-instance pose estimation".
    """
    away = _distances(y_true, y_pred)
    area = np.asarray(area, dtype=np.float64)
    if area.shape not in ((), (len(away),)):
        raise ValueError(f"area must be a number or ({len(away)},), got the shape {area.shape}")
    if not (np.isfinite(area) & (area > 0)).all():
        raise ValueError("area must be finite and > 0")
    sigmas = checked_sigmas(sigmas, away.shape[1])
    area = np.broadcast_to(area, (len(away),))[:, None]
    return mean_similarity(np.nan_to_num(away) ** 2, area, sigmas, ~np.isnan(away))


def pck(
    y_true,
    y_pred,
    threshold: float = 0.1,
    *,
    scale=None,
    boxes=None,
    torso: tuple[int, int] | None = None,
    image_shape=None,
    average: str | None = "micro",
) -> float | np.ndarray:
    """Percentage of correct key points, as a share: within ``threshold`` times a length of the truth.

    Exactly one of ``scale``, ``boxes``, ``torso`` and ``image_shape`` says what the length is.

    Parameters
    ----------
    y_true : (n, K, 2) array-like as x, y, or (n, K, 3) as x, y, visibility
        A point with NaN, or of visibility 0, is not labelled and left out.
    y_pred : (n, K, 2 or 3) array-like
    threshold : float
        The largest distance that counts as correct, as a share of the length.
    scale : float or (n,) array-like
        The length in pixels.
    boxes : (n, 4) array-like
        x1, y1, x2, y2: the diagonal of each image's box. An image without one (NaN) is left out.
    torso : (int, int)
        The distance between these two true points; images where either is not labelled are left out.
    image_shape : (height, width)
        The diagonal of the image.
    average : {"micro", "macro"} or None
        Over all labelled points; over points (the mean of each point's share); or None for the share
        of each point.

    Returns
    -------
    float, or (K,) float64 for ``average=None`` : NaN where no point is labelled.

    References
    ----------
    Yang & Ramanan (2013), "Articulated human detection with flexible mixtures of parts".
    """
    if not threshold > 0:
        raise ValueError(f"threshold must be > 0, got {threshold!r}")
    away = _distances(y_true, y_pred)
    length = _length(y_true, len(away), scale, boxes, torso, image_shape)
    limit = threshold * length[:, None]
    return _over_points(np.where(np.isnan(away + limit), np.nan, away <= limit), average)


def mean_pixel_error(y_true, y_pred, *, average: str | None = "micro") -> float | np.ndarray:
    """Mean Euclidean distance of predicted key points from the labelled ones, in pixels.

    Parameters and returns as for :func:`pck`.
    """
    return _over_points(_distances(y_true, y_pred), average)


def _distances(y_true, y_pred) -> np.ndarray:
    """(n, K) distances in pixels, NaN where a point is not labelled."""
    truth, seen = labelled_points(y_true, "y_true")
    guess = _points(y_pred, "y_pred")[:, :, :2]
    if guess.shape != truth.shape:
        raise ValueError(f"y_true has the points {truth.shape[:2]} (n, K), y_pred {guess.shape[:2]}")
    lost = seen & ~np.isfinite(guess).all(axis=2)
    if lost.any():
        row, point = np.argwhere(lost)[0]
        raise ValueError(f"y_pred: point {point} of row {row} is not finite, but labelled in y_true")
    return np.where(seen, np.sqrt(((guess - truth) ** 2).sum(axis=2)), np.nan)


def labelled_points(points, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (n, K, 2), and which points are labelled (n, K): not NaN, visibility above 0."""
    points = _points(points, name)
    if np.isinf(points).any():
        raise ValueError(f"{name} has infinite coordinates; a missing point is NaN")
    seen = ~np.isnan(points).any(axis=2)
    if points.shape[2] == 3:
        seen &= points[:, :, 2] > 0
    return points[:, :, :2], seen


def _points(points, name: str) -> np.ndarray:
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 3 or points.shape[2] not in (2, 3):
        raise ValueError(f"{name} must be (n, K, 2) or (n, K, 3) with visibility, got {points.shape}")
    return points


def _length(y_true, n: int, scale, boxes, torso, image_shape) -> np.ndarray:
    """The length (n,) that distances are compared with, NaN where it is not known."""
    given = {"scale": scale, "boxes": boxes, "torso": torso, "image_shape": image_shape}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) != 1:
        raise ValueError(f"give exactly one of scale, boxes, torso and image_shape, got {list(given)}")
    if torso is not None:
        return _torso(y_true, torso)
    if boxes is not None:
        boxes = checked_boxes(boxes, "boxes", missing=True)
        length = np.hypot(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    else:
        length = np.asarray(np.hypot(*image_shape) if scale is None else scale, dtype=np.float64)
    if length.shape not in ((), (n,)):
        raise ValueError(f"{next(iter(given))} must give one length for each of {n} rows, got {length.shape}")
    if (length < 0).any() or np.isinf(length).any():
        raise ValueError(f"{next(iter(given))} must be finite and >= 0")
    return np.broadcast_to(length, (n,))


def _torso(y_true, torso) -> np.ndarray:
    points, seen = labelled_points(y_true, "y_true")
    if len(torso) != 2 or not all(0 <= k < points.shape[1] for k in torso):
        raise ValueError(f"torso must be two of the points 0 to {points.shape[1] - 1}, got {torso}")
    length = np.sqrt(((points[:, torso[0]] - points[:, torso[1]]) ** 2).sum(axis=1))
    return np.where(seen[:, list(torso)].all(axis=1), length, np.nan)


def _over_points(values: np.ndarray, average: str | None) -> float | np.ndarray:
    checked_average(average, ("micro", "macro", None))
    if average == "micro":
        return mean_observed(values)
    per_point = np.array([mean_observed(column) for column in values.T])
    return per_point if average is None else mean_observed(per_point)


def _same_length(truth, guess) -> None:
    if len(truth) != len(guess):
        raise ValueError(f"y_true has {len(truth)} rows, y_pred {len(guess)}")
