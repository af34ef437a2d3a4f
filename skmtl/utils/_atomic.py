"""An interrupted or refused fit leaves the estimator as it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps


def all_or_nothing(fit: Callable) -> Callable:
    """Wrap a fit method so that any exception, KeyboardInterrupt too, restores every attribute.

    Only the estimator's own attributes are put back: arrays must be replaced, not written into.
    """

    @wraps(fit)
    def fit_or_restore(self, *args, **kwargs):
        before = dict(vars(self))
        try:
            return fit(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return fit_or_restore
