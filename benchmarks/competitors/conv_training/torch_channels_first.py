"""torch, channels first."""

from __future__ import annotations

import torch
from competitors.conv_training._torch_net import result, run, start  # noqa: F401

PACKAGE = "torch"


def prepare(data, threads):
    return start(data, threads, torch.contiguous_format)
