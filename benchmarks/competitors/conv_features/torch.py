"""torch, channels last."""

from __future__ import annotations

import torch
from torch.nn.functional import conv2d, softshrink

PACKAGE = "torch"


def prepare(data, threads):
    torch.set_num_threads(threads)
    X = torch.from_numpy(data.X).permute(0, 3, 1, 2)
    W = torch.from_numpy(data.filters).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    state = X, W, data.threshold, data.edges, data.at_once
    run((X[: data.at_once], *state[1:]))
    return state


def run(state):
    X, W, threshold, (start, half, end), at_once = state
    out = torch.empty(len(X), 2, 4, len(W))
    with torch.inference_mode():
        for first in range(0, len(X), at_once):
            raw = softshrink(conv2d(X[first : first + at_once], W), threshold)
            for sign, maps in enumerate((raw.clamp(min=0), (-raw).clamp(min=0))):
                for q, (rows, columns) in enumerate(_quadrants(start, half, end)):
                    out[first : first + at_once, sign, q] = maps[:, :, rows, columns].sum(dim=(2, 3))
    return out


def _quadrants(start, half, end):
    parts = slice(start, half), slice(half, end)
    return [(rows, columns) for rows in parts for columns in parts]


def result(state, output):
    return output.numpy()
