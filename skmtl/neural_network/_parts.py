"""The trunk and the heads as parts of one vector; a step leaves out the heads that have nothing to learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import numpy as np

from ..nn import Optimiser, Params, Vector

#: What optimisers count their steps by: parts that are left out count theirs by themselves.
COUNT = "count"


def start(optimiser: Optimiser, theta: np.ndarray, n_parts: int) -> Params:
    """The optimiser's state before the first step, with one count a part."""
    state = optimiser.start(theta)
    return {name: np.tile(value, n_parts) if name == COUNT else value for name, value in state.items()}


def part_ends(vector: Vector, heads: Sequence[Sequence[str]]) -> np.ndarray:
    """Where the parts begin and end in the vector (T + 2,), by the parameters' names of each head.

    The trunk's parameters stand first, then those of the heads in their order.
    """
    sizes = [vector.length(names) for names in heads]
    return np.cumsum([0, len(vector.array) - sum(sizes), *sizes])


def step(
    optimiser: Callable[[slice], Optimiser],
    ends: np.ndarray,
    present: Sequence[bool],
    theta: np.ndarray,
    gradient: np.ndarray,
    state: Params,
    rate: float,
) -> None:
    """Move the parts that are present (T + 1,), in place; the others and their state stay as they are.

    ``optimiser`` gives that of a stretch of the vector.
    """
    for first, end in _runs(present, state.get(COUNT)):
        place = slice(ends[first], ends[end])
        own = {name: value[first, ...] if name == COUNT else value[place] for name, value in state.items()}
        optimiser(place).step(theta[place], gradient[place], own, rate)
        if COUNT in state:
            state[COUNT][first:end] = own[COUNT]


def _runs(present: Sequence[bool], counts: np.ndarray | None) -> Iterator[tuple[int, int]]:
    """Neighbours that are present and have taken equally many steps: first, and one past the last."""
    taken = [0] * len(present) if counts is None else counts.tolist()
    end = 0
    for (there, _), run in groupby(zip(present, taken, strict=True)):
        first, end = end, end + len(list(run))
        if there:
            yield first, end
