"""Annotation of images: several kinds of answers from one look."""

from ._annotators import ImageAnnotator
from ._convert import polylines, to_annotations
from ._detectors import InstanceSegmenter, MultiPoseEstimator, ObjectDetector, PoseEstimator
from ._head import AnnotationHead
from ._instances import InstancesHead, Masks
from ._multi_pose import MultiPoseHead
from ._objects import ObjectsHead
from ._one_box import OneBoxHead
from ._pixels import LinesHead, MapHead, PixelsHead
from ._pose import PoseHead
from ._regions import RegionsHead
from ._scores import score_annotations
from ._special import ImageTagger, PixelAnnotator, RegionAnnotator
from ._whole import ImageHead

__all__ = [
    "AnnotationHead",
    "ImageAnnotator",
    "ImageHead",
    "ImageTagger",
    "InstanceSegmenter",
    "InstancesHead",
    "LinesHead",
    "MapHead",
    "Masks",
    "MultiPoseEstimator",
    "MultiPoseHead",
    "ObjectDetector",
    "ObjectsHead",
    "OneBoxHead",
    "PixelAnnotator",
    "PixelsHead",
    "PoseEstimator",
    "PoseHead",
    "RegionAnnotator",
    "RegionsHead",
    "polylines",
    "score_annotations",
    "to_annotations",
]
