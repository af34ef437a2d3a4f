"""MultiHeadEstimator: several kinds of target, one fit, one predict, on common features."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from ..heads import BoxHead, Head, HeadOutputsMixin, resolve_heads, same_length
from ..targets._forms import read_target
from ..utils._atomic import all_or_nothing
from ..utils._parallel import run_blocks
from ..utils._sklearn import HasMethods, Interval, StrOptions, fit_context
from ..utils._weights import checked_weights
from ._columns import check_model
from ._dense import image_block
from ._images import Images, check_x, fit_trunk, image_size
from ._passes import Plan, Problem, fit_passes, run_passes


class MultiHeadEstimator(HeadOutputsMixin, BaseEstimator):
    """Several annotations of the same samples, each by a head, on features computed once.

    Parameters
    ----------
    heads : "auto" or list of (str, Head), default="auto"
        A head for every field of y, by the field's name. "auto" goes by dtype and shape:

        - (n,) integers, booleans, strings: :class:`~skmtl.heads.LabelHead`; floats:
          :class:`~skmtl.heads.NumberHead`;
        - (n, 4) in a field with "box" in its name: :class:`~skmtl.heads.BoxHead`;
        - (n, k) whose observed values are all 0 or 1: :class:`~skmtl.heads.TagsHead`; any other:
          ``NumberHead``, but (n, 4) that could be boxes is an error that asks for ``heads``;
        - (n, h, w) integers: :class:`~skmtl.heads.MaskHead`; (n, K, 2 or 3) floats:
          :class:`~skmtl.heads.PointsHead`.
    trunk : transformer, optional
        Turns images (n, h, w[, c]) or flat ones into features, as
        :class:`skmtl.ConvFeatureExtractor` does: ``transform`` gives (n, p); heads that read pixels
        need ``transform_dense``, which gives (n, h, w, c). A clone is fitted, without y, on X. None:
        X are the features, (n, p).
    stack : bool, default=False
        A second pass, in which every head also reads what the first pass said of the other fields:
        probabilities, values, coordinates, and masks as a coarse grid with profiles; masks read masks
        (auto-context). In training these come from cross-fitting: no model saw the sample's label.
    region : str, optional
        Name of a box head. A last pass, in which every head that judges whole samples looks at the
        inside of the predicted box, enlarged to the size of the image and sent through the trunk, and
        boxes and points are learned relative to it. Train and test see the same kind of crop, because
        in training the boxes are cross-fitted. Masks read how far a pixel is from the box's centre.
    region_margin : float, default=0.3
        How much larger than the box the region is, as a share of the box.
    n_components : int or None, default=384
        Where there are more features than this, models are fitted on this many leading principal
        directions of the standardised features. None: all features.
    n_pixels : int, default=40000
        Upper bound, about, of the pixels from which a mask head learns; as many of every class as
        there are. Probabilities are set right for the true shares afterwards.
    n_folds : int, default=3
        Folds of the cross-fitting.
    missing_label : int or str, optional
        Label that stands for "not observed" in label heads that "auto" makes.
    random_state : int, RandomState or None
        Seeds the folds and the choice of pixels.
    n_jobs : int, optional
        Threads over heads and blocks of images. Does not change any result.

    Attributes
    ----------
    heads_ : dict of str to Head
    specs_ : dict of str to dict
        What each head's codec learned, such as ``classes``.
    passes_ : list of dict
        Models and coordinates of each pass. With more than one pass, a head appears in a later one
        only where its cross-fitted score rose; :attr:`kept_` tells it in short.
    kept_ : dict of str to int
        The number of the pass, from 0, that each head's prediction comes from.
    trunk_ : fitted transformer or None
    n_features_in_ : int
    input_shape_ : tuple
        Shape of one sample of X.

    Notes
    -----
    Default models: logistic regression for labels and tags (one each); ridge for numbers, boxes and
    points, its strength chosen by the closed-form leave-one-out error; a small network for pixels. A
    sample whose label is missing in one field is left out of that head alone. Stacking is stacked
    single-target learning [1]_ with cross-fitting; reading one's own maps again is auto-context [2]_.

    References
    ----------
    .. [1] E. Spyromitros-Xioufis, G. Tsoumakas, W. Groves, I. Vlahavas (2016). Multi-target regression
       via input space expansion: treating targets as inputs. Machine Learning 104, 55-98.
    .. [2] Z. Tu, X. Bai (2010). Auto-context and its application to high-level vision tasks and 3D
       brain image segmentation. IEEE TPAMI 32(10), 1744-1757.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiHeadEstimator, make_targets
    >>> X = np.linspace(0, 1, 40).reshape(20, 2)
    >>> y = make_targets(kind=["low"] * 10 + ["high"] * 10, size=X.sum(axis=1))
    >>> model = MultiHeadEstimator(random_state=0).fit(X, y)
    >>> model.predict(X[:1])["kind"]
    array(['low'], dtype='<U4')
    """

    _parameter_constraints: dict = {
        "heads": [StrOptions({"auto"}), list, tuple],
        "trunk": [HasMethods(["fit", "transform"]), None],
        "stack": ["boolean"],
        "region": [str, None],
        "region_margin": [Interval(Real, 0, None, closed="left")],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "n_pixels": [Interval(Integral, 2, None, closed="left")],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "missing_label": [Integral, str, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        heads="auto",
        trunk=None,
        *,
        stack=False,
        region=None,
        region_margin=0.3,
        n_components=384,
        n_pixels=40_000,
        n_folds=3,
        missing_label=None,
        random_state=None,
        n_jobs=None,
    ):
        self.heads = heads
        self.trunk = trunk
        self.stack = stack
        self.region = region
        self.region_margin = region_margin
        self.n_components = n_components
        self.n_pixels = n_pixels
        self.n_folds = n_folds
        self.missing_label = missing_label
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        if self.trunk is not None:
            tags.input_tags.three_d_array = True
        return tags

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Fit the trunk on X, then every head on its field.

        Parameters
        ----------
        X : array-like
            (n, p) features; with a trunk, whatever it takes. Finite.
        y : structured array (n,), DataFrame, or array (n,) or (n, T)
            See :func:`skmtl.make_targets`. A data frame has one field per column; a plain array is one
            field "y".
        sample_weight : array-like of shape (n,), optional
            Finite and not negative. A sample of weight 0 is left out.

        Returns
        -------
        MultiHeadEstimator
            Itself. A fit that fails or is interrupted leaves it as it was.

        Raises
        ------
        ValueError
            X or ``sample_weight`` is not finite, lengths differ, a head has no field or a field no
            head, a field has no observed label or one class only, masks do not match the images.
        """
        x = check_x(self, X, reset=True)
        fields, form = read_target(y, self.missing_label)
        same_length(x, fields)
        heads = dict(resolve_heads(self.heads, fields, self.missing_label))
        keep, weight = _weights(sample_weight, x)
        x, fields = x[keep], {name: field[keep] for name, field in fields.items()}
        size = image_size(self.trunk, x)
        self._check_heads(heads, size)
        for name, head in heads.items():
            check_model(name, head, weight is not None)
        specs = {name: head.learn(fields[name], name, size) for name, head in heads.items()}
        encoded = {name: head.encode(fields[name], specs[name]) for name, head in heads.items()}
        _enough(heads, encoded)
        images = Images(x, fit_trunk(self.trunk, x), size)
        problem = Problem(images, heads, specs, fields, encoded, weight)
        # Small matrices: BLAS threads wait for one another far longer than they compute.
        with threadpool_limits(1, user_api="blas"):
            self.passes_ = fit_passes(problem, self._plan(heads))
        self.trunk_, self.image_size_ = images.trunk, size
        self.heads_, self.specs_, self.form_ = heads, specs, form
        self.input_shape_ = x.shape[1:]
        return self

    @property
    def kept_(self) -> dict[str, int]:
        """Which pass each head's prediction comes from."""
        return {name: i for i, state in enumerate(self.passes_) for name in state["heads"]}

    def _outputs(self, X) -> dict[str, np.ndarray]:
        check_is_fitted(self)
        images = Images(check_x(self, X, reset=False), self.trunk_, self.image_size_)
        size = 1024
        if any(head.task == "dense" for head in self.heads_.values()):
            size = min(size, image_block(self.image_size_))
        parts = [images.part(slice(s, s + size)) for s in range(0, len(images), size)]

        def run(part):
            return run_passes(self.passes_, self.heads_, self.specs_, part)

        with threadpool_limits(1, user_api="blas"):
            told = run_blocks(run, parts, self.n_jobs)
        return {name: np.concatenate([t[name] for t in told]) for name in self.heads_}

    def _plan(self, heads: dict[str, Head]) -> Plan:
        lone = len(heads) == 1 and all(head.task != "dense" for head in heads.values())
        return Plan(
            stack=self.stack and not lone,
            region=self.region,
            margin=self.region_margin,
            n_components=self.n_components,
            n_pixels=self.n_pixels,
            n_folds=self.n_folds,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
            n_jobs=self.n_jobs,
        )

    def _check_heads(self, heads: dict[str, Head], size) -> None:
        for name, head in heads.items():
            if head.needs_network:
                raise ValueError(
                    f"head {name!r}: only a network learns {head!r}; use MultiHeadNetwork, or another head."
                )
            if head.reads == "pixels" and not hasattr(self.trunk, "transform_dense"):
                raise ValueError(f"head {name!r} reads pixels and needs a trunk with transform_dense.")
            if head.reads == "pixels" and size is None:
                raise ValueError(f"head {name!r}: flat images need a trunk with image_shape.")
        if self.region is None:
            return
        if not isinstance(heads.get(self.region), BoxHead):
            raise ValueError(f"region={self.region!r} names no box head; the heads are {list(heads)}.")
        if size is None:
            raise ValueError("region needs a trunk and X of shape (n, h, w[, c]) or the trunk's image_shape.")


def _weights(sample_weight, x) -> tuple[Any, np.ndarray | None]:
    """Which rows to use, and their weights; rows of weight 0 are dropped."""
    if sample_weight is None:
        return slice(None), None
    weight = checked_weights(sample_weight, (len(x),), "sample_weight")
    return weight > 0, weight[weight > 0]


def _enough(heads: dict[str, Head], encoded: dict[str, np.ndarray]) -> None:
    for name, head in heads.items():
        if head.task != "dense" and ((~np.isnan(encoded[name])).sum(axis=0) < 2).any():
            raise ValueError(
                f"field {name!r}: at least 2 observed samples are needed; n_samples = {len(encoded[name])}."
            )
