"""Images compared one by one; only numbers are kept of each, no shapes, so that masks may stream through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from ._objects import overlaps, read_found, read_truth


@dataclass(frozen=True)
class Table:
    """The objects of one image, or of all images one after the other, and the pairs that overlap.

    ``found`` and ``true`` are positions among the found and true objects, (n_pairs,), of equal label.
    """

    found_label: np.ndarray
    found_area: np.ndarray
    found_image: np.ndarray
    scores: np.ndarray
    true_label: np.ndarray
    true_area: np.ndarray
    crowd: np.ndarray
    ignored: np.ndarray
    found: np.ndarray
    true: np.ndarray
    overlap: np.ndarray


def compare_images(y_true: Iterable, y_pred: Iterable, kind: str, least: float, sigmas) -> Table:
    """All labelled images; a pair is kept where its overlap could pass the threshold ``least``."""
    images, n_found, n_true = [], 0, 0
    for number, truth, found in _labelled(y_true, y_pred):
        image = _compare(number, truth, found, kind, sigmas, min(least, 1 - 1e-10))
        images.append(replace(image, found=image.found + n_found, true=image.true + n_true))
        n_found, n_true = n_found + len(image.found_label), n_true + len(image.true_label)
    if not images:
        raise ValueError("y_true and y_pred hold no labelled image: there is nothing to compare")
    _check_labels(images)
    return Table(**{field.name: _joined(images, field.name) for field in fields(Table)})


def _labelled(y_true: Iterable, y_pred: Iterable) -> Iterator[tuple]:
    truths, founds, end = iter(y_true), iter(y_pred), object()
    number = 0
    while True:
        truth, found = next(truths, end), next(founds, end)
        if truth is end and found is end:
            return
        if truth is end or found is end:
            longer = "y_pred" if truth is end else "y_true"
            raise ValueError(f"{longer} has more images than the other, which has {number}")
        if truth is not None:
            yield number, truth, found
        number += 1


def _compare(number: int, truth, found, kind: str, sigmas, least: float) -> Table:
    t, f = read_truth(truth, kind, f"y_true[{number}]"), read_found(found, kind, f"y_pred[{number}]")
    overlap = overlaps(f, t, kind, sigmas, f"image {number}")
    at_found, at_true = np.nonzero(overlap >= least)
    same = f.labels[at_found] == t.labels[at_true]
    at_found, at_true = at_found[same], at_true[same]
    return Table(
        found_label=f.labels,
        found_area=f.area,
        found_image=np.full(len(f.labels), number),
        scores=f.scores,
        true_label=t.labels,
        true_area=t.area,
        crowd=t.crowd,
        ignored=t.ignored,
        found=at_found,
        true=at_true,
        overlap=overlap[at_found, at_true],
    )


def _joined(images: list[Table], name: str) -> np.ndarray:
    parts = [getattr(image, name) for image in images]
    if not name.endswith("label"):
        return np.concatenate(parts)
    return np.concatenate([part for part in parts if len(part)] or parts[:1])


def _check_labels(images: list[Table]) -> None:
    labels = [part for image in images for part in (image.found_label, image.true_label) if len(part)]
    if len({part.dtype.kind == "U" for part in labels}) > 1:
        raise ValueError("labels are integers in some records and texts in others; use one of the two")
