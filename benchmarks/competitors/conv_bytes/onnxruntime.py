"""onnxruntime in float32, on images that were float32 before the clock started."""

from __future__ import annotations

from types import SimpleNamespace

from competitors.conv_features import onnxruntime
from competitors.conv_features.onnxruntime import result, run  # noqa: F401

PACKAGE = "onnxruntime"


def prepare(data, threads):
    return onnxruntime.prepare(SimpleNamespace(**vars(data) | {"X": data.floats}), threads)
