"""Images with annotations of every kind for the tests of networks, and the bits of a fitted one."""

from __future__ import annotations

import numpy as np

from skmtl import MultiHeadNetwork, make_targets, nn


def scenes(rng, n=120, side=16):
    """A bright or dark rectangle on grey: its kind, tags, box, two corners, width, and mask."""
    corner = rng.integers(1, side // 2, size=(n, 2))
    extent = rng.integers(4, side // 2, size=(n, 2))
    bright = rng.integers(0, 2, n)
    X = rng.normal(100, 5, size=(n, side, side))
    mask = np.zeros((n, side, side), np.uint8)
    for i, ((x, y), (w, h)) in enumerate(zip(corner, extent, strict=True)):
        mask[i, y : y + h, x : x + w] = 1
    X += mask * np.where(bright, 80, -80)[:, None, None]
    box = np.hstack([corner, corner + extent]).astype(float)
    fields = {
        "kind": np.where(bright, "bright", "dark"),
        "tags": np.column_stack([bright, extent[:, 0] > extent[:, 1]]).astype(float),
        "box": box,
        "points": box.reshape(n, 2, 2),
        "size": extent[:, 0].astype(float),
        "mask": mask,
    }
    return np.clip(X, 0, 255).astype(np.uint8), fields


def hide(fields, rng, share=0.4):
    """Most fields with some of their entries not observed."""
    n = len(fields["kind"])
    hidden = {name: field.copy() for name, field in fields.items()}
    hidden["kind"][rng.random(n) < share] = ""
    for name in ("tags", "box", "points", "size"):
        hidden[name][rng.random(n) < share] = np.nan
    hidden["mask"][rng.random(n) < share] = 255
    return hidden


def rows_of(rng, n=120):
    """Rows of three numbers with a class and a number."""
    X = rng.normal(size=(n, 3))
    return X, make_targets(kind=np.where(X[:, 0] > 0, "up", "down"), size=X @ [1.0, 2.0, 0.0])


def bits_of(model) -> bytes:
    return b"".join(value.tobytes() for value in model.params_.values())


def levels(trunk, X):
    """The levels of a trunk on X, with the parameters it begins with."""
    trunk = trunk.named(None)
    X, scaling = trunk.samples(X).astype(float), trunk.scaling()
    layers = trunk.layers(1)
    params, _ = layers.init(np.random.default_rng(0), X.shape[1:], np.float64)
    X, run = (X - scaling["shift"]) / scaling["scale"], nn.Run(statistics=trunk.statistics())
    return layers.forward(params, X, run)[0]


def network(trunk, **options):
    """A network that is fitted in a moment."""
    return MultiHeadNetwork(trunk=trunk, random_state=0, **{"max_iter": 2, "learning_rate": 0.01} | options)
