"""Filters that are the centres of clusters of patches."""

from __future__ import annotations

import numpy as np

from ._base import Filters
from ._clusters import k_means, spherical_k_means, spread_out
from ._space import PatchSpace, contrast_level, patch_space, unit_length, usable

_ALGORITHMS = {"k-means": k_means, "spherical": spherical_k_means}


class KMeansFilters(Filters):
    """Centroids of contrast-normalised, ZCA-whitened patches, each of unit length.

    Parameters
    ----------
    n_patches : int, default=20000
        How many patches are drawn from the images.
    contrast : float or None, default=0.01
        Added to the variance of a patch, as a fraction of the mean variance of the patches, before the
        patch is divided by its root. Patches of less variance than that are noise and are not learned from.
        None divides by nothing.
    whitening : float or None, default=0.1
        Added to the eigenvalues of the normalised patches' covariance before they are inverted. None does
        not whiten.
    max_iter : int, default=30
        Rounds of the algorithm. Ten are enough for "spherical".
    algorithm : {"k-means", "spherical"}, default="k-means"
        Lloyd's algorithm, begun with centres far apart; or directions d of unit length with the least
        ``sum_i min_d |x_i - (d . x_i) d|^2``, for which a patch and its negative are the same.

    Notes
    -----
    Given ``previous`` filters, `learn` begins with them; this keeps filters and features in their places
    when more images have come.

    References
    ----------
    A. Coates, H. Lee, A. Ng, "An Analysis of Single-Layer Networks in Unsupervised Feature Learning",
    AISTATS 2011. A. Coates, A. Ng, "Learning Feature Representations with K-Means", 2012 (section 2.2, the
    damped update of spherical k-means).
    """

    def __init__(self, n_patches=20000, contrast=0.01, whitening=0.1, max_iter=30, algorithm="k-means"):
        self.n_patches = n_patches
        self.contrast = contrast
        self.whitening = whitening
        self.max_iter = max_iter
        self.algorithm = algorithm

    def n_available(self, patches):
        return len(usable(patches, contrast_level(self, patches)))

    def _learn(self, patches, n_filters, rng, previous):
        if self.algorithm not in _ALGORITHMS:
            raise ValueError(
                f"KMeansFilters: algorithm must be 'k-means' or 'spherical'; got {self.algorithm!r}"
            )
        rounds, space = self._count("max_iter"), patch_space(self, patches)
        points = self._points(patches, n_filters, space)
        begun = np.empty((0, points.shape[1])) if previous is None else space.centres(previous.patterns)
        fresh = n_filters - len(begun)
        if fresh > 0:
            begun = np.concatenate([begun, spread_out(points, fresh, rng)])
        centres = _ALGORITHMS[self.algorithm](points, begun[:n_filters], rounds)
        return space.fold(unit_length(centres), patches.shape[1:])

    def _points(self, patches: np.ndarray, n_filters: int, space: PatchSpace) -> np.ndarray:
        some = usable(patches, space.level)
        self._refuse_more(n_filters, len(some), "different patches with contrast that were drawn")
        points = space.points(some)
        length = np.square(points).sum(axis=1)
        if not length.max() > 1e-18:
            raise ValueError(
                "KMeansFilters: all patches are alike, so k-means filters cannot be learned from them; give "
                "more than one image (n_samples = 1 is too few where the filters are as large as it) or "
                "filters=RandomFilters()"
            )
        return points[length > 1e-18 * length.max()]
