"""What heads of objects have in common: they find objects first, and then say what each one is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._head import AnnotationHead, Clue, amounts
from ._records import Known


class Found(NamedTuple):
    """Objects found in an image: ``boxes`` (m, 4); ``sure`` (m,), how likely each is there; ``kinds`` (m, K),
    the probabilities of its class if it is; ``where``, what else the head keeps of where they are."""

    boxes: np.ndarray
    sure: np.ndarray
    kinds: np.ndarray
    where: Any = None

    @classmethod
    def of(cls, boxes: np.ndarray, told: np.ndarray, likely=1.0, where: Any = None) -> Found:
        """From the probabilities (m, K) that an object is there and of a class; ``likely`` (m,) is what else
        makes it so."""
        sure = told.sum(axis=1)
        return cls(boxes, sure * likely, told / np.maximum(sure, np.finfo(float).tiny)[:, None], where)

    def scores(self) -> np.ndarray:
        """How likely each is there and of its likeliest class, (m,)."""
        return self.sure * self.kinds.max(axis=1, initial=0)


class ObjectHead(AnnotationHead):
    """A head of any number of objects in an image, each of one of some classes.

    Where there are two classes or more a `CloserLook` at what was found has a say in what it is:
    what it makes of `found` then stands in ``told["found"]``, else what `found` gave when first asked.
    """

    def whole(self, one: Any) -> Known:
        """Boxes and labels of the objects that `read` gave of an image."""
        raise NotImplementedError

    def found(self, told: dict[str, np.ndarray], frame, spec: dict) -> Found:
        """The objects that the rows' values mean."""
        raise NotImplementedError

    def report(self, found: Found, spec: dict) -> dict:
        """Objects as an annotation, by falling score."""
        raise NotImplementedError

    def decode(self, told, frame, spec):
        if "found" not in told:  # kept: `clue` asks for the same objects again
            told["found"] = self.found(told, frame, spec)
        return self.report(told["found"], spec)

    def clue(self, told, frame, spec):
        """How many objects there are."""
        return Clue(None, amounts(self.decode(told, frame, spec), spec["classes"]))
