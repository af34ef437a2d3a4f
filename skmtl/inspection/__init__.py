"""Reports that explain a model and judge whether learning together pays."""

from ._sharing import Gain, SharingReport, compare_sharing

__all__ = ["Gain", "SharingReport", "compare_sharing"]
