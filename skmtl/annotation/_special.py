"""Annotators of one kind each: the engine of `ImageAnnotator` with a single head."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from ..heads import Head
from ..utils._init import extended_init
from ._engine import BaseAnnotator
from ._head import AnnotationHead
from ._inputs import same_number
from ._pixels import IGNORE, PixelsHead
from ._regions import RegionsHead
from ._whole import ImageHead


class _OneKind(BaseAnnotator):
    """An annotator with a single head, whose annotations stand in y as they are."""

    def _head(self) -> AnnotationHead:
        raise NotImplementedError

    def _heads(self):
        return {"y": self._head()}

    def _columns(self, y, n_images):
        same_number(len(y), n_images)
        return {"y": [y[i] for i in range(len(y))]}

    def _where(self, i, name):
        return f"y[{i}]"

    def _result(self, told):
        return [one if one is None else one["y"] for one in told]

    @property
    def classes_(self) -> np.ndarray:
        """Labels, sorted."""
        return self.levels_[0].specs["y"]["classes"]


class _OneArray(_OneKind):
    """Annotations that are one array where images have one size."""

    def _result(self, told):
        found = super()._result(told)
        if any(one is None for one in found) or len({np.shape(one) for one in found}) > 1:
            return found
        return np.array(found)


class PixelAnnotator(_OneArray):
    """A class for every pixel, from masks or from a few drawn strokes.

    Parameters
    ----------
    trunk : transformer with ``transform_dense``, optional
        What a pixel sees beside derivatives of Gaussians at five scales; None: nothing.
    unlabelled : int or None, default 255
        The value of pixels that nobody judged. 0 for scribbles: a few strokes of the classes 1, 2, ..., and
        nothing known of all else.
    hidden_layer_sizes, max_samples, max_iter, augment, on_error, random_state, n_jobs, verbose
        As in `ImageAnnotator`.

    Attributes
    ----------
    classes_ : (K,) array
        Values of pixels, sorted.
    trunk_, levels_, report_
        As in `ImageAnnotator`.

    See Also
    --------
    PixelsHead : What an annotation is, what is predicted, the score.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl.annotation import PixelAnnotator
    >>> rng = np.random.default_rng(0)
    >>> masks = np.zeros((8, 24, 24), int)
    >>> masks[:, 6:15, 8:20] = 1
    >>> images = rng.normal(100 + 50 * masks, 5)
    >>> model = PixelAnnotator(max_iter=2, random_state=0).fit(images[:4], masks[:4])
    >>> model.predict(images[4:]).shape
    (4, 24, 24)
    """

    _parameter_constraints: dict = {
        **BaseAnnotator._parameter_constraints,
        "unlabelled": [Integral, None],
    }

    __init__ = extended_init(BaseAnnotator, {"unlabelled": IGNORE})

    def _head(self):
        return PixelsHead(self.unlabelled)


class RegionAnnotator(_OneKind):
    """The regions of an image, and a label for each.

    Parameters
    ----------
    trunk : transformer with ``transform_dense``, optional
        What a pixel sees beside derivatives of Gaussians at five scales; None: nothing.
    n_regions : int, default 400
        Regions to cut an image into, about.
    unlabelled : int, default 255
        The value of pixels that nobody judged.
    hidden_layer_sizes, max_samples, max_iter, augment, on_error, random_state, n_jobs, verbose
        As in `ImageAnnotator`.

    Attributes
    ----------
    classes_ : (K,) array
        Labels of regions, sorted.
    trunk_, levels_, report_
        As in `ImageAnnotator`.

    See Also
    --------
    RegionsHead : What an annotation is, what is predicted, the score.
    """

    _parameter_constraints: dict = {
        **BaseAnnotator._parameter_constraints,
        **BaseAnnotator._region_constraints,
        "unlabelled": [Integral],
    }

    __init__ = extended_init(BaseAnnotator, {"n_regions": 400, "unlabelled": IGNORE})

    def _head(self):
        return RegionsHead(self.unlabelled)


class ImageTagger(_OneArray):
    """A class, tags, or numbers for whole images.

    Parameters
    ----------
    trunk : transformer with ``transform``, optional
        None: ``ConvFeatureExtractor(n_filters=32)``.
    head : Head, optional
        How an annotation is learned; None goes by the type and shape of y: labels, tags (0, 1, NaN) or
        numbers.
    hidden_layer_sizes, max_samples, max_iter, augment, on_error, random_state, n_jobs, verbose
        As in `ImageAnnotator`.

    Attributes
    ----------
    classes_ : (K,) array
        Labels, sorted; for a class.
    trunk_, levels_, report_
        As in `ImageAnnotator`.

    See Also
    --------
    ImageHead : What an annotation is, what is predicted, the score.
    """

    _parameter_constraints: dict = {
        **BaseAnnotator._parameter_constraints,
        "head": [Head, None],
    }

    __init__ = extended_init(BaseAnnotator, {"head": None})

    def _head(self):
        return ImageHead(self.head)

    @property
    def classes_(self):
        """Labels, sorted."""
        return self.levels_[0].specs["y"]["inner"]["classes"]
