"""What a fitted network tells: parameters, what is shared, and what happened while it learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..nn import Params
from ..utils._kept import locked
from ._state import TrainingState


def tell(model, state: TrainingState, sharing: Callable, heads: Sequence[str], data) -> None:
    """Fitted attributes from the state; in float64, so that a sample alone predicts as in a batch.

    ``sharing`` is the trunk's, ``heads`` are what the names of each head's parameters begin with.
    """
    model.params_ = cast(state.vector.views, np.float64)
    model._statistics = cast(state.statistics, np.float64)
    lock_parameters(model)
    model.sharing_ = sharing(model.params_, heads, data.blocks())
    history = state.history
    model.loss_curve_ = np.array(history.losses)
    model.task_weights_ = np.array(history.weights)
    if model.record_conflict:
        model.gradient_cosines_ = np.array(history.cosines)
    if model.early_stopping and history.validation:
        model.validation_curve_ = np.array(history.validation)


def lock_parameters(model) -> None:
    """Make the arrays read-only that predictions are planned from: nobody then writes into them unseen."""
    for name in ("params_", "_statistics"):
        setattr(model, name, {key: locked(value) for key, value in getattr(model, name).items()})


def cast(arrays: Params, dtype) -> Params:
    """Copies in another floating type."""
    return {name: value.astype(dtype) for name, value in arrays.items()}
