"""Networks that learn on: from more rows, from batches that come one by one, or from an earlier fit."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from sklearn.utils import check_random_state

from ..nn import JointNetwork
from ._rows import Rows, Stream, one_part
from ._settings import Settings
from ._state import TrainingState
from ._train import train, train_on
from ._trunks import Trunk


def trains_on_batches(model) -> bool:
    """Whether the model learns part by part; raises the error that says why not."""
    if model.solver == "lbfgs":
        raise AttributeError("solver='lbfgs' looks at all rows at once and cannot learn from batches")
    return True


class Incremental(ABC):
    """What ``partial_fit``, ``fit_batches`` and ``warm_start`` of all networks have in common.

    The estimator has the parameters ``max_iter``, ``early_stopping``, ``random_state`` and ``warm_start``;
    fitted, it has ``params_`` and ``_statistics``.
    """

    @abstractmethod
    def _batch_settings(self) -> Settings:
        """How steps are taken when the rows come part by part."""

    @abstractmethod
    def _read_part(self, part: tuple, settings: Settings, classes, *, first: bool) -> Rows:
        """The rows with a label of (X, y, weights...); from the ``first`` the estimator learns what its tasks
        are, with the ``classes`` that will come."""

    @abstractmethod
    def _network(self) -> JointNetwork:
        """The network of the tasks that are known."""

    @abstractmethod
    def _ground(self) -> tuple[Trunk, tuple[int, ...]]:
        """The trunk, and the shape of a sample as its layers take it."""

    @abstractmethod
    def _tell(self, state: TrainingState, data) -> None:
        """Set the fitted attributes."""

    def _goes_on(self) -> bool:
        """Whether ``fit`` begins with the parameters of the fit before."""
        return self.warm_start and hasattr(self, "params_")

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))

    def _begin(self, settings: Settings, rng: np.random.Generator, *, first: bool) -> TrainingState:
        """The state before the first step: drawn, or with the parameters of the fit before."""
        network, (trunk, shape) = self._network(), self._ground()
        params = network.init(rng, shape, settings.dtype) if first else self.params_
        gathered = trunk.statistics() if first else self._statistics
        return TrainingState.begin(params, gathered, len(network.tasks), settings, rng)

    def _resume(self, settings: Settings, *, first: bool) -> TrainingState:
        """The state that the last ``partial_fit`` has left, or one that begins where ``fit`` has ended."""
        begun = self._begin(settings, self._rng(), first=first)
        if first or getattr(self, "_state", None) is None:
            return begun
        state = TrainingState.thaw(self._state)
        for part in ("optimiser", "balancer"):  # another solver or balancer than before knows nothing yet
            if getattr(state, part).keys() != getattr(begun, part).keys():
                setattr(state, part, getattr(begun, part))
        return state

    def _learn_part(self, part: tuple, classes=None):
        """One epoch over the rows of ``part``; without a label in it nothing changes."""
        first, settings = not hasattr(self, "params_"), self._batch_settings()
        rows = self._read_part(part, settings, classes, first=first)
        if not len(rows):
            return self
        state = self._resume(settings, first=first)
        train_on(self._network(), rows, settings, state)
        self.n_iter_ = getattr(self, "n_iter_", 0) + 1
        self._state = state.freeze()
        self._tell(state, rows)
        return self

    def _learn_stream(self, batches, classes=None, validation=None):
        """Epochs over parts that are never all in memory."""
        if self.early_stopping != (validation is not None):
            raise ValueError(
                "fit_batches: early_stopping=True and validation=(X, y) belong together, for batches that "
                "come and go leave no rows to hold back"
            )
        first, settings = not self._goes_on(), self._batch_settings()
        stream = Stream(batches, settings.max_iter)
        self._read_part(stream.first, settings, classes, first=first)
        stream.read = lambda part: self._read_part(part, settings, None, first=False)
        judges = None if validation is None else self._read_judges(validation, settings)
        state = self._begin(settings, self._rng(), first=first)
        self.n_iter_ = train(self._network(), stream, judges, settings, state)
        self._state = None
        self._tell(state, stream)
        return self

    def _read_judges(self, validation, settings: Settings) -> Rows:
        rows = self._read_part(one_part(validation, "validation"), settings, None, first=False)
        if not len(rows):
            raise ValueError("validation has no row with a label to judge by")
        return rows
