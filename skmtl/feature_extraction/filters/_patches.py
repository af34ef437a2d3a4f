"""Filters that are patches of the images, and their principal directions."""

from __future__ import annotations

import numpy as np

from ._base import Filters
from ._space import contrast_level, patch_space, unit_length, usable

_TINY = 1e-10  # of the largest eigenvalue: a smaller one is rounding


class PatchFilters(Filters):
    """Patches of the images, drawn at random, contrast-normalised, whitened and made of unit length.

    With a good encoder such exemplars do nearly as well as what is learned from them, at no cost.

    Parameters
    ----------
    n_patches : int, default=20000
        How many patches are drawn from the images: whitening is learned from all of them, the filters are
        some of them.
    contrast, whitening : float or None, default=0.01 and 0.1
        As in `KMeansFilters`.

    References
    ----------
    A. Coates, A. Ng, "The Importance of Encoding Versus Training with Sparse Coding and Vector
    Quantization", ICML 2011 (section 3.1, random exemplars).
    """

    def __init__(self, n_patches=20000, contrast=0.01, whitening=0.1):
        self.n_patches = n_patches
        self.contrast = contrast
        self.whitening = whitening

    def n_available(self, patches):
        return len(usable(patches, contrast_level(self, patches)))

    def _learn(self, patches, n_filters, rng, previous):
        space = patch_space(self, patches)
        some = usable(patches, space.level)
        self._refuse_more(n_filters, len(some), "different patches with contrast that were drawn")
        points = space.points(some[rng.permutation(len(some))[:n_filters]])
        if not np.square(points).sum(axis=1).min() > 1e-18:
            raise ValueError(
                "PatchFilters: nothing is left of a patch that equals the mean of all (n_samples = 1 is too "
                "few where the filters are as large as it); give more images or whitening=None"
            )
        return space.fold(unit_length(points), patches.shape[1:])


class PCAFilters(Filters):
    """The leading principal directions of patches less their mean, largest variance first.

    Parameters
    ----------
    n_patches : int, default=20000
        How many patches are drawn from the images.
    contrast : float or None, default=0.01
        As in `KMeansFilters`. None divides by nothing: the filters of PCANet.
    whitening : float or None, default=None
        As in `KMeansFilters`: a filter is divided by about the root of its direction's variance plus this
        number, so that the responses of all have about the same size. None leaves filters of unit length.

    Notes
    -----
    There are at most as many filters as patches have dimensions, rows x columns x channels less the one of
    the patch's mean. The largest entry of a filter, by absolute value, is positive.

    References
    ----------
    T.-H. Chan, K. Jia, S. Gao, J. Lu, Z. Zeng, Y. Ma, "PCANet: A Simple Deep Learning Baseline for Image
    Classification?", IEEE Trans. Image Processing 2015 (equation 3).
    """

    def __init__(self, n_patches=20000, contrast=0.01, whitening=None):
        self.n_patches = n_patches
        self.contrast = contrast
        self.whitening = whitening

    def n_available(self, patches):
        return len(self._directions(patches)[1])

    def _learn(self, patches, n_filters, rng, previous):
        space, directions = self._directions(patches)
        size = "x".join(map(str, patches.shape[1:]))
        self._refuse_more(n_filters, len(directions), f"directions in which patches of {size} differ")
        return space.fold(directions[:n_filters], patches.shape[1:])

    def _directions(self, patches: np.ndarray):
        """The space without its whitening is where patches are correlated; both have the same directions."""
        space = patch_space(self, patches)
        points = space._replace(whiten=None, mean=np.zeros_like(space.mean)).points(patches)
        values, vectors = np.linalg.eigh(points.T @ points)
        directions = vectors[:, ::-1].T[values[::-1] > _TINY * max(values[-1], np.finfo(float).tiny)]
        peak = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
        return space, directions * np.sign(peak)
