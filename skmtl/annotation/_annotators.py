"""``ImageAnnotator``: several kinds of annotation, learned together."""

from __future__ import annotations

from ..heads import BoxHead, Head, MaskHead, PointsHead
from ..utils._init import extended_init
from ._engine import BaseAnnotator
from ._head import AnnotationHead
from ._one_box import OneBoxHead
from ._pixels import PixelsHead
from ._pose import PoseHead
from ._whole import ImageHead


class ImageAnnotator(BaseAnnotator):
    """Several kinds of annotation of images, learned together.

    A trunk, common to all kinds, makes features of an image: of the whole, of cells, of pixels, of regions.
    Beside them stand derivatives of Gaussians at five scales (of the whole image: means and standard
    deviations of its quarters), which tell how bright a plain area is; and the same of the image less its
    mean, over its standard deviation, to which dim images look like bright ones. Pixels are looked at
    twice: from 2,000 of them on, a first network tells something of each 2 x 2 of them - of each, where
    lines are asked for - and a second one also sees, by its derivatives, what that told around each
    (auto-context). For each of these levels one network with shared hidden layers tells what its heads need,
    and learns by the sum of their losses over what is known: an annotation that an image lacks costs it
    nothing for the other kinds. Heads of whole images also go by what the others find: how many objects, and
    where each image shows one thing (a box, a body), by that part of the image, cut out and enlarged, and by
    how the points of a body lie to each other. Objects of two classes or more, boxes or masks, are looked at
    in the same way when they have been found: a network tells from the whole of each which class it is of, or
    that it is none.

    Parameters
    ----------
    heads : list of (str, head)
        Name and kind of each annotation: `ObjectsHead`, `InstancesHead`, `PixelsHead`, `LinesHead`,
        `MapHead`, `RegionsHead`, `OneBoxHead`, `PoseHead`, `MultiPoseHead`, or for whole images one of
        `skmtl.heads`, such as ``LabelHead()``.
    trunk : transformer with ``transform_dense`` and, for whole images, ``transform``, optional
        None: ``ConvFeatureExtractor(n_filters=32, scales=(1, 2, 4, 8))`` for images and cells, and for
        pixels and regions nothing beside the derivatives.
    cell : int, optional
        Height and width of a cell in pixels of the images as they are. None: as small as a head asks for, and
        where images differ in size and what is marked takes up about the same share of each, they are looked
        at in one size; large images in which far larger cells would do are looked at smaller. What is
        predicted is in the pixels of the image.
    reach : int, default 2
        How many cells away the surroundings are that a cell sees.
    n_regions : int, default 400
        Regions to cut an image into, about.
    hidden_layer_sizes : int or sequence of int, default (128,)
        The layers that the heads of a level share.
    max_samples : int, default 40_000
        Cells, pixels or regions to learn from, at most, for each head; the heads of a level learn from those
        of all of them together, and draw the same ones as far as they can.
    max_iter : int, default 15
        Epochs of the network, and more where there are so few samples that these are under 600 steps.
    augment : skmtl.neural_network.Augment, optional
        Learn also from three copies of every image, moved and lit differently, with what is marked in them;
        numbers, counts and maps of numbers are not learned from copies. Meant for few images. The trunk
        learns from the images as they are.
    on_error : {"raise", "skip"}, default "raise"
        What to do about an image or an annotation that cannot be used.
    random_state : int, RandomState instance or None
    n_jobs : int, optional
        Threads over images; the result is the same for any number.
    verbose : bool, default False
        Show a progress bar for each network that learns.

    Attributes
    ----------
    trunk_ : estimator or None
        The fitted trunk; None where no head needs one.
    levels_ : list
        Each with ``heads``, ``specs`` (what each head remembers, such as ``classes``) and ``network``, the
        fitted `MultiHeadNetwork` that has the last word.
    closer_ : dict
        By the name of each head of objects of two classes or more: what tells the class of a whole one.
    report_ : skmtl.io.Report
        What was left out with ``on_error="skip"``.

    Notes
    -----
    y is an array with a field for each head (`make_targets`), a data frame, a list of dicts, name ->
    annotation (None or nothing where it is not known), or an `skmtl.io.AnnotationSet`. Predicted is a list
    of dicts.

    References
    ----------
    R. Caruana, "Multitask learning", Machine Learning 1997: one representation for all tasks. Z. Tu, X. Bai,
    "Auto-context and its application to high-level vision tasks and 3D brain image segmentation", IEEE TPAMI
    2010.
    """

    _parameter_constraints: dict = {
        "heads": [list, tuple],
        **BaseAnnotator._parameter_constraints,
        **BaseAnnotator._cell_constraints,
        **BaseAnnotator._region_constraints,
    }

    __init__ = extended_init(BaseAnnotator, {"cell": None, "reach": 2, "n_regions": 400}, needed=("heads",))

    def _heads(self):
        try:
            pairs = [(name, head) for name, head in self.heads]
        except (TypeError, ValueError):
            raise TypeError(f"heads must be a list of (name, head), got {self.heads!r}") from None
        for name, head in pairs:
            if not isinstance(name, str) or not isinstance(head, (AnnotationHead, Head)):
                raise TypeError(f"heads must hold pairs of a name and a head, got ({name!r}, {head!r})")
        if not pairs or len(dict(pairs)) < len(pairs):
            raise ValueError(f"heads needs one head or more, of distinct names, got {[n for n, _ in pairs]}")
        return {name: _as_annotation(name, head) for name, head in pairs}


def _as_annotation(name: str, head) -> AnnotationHead:
    """A head of `skmtl.heads` as one of annotations."""
    if isinstance(head, Head) and head.estimator is not None:
        raise ValueError(
            f"head {name!r} has estimator={head.estimator!r}, which an annotator cannot use: leave it None, "
            "or take MultiHeadEstimator"
        )
    if isinstance(head, MaskHead):
        return PixelsHead()
    if isinstance(head, BoxHead):
        return OneBoxHead()
    if isinstance(head, PointsHead):
        return _pose(name, head)
    return ImageHead(head) if isinstance(head, Head) else head


def _pose(name: str, head: PointsHead) -> PoseHead:
    if head.metric != "pck" or head.heatmap is not None:
        raise ValueError(
            f"head {name!r}: an annotator tells points by cells and scores them by 'pck', leave metric and "
            f"heatmap of {head!r} as they are by default"
        )
    return PoseHead(head.share)
