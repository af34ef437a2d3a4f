"""Trunks that tasks share in part: columns tied by learned weights, and experts that tasks choose from."""

from __future__ import annotations

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import clone

from ..nn import Layer, Run, branches, chain, gate, gated, parallel, pick, pyramid, stitch, stitching
from ._trunks import DenseTrunk, Trunk


class CopiedTrunk(Trunk):
    """Several copies of one hard trunk, each with parameters of its own; subclasses tie them."""

    is_hard = False
    #: The parameter that holds the trunk that is copied.
    _of: ClassVar[str]

    def _copied(self) -> Trunk:
        given = getattr(self, self._of)
        return DenseTrunk() if given is None else given

    def _check_copied(self) -> None:
        copied = self._copied()
        if not isinstance(copied, Trunk) or not copied.is_hard:
            raise ValueError(
                f"{type(self).__name__} is made of copies of a trunk that tasks share whole, got {copied!r}"
            )
        copied.check()
        if not copied.stages():
            raise ValueError(f"{type(self).__name__} needs a layer at least, got {copied!r}")

    def n_maps(self):
        return self._copied().n_maps()

    def samples(self, X):
        return self._copied().samples(X)

    def named(self, names):
        return clone(self).set_params(**{self._of: self._copied().named(names)})

    def alike(self, n_columns):
        return self._copied().alike(n_columns)

    def stages(self, name="trunk"):
        return self._copied().stages(name)


class CrossStitchTrunk(CopiedTrunk):
    r"""A column of layers for each task, and weights by which the columns feed each other.

    After each layer (of a ``ConvTrunk``, after each block) the input of column t's next layer is
    :math:`\tilde x_t = \sum_s A_{ts} x_s`, with a T x T matrix A for each layer, learned with all else;
    ``alpha`` holds it to where it began.
    Row t of the last one belongs to head t. Mask heads see the maps of their own column, and have no
    such row. The network is T times as large as with one shared column.

    Parameters
    ----------
    column : Trunk, optional
        The layers of each column; ``DenseTrunk()`` where None.
    own : float in [0, 1], default 0.9
        What A begins with on its diagonal; the others of a row begin with equal shares of ``1 - own``.

    References
    ----------
    Misra, Shrivastava, Gupta & Hebert (2016), "Cross-stitch networks for multi-task learning", eq. 1.
    """

    _of = "column"

    def __init__(self, column=None, own=0.9):
        self.column = column
        self.own = own

    def check(self):
        self._check_copied()
        if not (isinstance(self.own, Real) and 0 <= self.own <= 1):
            raise ValueError(f"CrossStitchTrunk: own must be in [0, 1], got {self.own!r}")

    def _start(self, n_tasks: int) -> np.ndarray:
        others = (1.0 - self.own) / max(n_tasks - 1, 1)
        return np.full((n_tasks, n_tasks), others) + (self.own - others) * np.eye(n_tasks)

    def layers(self, n_tasks):
        columns = zip(*(self._copied().stages(f"trunk.column{t}") for t in range(n_tasks)), strict=True)
        stages: list[Layer] = []
        for i, stage in enumerate(columns):
            if i == 0:
                stages.append(branches(stage))
            else:
                tied = stitch(f"trunk.stitch{i - 1}", self._start(n_tasks))
                stages.append(chain(tied, parallel(dict(enumerate(stage)))))
        return pyramid(stages)

    def view(self, head, task, n_tasks, levels):
        last = len(self.stages())
        row = stitch(f"{head}.stitch", self._start(n_tasks)[[task]])
        seen = {level: pick(task) for level in levels if 0 < level < last}
        seen |= {level: chain() for level in levels if level == 0}
        seen |= {level: chain(row, pick(0)) for level in levels if level == last}
        return parallel(seen)

    def sharing(self, params, heads, batches):
        none = np.full((1, len(heads)), np.nan)
        last = np.concatenate([params.get(f"{head}.stitch.W", none) for head in heads])
        learned = [*(params[f"trunk.stitch{i}.W"] for i in range(len(self.stages()) - 1)), last]
        return stitching(self._start(len(heads)), np.stack(learned))


class MixtureTrunk(CopiedTrunk):
    r"""Experts that all tasks share, and a gate for each task that weighs them for each sample.

    Task t sees :math:`\sum_e g_{te}(x) f_e(x)` with experts f_e and shares
    :math:`g_t(x) = \mathrm{softmax}(W_t x + b_t)`; mask heads see the experts' maps, summed with the same
    shares. A gate's weights belong to its head, and begin with equal shares.

    Parameters
    ----------
    expert : Trunk, optional
        The layers of each expert; ``DenseTrunk()`` where None.
    n_experts : int, default 4

    References
    ----------
    Ma, Zhao, Yi, Chen, Hong & Chi (2018), "Modeling task relationships in multi-task learning with
    multi-gate mixture-of-experts", eq. 6 and 7.
    """

    _of = "expert"

    def __init__(self, expert=None, n_experts=4):
        self.expert = expert
        self.n_experts = n_experts

    def check(self):
        self._check_copied()
        if not (isinstance(self.n_experts, Integral) and self.n_experts >= 1):
            raise ValueError(f"MixtureTrunk: n_experts must be a whole number >= 1, got {self.n_experts!r}")

    def layers(self, n_tasks):
        experts = [self._copied().stages(f"trunk.expert{e}") for e in range(self.n_experts)]
        first, *others = zip(*experts, strict=True)
        return pyramid([branches(first), *(parallel(dict(enumerate(stage))) for stage in others)])

    def view(self, head, task, n_tasks, levels):
        return gated(self._gate(head), [level for level in levels if level])

    def _gate(self, head: str) -> Layer:
        return gate(f"{head}.gate", self.n_experts)

    def sharing(self, params, heads, batches):
        total, count = 0.0, 0
        for X in batches:
            shares = [self._gate(head).forward(params, X, Run())[0] for head in heads]
            total, count = total + np.stack([share.sum(axis=0) for share in shares]), count + X.shape[0]
        return total / count
