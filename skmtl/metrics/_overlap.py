"""How well two boxes, masks or sets of key points cover each other: in pairs, or all against all."""

from __future__ import annotations

import numpy as np

# Standard deviations of human annotators, in units of the square root of the area: COCO's 17 points.
COCO_SIGMAS = np.array(
    [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]
) / 1000.0  # fmt: skip


def checked_boxes(boxes, name: str, *, missing: bool = False) -> np.ndarray:
    """``boxes`` as float64 (n, 4), with x1 <= x2 and y1 <= y2; a row of NaN only where ``missing``."""
    boxes = np.asarray(boxes, dtype=np.float64)
    if boxes.size == 0 and boxes.ndim < 3:
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} must be (n, 4) as x1, y1, x2, y2, got the shape {boxes.shape}")
    finite = np.isfinite(boxes)
    if not finite.all():
        wrong = ~finite.all(axis=1) & ~(np.isnan(boxes).all(axis=1) & missing)
        if wrong.any():
            allowed = "4 finite numbers or 4 NaN" if missing else "4 finite numbers"
            raise ValueError(f"{name}: row {wrong.argmax()} is {boxes[wrong][0]}, expected {allowed}")
    turned = (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
    if turned.any():
        row = int(turned.argmax())
        raise ValueError(f"{name}: row {row} is {boxes[row]}, expected x1 <= x2 and y1 <= y2")
    return boxes


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """Width times height, (n,)."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_iou(a, b) -> np.ndarray:
    """Intersection over union of boxes row by row.

    Parameters
    ----------
    a, b : (n, 4) array-like
        x1, y1, x2, y2 in pixels; a row of four NaN is a missing box.

    Returns
    -------
    (n,) float64 : in [0, 1]; NaN where either box is missing, 0 for two boxes without area.

    Raises
    ------
    ValueError
        For another shape, rows finite in part, or x2 < x1.
    """
    a, b = checked_boxes(a, "a", missing=True), checked_boxes(b, "b", missing=True)
    if len(a) != len(b):
        raise ValueError(f"a has {len(a)} boxes and b has {len(b)}; pairwise_box_iou compares all with all")
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    return _ratio(shared, box_areas(a) + box_areas(b) - shared)


def pairwise_box_iou(a, b, crowd=None) -> np.ndarray:
    """Intersection over union of every box of ``a`` with every box of ``b``.

    Parameters
    ----------
    a : (n, 4) array-like
        x1, y1, x2, y2 in pixels.
    b : (m, 4) array-like
    crowd : (m,) bool, optional
        Boxes of ``b`` around a crowd (COCO's ``iscrowd``): the shared area is divided by the area of
        the box of ``a`` alone, as being anywhere inside the crowd is right.

    Returns
    -------
    (n, m) float64

    Raises
    ------
    ValueError
        For another shape, numbers that are not finite, or x2 < x1.
    """
    a, b = checked_boxes(a, "a"), checked_boxes(b, "b")
    return box_overlaps(a, b, _crowd(crowd, len(b)))


def box_overlaps(a: np.ndarray, b: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """``pairwise_box_iou`` of arrays that were checked before."""
    wide = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    high = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    return _over(shared, box_areas(a), box_areas(b), crowd)


def pairwise_mask_iou(a, b, crowd=None) -> np.ndarray:
    """Intersection over union of every mask of ``a`` with every mask of ``b``.

    Parameters
    ----------
    a : (n, h, w) bool
    b : (m, h, w) bool
    crowd : (m,) bool, optional
        As for :func:`pairwise_box_iou`.

    Returns
    -------
    (n, m) float64

    Raises
    ------
    ValueError
        For masks that are not boolean (or 0 and 1), or of different sizes.
    """
    a, b = checked_masks(a, "a"), checked_masks(b, "b")
    if len(a) and len(b) and a.shape[1:] != b.shape[1:]:
        raise ValueError(f"masks of a are {a.shape[1:]} pixels, those of b are {b.shape[1:]}")
    return mask_overlaps(a, b, _crowd(crowd, len(b)))


def checked_masks(masks, name: str) -> np.ndarray:
    """``masks`` as (n, h, w) bool."""
    masks = np.asarray(masks)
    if masks.size == 0 and masks.ndim < 3:
        return np.zeros((0, 1, 1), dtype=bool)
    if masks.ndim != 3:
        raise ValueError(f"{name} must be (n, h, w), one mask per object, got the shape {masks.shape}")
    if masks.dtype != bool and not np.isin(masks, (0, 1)).all():
        raise ValueError(
            f"{name} must be boolean or hold 0 and 1 alone, got {masks.dtype} up to {masks.max()}"
        )
    return masks.astype(bool, copy=False)


def mask_overlaps(a: np.ndarray, b: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """``pairwise_mask_iou`` of arrays that were checked before."""
    shared = np.zeros((len(a), len(b)))
    if shared.size:
        a, b = _words(a), _words(b)
        for j, row in enumerate(b):
            at = np.flatnonzero(row)  # most of an image lies outside one object
            shared[:, j] = np.bitwise_count(a[:, at] & row[at]).sum(axis=1, dtype=np.int64)
        area_a, area_b = (np.bitwise_count(m).sum(axis=1, dtype=np.int64).astype(float) for m in (a, b))
        return _over(shared, area_a, area_b, crowd)
    return shared


def _words(masks: np.ndarray) -> np.ndarray:
    """Masks as rows of 64-bit words, a bit a pixel: an intersection is then one AND of words."""
    packed = np.packbits(masks.reshape(len(masks), -1), axis=1)
    padded = np.zeros((len(masks), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)


def point_overlaps(found, points, visible, boxes, area, sigmas) -> np.ndarray:
    """Object key point similarity of every found object with every true one.

    ``found`` is (D, K, 2), ``points`` (G, K, 2), ``visible`` (G, K), ``boxes`` (G, 4), ``area`` (G,),
    ``sigmas`` (K,); the answer is (D, G). An object without a visible point is a region to be left
    alone: a point then lies as far away as from the box, enlarged to three times its size.
    """
    away = found[:, None] - np.where(visible[..., None], points, 0.0)[None]
    size = boxes[:, 2:] - boxes[:, :2]
    low, high = boxes[:, :2] - size, boxes[:, :2] + 2 * size
    outside = np.maximum(low[:, None] - found[:, None], 0) + np.maximum(found[:, None] - high[:, None], 0)
    empty = ~visible.any(axis=1)
    away = np.where(empty[:, None, None], outside, away)
    counted = visible | empty[:, None]
    return mean_similarity((away**2).sum(axis=-1), area[:, None], sigmas, counted)


def mean_similarity(squared, area, sigmas, counted) -> np.ndarray:
    """Mean over counted points of exp(-d^2 / (2 area (2 sigma)^2))."""
    exponent = squared / (2 * sigmas) ** 2 / (area + np.spacing(1)) / 2
    total = np.where(counted, np.exp(-exponent), 0.0).sum(axis=-1)
    count = counted.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def checked_sigmas(sigmas, n_points: int) -> np.ndarray:
    """``sigmas`` as (n_points,), COCO's own where None is given for 17 points."""
    if sigmas is None:
        if n_points != len(COCO_SIGMAS):
            raise ValueError(
                f"sigmas must be given for {n_points} key points: a number, or one per point; "
                "None stands for those of COCO's 17 points"
            )
        return COCO_SIGMAS
    sigmas = np.asarray(sigmas, dtype=np.float64)
    if sigmas.shape not in ((), (n_points,)):
        raise ValueError(f"sigmas must be a number or ({n_points},), got the shape {sigmas.shape}")
    if not (np.isfinite(sigmas) & (sigmas > 0)).all():
        raise ValueError(f"sigmas must be finite and > 0, got {sigmas}")
    return np.broadcast_to(sigmas, (n_points,))


def _crowd(crowd, n: int) -> np.ndarray:
    crowd = np.zeros(n, dtype=bool) if crowd is None else np.asarray(crowd)
    if crowd.shape != (n,):
        raise ValueError(f"crowd must be ({n},), one entry per box or mask of b, got {crowd.shape}")
    return crowd.astype(bool)


def _over(shared, area_a, area_b, crowd) -> np.ndarray:
    union = area_a[:, None] + area_b[None, :] - shared
    return _ratio(shared, np.where(crowd, area_a[:, None], union) if crowd.any() else union)


def _ratio(shared: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``shared / whole``, 0 where the whole is empty."""
    return np.where(whole == 0, 0.0, shared / np.where(whole == 0, 1.0, whole))
