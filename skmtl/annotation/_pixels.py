"""Heads that say something of every pixel: a class, a line, or numbers."""

from __future__ import annotations

import numpy as np

from ..heads import NumberHead
from ..io import ImageRecord
from ..metrics import boundary_f1, mean_iou
from ._head import UNKNOWN, AnnotationHead, kind_field, one_kind_only
from ._records import check_size

#: The value of a pixel that nobody judged.
IGNORE = 255
#: Rounds in which what is said and the overlap that follows from it settle.
ROUNDS = 5


class PixelsHead(AnnotationHead):
    """A class for every pixel.

    Parameters
    ----------
    unlabelled : int or None, default 255
        The value of pixels that nobody judged. 0 for scribbles: a few drawn strokes of the classes 1, 2, ...,
        and nothing known of all else.

    Notes
    -----
    An annotation is a mask (h, w) of integers, or an `skmtl.io.ImageRecord` with a label map. Predicted is
    such a mask; `predict_proba` gives (h, w, K) float32. `score` is the mean over classes of the
    intersection over union, over the judged pixels of all images; classes that were not seen at fit are one
    that is always missed.

    A pixel is told the class that adds most to this mean, not the most probable one, or rare and thin things
    would never be told: with TP_k true ones among the N_k pixels told k and U_k = P_k + N_k - TP_k, one more
    pixel, of class k with probability p_k, changes TP_k / U_k by ``(p_k (1 + TP_k / U_k) - TP_k / U_k) /
    U_k``. TP, P and N are what the pixels learned from lead to expect.
    """

    level = "pixel"

    def __init__(self, unlabelled=IGNORE):
        self.unlabelled = unlabelled

    def read(self, annotation, shape, where):
        if annotation is None:
            return None
        if isinstance(annotation, ImageRecord):
            annotation = label_map(annotation, shape, where)
        return checked_mask(annotation, shape, where)

    def learn(self, known, name):
        classes = np.unique(np.concatenate([np.unique(mask) for mask in known]))
        classes = classes[self._judged(classes)]
        if len(classes) < 2:
            hint = f"; {self.unlabelled} stands for a pixel that nobody judged, see unlabelled"
            raise one_kind_only(name, f"of class {classes[0]}{hint}" if len(classes) else "not judged")
        k = len(classes)
        # before `weigh` the most probable class is told
        return {"name": name, "classes": classes, "n_codes": k, "overlap": np.zeros(k), "union": np.ones(k)}

    def fields(self, spec):
        return {"kind": kind_field()}

    def targets(self, one, frame, spec):
        return {"kind": self._codes(one, spec).ravel()}

    def weigh(self, kinds, weight, spec):
        said = kinds.argmax(axis=1)
        for _ in range(ROUNDS):
            spec["union"], spec["overlap"] = _expected_overlap(kinds, weight, said)
            said = _gains(kinds, spec).argmax(axis=1)

    def decode(self, told, frame, spec):
        return spec["classes"][_gains(told["kind"], spec).argmax(axis=1)].reshape(frame.shape)

    def probabilities(self, told, frame, spec):
        return told["kind"].astype(np.float32).reshape(*frame.shape, -1)

    def score(self, truth, found, spec):
        pairs = [(t, f) for t, f in zip(truth, found, strict=True) if t is not None]
        truth, found = ([self._codes(mask, spec) for mask in masks] for masks in zip(*pairs, strict=True))
        return mean_iou(truth, found, ignore=UNKNOWN)

    def _judged(self, mask: np.ndarray) -> np.ndarray:
        return np.ones(mask.shape, bool) if self.unlabelled is None else mask != self.unlabelled

    def _codes(self, mask: np.ndarray, spec: dict) -> np.ndarray:
        """The class code of every pixel, the number of the classes for one not seen at fit."""
        n = len(spec["classes"])
        codes = np.minimum(np.searchsorted(spec["classes"], mask), n - 1)
        codes = np.where(spec["classes"][codes] == mask, codes, n)
        return np.where(self._judged(mask), codes, UNKNOWN)


def _expected_overlap(kinds: np.ndarray, weight: np.ndarray, said: np.ndarray):
    """The expected union of each class with what is ``said`` (m,), and the intersection as a share of it."""
    k = kinds.shape[1]
    hit = np.bincount(said, weight * kinds[np.arange(len(said)), said], k)
    union = weight @ kinds + np.bincount(said, weight, k) - hit
    return union, hit / np.maximum(union, 1e-12)


def _gains(kinds: np.ndarray, spec: dict) -> np.ndarray:
    """What saying each class of a pixel adds to the sum of intersections over unions, (m, K)."""
    overlap, union = spec["overlap"], np.maximum(spec["union"], 1e-12)
    return kinds * ((1 + overlap) / union) - overlap / union


class LinesHead(PixelsHead):
    """Boundaries: drawn lines on a ground.

    Parameters
    ----------
    unlabelled : int or None, default 255
        The value of pixels that nobody judged.
    threshold : float in (0, 1), default 0.3
        Pixels that are a line with this probability or more are one. F1 is largest at half its own value:
        where exactly a thin line lies is never sure, and from 0.5 on it would be full of gaps.
    tolerance : float, default 2.0
        Pixels that a predicted line may lie beside the true one, for `score`.

    Notes
    -----
    An annotation is a mask (h, w), 0 on the ground and 1 on lines. Predicted is such a mask, uint8;
    `predict_proba` gives the probability (h, w) float32 of being on a line; `skmtl.annotation.polylines`
    makes lines x, y of either. `score` is the boundary F1 (`skmtl.metrics.boundary_f1` with ``lines=True``).
    """

    fine = True
    # The threshold says what is a line.
    weigh = AnnotationHead.weigh

    def __init__(self, unlabelled=IGNORE, threshold=0.3, tolerance=2.0):
        super().__init__(unlabelled)
        self.threshold = threshold
        self.tolerance = tolerance

    def learn(self, known, name):
        spec = super().learn(known, name)
        if spec["classes"].tolist() != [0, 1]:
            raise ValueError(
                f"{name}: a mask of lines holds 0 and 1, got the values {spec['classes'].tolist()}"
            )
        return spec

    def decode(self, told, frame, spec):
        return (told["kind"][:, 1] >= self.threshold).astype(np.uint8).reshape(frame.shape)

    def probabilities(self, told, frame, spec):
        return super().probabilities(told, frame, spec)[:, :, 1]

    def score(self, truth, found, spec):
        pairs = [(t, f) for t, f in zip(truth, found, strict=True) if t is not None]
        truth = [np.where(self._judged(mask), mask, IGNORE) for mask, _ in pairs]
        return boundary_f1(truth, [f for _, f in pairs], self.tolerance, lines=True, ignore=IGNORE)


class MapHead(AnnotationHead):
    """Numbers at every pixel: depth, colour, an image without its noise.

    Notes
    -----
    An annotation is (h, w) or (h, w, k) floats, NaN where unknown; predicted is the same as float32. `score`
    is R2, 1 - (squared error) / (squared deviation from the mean), over the known numbers of all images, the
    mean over the k channels.
    """

    level = "pixel"

    def read(self, annotation, shape, where):
        if annotation is None:
            return None
        values = np.asarray(annotation)
        if values.dtype.kind not in "biuf" or values.ndim not in (2, 3) or values.shape[:2] != shape[:2]:
            raise ValueError(
                f"{where} must be numbers of the image's shape {shape[:2]}, or with a third axis, got "
                f"{values.dtype} {values.shape}"
            )
        if np.isinf(values).any():
            raise ValueError(f"{where} has infinite values; an unknown one is NaN")
        return values.astype(np.float32)

    def learn(self, known, name):
        depths = {values.shape[2:] for values in known}
        if len(depths) > 1:
            raise ValueError(f"{name}: maps must all have the same channels, got {sorted(depths)}")
        if not any(np.isfinite(values).any() for values in known):
            raise ValueError(f"{name}: no value is known in any image")
        return {"name": name, "depth": depths.pop(), "n_codes": 1}

    def fields(self, spec):
        return {"value": NumberHead()}

    def targets(self, one, frame, spec):
        return {"value": one.reshape(len(frame), -1)}

    def decode(self, told, frame, spec):
        return told["value"].astype(np.float32).reshape(*frame.shape, *spec["depth"])

    def uncertainty(self, told, frame, spec):
        """NaN: a number comes without its probability."""
        return float("nan")

    def score(self, truth, found, spec):
        pairs = [(t, f) for t, f in zip(truth, found, strict=True) if t is not None]
        n = int(np.prod(spec["depth"], dtype=int))
        truth, found = (
            np.concatenate([one.reshape(-1, n) for one in part]) for part in zip(*pairs, strict=True)
        )
        inner = NumberHead()
        return inner.score(truth, found, inner.learn(truth, spec["name"]))


def checked_mask(mask, shape: tuple[int, ...], where: str) -> np.ndarray:
    """A mask (h, w) of integers of the size of its image."""
    mask = np.asarray(mask)
    if mask.dtype.kind not in "biu" or mask.shape != tuple(shape[:2]):
        raise ValueError(
            f"{where} must be a mask of integers of the image's shape {tuple(shape[:2])}, got {mask.dtype} "
            f"{mask.shape}"
        )
    return mask.astype(np.uint8) if mask.dtype.kind == "b" else mask


def label_map(image: ImageRecord, shape, where: str) -> np.ndarray:
    check_size(image, shape, where)
    if image.label_map is None:
        raise ValueError(f"{where} ({image.file_name}) has no label map")
    return image.label_map.decode()
