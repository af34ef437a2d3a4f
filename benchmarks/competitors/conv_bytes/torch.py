"""torch in float32, on images that were float32 before the clock started."""

from __future__ import annotations

from types import SimpleNamespace

from competitors.conv_features import torch
from competitors.conv_features.torch import result, run  # noqa: F401

PACKAGE = "torch"


def prepare(data, threads):
    return torch.prepare(SimpleNamespace(**vars(data) | {"X": data.floats}), threads)
