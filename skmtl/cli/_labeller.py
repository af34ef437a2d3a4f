"""A model file at work on image files: pixels in, records of annotations out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..annotation import to_annotations
from ..annotation._engine import BaseAnnotator, mean_known
from ..io import ClassRecord, ImageRecord
from ..persistence import load_model, model_info
from ._images import ImageFile, read_image, with_channels
from ._kinds import HEADS, SCORES

_CLASS = ("name", "id", "supercategory", "point_names", "skeleton")


@dataclass(frozen=True)
class Labeller:
    """An annotator with the words that files need beside its answers."""

    model: BaseAnnotator
    classes: Sequence[ClassRecord] = ()
    pixel_names: Sequence[str] = ()
    dtype: str | None = None

    @classmethod
    def load(cls, path: Path) -> Labeller:
        """That of a model file."""
        model, about = load_model(path), model_info(path)["about"]
        if not isinstance(model, BaseAnnotator):
            raise ValueError(f"{path} holds a {type(model).__name__}, which annotates no images")
        model.set_params(on_error="raise", n_jobs=None)
        classes = [class_from(item) for item in about.get("classes", ())]
        return cls(model, classes, about.get("pixel_names", ()), about.get("dtype"))

    def about(self) -> dict[str, Any]:
        """What goes into the model file beside the model."""
        return {
            "classes": [{name: _plain(getattr(one, name)) for name in _CLASS} for one in self.classes],
            "pixel_names": list(self.pixel_names),
            "dtype": self.dtype,
        }

    @property
    def scored(self) -> list[str]:
        """The kinds of `score_annotations` that the model tells."""
        names = {head: kind for kind, head in HEADS.items()}
        kinds = [names[type(head)] for head in self.model._heads().values() if type(head) in names]
        return list(dict.fromkeys(name for kind in kinds for name in SCORES[kind]))

    @property
    def tag_names(self) -> list[str]:
        """Names of tags that are yes or no each."""
        specs = [spec for level in self.model.levels_ for spec in level.specs.values()]
        return next((spec["tag_names"] for spec in specs if not spec.get("is_class", True)), [])

    def read(self, image: ImageFile) -> np.ndarray:
        """The pixels of a file as the model takes them. Raises ValueError naming the file."""
        pixels = with_channels(read_image(image.path), bool(self.model.n_channels_))
        return same_type(pixels, self.dtype, image.path)

    def tell(self, name: str, pixels: np.ndarray) -> ImageRecord:
        """What the model says of an image."""
        return self._record(name, pixels, self.model._tell([pixels], lambda head, *told: head.decode(*told)))

    def tell_unsure(self, name: str, pixels: np.ndarray) -> tuple[ImageRecord, float]:
        """The same, and how unsure the model is, as `uncertainty` has it."""
        (both,) = self.model._tell(
            [pixels], lambda head, *told: (head.decode(*told), head.uncertainty(*told))
        )
        found = {head: answer for head, (answer, _) in both.items()}
        return self._record(name, pixels, [found]), mean_known(unsure for _, unsure in both.values())

    def _record(self, name: str, pixels: np.ndarray, found: list[dict]) -> ImageRecord:
        names = {"pixel_names": self.pixel_names, "tag_names": self.tag_names}
        return to_annotations(found, [name], [pixels.shape[:2]], classes=self.classes, **names)[0]


def class_from(item: dict[str, Any]) -> ClassRecord:
    return ClassRecord(
        item["name"],
        item["id"],
        item["supercategory"],
        tuple(item["point_names"]),
        tuple(tuple(bone) for bone in item["skeleton"]),
    )


def _plain(value):
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def same_type(pixels: np.ndarray, dtype: str | None, path: Path) -> np.ndarray:
    """The image, where its pixels have the type, and so the range, of those the model has learned."""
    if dtype is not None and pixels.dtype != dtype:
        raise ValueError(
            f"{path} has pixels of {pixels.dtype}, but the model has learned {dtype}: convert it"
        )
    return pixels


def sure_objects(image: ImageRecord, least: float) -> ImageRecord:
    """The record without the objects whose score is below ``least``."""
    kept = [one for one in image.objects if one.score is None or one.score >= least]
    return replace(image, objects=kept)
