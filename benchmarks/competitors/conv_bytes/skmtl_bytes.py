"""ConvFeatureExtractor with filters rounded to integers, which multiply the bytes."""

from __future__ import annotations

from competitors.conv_features import skmtl
from competitors.conv_features.skmtl import result, run  # noqa: F401

PACKAGE = "skmtl"


def prepare(data, threads):
    return skmtl.prepare(data, threads, arithmetic="bytes")
