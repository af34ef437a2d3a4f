"""torch.compile of the same in torch, channels last; compiled before the clock starts."""

from __future__ import annotations

import torch
from competitors.conv_features._torch_net import net, result, run  # noqa: F401

PACKAGE = "torch"


def prepare(data, threads):
    torch.set_num_threads(threads)
    X, features = net(data)
    state = X, torch.compile(features), data.at_once
    run((X[: data.at_once], *state[1:]))
    return state
