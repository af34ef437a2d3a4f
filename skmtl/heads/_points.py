"""Key points."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from ._base import Head, field_error, mean_observed, numeric, same_shape


class PointsHead(Head):
    """K key points per image: (n_samples, K, 2) as x, y or (n_samples, K, 3) as x, y, visibility.

    Coordinates are pixels of the image. A point whose x or y is NaN, or whose visibility is 0 (COCO),
    was not observed; that costs this point alone. Predicted points of the second form carry
    visibility 2.

    Parameters
    ----------
    metric : {"pck", "neg_distance"}
        PCK: share of observed points that are predicted within ``share`` of the longer image side;
        or minus the mean distance, in the same unit. Where the image size is unknown, the longer side
        of the box around all training points stands in for it.
    share : float
        Distance that counts as correct, as a share of the longer image side.
    estimator : regressor, optional
    heatmap : bool, optional
        In a network: find each point as the brightest place of a map of its own, not as two numbers. True
        needs a trunk of convolutions. None: where there is one. It takes two to three times as long to learn;
        of 120 images of nuclei 0.81 and 0.82 of the points were found, 0.58 and 0.60 as numbers.
    """

    in_image = True

    def __init__(
        self, metric: str = "pck", share: float = 0.05, estimator: Any = None, heatmap: bool | None = None
    ):
        super().__init__(estimator)
        self.metric = metric
        self.share = share
        self.heatmap = heatmap

    @property
    def kind(self):
        return "heat maps" if self.heatmap else "points"

    @property
    def needs_network(self):
        return bool(self.heatmap)

    def in_network(self, maps):
        return self if self.heatmap is not None else clone(self).set_params(heatmap=maps)

    def learn(self, target, name, image_shape=None):
        self._check_parameters(name)
        if target.ndim != 3 or target.shape[2] not in (2, 3):
            raise field_error(name, f"PointsHead needs (n_samples, K, 2 or 3), got shape {target.shape}.")
        spec = {"name": name, "shape": list(target.shape[1:]), "dtype": target.dtype.str}
        points = self._observed(target, spec)
        empty = np.isnan(points).all(axis=(0, 2))
        if empty.any():
            raise field_error(name, f"point {int(empty.argmax())} is observed in no image.")
        extent = np.nanmax(points, axis=(0, 1)) - np.nanmin(points, axis=(0, 1))
        side = max(image_shape) if image_shape is not None else extent.max()
        return spec | {"side": float(side) or 1.0}

    def encode(self, target, spec):
        return self._observed(target, spec).reshape(len(target), -1)

    def decode(self, output, spec):
        points = output.reshape(len(output), -1, 2)
        if spec["shape"][1] == 3:
            points = np.concatenate([points, np.full((*points.shape[:2], 1), 2.0)], axis=2)
        dtype = np.dtype(spec["dtype"])
        return points.astype(dtype) if dtype.kind == "f" else np.rint(points).astype(dtype)

    def score(self, target, predicted, spec):
        truth = self._observed(target, spec)
        away = np.sqrt(((truth - predicted[:, :, :2]) ** 2).sum(axis=2)) / spec["side"]
        if self.metric == "neg_distance":
            return -mean_observed(away)
        return mean_observed(np.where(np.isnan(away), np.nan, away <= self.share))

    def _observed(self, target: np.ndarray, spec: dict) -> np.ndarray:
        """(n, K, 2) with NaN for both coordinates of a point that was not observed."""
        same_shape(target, spec)
        values = numeric(target, spec["name"])
        gone = np.isnan(values).any(axis=2)
        if values.shape[2] == 3:
            gone |= values[:, :, 2] == 0
        return np.where(gone[:, :, None], np.nan, values[:, :, :2])

    def _check_parameters(self, name: str) -> None:
        if self.metric not in ("pck", "neg_distance"):
            raise field_error(name, f"metric must be 'pck' or 'neg_distance', got {self.metric!r}.")
        if not self.share > 0:
            raise field_error(name, f"share must be > 0, got {self.share!r}.")
