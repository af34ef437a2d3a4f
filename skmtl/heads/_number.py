"""Numbers and counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._base import Head, field_error, mean_observed, numeric, same_shape

METRICS = ("r2", "neg_mae", "neg_pinball")
LOSSES = ("squared", "huber", "poisson", "quantile")


class NumberHead(Head):
    """A number or several per sample, (n_samples,) or (n_samples, k), NaN where not observed.

    Parameters
    ----------
    metric : {"r2", "neg_mae"}
        R2 = 1 - SS_residual / SS_total, or minus the mean absolute error in units of the field; the
        mean over columns, each over its observed entries. R2 is NaN for a column that is constant.
        "neg_pinball": minus the mean of ``max(quantile r, (quantile - 1) r)``, r the truth minus the
        prediction.
    estimator : regressor, optional
        Columns observed on the same rows are fitted together, others with a clone each.
    loss : {"squared", "huber", "poisson", "quantile"}
        What a network minimises, on standardised columns: half the squared error; the same up to one standard
        deviation and linear beyond; half the deviance of numbers >= 0 with a logarithmic link; or the loss
        whose minimum is the ``quantile`` of each column.
    quantile : float in (0, 1)
    """

    def __init__(
        self,
        metric: str = "r2",
        estimator: Any = None,
        loss: str = "squared",
        quantile: float = 0.5,
    ):
        super().__init__(estimator)
        self.metric = metric
        self.loss = loss
        self.quantile = quantile

    @property
    def kind(self):
        return {"squared": "numbers", "poisson": "rates"}.get(self.loss, self.loss)

    @property
    def needs_network(self):
        return self.loss != "squared" and self.estimator is None

    def loss_options(self):
        return {"level": self.quantile} if self.loss == "quantile" else {}

    def learn(self, target, name, image_shape=None):
        self._check_parameters(name)
        if target.ndim not in (1, 2):
            raise field_error(name, f"numbers have shape (n,) or (n, k), got {target.shape}.")
        spec = {"name": name, "shape": list(target.shape[1:]), "dtype": target.dtype.str}
        values = self.encode(target, spec)
        empty = np.isnan(values).all(axis=0)
        if empty.any():
            raise field_error(name, f"no value is observed in column {int(empty.argmax())}.")
        spread = np.nanstd(values, axis=0)
        if self.loss == "poisson" and np.nanmin(values) < 0:
            raise field_error(name, f"loss='poisson' needs numbers >= 0, got {np.nanmin(values):g}.")
        return spec | {"scale": np.where(spread > 0, spread, 1.0)}

    def _check_parameters(self, name: str) -> None:
        for key, known in (("metric", METRICS), ("loss", LOSSES)):
            if getattr(self, key) not in known:
                raise field_error(name, f"{key} must be one of {known}, got {getattr(self, key)!r}.")
        if not 0 < self.quantile < 1:
            raise field_error(name, f"quantile must lie between 0 and 1, got {self.quantile!r}.")

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
        per_column = {"r2": r2, "neg_mae": _neg_mae, "neg_pinball": self._neg_pinball}[self.metric]
        return mean_observed(np.array([per_column(y, p) for y, p in zip(truth.T, guess.T, strict=True)]))

    def _neg_pinball(self, truth: np.ndarray, guess: np.ndarray) -> float:
        left = truth - guess
        return -mean_observed(np.maximum(self.quantile * left, (self.quantile - 1) * left))

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


def r2(truth: np.ndarray, guess: np.ndarray) -> float:
    """Coefficient of determination over observed entries; NaN where the truth is constant."""
    seen = ~np.isnan(truth)
    total = ((truth[seen] - truth[seen].mean()) ** 2).sum() if seen.any() else 0.0
    return 1.0 - float(((truth[seen] - guess[seen]) ** 2).sum() / total) if total > 0 else float("nan")


def _neg_mae(truth: np.ndarray, guess: np.ndarray) -> float:
    return -mean_observed(np.abs(truth - guess))
