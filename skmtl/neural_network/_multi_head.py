"""MultiHeadNetwork: several kinds of target, one network."""

from __future__ import annotations

import os
from dataclasses import replace
from numbers import Integral
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from ..balancers import Fixed
from ..heads import HeadOutputsMixin
from ..nn import JointNetwork, Task
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import StrOptions, fit_context
from ._augment import Augment
from ._checkpoint import load_checkpoint, run_fingerprint, save_checkpoint
from ._codings import head_layers, head_loss
from ._heads_learner import HeadsLearner
from ._inference import predicted
from ._inputs import split_rows
from ._settings import BATCH_SOLVERS, TRAINING_CONSTRAINTS, Settings, auto_lengths, check_lbfgs
from ._tell import lock_parameters, tell
from ._train import train
from ._trunks import DenseTrunk, Place, Trunk, draws


class MultiHeadNetwork(HeadsLearner, HeadOutputsMixin, BaseEstimator):
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
        of numbers; for images a ``ConvTrunk`` with as many blocks as leave 4 to 7 pixels of their shorter
        side. Mask heads need a ``ConvTrunk``.
    head_layer_sizes : int or sequence of int, default ()
        Sizes of the dense layers of each head's own, before its output; masks have none.
    augment : Augment, "auto" or None, default "auto"
        Shows images moved and lit differently in every epoch, with their boxes, points and pixels. "auto" is
        ``Augment()`` where all heads tell classes, tags, boxes, points or masks; where some tell numbers or
        maps, which may be of sizes or of light, ``Augment(share=0.5, numbers=False)``; where all do, None.
    balancer : Balancer, default ``Fixed()``
        What gives the weights lambda; see ``skmtl.balancers``.
    solver : {"adam", "adamw", "sgd", "lbfgs"}, default "adam"
        "lbfgs" looks at all samples in each of ``max_iter`` iterations, in float64: for up to some hundred.
        It takes no dropout, no balancer but ``Fixed``, no ``augment``, ``early_stopping`` or ``checkpoint``.
    alpha : float >= 0, default 1e-4
        Strength of the L2 penalty on weights, not on biases; "adamw" shrinks the weights by
        ``alpha * learning_rate`` in each step instead.
    learning_rate : float > 0, default 3e-3
    schedule : {"constant", "cosine", "triangle"}, default "triangle"
        What becomes of the learning rate over ``max_iter`` epochs: nothing; down to 0 along half a cosine;
        up from 0 over a fifth of the steps and down to 0 again.
    momentum : float in [0, 1), default 0.9
        For "sgd".
    batch_size : int or "auto", default "auto"
        Samples in a step, at most; the batches of an epoch are of nearly equal size. "auto" is a thirtieth of
        the samples, 16 at least and 64 at most; 64 where they come part by part.
    max_iter : int or "auto", default "auto"
        Epochs. "auto" is 30, or as many more as make 1,000 steps; for "lbfgs" 200 iterations.
    tol : float >= 0, default 1e-4
        Training stops when the mean loss over heads has not fallen by more than ``tol`` for
        ``n_iter_no_change`` epochs: the loss on samples held out, or with the "constant" schedule that on
        those learned. Other schedules go to their end, for the loss falls most where their rate does.
    n_iter_no_change : int, default 10
    early_stopping : bool, default False
        Judge by the loss on samples held out, and keep the parameters that were best on them.
    validation_fraction : float in (0, 1), default 0.1
        Share of the samples held out for ``early_stopping``.
    warm_start : bool, default False
        Begin ``fit`` with the parameters, the classes and the scales of the fit before.
    record_conflict : bool, default False
        Measure the angles between the heads' gradients once an epoch.
    checkpoint : path, optional
        A file that is written after each epoch. A fit that finds it goes on from there, to the same bits as a
        fit that was never stopped; needs ``random_state`` to be a number.
    missing_label : int or str, optional
        Label that stands for "not observed" in label heads that "auto" makes.
    n_jobs : int, optional
        Threads that share the samples of a batch; the bits are the same for any number. None means 1, -1 all
        cores. Predictions of a ``ConvTrunk`` of default blocks take one thread in any case.
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
        "augment": [Augment, StrOptions({"auto"}), None],
        "solver": [StrOptions({*BATCH_SOLVERS, "lbfgs"})],
        "batch_size": [StrOptions({"auto"}), *TRAINING_CONSTRAINTS["batch_size"]],
        "max_iter": [StrOptions({"auto"}), *TRAINING_CONSTRAINTS["max_iter"]],
        "warm_start": ["boolean"],
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
        augment="auto",
        balancer=None,
        solver="adam",
        alpha=1e-4,
        learning_rate=3e-3,
        schedule="triangle",
        momentum=0.9,
        batch_size="auto",
        max_iter="auto",
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        warm_start=False,
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
        self.warm_start = warm_start
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
            are too small for the trunk, ``checkpoint`` belongs to another fit; with ``warm_start`` a label
            never seen before, other fields, or other layers.
        FloatingPointError
            A loss that is no longer finite, with the head and the epoch.
        """
        first = not self._goes_on()
        X, fields, weight = self._read(X, y, sample_weight, first=first)
        fingerprint = run_fingerprint(self, X, y, weight, None if first else self.params_)
        if first:
            X = self._start(X)
            self._meet_heads(fields, np.flatnonzero(weight > 0), X.shape[1:])
        else:
            X = self._start_again(X)
        encoded, rng = self._encode(fields), self._rng()
        fraction = self.validation_fraction if self.early_stopping else None
        rows, held_out = split_rows(list(self.heads_), encoded, weight, fraction, rng)
        if first:
            self._learn_codings(X, encoded, weight, rows)
        settings = self._settings(fingerprint, len(rows))
        state = None if fingerprint is None else load_checkpoint(self.checkpoint, fingerprint)
        state = state or self._begin(settings, rng, first=first)
        data = self._samples(X, encoded, weight, rows, settings.dtype)
        judges = None if held_out is None else replace(data, rows=held_out)
        self.n_iter_, self._state = train(self._network(), data, judges, settings, state), None
        self._tell(state, data)
        return self

    # --------------------------------------------------------------------- before training

    def _batch_settings(self):
        return self._settings(None)

    def _settings(self, fingerprint: str | None, n_samples: int | None = None) -> Settings:
        balancer = Fixed() if self.balancer is None else self.balancer
        if self.solver == "lbfgs":
            trunk = self.trunk_ if draws(self.trunk_) else None
            others = {name: getattr(self, name) for name in ("early_stopping", "checkpoint")}
            augment = None if self.augment == "auto" else self.augment
            check_lbfgs(balancer, trunk=trunk, augment=augment, **others)
        same = ("solver", "alpha", "learning_rate", "schedule", "momentum", "tol", "n_iter_no_change")
        given = {name: getattr(self, name) for name in (*same, "record_conflict", "verbose", "n_jobs")}
        lengths = auto_lengths(self.solver, n_samples, self.batch_size, self.max_iter)
        settings = Settings(balancer=balancer, **given, **lengths)
        if fingerprint is None:
            return settings
        return replace(
            settings, after_epoch=lambda state: save_checkpoint(self.checkpoint, state, fingerprint)
        )

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

    def to_onnx(self, path) -> Path:
        """Write the fitted network as an ONNX file, which other programs run without this package.

        The file takes ``X``, float32 (n, *input_shape_): what ``predict`` takes, not scaled. It gives a value
        for each field, under its name: what ``predict_proba`` tells of it, or ``predict`` where there are no
        probabilities; numbers are not rounded, and points come without visibility. Its metadata entry
        "skmtl" is JSON with the heads' kinds and classes. All is float32, opset 13.

        Parameters
        ----------
        path : str or path-like
            Written whole or not at all; missing folders are made.

        Returns
        -------
        path : pathlib.Path

        Raises
        ------
        ValueError
            A field called "X" or beginning with "/", or a trunk with layers that have no form in ONNX here.
        OSError
            The file cannot be written.
        """
        check_is_fitted(self)
        from ._onnx_export import write_network

        return write_network(path, self)

    def input_slopes(self, X, head: str, columns, *, times_input=False) -> np.ndarray:
        """The slope of one output of a head in every number of X; see ``skmtl.inspection.gradient_map``.

        Parameters
        ----------
        X : array, as ``predict`` takes it
        head : str
        columns : array of int (n,)
            Which of the head's outputs, for each sample.
        times_input : bool, default False
            Each slope times the number's distance from the mean that X is scaled by.

        Returns
        -------
        slopes : ndarray of the shape of X, float64
        """
        check_is_fitted(self)
        X = validate_data(self, X, allow_nd=True, dtype="numeric", reset=False)
        self._need_shape(X)
        from ._slopes import input_slopes

        return input_slopes(self, X, head, np.asarray(columns), times_input=times_input)

    def save_trunk(self, path) -> Path:
        """Write the trunk with its parameters as an .npz file, for ``PretrainedTrunk(path)``.

        Parameters
        ----------
        path : str or path-like
            Ends in ".npz". Written whole or not at all; missing folders are made.

        Returns
        -------
        path : pathlib.Path

        Raises
        ------
        ValueError
            A trunk other than ``ConvTrunk`` or ``DenseTrunk``, or another ending.
        OSError
            The file cannot be written.
        """
        check_is_fitted(self)
        from ._pretrained_trunk import origin_of
        from ._trunk_file import write_trunk

        return write_trunk(path, self.trunk_, origin_of(self))

    def _tell(self, state, data):
        tell(self, state, self.trunk_.sharing, [f"head.{name}" for name in self.heads_], data)

    def _outputs(self, X, dtype=np.float64) -> dict[str, np.ndarray]:
        """What each head's codec decodes; ``dtype`` is that of the layers behind plain blocks of convolution.

        In float32 they take half the time, and a sample alone may differ from one in a batch by rounding.
        """
        return predicted(self, X, dtype)

    def __setstate__(self, state):
        super().__setstate__(state)
        if hasattr(self, "params_"):
            lock_parameters(self)
