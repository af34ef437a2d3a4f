"""Functions of images in torch, called with some of them at a time."""

from __future__ import annotations

import torch


def prepared(data, threads, net, compiled=False):
    """What ``run`` takes; ``net`` gives the images and a function of some of them, called once here."""
    torch.set_num_threads(threads)
    X, function = net(data)
    state = X, torch.compile(function) if compiled else function, data.at_once
    run((X[: data.at_once], *state[1:]))
    return state


def run(state):
    X, function, at_once = state
    with torch.inference_mode():
        return torch.cat([function(X[i : i + at_once]) for i in range(0, len(X), at_once)])
