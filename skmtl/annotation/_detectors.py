"""Annotators of objects, and of the points of a body."""

from __future__ import annotations

from numbers import Integral, Real

from ..utils._init import extended_init
from ..utils._sklearn import Interval
from ._engine import BaseAnnotator
from ._instances import InstancesHead
from ._multi_pose import MultiPoseHead
from ._objects import ObjectsHead
from ._pose import PoseHead
from ._special import _OneArray, _OneKind


class ObjectDetector(_OneKind):
    """Find any number of objects in an image: boxes, classes, scores.

    The image is cut into cells. From the trunk's features of a cell and of its surroundings, one network with
    a shared hidden layer and two heads tells what the cell speaks for (a class, or no object) and where
    that object's box lies, by the joint loss::

        cross-entropy of the class  +  half the squared error of (dx, dy, log width, log height)

    of which the second counts in cells that speak for an object alone.

    Parameters
    ----------
    trunk : transformer with ``transform_dense``, optional
        None: ``ConvFeatureExtractor(n_filters=32, scales=(1, 2, 4, 8))``.
    cell : int, optional
        Height and width of a cell in pixels. None: a fourth of the smaller side of a small box (the lower
        quartile at fit), from 2 to 16; as of `ImageAnnotator`, images may then be looked at in other pixels
        than their own.
    reach : int, default 2
        How many cells away the surroundings are that a cell sees.
    score_threshold : float in [0, 1), default 0.05
        Objects less sure than that are not reported.
    overlap : float in (0, 1], default 0.3
        Of two boxes whose intersection over union is this or more, only the surer is reported.
    max_objects : int, default 100
        Most objects reported for an image.
    hidden_layer_sizes, max_samples, max_iter, augment, on_error, random_state, n_jobs, verbose
        As in `ImageAnnotator`.

    Attributes
    ----------
    classes_ : (K,) array
        Labels of objects, sorted.
    trunk_, levels_, closer_, report_
        As in `ImageAnnotator`.

    See Also
    --------
    ObjectsHead : What an annotation is, what is predicted, the score.
    """

    _parameter_constraints: dict = {
        **BaseAnnotator._parameter_constraints,
        **BaseAnnotator._cell_constraints,
        "score_threshold": [Interval(Real, 0, 1, closed="left")],
        "overlap": [Interval(Real, 0, 1, closed="right")],
        "max_objects": [Interval(Integral, 1, None, closed="left")],
    }

    __init__ = extended_init(
        BaseAnnotator,
        {"cell": None, "reach": 2, "score_threshold": 0.05, "overlap": 0.3, "max_objects": 100},
    )

    def _head(self):
        return ObjectsHead(self.score_threshold, self.overlap, self.max_objects)


class InstanceSegmenter(_OneKind):
    """Find any number of objects in an image, each with its pixels, a class and a score.

    One network tells of every pixel what it belongs to and how deep in its object it is, by the joint loss::

        cross-entropy of the class  +  half the squared error of the depth

    of which the second counts inside objects alone; a watershed makes objects of that.

    Parameters
    ----------
    trunk : transformer with ``transform_dense``, optional
        What a pixel sees beside derivatives of Gaussians at five scales; None: nothing.
    smoothing : float >= 0, default 0.15
        Standard deviation of a Gaussian over the depth of pixels, as a share of the root of the area of a
        typical object.
    least_area : int >= 1, default 10
        Objects of fewer pixels are not reported.
    hidden_layer_sizes, max_samples, max_iter, augment, on_error, random_state, n_jobs, verbose
        As in `ImageAnnotator`.

    Attributes
    ----------
    classes_ : (K,) array
        Labels of objects, sorted.
    trunk_, levels_, closer_, report_
        As in `ImageAnnotator`.

    See Also
    --------
    InstancesHead : What an annotation is, what is predicted, the score.
    """

    _parameter_constraints: dict = {
        **BaseAnnotator._parameter_constraints,
        "smoothing": [Interval(Real, 0, None, closed="left")],
        "least_area": [Interval(Integral, 1, None, closed="left")],
    }

    __init__ = extended_init(BaseAnnotator, {"smoothing": 0.15, "least_area": 10})

    def _head(self):
        return InstancesHead(self.smoothing, self.least_area)


class PoseEstimator(_OneArray):
    """The K key points of the one body that an image shows.

    Parameters
    ----------
    trunk : transformer with ``transform_dense``, optional
        None: ``ConvFeatureExtractor(n_filters=32, scales=(1, 2, 4, 8))``.
    cell : int, optional
        Height and width of a cell in pixels. None: four and a half of them lie between the two nearest points
        of a body (the median at fit), from 2 to 16; as of `ImageAnnotator`, images may then be looked at in
        other pixels than their own.
    reach : int, default 2
        How many cells away the surroundings are that a cell sees.
    share : float > 0, default 0.05
        For `score`: the distance that counts as correct, as a share of the longer side of the image.
    hidden_layer_sizes, max_samples, max_iter, augment, on_error, random_state, n_jobs, verbose
        As in `ImageAnnotator`.

    Attributes
    ----------
    trunk_, levels_, report_
        As in `ImageAnnotator`.

    See Also
    --------
    PoseHead : What an annotation is, what is predicted, the score.
    MultiPoseEstimator : Any number of bodies.
    """

    _parameter_constraints: dict = {
        **BaseAnnotator._parameter_constraints,
        **BaseAnnotator._cell_constraints,
        "share": [Interval(Real, 0, None, closed="neither")],
    }

    __init__ = extended_init(BaseAnnotator, {"cell": None, "reach": 2, "share": 0.05})

    def _head(self):
        return PoseHead(self.share)


class MultiPoseEstimator(_OneKind):
    """Any number of bodies in an image, each with the same K key points, a box and a score.

    From the trunk's features of a cell and of its surroundings, one network with a shared hidden layer tells
    which point the cell is near, the way to it, and the way to all points of the body it belongs to, by the
    joint loss::

        cross-entropy of the point  +  half the squared error of both kinds of ways

    of which the second counts in cells near a point alone.

    Parameters
    ----------
    trunk : transformer with ``transform_dense``, optional
        None: ``ConvFeatureExtractor(n_filters=32, scales=(1, 2, 4, 8))``.
    cell : int, optional
        Height and width of a cell in pixels. None: four and a half of them lie between the two nearest points
        of a body (the median at fit), from 2 to 16; as of `ImageAnnotator`, images may then be looked at in
        other pixels than their own.
    reach : int, default 2
        How many cells away the surroundings are that a cell sees.
    score_threshold : float in [0, 1), default 0.05
        Bodies less sure than that are not reported.
    max_bodies : int, default 20
        Most bodies reported for an image.
    sigmas : float or (K,) array-like, optional
        For `score`, as in `skmtl.metrics.detection_scores`. None: COCO's for its 17 points, 0.1 for others.
    hidden_layer_sizes, max_samples, max_iter, augment, on_error, random_state, n_jobs, verbose
        As in `ImageAnnotator`.

    Attributes
    ----------
    classes_ : (1,) array
        The label of bodies; 1 where they have none.
    trunk_, levels_, report_
        As in `ImageAnnotator`.

    See Also
    --------
    MultiPoseHead : What an annotation is, what is predicted, the score.
    """

    _parameter_constraints: dict = {
        **BaseAnnotator._parameter_constraints,
        **BaseAnnotator._cell_constraints,
        "score_threshold": [Interval(Real, 0, 1, closed="left")],
        "max_bodies": [Interval(Integral, 1, None, closed="left")],
        "sigmas": ["array-like", Interval(Real, 0, None, closed="neither"), None],
    }

    __init__ = extended_init(
        BaseAnnotator, {"cell": None, "reach": 2, "score_threshold": 0.05, "max_bodies": 20, "sigmas": None}
    )

    def _head(self):
        return MultiPoseHead(self.score_threshold, self.max_bodies, self.sigmas)
