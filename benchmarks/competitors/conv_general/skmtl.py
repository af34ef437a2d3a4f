"""Layers of skmtl.nn and its optimiser."""

from __future__ import annotations

from competitors.conv_training.skmtl import result, run, start  # noqa: F401
from problems.conv_general import CONVOLUTIONS

from skmtl import nn

PACKAGE = "skmtl"


def prepare(data, threads):
    change = nn.chain(*_block("c"), *_block("d", rectified=False))
    layers = [*_block("a"), *_block("b"), nn.residual(change, rectified=True)]
    return start(data, threads, nn.chain(*layers, nn.global_mean(), nn.dense("e", 10)))


def _block(name, rectified=True):
    filters, _, stride = CONVOLUTIONS[name]
    return nn.conv(name, filters, stride=stride), nn.batch_norm(name, rectified=rectified)
