"""Classes in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._base import field_error, mean_observed
from ._label import LabelHead


class OrdinalHead(LabelHead):
    """A class per sample, where classes have an order: grades, stages, stars.

    The prediction is the median of the classes under their probabilities, which costs the least ranks.

    Parameters
    ----------
    order : sequence of int or str, optional
        The classes from the lowest to the highest; by default integers and texts in their own order.
    metric : {"kappa", "neg_mae", "accuracy"}
        Cohen's kappa with quadratic weights, ``1 - E (a - b)^2 / E_0 (a - b)^2`` of true ranks a and
        predicted ranks b, where E_0 takes them as independent (Cohen 1968); minus the mean distance in
        ranks; or the share of equal ones.
    missing_label : int or str, optional
        The label that stands for "not observed". The empty string always does.
    estimator : classifier with ``predict_proba``, optional

    Notes
    -----
    A network learns one score a sample and a threshold between each two classes: Cao, Mirjalili & Raschka
    (2020), "Rank consistent ordinal regression for neural networks".
    """

    kind = "ordinal"

    def __init__(
        self,
        order=None,
        metric: str = "kappa",
        missing_label: int | str | None = None,
        estimator: Any = None,
    ):
        super().__init__(missing_label, estimator)
        self.order = order
        self.metric = metric

    def learn(self, target, name, image_shape=None):
        if self.metric not in ("kappa", "neg_mae", "accuracy"):
            raise field_error(name, f"metric must be 'kappa', 'neg_mae' or 'accuracy', got {self.metric!r}.")
        spec = super().learn(target, name, image_shape)
        if self.order is None:
            return spec
        unknown = sorted(set(spec["classes"].tolist()) - set(self.order))
        if unknown:
            raise field_error(name, f"order={list(self.order)} does not hold the class {unknown[0]!r}.")
        seen = [label for label in self.order if label in spec["classes"]]
        return spec | {"classes": np.array(seen, spec["classes"].dtype)}

    def decode(self, output, spec):
        below = (np.cumsum(output, axis=1) < 0.5).sum(axis=1)
        return spec["classes"][np.minimum(below, output.shape[1] - 1)]

    def score(self, target, predicted, spec):
        truth, guess = self.encode(target, spec)[:, 0], self.encode(predicted, spec)[:, 0]
        if self.metric == "accuracy":
            return mean_observed(np.where(np.isnan(truth), np.nan, truth == guess))
        if self.metric == "neg_mae":
            return -mean_observed(np.abs(truth - guess))
        seen = ~np.isnan(truth)
        return _kappa(truth[seen], guess[seen])


def _kappa(a: np.ndarray, b: np.ndarray) -> float:
    if not len(a):
        return float("nan")
    chance = a.var() + b.var() + (a.mean() - b.mean()) ** 2
    return 1.0 - float(((a - b) ** 2).mean() / chance) if chance > 0 else float("nan")
