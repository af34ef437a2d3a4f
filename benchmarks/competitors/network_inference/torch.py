"""torch, channels last."""

from __future__ import annotations

import torch
from competitors.network_inference._torch_net import net, result, run  # noqa: F401

PACKAGE = "torch"


def prepare(data, threads):
    torch.set_num_threads(threads)
    X, maps = net(data)
    run((X[: data.at_once], maps, data.at_once))
    return X, maps, data.at_once
