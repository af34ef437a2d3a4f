"""A small U-Net in torch for each kind of annotation, trained for as many CPU seconds as ours takes.

The weights start anew, as ours do; images are mirrored at random. A peer of the benchmark
alone: without torch its rows are left out.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from annotation_classical import with_scores
from scipy.ndimage import label as components
from skimage.segmentation import find_boundaries, watershed
from torch import nn
from torch.nn import functional as F

from skmtl.annotation._suppression import suppress

WIDTHS, BATCH = (16, 32, 64), 8


class UNet(nn.Module):
    """Three levels; the answer is at full size, or at half size."""

    def __init__(self, channels: int, outputs: int, half: bool):
        super().__init__()
        ins = [channels, *WIDTHS[:-1]]
        self.down = nn.ModuleList(_block(i, o) for i, o in zip(ins, WIDTHS, strict=True))
        self.middle = _block(WIDTHS[-1], WIDTHS[-1])
        ups = list(zip([WIDTHS[-1], *WIDTHS[:0:-1]], WIDTHS[::-1], strict=True))
        self.up = nn.ModuleList(_block(i + o, o) for i, o in ups[: 2 if half else 3])
        self.out = nn.Conv2d(WIDTHS[1 if half else 0], outputs, 1)

    def forward(self, x):
        seen = []
        for block in self.down:
            x = block(x)
            seen.append(x)
            x = F.max_pool2d(x, 2)
        x = self.middle(x)
        for block in self.up:
            skip = seen.pop()
            x = block(torch.cat([F.interpolate(x, size=skip.shape[2:]), skip], dim=1))
        return self.out(x)


class Pooled(nn.Module):
    """Convolutions, the mean over the image, a layer."""

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        ins = [channels, *WIDTHS[:-1]]
        blocks = [(_block(i, o), nn.MaxPool2d(2)) for i, o in zip(ins, WIDTHS, strict=True)]
        self.body = nn.Sequential(*[part for pair in blocks for part in pair])
        self.out = nn.Linear(WIDTHS[-1], outputs)

    def forward(self, x):
        return self.out(self.body(x).mean(dim=(2, 3)))


def _block(i: int, o: int) -> nn.Sequential:
    layers = [nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())


class Net:
    """Learns maps, which a kind makes of its annotations, for ``seconds`` of this process's time."""

    half, mirrors = False, True

    def __init__(self, seed: int, seconds: float):
        self.seed, self.seconds = seed, seconds

    def fit(self, images, truth):
        torch.set_num_threads(1)
        torch.manual_seed(self.seed)
        start = time.process_time()
        self.meet(truth)
        x = self._as_input(images)
        y = torch.as_tensor(np.stack([self.target(one, x.shape[2:]) for one in truth]))
        self.net = self.network(x.shape[1])
        adam = torch.optim.Adam(self.net.parameters(), lr=3e-3)
        rng, self.steps = np.random.default_rng(self.seed), 0
        while (done := (time.process_time() - start) / self.seconds) < 1:
            for group in adam.param_groups:
                group["lr"] = 3e-3 * np.cos(done * np.pi / 2)
            rows = rng.permutation(len(x))[:BATCH]
            a, b = x[rows], y[rows]
            for axis in (2, 3):
                if self.mirrors and rng.random() < 0.5:
                    a, b = a.flip(axis), self.flipped(b, axis)
            adam.zero_grad()
            self.loss(self.net(a), b).backward()
            adam.step()
            self.steps += 1
        self.net.eval()

    def predict(self, images):
        with torch.no_grad():
            shape = images.shape[1:3]
            told = (self.net(self._as_input(images[i : i + 1]))[0] for i in range(len(images)))
            return [self.read(one, shape) for one in told]

    def _as_input(self, images):
        x = np.asarray(images, np.float32)
        x = x[:, None] if x.ndim == 3 else x.transpose(0, 3, 1, 2)
        if not hasattr(self, "scale"):
            self.scale = x.mean(), x.std()
        beyond = [(0, 0), (0, 0), (0, -x.shape[2] % 8), (0, -x.shape[3] % 8)]
        return torch.as_tensor(np.pad((x - self.scale[0]) / self.scale[1], beyond))

    def network(self, channels):
        return UNet(channels, self.outputs, self.half)

    def meet(self, truth):
        self.outputs = 2

    def flipped(self, maps, axis):
        return maps.flip(axis - 1 if maps.ndim == 3 else axis)

    def loss(self, told, maps):
        return F.cross_entropy(told, maps)


def _padded(maps: np.ndarray, shape) -> np.ndarray:
    return np.pad(maps, [(0, s - m) for m, s in zip(maps.shape, shape, strict=True)])


class Lines(Net):
    def target(self, one, shape):
        return _padded(one.astype(np.int64), shape)

    def read(self, told, shape):
        return (told.softmax(dim=0)[1].numpy() >= 0.3).astype(np.uint8)[: shape[0], : shape[1]]


class Instances(Net):
    """Insides, and the rims between them; insides are counted and grown over the rims."""

    def meet(self, truth):
        self.outputs = 3

    def target(self, one, shape):
        maps = (one > 0).astype(np.int64)
        maps[find_boundaries(one, mode="inner")] = 2
        return _padded(maps, shape)

    def read(self, told, shape):
        told = told.softmax(dim=0).numpy()[:, : shape[0], : shape[1]]
        seeds, _ = components(told[1] > 0.5)
        return with_scores(watershed(told[2], seeds, mask=told[0] < 0.5), 1 - told[0])


class Points(Net):
    """A heat map of each point at half size. Mirrored, left and right would change their names."""

    half, mirrors = True, False

    def meet(self, truth):
        self.outputs = len(truth[0])

    def target(self, one, shape):
        known = np.isfinite(one[:, :1, None])
        heat = np.where(known, _heat(np.nan_to_num(one), shape), np.nan)
        return heat.astype(np.float32)

    def loss(self, told, maps):
        known = torch.isfinite(maps)
        return 100 * ((told - torch.nan_to_num(maps)) ** 2)[known].mean()

    def read(self, told, shape):
        flat = told.flatten(1).argmax(dim=1).numpy()
        row, column = np.divmod(flat, told.shape[2])
        return np.stack([2 * column + 1, 2 * row + 1], axis=1).astype(float)


def _heat(points, shape, spread=2.0) -> np.ndarray:
    """Gaussians (n, h / 2, w / 2) around points."""
    rows, columns = np.mgrid[: shape[0] // 2, : shape[1] // 2] * 2 + 1
    x, y = points[:, 0, None, None], points[:, 1, None, None]
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (2 * spread) ** 2))


class Boxes(Net):
    """Centres as heat maps of each class, and at centres the box's sides: X. Zhou, D. Wang, P. Krähenbühl,
    "Objects as points", 2019."""

    half = True

    def meet(self, truth):
        self.labels = np.unique(np.concatenate([one["labels"] for one in truth]))
        self.n, self.outputs = len(self.labels), len(self.labels) + 4

    def network(self, channels):
        net = super().network(channels)
        nn.init.constant_(net.out.bias[: self.n], -3)
        return net

    def target(self, one, shape):
        maps = np.zeros((self.n + 5, shape[0] // 2, shape[1] // 2), np.float32)
        boxes = one["boxes"]
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        for heat, middle, box, label in zip(
            _heat(middles, shape), middles, boxes, one["labels"], strict=True
        ):
            k, column, row = np.searchsorted(self.labels, label), *(middle // 2).astype(int)
            heat = heat / max(heat[row, column], 1e-6)
            maps[k] = np.maximum(maps[k], np.minimum(heat, 1))
            maps[self.n : -1, row, column] = [*(middle / 2 - [column, row]), *np.log(box[2:] - box[:2])]
            maps[-1, row, column] = 1
        return maps

    def flipped(self, maps, axis):
        """Mirrored, the way from a cell's corner to the centre is the other one."""
        maps, where = maps.flip(axis).clone(), self.n + (axis == 2)
        maps[:, where] = torch.where(maps[:, -1] > 0, 1 - maps[:, where], 0.0)
        return maps

    def loss(self, told, maps):
        heat, truth = told[:, : self.n].sigmoid().clamp(1e-4, 1 - 1e-4), maps[:, : self.n]
        found = (truth == 1).float()
        missed = (1 - truth) ** 4 * heat**2 * (1 - heat).log()
        focal = found * (1 - heat) ** 2 * heat.log() + (1 - found) * missed
        there = maps[:, -1:]
        places = (there * (told[:, self.n :] - maps[:, self.n : -1]).abs()).sum()
        return (-focal.sum() + places) / there.sum().clamp(min=1)

    def read(self, told, shape):
        heat = told[: self.n].sigmoid()
        top = (F.max_pool2d(heat[None], 3, 1, 1)[0] == heat) & (heat > 0.05)
        k, row, column = (part.numpy() for part in top.nonzero(as_tuple=True))
        scores = heat[k, row, column].numpy()
        dx, dy, w, h = told[self.n :, row, column].numpy()
        x, y, w, h = 2 * (column + dx), 2 * (row + dy), np.exp(np.minimum(w, 6)), np.exp(np.minimum(h, 6))
        boxes = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1)
        boxes = np.clip(boxes, 0, [*shape[::-1]] * 2)
        kept = suppress(boxes, scores, 0.5)[:100]
        return {"boxes": boxes[kept], "labels": self.labels[k[kept]], "scores": scores[kept]}


class Whole(Net):
    """A class, or a number, of a whole image."""

    def meet(self, truth):
        self.text = isinstance(truth[0], str)
        self.labels = np.unique(truth)
        self.outputs = len(self.labels) if self.text else 1
        self.numbers = (0.0, 1.0) if self.text else (np.mean(truth), np.std(truth))

    def target(self, one, shape):
        if self.text:
            return np.searchsorted(self.labels, one)
        return np.array([(one - self.numbers[0]) / self.numbers[1]], np.float32)

    def network(self, channels):
        return Pooled(channels, self.outputs)

    def flipped(self, maps, axis):
        return maps

    def loss(self, told, maps):
        return F.cross_entropy(told, maps) if self.text else F.mse_loss(told, maps)

    def read(self, told, shape):
        if self.text:
            return str(self.labels[int(told.argmax())])
        return float(told[0]) * self.numbers[1] + self.numbers[0]


PEERS = {
    "boxes": Boxes,
    "instances": Instances,
    "lines": Lines,
    "points": Points,
    "count": Whole,
    "class": Whole,
}
