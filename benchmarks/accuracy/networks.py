"""Networks with several heads on real images: one joint network beside separate ones.

The separate networks have one task each, and together no more parameters than the joint one: their layers
are narrower. All are trained with the defaults of MultiHeadNetwork. Labels are few, and the samples to judge
on are new; each split draws both, and the networks' first parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import network_data as data
from comparison import Scores
from network_sizes import narrowed, summary

from skmtl import MultiHeadNetwork, make_targets
from skmtl.heads import BoundaryHead, BoxHead, Head, LabelHead, MaskHead, PointsHead, TagsHead
from skmtl.neural_network import ConvTrunk, InputsTrunk, Trunk

VIEW = 28 * 28
TWO_VIEWS = InputsTrunk(
    [
        ("top left", slice(0, VIEW), ConvTrunk(image_shape=(28, 28))),
        ("bottom right", slice(VIEW, None), ConvTrunk(image_shape=(28, 28))),
    ]
)


class Part(NamedTuple):
    """What is learned from how many samples; a trunk where it is not the default one."""

    title: str
    load: Callable[[Path, int, int], data.Examples]
    n: int
    heads: dict[str, Head]
    trunk: Trunk | None = None


PARTS = {
    "cells": Part("Cells of blood: class and box", data.cells, 150, {"kind": LabelHead(), "box": BoxHead()}),
    "nuclei": Part(
        "Nuclei: detection, segmentation, pose",
        data.nuclei,
        150,
        {"box": BoxHead(), "mask": MaskHead(), "points": PointsHead(heatmap=False)},
    ),
    "overlapping": Part(
        "Overlapping digits: two inputs, one shared layer, two heads",
        data.overlapping,
        500,
        {"left": LabelHead(), "right": LabelHead()},
        TWO_VIEWS,
    ),
    "fields": Part(
        "Fields of nuclei: objects and background, outlines, kind of image",
        data.nuclei_fields,
        60,
        {"mask": MaskHead(), "outline": BoundaryHead(), "fluorescence": LabelHead()},
    ),
    "traits": Part(
        "Photographs: six tags",
        data.traits,
        600,
        {name: TagsHead("f1") for name in data.TRAITS},
    ),
}


def run(folder: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores of every part, and what joint learning has changed."""
    tables = []
    for part in PARTS.values():
        tables.append(_image_scores(part, folder, splits))
        print(tables[-1].table("separate"), flush=True)
    return tables, summary(tables)


def _image_scores(part: Part, folder: Path, splits: int) -> Scores:
    scores = Scores(f"{part.title}; {part.n} to learn from")
    for seed in range(splits):
        examples = part.load(folder, part.n, seed)
        joint = fitted(part, examples, list(part.heads), part.trunk, seed)
        narrow = narrowed(joint.trunk_, len(part.heads), examples.X)
        told = {}
        for name in part.heads:
            alone = fitted(part, examples, [name], narrow, seed)
            told |= judged(alone, examples)
        scores.add("separate", told)
        scores.add("joint", judged(joint, examples))
    return scores


def fitted(part: Part, examples, names: list[str], trunk, seed: int) -> MultiHeadNetwork:
    """A network of some of the heads."""
    heads = [(name, part.heads[name]) for name in names]
    y = make_targets(**{name: examples.fields[name] for name in names})
    return MultiHeadNetwork(heads, trunk, random_state=seed).fit(examples.X, y)


def judged(model: MultiHeadNetwork, examples) -> dict[str, float]:
    """The metric of each head on new samples."""
    y = make_targets(**{name: examples.fields_test[name] for name in model.heads_})
    return model.score_heads(examples.X_test, y)
