"""Targets of several kinds in one array that scikit-learn's tools can cut."""

from ._structured import make_targets, split_targets

__all__ = ["make_targets", "split_targets"]
