"""torch, channels last."""

from __future__ import annotations

from competitors._torch_calls import prepared, run  # noqa: F401
from competitors.network_inference._torch_net import net, result  # noqa: F401

PACKAGE = "torch"


def prepare(data, threads):
    return prepared(data, threads, net)
