"""More images to learn from: copies of each, moved and lit differently, with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..neural_network import Augment
from ..neural_network._moves import Moves
from ._head import AnnotationHead
from ._levels import Examples

#: Copies of every image.
COPIES = 3
#: Every copy is altered, whatever share of them the augmentation of a network alters.
ALTERED = np.ones(1, bool)


class WithCopies(Sequence):
    """Images, and after them ``COPIES`` of each, made when they are asked for."""

    def __init__(self, images, augment: Augment, seed: int):
        self.images, self.augment, self.seed = images, augment, seed
        self.shapes = list(images.shapes) * (1 + COPIES)

    def __len__(self) -> int:
        return (1 + COPIES) * len(self.images)

    def __getitem__(self, i: int) -> np.ndarray:
        if not 0 <= i < len(self):
            raise IndexError(i)
        copy, original = divmod(i, len(self.images))
        image = self.images[original]
        if not copy:
            return image
        moves, rng = self._drawn(i)
        return relit(moves.images(image[None])[0], self.augment, rng, image.dtype)

    def moves(self, i: int) -> Moves:
        """How image i was moved."""
        return self._drawn(i)[0]

    def _drawn(self, i: int) -> tuple[Moves, np.random.Generator]:
        rng = np.random.default_rng([self.seed, i])
        return self.augment.draw(rng, ALTERED, self.shapes[i][:2]), rng


def with_copies(
    examples: Examples, heads: dict[str, AnnotationHead], augment: Augment, seed: int
) -> Examples:
    """The examples and moved copies of them; what a kind of annotation cannot say of a copy is not known."""
    n, specs = len(examples.images), examples.learn(heads)
    images = WithCopies(examples.images, augment, seed)
    known = {}
    for name, column in examples.known.items():
        more = [
            None if column[i % n] is None else heads[name].moved(column[i % n], images.moves(i), specs[name])
            for i in range(n, len(images))
        ]
        known[name] = [*column, *more]
    return replace(examples, images=images, known=known)


def relit(image: np.ndarray, augment: Augment, rng: np.random.Generator, kind: np.dtype) -> np.ndarray:
    """The image (h, w) or (h, w, c) with another contrast and brightness, as pixels of this kind; of those
    that are True or False, both stay as they are."""
    if kind.kind != "b":
        pixels = np.atleast_3d(image).astype(np.float64)
        mean, spread = pixels.mean(axis=(0, 1)), pixels.std(axis=(0, 1))
        spread = np.where(spread > 0, spread, 1)
        lit = augment.light(((pixels - mean) / spread)[None], rng, ALTERED)[0] * spread + mean
        image = lit.reshape(image.shape)
    if kind.kind in "biu":
        image = np.rint(image)
    if kind.kind in "iu":
        image = np.clip(image, np.iinfo(kind).min, np.iinfo(kind).max)
    return image.astype(kind)
