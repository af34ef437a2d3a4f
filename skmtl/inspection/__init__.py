"""Reports that explain a model and judge whether learning together pays, and pictures to look at."""

from ._attention import gradient_map, occlusion_map
from ._attention_pictures import draw_attention
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
    "draw_attention",
    "draw_matrix",
    "draw_relations",
    "gradient_map",
    "occlusion_map",
    "save_picture",
]
