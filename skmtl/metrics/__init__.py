"""Metrics that leave out what nobody labelled: objects, points, pixels, and tables of several tasks."""

from ._boundary import boundary_f1
from ._classes import accuracy_score, balanced_accuracy_score, f1_score, hamming_loss, recall_score
from ._detection import detection_scores
from ._detection_scores import DetectionScores
from ._gain import relative_gain
from ._instances import instance_average_precision
from ._numbers import (
    explained_variance_score,
    mean_absolute_error,
    multitask_explained_variance,
    r2_score,
    relative_rmse,
    root_mean_squared_error,
)
from ._overlap import box_iou, pairwise_box_iou, pairwise_mask_iou
from ._panoptic import PanopticScores, panoptic_quality
from ._pixels import PixelScores, mean_dice, mean_iou, pixel_accuracy, pixel_scores
from ._probabilities import average_precision_score, log_loss, roc_auc_score
from ._ranking import coverage_error, label_ranking_average_precision_score, label_ranking_loss
from ._report import multitask_report
from ._single import mean_box_iou, mean_pixel_error, oks, pck

__all__ = [
    "DetectionScores",
    "PanopticScores",
    "PixelScores",
    "accuracy_score",
    "average_precision_score",
    "balanced_accuracy_score",
    "boundary_f1",
    "box_iou",
    "coverage_error",
    "detection_scores",
    "explained_variance_score",
    "f1_score",
    "hamming_loss",
    "instance_average_precision",
    "label_ranking_average_precision_score",
    "label_ranking_loss",
    "log_loss",
    "mean_absolute_error",
    "mean_box_iou",
    "mean_dice",
    "mean_iou",
    "mean_pixel_error",
    "multitask_explained_variance",
    "multitask_report",
    "oks",
    "pairwise_box_iou",
    "pairwise_mask_iou",
    "panoptic_quality",
    "pck",
    "pixel_accuracy",
    "pixel_scores",
    "r2_score",
    "recall_score",
    "relative_gain",
    "relative_rmse",
    "roc_auc_score",
    "root_mean_squared_error",
]
