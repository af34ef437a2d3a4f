"""torch's affine_grid and grid_sample, images with the channels first."""

from __future__ import annotations

import torch
from torch.nn.functional import affine_grid, grid_sample

PACKAGE = "torch"


def prepare(data, threads):
    torch.set_num_threads(threads)
    X = torch.from_numpy(data.X).permute(0, 3, 1, 2).contiguous()
    return X, torch.from_numpy(data.angle).float()


def run(state):
    X, angle = state
    cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    theta = torch.stack([cos, -sin, zero, sin, cos, zero], dim=1).view(-1, 2, 3)  # of squares
    with torch.inference_mode():
        grid = affine_grid(theta, list(X.shape), align_corners=False)
        return grid_sample(X, grid, mode="bilinear", padding_mode="border", align_corners=False)


def result(state, output):
    return output.permute(0, 2, 3, 1).numpy()
