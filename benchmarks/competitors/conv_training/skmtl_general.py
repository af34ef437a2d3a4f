"""Layers of skmtl.nn, each for itself: what other sizes, strides and normalised layers take."""

from __future__ import annotations

from competitors.conv_training.skmtl import result, run, start  # noqa: F401

from skmtl import nn

PACKAGE = "skmtl"


def prepare(data, threads):
    blocks = [nn.chain(nn.conv(name, k), nn.max_pool(2), nn.relu()) for name, k in (("a", 32), ("b", 64))]
    return start(data, threads, nn.chain(*blocks, nn.flatten(), nn.dense("c", 10)))
