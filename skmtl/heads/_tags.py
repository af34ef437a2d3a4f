"""Several yes/no questions per sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._base import Head, field_error, mean_observed, numeric, same_shape


class TagsHead(Head):
    """Several 0/1 tags per sample, (n_samples, n_tags), NaN where a tag was not judged.

    Parameters
    ----------
    metric : {"accuracy", "f1"}
        The mean over tags of accuracy, or of F1 = 2 TP / (2 TP + FP + FN) of the value 1
        (macro F1; 0 for a tag without any true or predicted 1), each over its observed entries.
    estimator : classifier with ``predict_proba``, optional
        One clone is fitted per tag.
    """

    task = "binary"
    kind = "tags"

    def __init__(self, metric: str = "accuracy", estimator: Any = None):
        super().__init__(estimator)
        self.metric = metric

    def learn(self, target, name, image_shape=None):
        if self.metric not in ("accuracy", "f1"):
            raise field_error(name, f"metric must be 'accuracy' or 'f1', got {self.metric!r}.")
        if target.ndim != 2:
            raise field_error(name, f"TagsHead needs (n_samples, n_tags), got shape {target.shape}.")
        spec = {"name": name, "shape": list(target.shape[1:]), "dtype": target.dtype.str}
        for t, column in enumerate(self.encode(target, spec).T):
            seen = np.unique(column[~np.isnan(column)])
            if len(seen) < 2:
                what = f"only the value {seen[0]:g} is" if len(seen) else "no value is"
                raise field_error(name, f"tag {t}: {what} observed; both 0 and 1 are needed.")
        return spec

    def encode(self, target, spec):
        same_shape(target, spec)
        values = numeric(target, spec["name"])
        wrong = ~np.isnan(values) & (values != 0) & (values != 1)
        if wrong.any():
            raise field_error(spec, f"tags are 0, 1 or NaN, got {values[wrong][0]:g}.")
        return values

    def decode(self, output, spec):
        return (output >= 0.5).astype(spec["dtype"])

    def probabilities(self, output, spec):
        return output

    def score(self, target, predicted, spec):
        truth, guess = self.encode(target, spec), self.encode(predicted, spec)
        per_tag = _accuracy if self.metric == "accuracy" else _f1
        return mean_observed(np.array([per_tag(y, p) for y, p in zip(truth.T, guess.T, strict=True)]))


def _accuracy(truth: np.ndarray, guess: np.ndarray) -> float:
    return mean_observed(np.where(np.isnan(truth), np.nan, truth == guess))


def _f1(truth: np.ndarray, guess: np.ndarray) -> float:
    seen = ~np.isnan(truth)
    if not seen.any():
        return float("nan")
    total = truth[seen].sum() + guess[seen].sum()
    return float(2 * (truth[seen] * guess[seen]).sum() / total) if total else 0.0
