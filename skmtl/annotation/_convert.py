"""Predictions in the form that annotation files are written from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from skimage.measure import find_contours

from ..io import RLE, AnnotationSet, ClassRecord, ImageRecord, LabelMap, ObjectRecord


def to_annotations(
    found: Sequence, file_names: Sequence[str], sizes: Sequence[tuple[int, int]], *, classes: Sequence = ()
) -> AnnotationSet:
    """What an annotator predicted, as `skmtl.io.write_annotations` takes it.

    Parameters
    ----------
    found : sequence of n predictions
        Of `ObjectDetector` or `InstanceSegmenter`, dicts with ``boxes``, ``labels``, ``scores`` and perhaps
        ``masks``; of `PoseEstimator`, points (K, 3); of `PixelAnnotator`, masks (h, w) of numbers 0..254.
        None for an image that was left out.
    file_names : sequence of n str
    sizes : sequence of n (int, int)
        Height and width of the images.
    classes : sequence, optional
        Names of classes in the order they shall be numbered; for masks the name of class 0, 1, ...; for
        points the names of the points. Labels that are not listed follow.

    Returns
    -------
    skmtl.io.AnnotationSet
        Labels as texts. The images of None are not in it.

    Raises
    ------
    ValueError
        Lists of different lengths; a prediction of a kind that files do not hold.
    """
    if not len(found) == len(file_names) == len(sizes):
        raise ValueError(
            f"found, file_names and sizes must have one entry an image, got {len(found)}, {len(file_names)} "
            f"and {len(sizes)}"
        )
    names = tuple(str(name) for name in classes)
    rows = zip(found, file_names, sizes, strict=True)
    images = [_image(one, name, size, names) for one, name, size in rows if one is not None]
    if any(_is_pose(one) for one in found):
        return AnnotationSet(images, [ClassRecord("body", point_names=names)])
    labels = dict.fromkeys([*names, *(one.label for image in images for one in image.objects)])
    return AnnotationSet(images, [ClassRecord(name) for name in labels])


def _is_pose(one) -> bool:
    return isinstance(one, np.ndarray) and one.ndim == 2 and one.shape[1] == 3 and one.dtype.kind == "f"


def _image(one, name: str, size: tuple[int, int], names: tuple[str, ...]) -> ImageRecord:
    height, width = (int(side) for side in size)
    if _is_pose(one):
        points = np.column_stack([one[:, :2], np.full(len(one), 2.0)])
        body = ObjectRecord("body", points=points, score=float(one[:, 2].mean()))
        return ImageRecord(name, height, width, [body])
    if isinstance(one, np.ndarray) and one.shape == (height, width) and one.dtype.kind in "iu":
        return ImageRecord(name, height, width, label_map=LabelMap.encode(one.astype(np.uint8), names))
    if not isinstance(one, dict) or "boxes" not in one:
        raise ValueError(f"{name}: files hold objects, points and masks of classes, got {type(one).__name__}")
    masks = one.get("masks", [None] * len(one["boxes"]))
    objects = [
        ObjectRecord(str(label), box, mask=None if mask is None else RLE.encode(mask), score=float(score))
        for label, box, mask, score in zip(one["labels"], one["boxes"], masks, one["scores"], strict=True)
    ]
    return ImageRecord(name, height, width, objects)


def polylines(probability: np.ndarray, threshold: float = 0.5, least_length: int = 4) -> list[np.ndarray]:
    """The outlines of what is on a line, as lines x, y.

    Parameters
    ----------
    probability : (h, w) array
        Probabilities, or a mask of 0 and 1, of `LinesHead`.
    threshold : float, default 0.5
        A pixel is on a line from this probability on.
    least_length : int, default 4
        Lines of fewer points are left out.

    Returns
    -------
    list of (m, 2) float64
        x, y in pixels, the origin at the upper left corner of the upper left pixel; a closed line ends
        where it begins.
    """
    lines = find_contours(np.asarray(probability, dtype=np.float64), threshold)
    return [line[:, ::-1] + 0.5 for line in lines if len(line) >= least_length]
