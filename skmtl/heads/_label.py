"""One class per sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._base import Head, field_error, mean_observed


class LabelHead(Head):
    """A class per sample: integers, booleans or strings of shape (n_samples,).

    Parameters
    ----------
    missing_label : int or str, optional
        The label that stands for "not observed". The empty string always does.
    estimator : classifier with ``predict_proba``, optional

    Notes
    -----
    Metric: accuracy over observed labels, where one that was not seen at fit is always missed (and
    ValueError where none was seen). Learned from rows with a label only.
    """

    task = "multiclass"
    kind = "classes"

    def __init__(self, missing_label: int | str | None = None, estimator: Any = None):
        super().__init__(estimator)
        self.missing_label = missing_label

    def learn(self, target, name, image_shape=None):
        if target.ndim != 1 or target.dtype.kind not in "biuU":
            raise field_error(
                name, f"LabelHead needs one integer or string a sample, got {target.dtype} {target.shape}."
            )
        classes = np.unique(target[self._observed(target)])
        if len(classes) == 0:
            raise field_error(name, "no label is observed.")
        if len(classes) == 1:
            raise field_error(name, f"only one class is observed, '{classes[0]}'; at least two are needed.")
        return {"name": name, "classes": classes, "shape": [], "dtype": target.dtype.str}

    def encode(self, target, spec):
        observed = self._observed(target)
        codes = np.full((len(target), 1), np.nan)
        order = np.argsort(spec["classes"])
        index = np.searchsorted(spec["classes"], target[observed], sorter=order)
        index = order[np.minimum(index, len(order) - 1)]
        unseen = spec["classes"][index] != target[observed]
        if unseen.any():
            raise field_error(
                spec, f"label '{target[observed][unseen][0]}' was not seen at fit; known: {spec['classes']}."
            )
        codes[observed, 0] = index
        return codes

    def decode(self, output, spec):
        return spec["classes"][output.argmax(axis=1)]

    def probabilities(self, output, spec):
        return output

    def score(self, target, predicted, spec):
        observed = self._observed(target)
        if observed.any() and not np.isin(target[observed], spec["classes"]).any():
            raise field_error(
                spec, f"label '{target[observed][0]}' was not seen at fit; known: {spec['classes']}."
            )
        return mean_observed(np.where(observed, target == predicted, np.nan))

    def _observed(self, target: np.ndarray) -> np.ndarray:
        text = target.dtype.kind == "U"
        observed = target != "" if text else np.ones(len(target), bool)
        if self.missing_label is not None and isinstance(self.missing_label, str) == text:
            observed &= target != self.missing_label
        return observed
