"""Stacks of layers from a few numbers."""

from __future__ import annotations

from numbers import Real

from ..nn import Layer, batch_norm, chain, dense, dropout, gelu, relu


def layer_sizes(sizes, name: str) -> list[int]:
    """``sizes`` as a list of whole numbers >= 1."""
    sizes = [sizes] if not hasattr(sizes, "__len__") else list(sizes)
    wrong = [size for size in sizes if not (isinstance(size, Real) and size >= 1 and size == size // 1)]
    if wrong:
        raise ValueError(f"{name} must hold whole numbers >= 1, got {wrong[0]!r}")
    return [int(size) for size in sizes]


def activated(kind: str) -> Layer:
    """The activation called ``kind``, "relu" or "gelu"."""
    return relu() if kind == "relu" else gelu()


def followed(name: str, activation: str, normalises: bool) -> list[Layer]:
    """What follows the layer called ``name``: an activation, and batch normalisation before it if asked."""
    if normalises and activation == "relu":
        return [batch_norm(f"{name}.norm", rectified=True)]
    return [batch_norm(f"{name}.norm"), activated(activation)] if normalises else [activated(activation)]


def dense_layers(names: str, sizes, options: dict) -> list[Layer]:
    """A dense layer for each size, with what follows it; layer i is called ``names`` with i at its end.

    ``options`` holds ``activation``, ``dropout`` and ``batch_norm``.
    """
    layers = []
    for i, size in enumerate(sizes):
        name = f"{names}{i}"
        parts = [dense(name, size), *followed(name, options["activation"], options["batch_norm"])]
        if options["dropout"]:
            parts.append(dropout(options["dropout"]))
        layers.append(chain(*parts))
    return layers
