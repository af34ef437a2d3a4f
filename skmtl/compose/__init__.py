"""Estimators put together from heads, a trunk and scikit-learn models."""

from ._multi_head import MultiHeadEstimator

__all__ = ["MultiHeadEstimator"]
