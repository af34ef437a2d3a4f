"""torch, channels last: mean pooling, convolution, interpolation, and all scales put together."""

from __future__ import annotations

import torch
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad, relu

PACKAGE = "torch"


def prepare(data, threads):
    torch.set_num_threads(threads)
    image = torch.from_numpy(data.image[None]).permute(0, 3, 1, 2)
    W = torch.from_numpy(data.filters).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    state = image, W, data
    run(state)
    return state


def run(state):
    image, W, data = state
    with torch.inference_mode():
        image = image.float().contiguous(memory_format=torch.channels_last)
        return torch.cat([_maps(image, W, data, scale) for scale in (1, 2, 4)], dim=1)


def _maps(image, W, data, scale):
    margin = W.shape[2] // 2
    small = avg_pool2d(image, scale) if scale > 1 else image
    raw = conv2d(pad(small, (margin,) * 4, mode="reflect"), W)
    maps = relu(raw - data.threshold)
    if data.two_sided:
        maps = torch.cat([maps, relu(-raw - data.threshold)], dim=1)
    if scale == 1:
        return maps
    return interpolate(maps, size=image.shape[2:], mode="bilinear", align_corners=False)


def result(state, output):
    return output[0].permute(1, 2, 0).numpy()
