"""Annotations of images: read from and written to the formats that annotation tools speak."""

from ._api import FORMATS, convert, iter_annotations, read_annotations, write_annotations
from ._detect import detect_format
from ._label_map import LabelMap
from ._polygon import polygon_mask
from ._problems import FormatError, Report
from ._records import AnnotationSet, ClassRecord, ImageRecord, ObjectRecord, Tag
from ._rle import RLE

__all__ = [
    "FORMATS",
    "RLE",
    "AnnotationSet",
    "ClassRecord",
    "FormatError",
    "ImageRecord",
    "LabelMap",
    "ObjectRecord",
    "Report",
    "Tag",
    "convert",
    "detect_format",
    "iter_annotations",
    "polygon_mask",
    "read_annotations",
    "write_annotations",
]
