"""Heads of cells, which look at images in pixels of their own: all at one size, or large ones smaller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..neural_network._moves import Moves
from ._cells import Grid
from ._head import AnnotationHead
from ._levels import Examples, PlaceLevel, Settings
from ._resample import resampled
from ._rows import Cells

#: The least and the largest side of a cell in pixels, that of images which are looked at in other pixels than
#: their own, and how many times the largest must be asked for until large images are looked at smaller. With
#: photographs of 1,600 x 1,200 pixels points and boxes were as good, in a seventh of the time of `fit` and a
#: ninth of that of `predict`.
SIZES, SIDE, FAR = (2, 16), 4, 1.25
#: The root of the area, in pixels, to which images are made smaller at most (their median).
LEAST = 64
#: Images are looked at in one size where that brings the standard deviation of how large things are, as
#: logarithms, to this share or less; if images are so different in size, and there are so many of them.
ALIKE, DIFFERENT, ENOUGH = 0.8, 0.1, 10


class Scale(NamedTuple):
    """Images are looked at in pixels of ``factor`` x ``factor`` of theirs, or where there is a ``side`` of as
    many as bring the root of their area to ``side / factor``."""

    factor: float = 1.0
    side: float | None = None

    def of(self, shape: tuple[int, ...]) -> float:
        """How many pixels of an image of ``shape`` (h, w, ...) are as wide as one that is looked at."""
        return self.factor if self.side is None else self.factor * _side(shape) / self.side


class Scaled(Sequence):
    """Images as they are looked at, made when they are asked for."""

    def __init__(self, images, scale: Scale):
        self.images, self.scale = images, scale

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> np.ndarray:
        image = self.images[i]
        return resampled(image, self.scale.of(image.shape))


class CellLevel(PlaceLevel):
    """Heads of cells: a row for each cell of an image as it is looked at."""

    def __init__(self, rows: Cells, heads: dict[str, AnnotationHead], scale: Scale):
        super().__init__(rows, heads)
        self.scale = scale

    def fit(self, examples: Examples, settings: Settings, seed: int) -> CellLevel:
        if self.scale != Scale():
            known = seen_at(self.scale, self.heads, examples.known, examples.images.shapes)
            examples = replace(examples, images=Scaled(examples.images, self.scale), known=known)
        return super().fit(examples, settings, seed)

    def tell(self, trunk, image: np.ndarray, clues=None):
        factor = self.scale.of(image.shape)
        if factor == 1:
            return super().tell(trunk, image)
        grid, told = super().tell(trunk, resampled(image, factor))
        return Grid(grid.rows, grid.columns, grid.size * factor, image.shape[:2], factor), told


def cell_level(
    heads: dict[str, AnnotationHead],
    known: dict[str, list],
    shapes: list[tuple[int, ...]],
    cell: int | None,
    reach: int,
) -> CellLevel:
    """The level for heads of which something is ``known`` of images of some ``shapes``.

    Images are looked at in one size where objects are more alike measured by their images than in pixels, as
    in photographs of one person each; and smaller where the heads ask for cells far larger than the largest,
    as large photographs of one thing do. A ``cell`` that was given is one of the images as they are.
    """
    if cell is not None:
        return CellLevel(Cells(cell, reach), heads, Scale())
    scale, asked = Scale(), _asked(heads, known)
    # By default annotations do not move, so they cannot follow an image into other pixels.
    if not any(type(head).moved is AnnotationHead.moved for head in heads.values()):
        middle = float(np.median([_side(shape) for shape in shapes]))
        if _alike(heads, known, shapes):
            scale = Scale(side=middle)
            asked = _asked(heads, seen_at(scale, heads, known, shapes))
        if scale.side is not None or SIZES[1] * FAR < asked < np.inf:
            factor = max(min(asked / SIDE, middle / LEAST), 1.0)
            scale, asked = scale._replace(factor=factor), asked / factor
    return CellLevel(Cells(int(np.clip(round(min(asked, SIZES[1])), *SIZES)), reach), heads, scale)


def seen_at(scale: Scale, heads: dict, known: dict[str, list], shapes: list) -> dict[str, list]:
    """What is known of images, of the same as they are looked at."""
    found = {}
    for name, head in heads.items():
        spec = head.learn([one for one in known[name] if one is not None], name)
        found[name] = [
            None if one is None else head.moved(one, _moves(scale.of(shape), shape), spec)
            for one, shape in zip(known[name], shapes, strict=True)
        ]
    return found


def _moves(factor: float, shape: tuple[int, ...]) -> Moves:
    height, width = (length / factor for length in shape[:2])
    return Moves(np.zeros((2, 1)), np.full((2, 1), factor), (height, width))


def _side(shape: tuple[int, ...]) -> float:
    return float(np.sqrt(shape[0] * shape[1]))


def _asked(heads: dict, known: dict[str, list]) -> float:
    """How wide cells should be in pixels, as the head says that asks for the smallest ones."""
    return min(
        float(head.cell_size([one for one in known[name] if one is not None])) for name, head in heads.items()
    )


def _alike(heads: dict, known: dict[str, list], shapes: list) -> bool:
    """Whether things of all images, the mean of an image's own, vary clearly less in their logarithms as
    shares of their images than in pixels."""
    absolute, relative = [], []
    for name, head in heads.items():
        own = [np.empty(0) if one is None else np.log(head.extents(one)) for one in known[name]]
        there = [i for i, one in enumerate(own) if len(one)]
        sides = np.log([_side(shapes[i]) for i in there])
        if len(there) < ENOUGH or sides.std() < DIFFERENT:
            continue
        sizes = np.array([own[i].mean() for i in there])
        absolute.append(sizes.var())
        relative.append((sizes - sides).var())
    return bool(absolute) and sum(relative) <= ALIKE**2 * sum(absolute)
