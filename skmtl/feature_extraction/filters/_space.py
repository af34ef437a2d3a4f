"""The space that filters are learned in: patches of equal contrast, whitened; and the way back to pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skmtl.utils._numbers import checked_number

from ._base import Filters, LearnedFilters


class PatchSpace(NamedTuple):
    """A patch p is the point ``((p - mean(p)) / sqrt(var(p) + level) - mean) @ whiten``.

    ``level`` None divides by nothing, ``whiten`` None leaves the axes as they are. One pixel alone is not
    centred: nothing would be left of it.
    """

    level: float | None
    mean: np.ndarray
    whiten: np.ndarray | None = None
    unwhiten: np.ndarray | None = None

    def points(self, patches: np.ndarray) -> np.ndarray:
        """Points (n, d) of patches (n, kh, kw, c)."""
        points = _normalise(_flat(patches), self.level) - self.mean
        return points if self.whiten is None else points @ self.whiten

    def centres(self, patterns: np.ndarray) -> np.ndarray:
        """The points (k, d) of which ``fold`` makes these patterns (k, kh, kw, c)."""
        flat = _flat(patterns)
        return flat if self.whiten is None else flat @ self.whiten

    def fold(self, centres: np.ndarray, shape: tuple[int, int, int]) -> LearnedFilters:
        """Filters of ``shape`` that respond to patches as ``centres`` (k, d) do to their points."""
        patterns = centres if self.whiten is None else centres @ self.unwhiten
        coordinates = None
        if self.whiten is not None or self.level is None:
            coordinates = self._fold(np.eye(len(self.mean)), shape)
        shown = _centred(patterns).reshape(-1, *shape)
        return LearnedFilters(*self._fold(centres, shape), self.level, coordinates, shown)

    def _fold(self, centres: np.ndarray, shape) -> tuple[np.ndarray, np.ndarray]:
        filters = centres if self.whiten is None else centres @ self.whiten
        return _centred(filters).reshape(-1, *shape), -filters @ self.mean


def patch_space(component: Filters, patches: np.ndarray) -> PatchSpace:
    """The space that the ``contrast`` and ``whitening`` of ``component`` make of ``patches``."""
    level = contrast_level(component, patches)
    plain = PatchSpace(level, np.zeros(patches[0].size))
    if component.whitening is None:
        return plain
    added = checked_number(f"{type(component).__name__}: whitening", component.whitening, 0)
    return PatchSpace(level, *_zca(plain.points(usable(patches, level)), added))


def contrast_level(component: Filters, patches: np.ndarray) -> float | None:
    """``component.contrast``, a fraction of the mean variance of the patches, in squared pixel units."""
    if component.contrast is None:
        return None
    name = type(component).__name__
    fraction = checked_number(f"{name}: contrast", component.contrast, 0, 1)
    variance = _flat(patches).var(axis=1).mean()
    if not variance > np.square(1e-12 * np.abs(patches).max()):  # what rounding makes of a constant
        size = "x".join(map(str, patches.shape[1:]))
        why = " (n_features = 1)" if patches[0].size == 1 else ""
        raise ValueError(
            f"{name}: every {size} patch of the images is constant{why}, so there is no contrast to "
            "normalise; give images with contrast, a larger kernel_size, or filters that take the pixels as "
            "they are: FixedFilters(...) or RandomFilters(contrast=None)"
        )
    return float(fraction * variance)


def usable(patches: np.ndarray, level: float | None) -> np.ndarray:
    """The different patches of more variance than ``level``: the others are noise, or blank."""
    different = np.unique(_flat(patches), axis=0)
    kept = different[different.var(axis=1) > (level or 0.0)]
    return kept.reshape(-1, *patches.shape[1:])


def unit_length(points: np.ndarray) -> np.ndarray:
    """``points`` (k, d), none of them 0, with their lengths made 1."""
    return points / np.sqrt(np.square(points).sum(axis=1, keepdims=True))


def _flat(patches: np.ndarray) -> np.ndarray:
    return patches.reshape(len(patches), -1)


def _centred(flat: np.ndarray) -> np.ndarray:
    return flat - flat.mean(axis=1, keepdims=True) if flat.shape[1] > 1 else flat


def _normalise(flat: np.ndarray, level: float | None) -> np.ndarray:
    scale = 1.0 if level is None else np.sqrt(flat.var(axis=1, keepdims=True) + level)
    return _centred(flat) / scale


def _zca(points: np.ndarray, added: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of ``points`` (n, d), the inverse root of their covariance with ``added``, and its inverse."""
    mean = points.mean(axis=0)
    centred = points - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(points))
    scale = np.sqrt(np.maximum(values, 0) + added)
    return mean, (vectors / scale) @ vectors.T, (vectors * scale) @ vectors.T
