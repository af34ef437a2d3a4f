"""The networks of the plain estimators: a trunk for rows of numbers, and dense heads."""

from __future__ import annotations

from collections.abc import Sequence

from ..nn import JointNetwork, Loss, Task, chain, dense
from ._architecture import dense_layers
from ._trunks import Place, Trunk


def dense_network(design: dict, tasks: Sequence[tuple[str, Loss, int]]) -> JointNetwork:
    """A trunk and a head for each task: its name, its loss, and its number of outputs.

    ``design`` holds ``trunk``, and for the heads ``head``, the sizes of their own layers, ``activation``,
    ``dropout`` and ``batch_norm``.
    """
    heads = []
    for t, (name, loss, n_outputs) in enumerate(tasks):
        place = Place(design["trunk"], t, len(tasks))
        own = dense_layers(f"head{t}.", design["head"], design)
        layers = chain(*own, dense(f"head{t}.out", n_outputs, gain=1.0))
        heads.append(Task(name, place.read(f"head{t}", {place.last: layers}), loss))
    return JointNetwork(design["trunk"].layers(len(tasks)), heads)


def told_design(design: dict) -> dict:
    """All that must not change when training goes on, by names; the share of dropout may."""
    told = design | {f"trunk__{key}": value for key, value in design["trunk"].get_params().items()}
    return {
        key: repr(type(value) if isinstance(value, Trunk) else value)
        for key, value in told.items()
        if not key.endswith("dropout")
    }
