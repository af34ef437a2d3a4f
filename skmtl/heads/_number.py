"""Numbers and counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._base import Head, field_error, mean_observed, numeric, same_shape


class NumberHead(Head):
    """A number or several per sample, (n_samples,) or (n_samples, k), NaN where not observed.

    Parameters
    ----------
    metric : {"r2", "neg_mae"}
        R2 = 1 - SS_residual / SS_total, or minus the mean absolute error in units of the field; the
        mean over columns, each over its observed entries. R2 is NaN for a column that is constant.
    estimator : regressor, optional
        Columns observed on the same rows are fitted together, others with a clone each.
    """

    def __init__(self, metric: str = "r2", estimator: Any = None):
        super().__init__(estimator)
        self.metric = metric

    def learn(self, target, name, image_shape=None):
        if self.metric not in ("r2", "neg_mae"):
            raise field_error(name, f"metric must be 'r2' or 'neg_mae', got {self.metric!r}.")
        if target.ndim not in (1, 2):
            raise field_error(name, f"numbers have shape (n,) or (n, k), got {target.shape}.")
        spec = {"name": name, "shape": list(target.shape[1:]), "dtype": target.dtype.str}
        values = self.encode(target, spec)
        empty = np.isnan(values).all(axis=0)
        if empty.any():
            raise field_error(name, f"no value is observed in column {int(empty.argmax())}.")
        spread = np.nanstd(values, axis=0)
        return spec | {"scale": np.where(spread > 0, spread, 1.0)}

    def encode(self, target, spec):
        same_shape(target, spec)
        return self._forward(numeric(target, spec["name"]).reshape(len(target), -1), spec)

    def decode(self, output, spec):
        values = self._backward(output).reshape(len(output), *spec["shape"])
        dtype = np.dtype(spec["dtype"])
        return values.astype(dtype) if dtype.kind == "f" else np.rint(values).astype(dtype)

    def summarise(self, output, spec):
        return output / spec["scale"]

    def score(self, target, predicted, spec):
        same_shape(target, spec)
        truth = numeric(target, spec["name"]).reshape(len(target), -1)
        guess = np.asarray(predicted, np.float64).reshape(len(target), -1)
        per_column = _r2 if self.metric == "r2" else _neg_mae
        return mean_observed(np.array([per_column(y, p) for y, p in zip(truth.T, guess.T, strict=True)]))

    def _forward(self, values: np.ndarray, spec: dict) -> np.ndarray:
        return values

    def _backward(self, values: np.ndarray) -> np.ndarray:
        return values


class CountHead(NumberHead):
    """Counts >= 0, learned as log(1 + count); the prediction is exp(.) - 1, never negative.

    Parameters
    ----------
    metric : {"r2", "neg_mae"}
        As for :class:`NumberHead`, on counts (not on their logarithms).
    missing_label : float, optional
        The negative number that stands for "not observed" in an integer field; NaN always does.
    estimator : regressor, optional
    """

    def __init__(self, metric: str = "r2", missing_label: float | None = None, estimator: Any = None):
        super().__init__(metric, estimator)
        self.missing_label = missing_label

    def score(self, target, predicted, spec):
        gone = np.zeros(target.shape, bool) if self.missing_label is None else target == self.missing_label
        return super().score(np.where(gone, np.nan, target), predicted, spec)

    def _forward(self, values, spec):
        if self.missing_label is not None:
            values = np.where(values == self.missing_label, np.nan, values)
        if (values < 0).any():
            raise field_error(spec, f"counts must be >= 0, got {np.nanmin(values):g}.")
        return np.log1p(values)

    def _backward(self, values):
        # 700 is where exp leaves the range of float64.
        return np.expm1(np.clip(values, 0.0, 700.0))


def _r2(truth: np.ndarray, guess: np.ndarray) -> float:
    seen = ~np.isnan(truth)
    total = ((truth[seen] - truth[seen].mean()) ** 2).sum() if seen.any() else 0.0
    return 1.0 - float(((truth[seen] - guess[seen]) ** 2).sum() / total) if total > 0 else float("nan")


def _neg_mae(truth: np.ndarray, guess: np.ndarray) -> float:
    return -mean_observed(np.abs(truth - guess))
