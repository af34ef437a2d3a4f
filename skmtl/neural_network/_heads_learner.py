"""How a network with heads reads what it learns from: samples, fields, and codecs that come to know them."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from ..heads import resolve_heads, same_length
from ..heads._auto import check_fields
from ..targets._forms import read_target
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import fit_context
from ..utils._weights import checked_weights
from ._architecture import layer_sizes
from ._augment import Augment, auto_augment
from ._codings import for_rows, learn_coding
from ._conv_trunk import ConvTrunk
from ._incremental import Incremental, trains_on_batches
from ._inputs import Samples, Scaling, split_rows
from ._kinds import KINDS
from ._known_classes import named_classes, showing, widened
from ._plain_network import told_design
from ._trunks import DenseTrunk, Trunk


class HeadsLearner(Incremental):
    """Reads data for ``MultiHeadNetwork``, and remembers what the first of them show."""

    @available_if(trains_on_batches)
    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Learn from some more samples: one epoch of mini-batches over them, at ``learning_rate`` itself.

        The first call fixes what ``fit`` would learn from all data: the heads, their classes, and the
        scales of X and of numbers. After ``fit``, it goes on with the fitted network. What is of whole fits
        does not apply: ``max_iter``, ``schedule``, ``tol``, ``early_stopping``, ``checkpoint``.

        Parameters
        ----------
        X, y, sample_weight : as in ``fit``
            A field may lack labels, or labels of some classes, but in the first call each needs one (of each
            column, of each point). Samples without any label change nothing.
        classes : dict of str to array, or array where y has one field
            Of fields of labels or masks, all classes that will ever come; read in the first call, and only
            needed where that does not show them all.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As ``fit``; and a label never seen before, other fields, another shape of X.
        """
        return self._learn_part((X, y, sample_weight), classes)

    @available_if(trains_on_batches)
    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def fit_batches(self, batches, classes=None, *, validation=None):
        """Learn from samples that come in batches and are never in memory together.

        As ``fit``, with ``max_iter``, ``schedule``, ``tol`` and ``warm_start``, but the order of the batches
        is that in which they come; the samples of one are shuffled, and cut into mini-batches of
        ``batch_size``. The first batch fixes what ``partial_fit`` says.

        Parameters
        ----------
        batches : iterable, or function that returns one
            Of ``(X, y)`` or ``(X, y, sample_weight)``, each as in ``fit``. It is read anew in each epoch: an
            iterator that can be read once, such as a generator, is enough for ``max_iter=1`` alone.
        classes : dict of str to array, or array where y has one field
            As in ``partial_fit``.
        validation : (X, y) or (X, y, sample_weight), optional
            Samples to judge by with ``early_stopping``, in memory and read once. ``validation_fraction`` does
            not apply: a batch that is read anew in each epoch has no samples that are known to stay out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As ``partial_fit``; no batch at all; an iterator with ``max_iter`` above 1; ``early_stopping``
            without ``validation``, or the other way round; ``checkpoint``, which needs all samples.
        """
        if self.checkpoint is not None:
            raise ValueError("checkpoint compares all samples, which fit_batches cannot: use fit")
        return self._learn_stream(batches, classes, validation)

    def _read(self, X, y, sample_weight, *, first: bool):
        """Checked X, the fields of y and a weight for each sample."""
        X = validate_data(self, X, allow_nd=True, dtype="numeric", reset=first)
        fields, form = read_target(y, self.missing_label)
        same_length(X, fields)
        weight = checked_weights(sample_weight, (len(X),), "sample_weight")
        if first:
            self.input_shape_, self.form_ = X.shape[1:], form
        else:
            self._need_shape(X)
            check_fields(list(self.heads_), fields)
        return X, fields, weight

    def _need_shape(self, X: np.ndarray) -> None:
        """Scikit-learn compares n_features_in_ alone, which for images is their height."""
        if X.shape[1:] != tuple(self.input_shape_):
            raise ValueError(
                f"X: shape per sample is {X.shape[1:]}, but {tuple(self.input_shape_)} was fitted."
            )

    def _asked_layers(self, shape: tuple[int, ...]) -> dict:
        """The trunk as a value of its own, for X of this shape, and what heads are made of."""
        trunk = self.trunk
        if trunk is None:
            trunk = DenseTrunk() if len(shape) == 2 else ConvTrunk.for_images(*shape[1:3])
        trunk.check()
        trunk = clone(trunk).named(getattr(self, "feature_names_in_", None))
        return {"trunk": trunk, "head": layer_sizes(self.head_layer_sizes, "head_layer_sizes")}

    def _start(self, X: np.ndarray) -> np.ndarray:
        """Remember the trunk; X as its layers take it."""
        layers = self._asked_layers(X.shape)
        self.trunk_, self._head_sizes = layers["trunk"], layers["head"]
        X = self.trunk_.samples(X)
        self._shape = X.shape[1:]
        if isinstance(self.augment, Augment):
            self.augment.check()
            if X.ndim != 4:
                raise ValueError("augment moves images, but the trunk takes X as rows of numbers")
        return X

    def _start_again(self, X: np.ndarray) -> np.ndarray:
        """As ``_start``, but the layers must be those that are fitted; the share of dropout may change."""
        fitted = told_design({"trunk": self.trunk_, "head": self._head_sizes})
        same = told_design(self._asked_layers(X.shape)) == fitted
        if not same or (
            self.heads != "auto" and repr(self._in_network(dict(self.heads))) != repr(self.heads_)
        ):
            raise ValueError("warm_start=True: the trunk, head_layer_sizes or heads are others than before")
        return self._start(X)

    def _meet_heads(self, fields: dict, rows: np.ndarray, shape: tuple[int, ...], classes=None) -> None:
        """Let every head learn its codec from ``rows``; where ``classes`` is a dict, more may come."""
        heads = self._in_network(dict(resolve_heads(self.heads, fields, self.missing_label)))
        size = shape[:2] if len(shape) == 3 else None
        for name, head in heads.items():
            self._check_head(name, head)
        shown = {name: field[rows] for name, field in fields.items()}
        if classes is not None:
            known = named_classes(classes or None, heads)
            shown = {name: showing(heads[name], shown[name], known.get(name), name) for name in heads}
            self.form_ = widened(self.form_, shown)
        self.heads_ = heads
        self.specs_ = {name: head.learn(shown[name], name, size) for name, head in heads.items()}

    def _in_network(self, heads: dict) -> dict:
        return {name: head.in_network(self.trunk_.n_maps() > 0) for name, head in heads.items()}

    def _check_head(self, name: str, head) -> None:
        if head.estimator is not None:
            raise ValueError(
                f"head {name!r} has estimator={head.estimator!r}, which a network cannot use; leave it "
                "None, or take MultiHeadEstimator"
            )
        if KINDS[head.kind].maps != "none" and not self.trunk_.n_maps():
            raise ValueError(f"head {name!r} reads pixels: it needs images and trunk=ConvTrunk()")

    def _encode(self, fields: dict) -> list[np.ndarray]:
        return [head.encode(fields[name], self.specs_[name]) for name, head in self.heads_.items()]

    def _learn_codings(self, X: np.ndarray, encoded, weight: np.ndarray, rows: np.ndarray) -> None:
        """Remember the scales of X and of the fields, of ``rows``."""
        self._codings = {
            name: learn_coding(head, self.specs_[name], field[rows], weight[rows])
            for (name, head), field in zip(self.heads_.items(), encoded, strict=True)
        }
        groups = self.trunk_.alike(X.shape[-1])
        self._scaling = self.trunk_.scaling() or vars(Scaling.learn(X, weight, rows, groups))

    def _samples(self, X, encoded, weight: np.ndarray, rows: np.ndarray, dtype) -> Samples:
        codings = [
            for_rows(coding, field[rows], weight[rows])
            for coding, field in zip(self._codings.values(), encoded, strict=True)
        ]
        augment = self._chosen_augment()
        return Samples(X, Scaling(**self._scaling), encoded, codings, weight, rows, dtype, augment)

    def _chosen_augment(self) -> Augment | None:
        if self.augment != "auto":
            return self.augment
        moves = len(self._shape) == 3 and self.solver != "lbfgs"
        return auto_augment(head.kind for head in self.heads_.values()) if moves else None

    def _read_part(self, part, settings, classes, *, first):
        X, fields, weight = self._read(*part, first=first)
        if first:
            X = self._start(X)
            self._meet_heads(fields, np.flatnonzero(weight > 0), X.shape[1:], classes or {})
        else:
            X = self.trunk_.samples(X)
        encoded = self._encode(fields)
        rows, _ = split_rows(list(self.heads_), encoded, weight, None, None)
        if first:
            self._learn_codings(X, encoded, weight, rows)
        return self._samples(X, encoded, weight, rows, settings.dtype)

    def _ground(self) -> tuple[Trunk, tuple[int, ...]]:
        return self.trunk_, self._shape
