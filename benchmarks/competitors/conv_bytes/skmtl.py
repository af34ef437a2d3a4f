"""ConvFeatureExtractor as it is: bytes become float32 block by block."""

from __future__ import annotations

from competitors.conv_features.skmtl import prepare, result, run  # noqa: F401

PACKAGE = "skmtl"
