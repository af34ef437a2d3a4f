"""MultiHeadNetwork: several kinds of target, one network."""

from __future__ import annotations

import os
from dataclasses import replace
from numbers import Integral
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..balancers import Fixed
from ..heads import HeadOutputsMixin, resolve_heads, same_length
from ..nn import JointNetwork, Run, Task
from ..targets._forms import read_target
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import StrOptions, fit_context
from ..utils._weights import checked_weights
from ._architecture import layer_sizes
from ._augment import Augment
from ._checkpoint import load_checkpoint, save_checkpoint
from ._codings import head_layers, head_loss, learn_coding, read_outputs
from ._conv_trunk import ConvTrunk
from ._inputs import Samples, Scaling, split_rows
from ._kinds import KINDS
from ._settings import BATCH_SOLVERS, TRAINING_CONSTRAINTS, Settings, check_lbfgs
from ._state import TrainingState
from ._tell import cast, tell
from ._train import train
from ._trunks import DenseTrunk, Place, Trunk, draws

#: Numbers of a block in prediction, about: samples times pixels, or times columns.
BLOCK = 2**18


class MultiHeadNetwork(HeadOutputsMixin, BaseEstimator):
    r"""Several annotations of the same samples by one network: a shared trunk, and a head a field.

    Minimises ``sum_t lambda_t L_t + alpha / 2 ||W||^2`` over the weights W and biases of all layers, where
    L_t is the mean loss of head t over its observed labels and the balancer gives lambda. What a head
    learns by: labels cross-entropy; tags one logistic loss each; numbers, and logarithms of counts,
    half the squared error of standardised columns; boxes Huber loss and 1 - IoU; points a Huber-like loss of
    the distance; masks cross-entropy of pixels and soft Dice; other losses are a matter of the heads.

    Parameters
    ----------
    heads : "auto" or list of (str, Head), default "auto"
        A head for every field of y; "auto" goes by dtype and shape, see ``MultiHeadEstimator``.
    trunk : Trunk, optional
        ``DenseTrunk``, ``ConvTrunk``, several in an ``InputsTrunk``, copies of one in a ``CrossStitchTrunk``
        or ``MixtureTrunk``, or the ``PretrainedTrunk`` of another network. None: a ``DenseTrunk()`` for rows
        of numbers, a ``ConvTrunk()`` for images. Mask heads need a ``ConvTrunk``.
    head_layer_sizes : int or sequence of int, default ()
        Sizes of the dense layers of each head's own, before its output; masks have none.
    augment : Augment, optional
        Shows images moved and lit differently in every epoch, with their boxes, points and pixels.
    balancer : Balancer, default ``Fixed()``
        What gives the weights lambda; see ``skmtl.balancers``.
    solver : {"adam", "adamw", "sgd", "lbfgs"}, default "adam"
        "lbfgs" looks at all samples in each of ``max_iter`` iterations, in float64: for up to some hundred.
        It takes no dropout, no balancer but ``Fixed``, no ``augment``, ``early_stopping`` or ``checkpoint``.
    alpha : float >= 0, default 1e-4
        Strength of the L2 penalty on weights, not on biases; "adamw" shrinks the weights by
        ``alpha * learning_rate`` in each step instead.
    learning_rate : float > 0, default 1e-3
    schedule : {"constant", "cosine", "triangle"}, default "cosine"
        What becomes of the learning rate over ``max_iter`` epochs: nothing; down to 0 along half a cosine;
        up from 0 over a fifth of the steps and down to 0 again.
    momentum : float in [0, 1), default 0.9
        For "sgd".
    batch_size : int, default 64
        Samples in a step, at most; the batches of an epoch are of nearly equal size.
    max_iter : int, default 30
        Epochs.
    tol : float >= 0, default 1e-4
        Training stops when the mean loss over heads has not fallen by more than ``tol`` for
        ``n_iter_no_change`` epochs.
    n_iter_no_change : int, default 10
    early_stopping : bool, default False
        Judge by the loss on samples held out, and keep the parameters that were best on them.
    validation_fraction : float in (0, 1), default 0.1
        Share of the samples held out for ``early_stopping``.
    record_conflict : bool, default False
        Measure the angles between the heads' gradients once an epoch.
    checkpoint : path, optional
        A file that is written after each epoch. A fit that finds it goes on from there, to the same bits as a
        fit that was never stopped; needs ``random_state`` to be a number.
    missing_label : int or str, optional
        Label that stands for "not observed" in label heads that "auto" makes.
    n_jobs : int, optional
        Threads that share the samples of a batch; the bits are the same for any number. None means 1, -1 all
        cores.
    random_state : int, RandomState or None
        Of first parameters, batches, dropout and held-out samples. The same number gives the same bits.
    verbose : bool, default False
        Show a progress bar.

    Attributes
    ----------
    heads_ : dict of str to Head
    trunk_ : Trunk
    specs_ : dict of str to dict
        What each head's codec learned, such as ``classes``.
    params_ : dict of arrays
        The layers' parameters: ``trunk.conv0.W``, ``trunk.dense0.b``, ``head.NAME.out.W``, ...
    loss_curve_ : (n_iter_, n_heads)
        Mean training loss of each head in each epoch, without the penalty.
    validation_curve_ : (n_iter_, n_heads)
        The same on the samples held out, with ``early_stopping``.
    task_weights_ : (n_iter_, n_heads)
        Mean weight lambda of each head in each epoch.
    gradient_cosines_ : (n_iter_, n_heads, n_heads)
        Cosines of the angles between the heads' gradients in the trunk, on the first batch of each epoch,
        with ``record_conflict``; below 0, two heads pull in opposite directions.
    sharing_ : (n_layers, n_heads, n_heads), (n_heads, n_experts) or None
        Of a ``CrossStitchTrunk``: [l, t, s] is the weight with which the column of head s feeds that of
        head t after layer l; NaN in the last layer for mask heads, which do not see it. Of a
        ``MixtureTrunk``: each head's mean shares of the experts, over the samples learned.
    n_iter_, n_features_in_ : int
    input_shape_ : tuple
        Shape of one sample of X.

    References
    ----------
    Caruana (1997), "Multitask learning".

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiHeadNetwork, make_targets
    >>> X = np.linspace(0, 1, 400).reshape(200, 2)
    >>> y = make_targets(kind=["low"] * 100 + ["high"] * 100, size=X.sum(axis=1))
    >>> model = MultiHeadNetwork(learning_rate=0.01, random_state=0).fit(X, y)
    >>> model.predict(X[:1])["kind"]
    array(['low'], dtype='<U4')
    """

    _parameter_constraints: dict = TRAINING_CONSTRAINTS | {
        "heads": [StrOptions({"auto"}), list, tuple],
        "trunk": [Trunk, None],
        "augment": [Augment, None],
        "solver": [StrOptions({*BATCH_SOLVERS, "lbfgs"})],
        "checkpoint": [str, os.PathLike, None],
        "missing_label": [Integral, str, None],
        "n_jobs": [Integral, None],
    }

    def __init__(  # noqa: PLR0913 - scikit-learn's way: every choice is a parameter of its own
        self,
        heads="auto",
        trunk=None,
        *,
        head_layer_sizes=(),
        augment=None,
        balancer=None,
        solver="adam",
        alpha=1e-4,
        learning_rate=1e-3,
        schedule="cosine",
        momentum=0.9,
        batch_size=64,
        max_iter=30,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        record_conflict=False,
        checkpoint=None,
        missing_label=None,
        n_jobs=None,
        random_state=None,
        verbose=False,
    ):
        self.heads = heads
        self.trunk = trunk
        self.head_layer_sizes = head_layer_sizes
        self.augment = augment
        self.balancer = balancer
        self.solver = solver
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.momentum = momentum
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.record_conflict = record_conflict
        self.checkpoint = checkpoint
        self.missing_label = missing_label
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.input_tags.three_d_array = not isinstance(self.trunk, DenseTrunk)
        return tags

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Learn all fields together.

        Parameters
        ----------
        X : (n, p) array, or images (n, h, w) or (n, h, w, c)
            Finite; integers are fine. Columns, or channels, are standardised.
        y : structured array (n,), DataFrame, or array (n,) or (n, T)
            See :func:`skmtl.make_targets`. A data frame has one field per column; a plain array is one
            field "y".
        sample_weight : array-like of shape (n,), optional
            Finite and not negative. A sample of weight 0 is left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X or ``sample_weight`` is not finite, lengths differ, a head has no field or a field no
            head, a field has no observed label or one class only, masks do not match the images, images
            are too small for the trunk, ``checkpoint`` belongs to another fit.
        FloatingPointError
            A loss that is no longer finite, with the head and the epoch.
        """
        X = validate_data(self, X, allow_nd=True, dtype="numeric")
        self.input_shape_ = X.shape[1:]
        fields, self.form_ = read_target(y, self.missing_label)
        same_length(X, fields)
        weight = checked_weights(sample_weight, (len(X),), "sample_weight")
        fingerprint = self._fingerprint(X, y, weight)
        X = self._start(X)
        encoded = self._meet_heads(fields, np.flatnonzero(weight > 0), X.shape[1:])
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        fraction = self.validation_fraction if self.early_stopping else None
        rows, held_out = split_rows(list(self.heads_), encoded, weight, fraction, rng)
        self._learn_codings(encoded, weight, rows)
        self._scaling = self.trunk_.scaling() or vars(
            Scaling.learn(X, weight, rows, self.trunk_.alike(X.shape[-1]))
        )
        settings = self._settings(fingerprint)
        network = self._network()
        state = self._stopped(fingerprint)
        if state is None:
            params = network.init(rng, X.shape[1:], settings.dtype)
            state = TrainingState.begin(params, len(encoded), settings, rng)
            state.statistics = cast(self.trunk_.statistics(), settings.dtype)

        def samples(rows):
            codings, scaling = list(self._codings.values()), Scaling(**self._scaling)
            return Samples(X, scaling, encoded, codings, weight, rows, settings.dtype, self.augment)

        data, judges = samples(rows), None if held_out is None else samples(held_out)
        self.n_iter_ = train(network, data, judges, settings, state)
        tell(self, state, self.trunk_.sharing, [f"head.{name}" for name in self.heads_], data)
        return self

    # --------------------------------------------------------------------- before training

    def _start(self, X: np.ndarray) -> np.ndarray:
        """Remember the trunk; X as its layers take it."""
        trunk = self.trunk
        if trunk is None:
            trunk = DenseTrunk() if X.ndim == 2 else ConvTrunk()
        trunk.check()
        self.trunk_ = clone(trunk).named(getattr(self, "feature_names_in_", None))
        X = self.trunk_.samples(X)
        self._shape = X.shape[1:]
        if self.augment is not None:
            self.augment.check()
            if X.ndim != 4:
                raise ValueError("augment moves images, but the trunk takes X as rows of numbers")
        return X

    def _meet_heads(self, fields: dict, rows: np.ndarray, shape: tuple[int, ...]) -> list[np.ndarray]:
        """Let every head learn its codec from ``rows``; the encoded fields."""
        heads = dict(resolve_heads(self.heads, fields, self.missing_label))
        size = shape[:2] if len(shape) == 3 else None
        for name, head in heads.items():
            if head.estimator is not None:
                raise ValueError(
                    f"head {name!r} has estimator={head.estimator!r}, which a network cannot use; leave it "
                    "None, or take MultiHeadEstimator"
                )
            if KINDS[head.kind].maps != "none" and not self.trunk_.n_maps():
                raise ValueError(f"head {name!r} reads pixels: it needs images and trunk=ConvTrunk()")
        self.heads_ = heads
        self.specs_ = {name: head.learn(fields[name][rows], name, size) for name, head in heads.items()}
        return [head.encode(fields[name], self.specs_[name]) for name, head in heads.items()]

    def _learn_codings(self, encoded, weight: np.ndarray, rows: np.ndarray) -> None:
        self._codings = {
            name: learn_coding(head, self.specs_[name], field[rows], weight[rows])
            for (name, head), field in zip(self.heads_.items(), encoded, strict=True)
        }
        self._head_sizes = layer_sizes(self.head_layer_sizes, "head_layer_sizes")

    def _settings(self, fingerprint: str | None) -> Settings:
        balancer = Fixed() if self.balancer is None else self.balancer
        if self.solver == "lbfgs":
            trunk = self.trunk_ if draws(self.trunk_) else None
            same = ("augment", "early_stopping", "checkpoint")
            check_lbfgs(balancer, trunk=trunk, **{name: getattr(self, name) for name in same})
        same = ("solver", "alpha", "learning_rate", "schedule", "momentum", "batch_size", "max_iter")
        more = ("tol", "n_iter_no_change", "record_conflict", "verbose", "n_jobs")
        settings = Settings(balancer=balancer, **{name: getattr(self, name) for name in same + more})
        if fingerprint is None:
            return settings
        return replace(
            settings, after_epoch=lambda state: save_checkpoint(self.checkpoint, state, fingerprint)
        )

    def _fingerprint(self, X, y, weight: np.ndarray) -> str | None:
        """What a checkpoint must agree with; None where none is asked for."""
        if self.checkpoint is None:
            return None
        if not isinstance(self.random_state, Integral):
            raise ValueError(
                f"checkpoint needs random_state to be a number, so that a run can go on; got "
                f"{self.random_state!r}"
            )
        if not Path(self.checkpoint).absolute().parent.is_dir():
            raise ValueError(f"checkpoint={os.fspath(self.checkpoint)!r}: its folder does not exist")
        params = self.get_params()
        for name in ("checkpoint", "verbose", "n_jobs"):
            del params[name]
        return joblib.hash([sorted(map(repr, params.items())), self.trunk, X, y, weight])

    def _stopped(self, fingerprint: str | None) -> TrainingState | None:
        return None if fingerprint is None else load_checkpoint(self.checkpoint, fingerprint)

    # ------------------------------------------------------------------------- the network

    def _network(self) -> JointNetwork:
        n = len(self._codings)
        tasks = [
            Task(
                name,
                head_layers(f"head.{name}", coding, Place(self.trunk_, t, n), self._shape, self._head_sizes),
                head_loss(coding),
            )
            for t, (name, coding) in enumerate(self._codings.items())
        ]
        return JointNetwork(self.trunk_.layers(n), tasks)

    def _outputs(self, X, dtype=np.float64) -> dict[str, np.ndarray]:
        """What each head's codec decodes; ``dtype`` is that of the layers.

        In float32 they take half the time, and a sample alone may differ from one in a batch by rounding.
        """
        check_is_fitted(self)
        X = validate_data(self, X, allow_nd=True, dtype="numeric", reset=False)
        # scikit-learn compares n_features_in_ alone, which for images is their height.
        if X.shape[1:] != tuple(self.input_shape_):
            raise ValueError(
                f"X: shape per sample is {X.shape[1:]}, but {tuple(self.input_shape_)} was fitted."
            )
        X, network, scaling = self.trunk_.samples(X), self._network(), Scaling(**self._scaling)
        rows = max(BLOCK // int(np.prod(X.shape[1:3])), 1)
        params = {name: value.astype(dtype, copy=False) for name, value in self.params_.items()}
        parts, run = [], Run(statistics=self._statistics, n_jobs=self.n_jobs)
        for first in range(0, len(X), rows):
            block = scaling.apply(X[first : first + rows], dtype)
            Z = network.outputs(params, block, run)
            parts.append([read_outputs(c, z) for c, z in zip(self._codings.values(), Z, strict=True)])
        whole = [np.concatenate(own) for own in zip(*parts, strict=True)]
        return dict(zip(self._codings, whole, strict=True))
