"""Looking at data, predictions and learned task relations."""

from ._canvas import save_picture
from ._heatmap import draw_matrix
from ._pictures import draw_annotations

__all__ = ["draw_annotations", "draw_matrix", "save_picture"]
