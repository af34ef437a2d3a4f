"""The networks of the plain estimators: dense layers, as functions made from a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

from ..nn import JointNetwork, Layer, Loss, Task, batch_norm, chain, dense, dropout, gelu, relu


def layer_sizes(sizes, name: str) -> list[int]:
    """``sizes`` as a list of whole numbers >= 1."""
    sizes = [sizes] if not hasattr(sizes, "__len__") else list(sizes)
    wrong = [size for size in sizes if not (isinstance(size, Real) and size >= 1 and size == size // 1)]
    if wrong:
        raise ValueError(f"{name} must hold whole numbers >= 1, got {wrong[0]!r}")
    return [int(size) for size in sizes]


def dense_network(design: dict, tasks: Sequence[tuple[str, Loss, int]]) -> JointNetwork:
    """A trunk of dense layers and a head for each task: its name, its loss, and its number of outputs.

    ``design`` holds ``hidden`` and ``head``, the sizes of the layers of the trunk and of each head,
    ``activation``, ``dropout`` and ``batch_norm``.
    """
    trunk = _layers("trunk", design["hidden"], design)
    heads = []
    for t, (name, loss, n_outputs) in enumerate(tasks):
        own = _layers(f"head{t}", design["head"], design)
        heads.append(Task(name, chain(*own, dense(f"head{t}.out", n_outputs, gain=1.0)), loss))
    return JointNetwork(chain(*trunk), heads)


def _layers(name: str, sizes: Sequence[int], design: dict) -> list[Layer]:
    layers = []
    for i, size in enumerate(sizes):
        layers.append(dense(f"{name}.{i}", size))
        if design["batch_norm"]:
            layers.append(batch_norm(f"{name}.{i}"))
        layers.append(relu() if design["activation"] == "relu" else gelu())
        if design["dropout"]:
            layers.append(dropout(design["dropout"]))
    return layers
