"""``RegionsHead``: the regions of an image, and a label for each."""

from __future__ import annotations

import numpy as np

from ..io import ImageRecord
from ..metrics import pixel_accuracy
from ._head import UNKNOWN, AnnotationHead, kind_field, one_kind_only
from ._pixels import IGNORE, checked_mask, label_map
from ._records import get, join_labels
from ._rows import Segments

#: A region is of a class that has this share of its labelled pixels.
MAJORITY = 0.5


class RegionsHead(AnnotationHead):
    """Labels of regions: superpixels that the annotator finds by itself.

    Parameters
    ----------
    unlabelled : int, default 255
        The value of pixels that nobody judged.

    Notes
    -----
    An annotation is a mask (h, w) of integers (or an `skmtl.io.ImageRecord` with a label map), of which a
    region has the class that most of its judged pixels have; or a dict with ``regions`` (h, w), numbers of
    regions drawn by a person, and ``labels``, one for each number 0, 1, ..., "" for an unknown one.
    Predicted are ``regions`` (h, w) int32 with numbers 0..m - 1, ``labels`` (m,) and ``scores`` (m,), the
    probabilities of these labels. `score` is the share of judged pixels that lie in a region with their
    label, which one not seen at fit never does.
    """

    level = "region"

    def __init__(self, unlabelled=IGNORE):
        self.unlabelled = unlabelled

    def read(self, annotation, shape, where):
        """Numbers (h, w) and the label that each number stands for."""
        if annotation is None:
            return None
        if isinstance(annotation, ImageRecord):
            annotation = label_map(annotation, shape, where)
        if not isinstance(annotation, dict):
            mask = checked_mask(annotation, shape, where)
            values, numbers = np.unique(mask, return_inverse=True)
            return numbers.reshape(mask.shape), values, values != self.unlabelled
        numbers = checked_mask(get(annotation, "regions", where), shape, f"{where}: regions")
        labels = np.asarray(get(annotation, "labels", where))
        if labels.ndim != 1 or numbers.min() < 0 or numbers.max() >= len(labels):
            raise ValueError(
                f"{where}: regions are numbered {numbers.min()}..{numbers.max()}, but there are labels for "
                f"0..{len(labels) - 1}"
            )
        return numbers, labels, labels != ("" if labels.dtype.kind == "U" else self.unlabelled)

    def learn(self, known, name):
        classes = join_labels([labels[judged] for _, labels, judged in known])
        if len(classes) < 2:
            raise one_kind_only(name, f"{classes[0]!r}" if len(classes) else "not judged")
        return {"name": name, "classes": classes, "n_codes": len(classes)}

    def fields(self, spec):
        return {"kind": kind_field()}

    def targets(self, one, frame: Segments, spec):
        pixels = self._codes(one, spec)
        judged = pixels != UNKNOWN
        votes = np.zeros((len(frame), spec["n_codes"]), np.int64)
        np.add.at(votes, (frame.labels[judged], pixels[judged]), 1)
        clear = votes.max(axis=1) > MAJORITY * votes.sum(axis=1)
        return {"kind": np.where(clear, votes.argmax(axis=1), UNKNOWN)}

    def decode(self, told, frame: Segments, spec):
        kinds = told["kind"]
        return {
            "regions": frame.labels,
            "labels": spec["classes"][kinds.argmax(axis=1)],
            "scores": kinds.max(axis=1),
        }

    def probabilities(self, told, frame, spec):
        """What `decode` gives, and ``probabilities`` (m, K) of all labels."""
        return self.decode(told, frame, spec) | {"probabilities": told["kind"].astype(np.float32)}

    def score(self, truth, found, spec):
        pairs = [(t, f) for t, f in zip(truth, found, strict=True) if t is not None]
        told = [np.searchsorted(spec["classes"], f["labels"])[f["regions"]] for _, f in pairs]
        return pixel_accuracy([self._codes(t, spec) for t, _ in pairs], told, ignore=UNKNOWN)

    def _codes(self, one, spec) -> np.ndarray:
        """The class code of every pixel (h, w), the number of the classes for a label not seen at fit."""
        numbers, labels, judged = one
        seen = np.isin(labels, spec["classes"])
        table = np.where(seen, np.searchsorted(spec["classes"], labels), len(spec["classes"]))
        return np.where(judged, table, UNKNOWN)[numbers]
