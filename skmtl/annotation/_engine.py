"""What all annotators share: one trunk, a joint network for every level, images in, annotations out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..neural_network import Augment
from ..utils._atomic import all_or_nothing
from ..utils._parallel import run_blocks
from ..utils._sklearn import HasMethods, Interval, StrOptions, fit_context
from ._closer import closer_looks
from ._copies import with_copies
from ._head import AnnotationHead, Clue
from ._inputs import Images, Refusals, as_trunk_takes, columns_of, read_images
from ._levels import Examples, PlaceLevel, Settings
from ._looks import PixelLevel
from ._rows import Regions
from ._scale import cell_level
from ._trunk import GRID, default_trunk
from ._whole import ImageLevel, pooled


class BaseAnnotator(BaseEstimator):
    """Fits and asks the levels; what derives from it says which heads there are.

    A class that derives from it adds parameters by ``extended_init``: those of its heads, and ``cell``,
    ``reach`` and ``n_regions`` where they are of a level that has them.
    """

    _parameter_constraints: dict = {
        "trunk": [HasMethods(["fit", "transform_dense"]), HasMethods(["fit", "transform"]), None],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "max_samples": [Interval(Integral, 8, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "augment": [Augment, None],
        "on_error": [StrOptions({"raise", "skip"})],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["boolean"],
    }
    _cell_constraints: dict = {
        "cell": [Interval(Integral, 1, None, closed="left"), None],
        "reach": [Interval(Integral, 1, None, closed="left")],
    }
    _region_constraints: dict = {"n_regions": [Interval(Integral, 2, None, closed="left")]}

    def __init__(
        self,
        trunk=None,
        *,
        hidden_layer_sizes=(128,),
        max_samples=40_000,
        max_iter=15,
        augment=None,
        on_error="raise",
        random_state=None,
        n_jobs=None,
        verbose=False,
    ):
        self.trunk = trunk
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_samples = max_samples
        self.max_iter = max_iter
        self.augment = augment
        self.on_error = on_error
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def _heads(self) -> dict[str, AnnotationHead]:
        """The heads by name."""
        raise NotImplementedError

    def _columns(self, y, n_images: int) -> dict[str, list]:
        """For each head the annotation of every image."""
        return columns_of(y, list(self._heads()), n_images)

    def _where(self, i: int, name: str) -> str:
        """How an annotation is called in messages."""
        return f"y[{i}][{name!r}]"

    def _result(self, told: list[dict[str, Any]]):
        """What `predict` returns of a dict, name of head -> annotation, for each image."""
        return told

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn from annotated images.

        Parameters
        ----------
        X : array (n, h, w) or (n, h, w, c), or sequence of n arrays (h, w) or (h, w, c) or paths of files
            Images, integers or finite floats; those of a sequence may differ in size. Of a sequence that
            reads an image when it is asked for one, as of a list of paths, one image at a time is in memory.
            A trunk learns from images spread evenly over X, as many as fit into 64 MB.
        y : n annotations
            See the class. None: nobody annotated the image; the filters are learned from it, nothing else is.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            An image that is no array of finite numbers or has other channels than the first; an annotation
            that does not fit its image; nothing to learn from. With ``on_error="skip"`` a bad image or
            annotation is left out, counted in ``report_``, and a warning says so.
        """
        refusals, heads = Refusals(self.on_error), self._heads()
        images = read_images(X, refusals)
        columns = self._columns(y, len(images))
        known = {
            name: self._read(head, columns[name], images, name, refusals) for name, head in heads.items()
        }
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        usable = images.take([i for i, shape in enumerate(images.shapes) if shape is not None])
        self.n_channels_ = usable.shapes[0][2:]
        self._trunk_seed = int(rng.integers(2**31 - 1))
        self.trunk_ = self._fitted_trunk(usable) if self._needs_trunk(heads) else None
        rows = [i for i in range(len(images)) if any(column[i] is not None for column in known.values())]
        if not rows:
            raise ValueError("y holds no annotation of any image: there is nothing to learn")
        known = {name: [column[i] for i in rows] for name, column in known.items()}
        examples = Examples(self.trunk_, images.take(rows), known, self._fitted_trunk, self._clues)
        if self.augment is not None:
            self.augment.check()
            examples = with_copies(examples, heads, self.augment, int(rng.integers(2**31 - 1)))
        layers, most = self.hidden_layer_sizes, self.max_samples
        settings = Settings(layers, most, self.max_iter, self.n_jobs, self.verbose)
        self.levels_, self.closer_ = [], {}
        for level in self._levels(heads, known, images.take(rows).shapes):
            level_seed = int(rng.integers(2**31 - 1))
            self.levels_.append(level.fit(examples, settings, level_seed))
            self.closer_ |= closer_looks(level, examples, settings, level_seed)
        self.report_ = refusals.report
        refusals.warn()
        return self

    def _read(self, head, column, images, name: str, refusals: Refusals) -> list:
        return [
            None if shape is None or one is None
            else refusals.read(head.read, "annotation", one, shape, self._where(i, name))
            for i, (one, shape) in enumerate(zip(column, images.shapes, strict=True))
        ]  # fmt: skip

    def _levels(self, heads: dict[str, AnnotationHead], known: dict[str, list], shapes: list) -> list:
        """The levels that the heads are of, not fitted; the last one looks at what the others find."""
        by_level: dict[str, dict] = {}
        for name, head in heads.items():
            by_level.setdefault(head.level, {})[name] = head
        makers: dict[str, Callable] = {
            "cell": lambda own: cell_level(own, known, shapes, self.cell, self.reach),
            "pixel": lambda own: PixelLevel(self.trunk is None, own),
            "region": lambda own: PlaceLevel(Regions(self.n_regions, self.trunk is None), own),
            "image": ImageLevel,
        }
        return [make(by_level[level]) for level, make in makers.items() if level in by_level]

    def _needs_trunk(self, heads: dict[str, AnnotationHead]) -> bool:
        """Without one that was given, pixels and regions see the derivatives alone."""
        return self.trunk is not None or any(head.level in ("image", "cell") for head in heads.values())

    def _fitted_trunk(self, images: Images, grid: int = GRID):
        trunk = default_trunk(images, self._trunk_seed, grid) if self.trunk is None else clone(self.trunk)
        return trunk.fit(as_trunk_takes(images))

    def predict(self, X):
        """The annotations of each image.

        Parameters
        ----------
        X : array (n, h, w) or (n, h, w, c), or sequence of n arrays (h, w) or (h, w, c) or paths of files
            Images with the channels seen at fit, of any size that the trunk takes.

        Returns
        -------
        n annotations
            See the class. None for an image that was left out with ``on_error="skip"``.
        """
        return self._ask(X, lambda head, *told: head.decode(*told))

    def predict_proba(self, X):
        """How sure `predict` is, in the form that each kind of annotation has; see the class.

        Parameters
        ----------
        X : as in `predict`

        Returns
        -------
        n annotations, or arrays of probabilities
        """
        return self._ask(X, lambda head, *told: head.probabilities(*told))

    def uncertainty(self, X) -> np.ndarray:
        """How unsure the annotations of each image are, from 0 to 1.

        Of classes the entropy of their probabilities as a share of the largest possible one, the mean over
        pixels or regions; of objects and points that of the least sure one. The mean over heads that have
        one.

        Parameters
        ----------
        X : as in `predict`

        Returns
        -------
        (n,) float64
            NaN where no head has one, and for images left out.
        """
        told = self._tell(X, lambda head, *told: head.uncertainty(*told))
        return np.array([mean_known([] if one is None else one.values()) for one in told])

    def order_to_label(self, X) -> np.ndarray:
        """Numbers of the images in the order in which to annotate them next, the least sure ones first.

        Parameters
        ----------
        X : as in `predict`

        Returns
        -------
        (n,) int64
        """
        return np.argsort(-np.nan_to_num(self.uncertainty(X), nan=-1.0), kind="stable")

    def kneighbors(self, X, among, n_neighbors: int = 5) -> tuple[np.ndarray, np.ndarray]:
        """The images of a collection that look most like each of X: the nearest by the trunk's pooled
        features.

        Where no head needs a trunk (``trunk_`` is None), each call learns the filters of one from ``among``.

        Parameters
        ----------
        X : as in `predict`
        among : as X
            The images to look among.
        n_neighbors : int, default 5

        Returns
        -------
        distances, numbers : (n, n_neighbors) float32, int64
            1 - the cosine of the angle between the features, each less its mean over ``among``; and
            positions in ``among``.
        """
        check_is_fitted(self)
        asked, known = (read_images(images, Refusals("raise")) for images in (X, among))
        trunk = self._fitted_trunk(known) if self.trunk_ is None else self.trunk_
        asked, known = (self._features(trunk, images) for images in (asked, known))
        mean = known.mean(axis=0)
        nearest = NearestNeighbors(n_neighbors=n_neighbors, metric="cosine").fit(known - mean)
        return nearest.kneighbors(asked - mean)

    def _features(self, trunk, images: Images) -> np.ndarray:
        return np.concatenate(
            run_blocks(lambda i: pooled(trunk, images[i][None]), range(len(images)), self.n_jobs)
        )

    def score_heads(self, X, y) -> dict[str, float]:
        """The metric of every head, greater is better; NaN where nothing is known.

        Parameters
        ----------
        X : as in `predict`
        y : as in `fit`
        """
        refusals = Refusals(self.on_error)
        images = self._asked(X, refusals)
        columns = self._columns(y, len(images))
        truth = {
            name: self._read(head, columns[name], images, name, refusals)
            for level in self.levels_
            for name, head in level.heads.items()
        }
        refusals.warn()
        found, scores = self._answers(images, lambda head, *told: head.decode(*told)), {}
        for level in self.levels_:
            for name, head in level.heads.items():
                known = [i for i, one in enumerate(truth[name]) if one is not None]
                pairs = [truth[name][i] for i in known], [found[i][name] for i in known]
                scores[name] = head.score(*pairs, level.specs[name]) if known else float("nan")
        return scores

    def score(self, X, y) -> float:
        """The mean over heads of `score_heads`.

        Raises
        ------
        ValueError
            If nothing is known of any image.
        """
        scores = np.array(list(self.score_heads(X, y).values()))
        if np.isnan(scores).all():
            raise ValueError("y holds nothing that could be scored")
        return float(np.nanmean(scores))

    def _ask(self, X, question: Callable):
        return self._result(self._tell(X, question))

    def _tell(self, X, question: Callable) -> list[dict[str, Any] | None]:
        """The answers of all heads, by name, for each image."""
        refusals = Refusals(self.on_error)
        images = self._asked(X, refusals)
        refusals.warn()
        return self._answers(images, question)

    def _asked(self, X, refusals: Refusals) -> Images:
        """Images like those learned from."""
        check_is_fitted(self)
        return read_images(X, refusals, self.n_channels_)

    def _answers(self, images: Images, question: Callable, levels=None) -> list[dict[str, Any] | None]:
        levels = self.levels_ if levels is None else levels
        return run_blocks(
            lambda i: self._tell_image(images[i], question, levels), range(len(images)), self.n_jobs
        )

    def _tell_image(self, image, question: Callable, levels: list) -> dict[str, Any] | None:
        if image is None:
            return None
        answers, clues = {}, {}
        for level in levels:
            frame, told = level.tell(self.trunk_, image, clues)
            for name, head in level.heads.items():
                of_head = told[name], frame, level.specs[name]
                if name in self.closer_:
                    told[name]["found"] = self.closer_[name](image, head.found(*of_head))
                answers[name] = question(head, *of_head)
                if isinstance(self.levels_[-1], ImageLevel):
                    clues[name] = head.clue(*of_head)
        return {name: answers[name] for name in self._heads() if name in answers}

    def _clues(self, images: Images) -> list[dict[str, Clue]]:
        """What heads of the levels fitted so far give heads of whole images to go by."""
        asked = [
            level
            for level in self.levels_
            if any(type(head).clue is not AnnotationHead.clue for head in level.heads.values())
        ]
        if not asked:  # no image need be read
            return [{} for _ in range(len(images))]
        found = self._answers(images, lambda head, *told: head.clue(*told), asked)
        return [{name: clue for name, clue in one.items() if clue is not None} for one in found]


def mean_known(values: Iterable[float]) -> float:
    """The mean of those that are not NaN; NaN where there are none."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
