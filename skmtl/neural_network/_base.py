"""Networks of dense layers on plain targets: everything but what a task is."""

from __future__ import annotations

from abc import abstractmethod
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from ..balancers import Fixed
from ..nn import JointNetwork, Labels, Loss, Run
from ..targets import TaskTargets, TaskTargetsMixin, label_weights
from ..targets._columns import task_columns
from ..targets._known import read_known_targets
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import Interval, StrOptions, fit_context
from ._architecture import layer_sizes
from ._incremental import Incremental
from ._plain_network import dense_network, told_design
from ._rows import PREDICT_ROWS, Table
from ._settings import BATCH_SOLVERS, TRAINING_CONSTRAINTS, Settings, check_lbfgs
from ._targets import take_rows
from ._tell import tell
from ._train import train
from ._trunks import DenseTrunk, Trunk, draws

#: Up to so many rows solver="auto" takes L-BFGS, which looks at all of them in every iteration.
SMALL = 1000


class MultiTaskMLP(Incremental, TaskTargetsMixin):
    """Fits a shared trunk with a head a task; subclasses say what a task's loss is and decode."""

    _parameter_constraints = TRAINING_CONSTRAINTS | {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "trunk": [Trunk, None],
        "activation": [StrOptions({"relu", "gelu"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "batch_norm": ["boolean"],
        "solver": [StrOptions({"auto", *BATCH_SOLVERS, "lbfgs"})],
        "warm_start": ["boolean"],
        "missing_label": "no_validation",
    }

    _feature_dtypes = (np.float64, np.float32)

    # Tasks that own their rows are not learned here; the target reader asks for all three.
    task_feature = _task_ids = None
    unknown_task = "error"

    _classify: bool

    def __init__(  # noqa: PLR0913 - scikit-learn's way: every choice is a parameter of its own
        self,
        hidden_layer_sizes=(128,),
        *,
        trunk=None,
        head_layer_sizes=(),
        activation="gelu",
        dropout=0.0,
        batch_norm=False,
        balancer=None,
        solver="auto",
        alpha=1e-4,
        learning_rate=1e-3,
        schedule="constant",
        momentum=0.9,
        batch_size=128,
        max_iter=200,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        warm_start=False,
        record_conflict=False,
        missing_label=np.nan,
        random_state=None,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.trunk = trunk
        self.head_layer_sizes = head_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm
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
        self.missing_label = missing_label
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        return tags

    @abstractmethod
    def _losses(self) -> list[tuple[Loss, int]]:
        """Each task's loss and number of outputs, of the tasks that are remembered."""

    @abstractmethod
    def _labels(self, targets: TaskTargets, weight: np.ndarray, dtype) -> list[Labels]:
        """Targets and weights as the losses take them."""

    def _learn_scales(self, targets: TaskTargets, weight: np.ndarray) -> None:
        """Remember what turns targets into labels, before training."""

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, target_weight=None):
        """Learn all tasks together.

        Parameters
        ----------
        X : (n_samples, n_features) array, sparse matrix or data frame
        y : (n_samples,) or (n_samples, n_tasks)
            Targets; NaN, None or ``missing_label`` mean not observed.
        sample_weight : (n_samples,), optional
            Finite, not negative; a row of weight 0 is as if it were not there.
        target_weight : (n_samples, n_tasks), optional
            A weight for each label; multiplies ``sample_weight``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            NaN in X; a task with no observed label, or one class; weights that are negative or not
            finite; a solver that does not go with the balancer, dropout or early stopping; with
            ``warm_start`` another number of columns, tasks or classes, or other layers.
        FloatingPointError
            A loss that is no longer finite, with the task and the epoch.
        """
        earlier = dict(vars(self)) if self._goes_on() else None
        X, targets = self._read_fit(X, y, classify=self._classify)
        weight = label_weights(targets, sample_weight, target_weight)
        self._need_same_tasks(earlier)
        settings = self._settings(self._chosen_solver(X.shape[0]))
        rng = self._rng()
        rows, held_out = self._split(weight, targets.names, rng)
        if earlier is None:
            self._learn_scales(take_rows(targets, rows), weight[rows])
        self._design = self._asked_design(X.shape[1])
        self._need_same_layers(earlier)
        state = self._begin(settings, rng, first=earlier is None)
        data = self._data(X, targets, weight, rows, settings)
        judges = None if held_out is None else self._data(X, targets, weight, held_out, settings)
        self.n_iter_ = train(self._network(), data, judges, settings, state)
        self.solver_, self._state = settings.solver, None
        self._tell(state, data)
        return self

    def _read_part(self, part, settings, classes, *, first):
        X, y, sample_weight, *more = part
        X = validate_data(self, X, **self._checks, reset=first)
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        if first:
            self._meet_tasks(y, classes)
        targets = self._read_known(y)
        check_consistent_length(X, targets.values)
        weight = label_weights(targets, sample_weight, *(more or [None]), every_task=first)
        if first:
            self._learn_scales(targets, weight)
            self._design = self._asked_design(X.shape[1])
        self.solver_ = settings.solver
        return self._data(X, targets, weight, np.flatnonzero((weight > 0).any(axis=1)), settings)

    def to_onnx(self, path) -> Path:
        """Write the fitted network as an ONNX file, which other programs run without this package.

        The file takes ``X``, float32 (n, n_features), and gives a value for each task, under its name:
        probabilities (n, n_classes) or numbers (n,). Its metadata entry "skmtl" is JSON with the classes.

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
            A task called "X" or beginning with "/".
        OSError
            The file cannot be written.
        """
        check_is_fitted(self)
        from ._onnx_export import write_perceptron

        return write_perceptron(path, self)

    # ------------------------------------------------------------------------ before training

    def _need_same_tasks(self, earlier: dict | None) -> None:
        """Refuse to go on with other tasks or classes than the earlier fit's."""
        if earlier is None:
            return
        same = earlier["n_tasks_"] == self.n_tasks_ and earlier["_form"] == self._form
        if same and self._classify:
            same = all(map(np.array_equal, _as_list(earlier["classes_"]), _as_list(self.classes_)))
        if not same:
            raise ValueError("warm_start=True: y has other tasks or classes than in the fit before")

    def _draws(self) -> bool:
        """Whether the trunk drops what it draws."""
        return self.trunk is not None and draws(self.trunk)

    def _chosen_solver(self, n_samples: int) -> str:
        if self.solver != "auto":
            return self.solver
        fits = n_samples <= SMALL and not (self.dropout or self._draws() or self.early_stopping)
        return "lbfgs" if fits and isinstance(self.balancer, Fixed | None) else "adam"

    def _settings(self, solver: str) -> Settings:
        balancer = Fixed() if self.balancer is None else self.balancer
        if solver == "lbfgs":
            trunk = self.trunk if self._draws() else None
            check_lbfgs(balancer, dropout=self.dropout, trunk=trunk, early_stopping=self.early_stopping)
        same = ("alpha", "learning_rate", "schedule", "momentum", "batch_size", "max_iter", "tol")
        more = ("n_iter_no_change", "record_conflict", "verbose")
        remedy = ", or scale the columns of X (StandardScaler)"
        given = {name: getattr(self, name) for name in same + more}
        return Settings(solver, balancer, **given, remedy=remedy)

    def _batch_settings(self):
        return self._settings("adam" if self.solver == "auto" else self.solver)

    def _split(self, weight: np.ndarray, names: list, rng) -> tuple[np.ndarray, np.ndarray | None]:
        """Rows to learn from, and rows to judge by where ``early_stopping`` asks for some."""
        rows = np.flatnonzero((weight > 0).any(axis=1))
        if not self.early_stopping:
            return rows, None
        n_out = int(np.ceil(self.validation_fraction * len(rows)))
        order = rng.permutation(rows)
        out, kept = np.sort(order[:n_out]), np.sort(order[n_out:])
        bare = [name for name, w in zip(names, weight[kept].T, strict=True) if not (w > 0).any()]
        if bare or not len(kept):
            raise ValueError(
                f"early_stopping=True leaves no label of task {(bare or names)[0]!r} to learn from: lower "
                f"validation_fraction ({self.validation_fraction:g}) or give more labels"
            )
        return kept, out

    def _need_same_layers(self, earlier: dict | None) -> None:
        """Refuse to go on with other layers than the earlier fit's."""
        if earlier is not None and told_design(earlier["_design"]) != told_design(self._design):
            raise ValueError("warm_start=True: X has another width, or the layers are others, than before")

    def _meet_tasks(self, y, classes) -> None:
        """Remember the tasks that the first batch shows."""
        columns, names, one_dim = task_columns(y)
        self._form, self.n_tasks_ = "vector" if one_dim else "matrix", len(columns)
        self.task_names_in_ = np.array(names or [f"task{t}" for t in range(len(columns))])

    def _read_known(self, y) -> TaskTargets:
        classes = _as_list(self.classes_) if self._classify else None
        return read_known_targets(
            y,
            self.task_names_in_.tolist(),
            classes,
            missing_label=self.missing_label,
            vector=self._form == "vector",
        )

    def _data(
        self, X, targets: TaskTargets, weight: np.ndarray, rows: np.ndarray, settings: Settings
    ) -> Table:
        labels = self._labels(take_rows(targets, rows), weight[rows], settings.dtype)
        return Table.hold(X.tocsr() if sp.issparse(X) else X, rows, labels, settings.dtype)

    # -------------------------------------------------------------------------- the network

    def _asked_trunk(self) -> Trunk:
        """The trunk as a value of its own."""
        if self.trunk is not None:
            self.trunk.check()
            if self.trunk.n_maps() or self.trunk.scaling() is not None:
                raise ValueError(
                    f"{type(self).__name__} has rows of numbers alone, taken as they are: it cannot take "
                    f"trunk={self.trunk!r}"
                )
            return clone(self.trunk).named(getattr(self, "feature_names_in_", None))
        sizes = layer_sizes(self.hidden_layer_sizes, "hidden_layer_sizes")
        same = {name: getattr(self, name) for name in ("activation", "dropout", "batch_norm")}
        return DenseTrunk(tuple(sizes), **same)

    def _asked_design(self, n_features: int) -> dict:
        trunk = self._asked_trunk()
        trunk.samples(np.broadcast_to(0.0, (1, n_features)))  # refuses what does not fit
        return {
            "n_features": n_features,
            "trunk": trunk,
            "head": layer_sizes(self.head_layer_sizes, "head_layer_sizes"),
            "activation": self.activation,
            "dropout": self.dropout,
            "batch_norm": bool(self.batch_norm),
        }

    def _ground(self):
        return self._design["trunk"], (self._design["n_features"],)

    def _network(self) -> JointNetwork:
        names = self.task_names_in_.tolist()
        tasks = [(name, *own) for name, own in zip(names, self._losses(), strict=True)]
        return dense_network(self._design, tasks)

    def _tell(self, state, data):
        heads = [f"head{t}" for t in range(self.n_tasks_)]
        tell(self, state, self._design["trunk"].sharing, heads, data)

    def _raw(self, X) -> list[np.ndarray]:
        """Every task's raw outputs (n, C)."""
        X, _ = self._read_predict(X)
        X = X.tocsr() if sp.issparse(X) else X
        network, run = self._network(), Run(statistics=self._statistics)
        blocks = (X[first : first + PREDICT_ROWS] for first in range(0, X.shape[0], PREDICT_ROWS))
        parts = [network.outputs(self.params_, block.astype(np.float64, copy=False), run) for block in blocks]
        return [np.concatenate(task) for task in zip(*parts, strict=True)]


def _as_list(classes) -> list:
    return classes if isinstance(classes, list) else [classes]
