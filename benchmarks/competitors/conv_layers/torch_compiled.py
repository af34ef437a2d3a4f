"""torch.compile of the same in torch, channels last; compiled before the clock starts."""

from __future__ import annotations

from competitors._torch_calls import prepared, run  # noqa: F401
from competitors.conv_layers._torch_net import net, result  # noqa: F401

PACKAGE = "torch"


def prepare(data, threads):
    return prepared(data, threads, net, compiled=True)
