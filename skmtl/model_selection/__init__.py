"""Folds for several tasks: each task, and each of its classes, is spread over all of them."""

from ._folds import TaskKFold, spread_folds

__all__ = ["TaskKFold", "spread_folds"]
