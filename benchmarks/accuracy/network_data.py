"""Real images and tables with several things to be told of each, in a training and a test part."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

N_TEST = 300


class Examples(NamedTuple):
    """Samples and the fields of the target, to learn from and to be judged on."""

    X: np.ndarray
    fields: dict[str, np.ndarray]
    X_test: np.ndarray
    fields_test: dict[str, np.ndarray]


def cells(folder: Path, n: int, seed: int) -> Examples:
    """Crops of blood smears around a cell or platelet, 32 x 32 x 3: its kind and its box.

    As many of each kind, of red cells those that touch no other box. A crop is 64 x 64 pixels of the stored
    image, reduced; its middle is up to 6 of these off that of the box. Those to be judged on are of other
    smears.
    """
    data, rng = np.load(folder / "bccd.npz"), np.random.default_rng(seed)
    side, parts = 64, []
    for where, size in (("train",), n), (("test", "val"), N_TEST):
        usable = np.isin(data["split"], where)[data["box_image"]]
        usable &= (data["box_label"] > 0) | _free(data["boxes"], data["box_image"])
        rows = _balanced(np.where(usable, data["box_label"], -1), size, rng)
        box = data["boxes"][rows].astype(float)
        middle = (box[:, :2] + box[:, 2:]) / 2 + rng.uniform(-6, 6, (len(rows), 2))
        X, corner = crops(data["images"], data["box_image"][rows], middle, side)
        X = X.reshape(len(X), side // 2, 2, side // 2, 2, 3).mean(axis=(2, 4)).astype(np.float32)
        box = np.clip(box - np.tile(corner, 2), 0, side) / 2
        parts += [X, {"kind": data["class_names"][data["box_label"][rows]], "box": box}]
    return Examples(*parts)


def _free(boxes: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Which boxes (n,) overlap no other of the same image."""
    found = np.ones(len(boxes), bool)
    for image in np.unique(of):
        rows = np.flatnonzero(of == image)
        low, high = boxes[rows, :2], boxes[rows, 2:]
        gap = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        found[rows] = (gap > 0).all(axis=2).sum(axis=1) == 1
    return found


def nuclei(folder: Path, n: int, seed: int) -> Examples:
    """Crops around one nucleus, 32 x 32 x 3: its box, its mask and four points. Others fill at most a tenth.

    The points are where it is leftmost, topmost, rightmost and lowest. The middle of the crop is up to 5
    pixels off that of the box. Images to learn from and to judge on are different ones.
    """
    data, rng, side = np.load(folder / "dsb2018.npz"), np.random.default_rng(seed), 32
    box, of, area = (data[key] for key in ("boxes", "box_image", "area"))
    rows = np.flatnonzero((area >= 25) & ((box[:, 2:] - box[:, :2]).max(axis=1) <= side - 8))
    middle = (box[rows, :2] + box[rows, 2:]) / 2 + rng.uniform(-5, 5, (len(rows), 2))
    instances, corner = crops(data["instances"], of[rows], middle, side)
    number = np.concatenate([1 + np.arange(k) for k in np.bincount(of)])[rows]
    mask = instances == number[:, None, None]
    here, others = mask.sum(axis=(1, 2)), ((instances > 0) & ~mask).sum(axis=(1, 2))
    alone = (here == area[rows]) & (others <= here / 10)
    order = rng.permutation(len(data["images"]))
    halves, parts = np.array_split(order, 2), []
    for images, size in zip(halves, (n, N_TEST), strict=True):
        kept = rng.permutation(np.flatnonzero(alone & np.isin(of[rows], images)))[:size]
        X, _ = crops(data["images"], of[rows[kept]], middle[kept], side)
        fields = {
            "box": (box[rows[kept]] - np.tile(corner[kept], 2)).astype(float),
            "mask": mask[kept].astype(np.uint8),
            "points": np.stack([extremes(one) for one in mask[kept]]),
        }
        parts += [X, fields]
    return Examples(*parts)


def scenes(folder: Path, n: int, seed: int) -> Examples:
    """One handwritten digit on 64 x 64 pixels: its class, its box, its middle and its mask."""
    data, rng = np.load(folder / "mnist_scenes.npz"), np.random.default_rng(seed)
    parts = []
    for part, size in (("train", n), ("test", N_TEST)):
        rows = rng.permutation(np.flatnonzero((data["split"] == part) & (data["counts"] == 1)))[:size]
        first = np.searchsorted(data["box_image"], rows)
        fields = {
            "digit": data["box_label"][first],
            "box": data["boxes"][first].astype(float),
            "middle": data["centroids"][first][:, None].astype(float),
            "mask": (data["instances"][rows] > 0).astype(np.uint8),
        }
        parts += [data["images"][rows], fields]
    return Examples(*parts)


def overlapping(folder: Path, n: int, seed: int) -> Examples:
    """Two digits, one over the other, as two inputs: the top left and the bottom right 28 x 28 of 36 x 36."""
    data, rng = np.load(folder / "multimnist.npz"), np.random.default_rng(seed)
    parts = []
    for part, size in (("train", n), ("test", 2000)):
        images = data[f"images_{part}"]
        rows = rng.permutation(len(images))[:size]
        views = [images[rows, :28, :28], images[rows, 8:, 8:]]
        X = np.hstack([view.reshape(len(rows), -1) for view in views])
        parts += [X, {side: data[f"{side}_{part}"][rows] for side in ("left", "right")}]
    return Examples(*parts)


def nuclei_fields(folder: Path, n: int, seed: int) -> Examples:
    """Parts of microscopy images, 32 x 32 x 3: nuclei, their outlines, fluorescence or not."""
    data, rng, side = np.load(folder / "dsb2018.npz"), np.random.default_rng(seed), 32
    order = rng.permutation(len(data["images"]))
    parts = []
    for rows in (order[:n], order[n : n + N_TEST]):
        middle = rng.uniform(side / 2, 128 - side / 2, (len(rows), 2))
        X, _ = crops(data["images"], rows, middle, side)
        instances, _ = crops(data["instances"], rows, middle, side)
        fields = {
            "mask": (instances > 0).astype(np.uint8),
            "outline": np.stack([_outline(one) for one in instances]),
            "fluorescence": data["image_class"][rows] == 0,
        }
        parts += [X, fields]
    return Examples(*parts)


#: What is true of each class of CIFAR-10.
TRAITS = {
    "animal": (2, 3, 4, 5, 6, 7),
    "four legs": (3, 4, 5, 6, 7),
    "pet": (3, 5),
    "flies": (0, 2),
    "wheels": (0, 1, 9),
    "engine": (0, 1, 8, 9),
}


def traits(folder: Path, n: int, seed: int) -> Examples:
    """Photographs, 32 x 32 x 3, and six tags that what they show has or has not."""
    photos = photographs(folder, n, seed)
    first, second = (
        {name: np.isin(part["thing"], own)[:, None] for name, own in TRAITS.items()}
        for part in (photos.fields, photos.fields_test)
    )
    return photos._replace(fields=first, fields_test=second)


def photographs(folder: Path, n: int, seed: int) -> Examples:
    """Photographs, 32 x 32 x 3, of ten kinds of things."""
    data, rng = np.load(folder / "cifar10_small.npz"), np.random.default_rng(seed)
    rows = _balanced(data["y_train"], n, rng)
    return Examples(
        data["x_train"][rows],
        {"thing": data["y_train"][rows]},
        data["x_valid"],
        {"thing": data["y_valid"]},
    )


def digits(folder: Path, n: int, seed: int) -> Examples:
    """Handwritten digits, 28 x 28, as many of each."""
    data, rng = np.load(folder / "mnist15k.npz"), np.random.default_rng(seed)
    rows, test = _balanced(data["y_train"], n, rng), rng.permutation(len(data["y_test"]))[:2000]
    return Examples(
        data["images_train"][rows],
        {"digit": data["y_train"][rows]},
        data["images_test"][test],
        {"digit": data["y_test"][test]},
    )


def turntable(folder: Path, n: int, seed: int) -> Examples:
    """Views of 20 objects, 32 x 32: which, and sine and cosine of the angle from which it is seen."""
    data, rng = np.load(folder / "coil20.npz"), np.random.default_rng(seed)
    angle = np.deg2rad(data["angle_deg"].astype(float))
    fields = {"object": data["object_id"], "angle": np.stack([np.sin(angle), np.cos(angle)], axis=1)}
    train = _balanced(data["object_id"], n, rng)
    test = rng.permutation(np.setdiff1d(np.arange(len(angle)), train))[: 2 * N_TEST]
    first, second = ({name: field[rows] for name, field in fields.items()} for rows in (train, test))
    return Examples(data["images"][train], first, data["images"][test], second)


def crops(images: np.ndarray, of: np.ndarray, middle: np.ndarray, side: int):
    """Squares of the images ``of`` around ``middle`` (n, 2), moved inside; their top left corners x, y."""
    most = np.array(images.shape[2:0:-1]) - side
    corner = np.clip(np.rint(middle - side / 2), 0, most).astype(int)
    cut = [images[i, y : y + side, x : x + side] for i, (x, y) in zip(of, corner, strict=True)]
    return np.stack(cut), corner


def extremes(mask: np.ndarray) -> np.ndarray:
    """Where a mask is leftmost, topmost, rightmost and lowest (4, 2), x, y of the middles of pixels."""
    y, x = np.nonzero(mask)
    ends = [(x, x.min(), y), (y, y.min(), x), (x, x.max(), y), (y, y.max(), x)]
    other = [across[along == end].mean() for along, end, across in ends]
    return 0.5 + np.array(
        [(x.min(), other[0]), (other[1], y.min()), (x.max(), other[2]), (other[3], y.max())]
    )


def _outline(instances: np.ndarray) -> np.ndarray:
    from skimage.segmentation import find_boundaries

    return find_boundaries(instances, mode="inner").astype(np.uint8)


def _balanced(labels: np.ndarray, n: int, rng) -> np.ndarray:
    """About n rows, as many of each label, none of label -1."""
    classes = np.unique(labels[labels >= 0])
    each = n // len(classes)
    return np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:each] for c in classes])
