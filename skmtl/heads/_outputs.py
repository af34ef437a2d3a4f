"""What every estimator with heads says and how it is judged, whatever stands behind its outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..targets._forms import read_target, restore
from ._auto import check_fields


def _has_probabilities(self) -> bool:
    return any(h.task != "regression" for h in getattr(self, "heads_", {}).values())


def same_length(x: Any, fields: dict[str, np.ndarray]) -> None:
    """Refuse fields of another length than x."""
    n = len(next(iter(fields.values())))
    if len(x) != n:
        raise ValueError(f"X and y have inconsistent numbers of samples: {len(x)} and {n}.")


class HeadOutputsMixin:
    """``predict``, ``predict_proba``, ``score_heads`` and ``score`` of an estimator with heads.

    The estimator has the parameter ``missing_label``; its fit sets ``heads_``, ``specs_`` and
    ``form_``, and ``_outputs(X)`` gives what the heads decode, by name.
    """

    def _outputs(self, X) -> dict[str, np.ndarray]:
        raise NotImplementedError

    def predict(self, X):
        """Every field for every sample, in the form and dtype that was fitted.

        Parameters
        ----------
        X : array-like
            Of the shape per sample that was fitted.

        Returns
        -------
        structured array (n,), DataFrame, or array (n,) or (n, T)
            The form of the y that was fitted, and its dtype.
        """
        told = self._outputs(X)
        return restore({n: h.decode(told[n], self.specs_[n]) for n, h in self.heads_.items()}, self.form_)

    @available_if(_has_probabilities)
    def predict_proba(self, X):
        """Probabilities of the heads that have them.

        Returns
        -------
        dict of str to ndarray, or ndarray (n, n_classes) where y was 1-D
            Labels (n, n_classes) in the order of ``specs_[name]["classes"]``; tags (n, n_tags) of the
            value 1; masks (n, h, w) float32 of the foreground, or (n, h, w, n_classes).
        """
        told = self._outputs(X)
        found = {n: h.probabilities(told[n], self.specs_[n]) for n, h in self.heads_.items()}
        found = {name: p for name, p in found.items() if p is not None}
        return found["y"] if self.form_["form"] == "vector" else found

    def score_heads(self, X, y) -> dict[str, float]:
        """The metric of every head over the observed entries of its field, greater is better.

        Raises
        ------
        ValueError
            Fields that differ from those fitted, labels never seen, lengths that differ.
        """
        check_is_fitted(self)
        fields, _ = read_target(y, self.missing_label)
        check_fields(list(self.heads_), fields)
        told = self._outputs(X)
        same_length(next(iter(told.values())), fields)
        return {
            name: head.score(fields[name], head.decode(told[name], self.specs_[name]), self.specs_[name])
            for name, head in self.heads_.items()
        }

    def score(self, X, y) -> float:
        """Mean of :meth:`score_heads` over the heads with an observed entry."""
        scores = np.array(list(self.score_heads(X, y).values()))
        if np.isnan(scores).all():
            raise ValueError(
                "y: no field can be scored; each needs an observed entry, and R2 two numbers that differ."
            )
        return float(np.nanmean(scores))
