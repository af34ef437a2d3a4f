"""Reports that explain a model and judge whether learning together pays, and pictures to look at."""

from ._canvas import save_picture
from ._heatmap import draw_matrix
from ._pictures import draw_annotations
from ._relations import draw_relations
from ._sharing import Gain, SharingReport, compare_sharing

__all__ = [
    "Gain",
    "SharingReport",
    "compare_sharing",
    "draw_annotations",
    "draw_matrix",
    "draw_relations",
    "save_picture",
]
