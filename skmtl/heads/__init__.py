"""Heads: what a field of the target means, how it is learned and how it is judged."""

from ._auto import resolve_heads
from ._base import Head
from ._boundary import BoundaryHead
from ._box import BoxHead
from ._label import LabelHead
from ._map import MapHead, ReconstructionHead
from ._mask import MaskHead
from ._number import CountHead, NumberHead
from ._ordinal import OrdinalHead
from ._outputs import HeadOutputsMixin, same_length
from ._points import PointsHead
from ._tags import TagsHead

__all__ = [
    "BoundaryHead",
    "BoxHead",
    "CountHead",
    "Head",
    "HeadOutputsMixin",
    "LabelHead",
    "MapHead",
    "MaskHead",
    "NumberHead",
    "OrdinalHead",
    "PointsHead",
    "ReconstructionHead",
    "TagsHead",
    "resolve_heads",
    "same_length",
]
