"""X as the models see it: through the trunk, whole, by pixel, or inside a region."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import validate_data

from ._region import crop


@dataclass(frozen=True)
class Images:
    """Validated inputs ``x``, the fitted trunk (or None) and the image size (h, w) where it is known."""

    x: np.ndarray
    trunk: Any
    shape: tuple[int, int] | None

    def __len__(self) -> int:
        return len(self.x)

    def part(self, rows: Any) -> Images:
        """The same view of some rows."""
        return replace(self, x=self.x[rows])

    def features(self) -> np.ndarray:
        """(n, p) float64 features of whole images."""
        return self._transform(self.x)

    def region_features(self, frame: dict) -> np.ndarray:
        """(n, p) float64 features of what is inside the frames, enlarged to the size of the images."""
        inside = crop(self._pictures(), frame, self.shape)
        return self._transform(inside.reshape(self.x.shape))

    def dense(self) -> np.ndarray:
        """(n, h, w, c) float32 features of every pixel."""
        maps = np.asarray(self.trunk.transform_dense(self.x))
        if maps.ndim != 4 or maps.shape[:3] != (len(self.x), *self.shape):
            raise ValueError(
                f"trunk: transform_dense gave {maps.shape}, expected {(len(self.x), *self.shape)} + channels."
            )
        return maps

    def _transform(self, x: np.ndarray) -> np.ndarray:
        features = x if self.trunk is None else np.asarray(self.trunk.transform(x))
        if features.ndim != 2:
            raise ValueError(f"trunk: transform must give (n, p) features, got shape {features.shape}.")
        return np.asarray(features, np.float64)

    def _pictures(self) -> np.ndarray:
        if self.x.ndim > 2:
            return self.x
        return self.x.reshape(len(self.x), *self.trunk.image_shape)


def check_x(estimator: Any, x: Any, reset: bool) -> np.ndarray:
    """Validate X: a table of features, or whatever images the trunk takes; finite numbers always."""
    if estimator.trunk is None:
        return validate_data(estimator, x, dtype=[np.float64, np.float32], reset=reset)
    x = validate_data(estimator, x, allow_nd=True, dtype="numeric", reset=reset)
    # scikit-learn compares n_features_in_ alone, which for images is their height.
    if not reset and x.shape[1:] != tuple(estimator.input_shape_):
        raise ValueError(
            f"X: shape per sample is {x.shape[1:]}, but {tuple(estimator.input_shape_)} was fitted."
        )
    return x


def fit_trunk(trunk: Any, x: np.ndarray) -> Any:
    """A fitted clone of the trunk, or None."""
    return None if trunk is None else clone(trunk).fit(x)


def image_size(trunk: Any, x: np.ndarray) -> tuple[int, int] | None:
    """(h, w) of the images, or None for tables and for flat images of unknown shape."""
    if trunk is None:
        return None
    if x.ndim > 2:
        return x.shape[1:3]
    declared = getattr(trunk, "image_shape", None)
    return None if declared is None else tuple(declared[:2])
