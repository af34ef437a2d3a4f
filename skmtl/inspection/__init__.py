"""Looking at data, predictions and models, and judging whether learning together pays."""

from ._canvas import save_picture
from ._heatmap import draw_matrix
from ._pictures import draw_annotations
from ._sharing import Gain, SharingReport, compare_sharing

__all__ = ["Gain", "SharingReport", "compare_sharing", "draw_annotations", "draw_matrix", "save_picture"]
