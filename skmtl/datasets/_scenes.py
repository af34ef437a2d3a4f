"""Digit scenes: handwritten digits on real photographs, taken by cameras that differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.utils import Bunch, check_random_state

from ._cameras import Camera, choose_cameras
from ._digits import draw_digits, draw_poses, glyphs, ink_box, ink_ends, render_ink
from ._photos import crop

TAGS = {
    "even": (0, 2, 4, 6, 8),
    "at_least_five": (5, 6, 7, 8, 9),
    "has_loop": (0, 6, 8, 9),
    "straight": (1, 4, 7),
}
POINTS = ("top", "bottom")


def make_digit_scenes(
    n_samples: int = 1200,
    *,
    split: str = "train",
    image_size: int = 48,
    n_cameras: int | None = None,
    cameras: Sequence[str] | None = None,
    random_state=None,
) -> Bunch:
    cast = choose_cameras(n_cameras, cameras)
    _check(n_samples, split, image_size)
    # The split takes part in the seed: train and test of one random_state share no pose and no noise.
    seed = check_random_state(random_state).randint(2**31 - 1)
    rng = np.random.RandomState([seed, split == "test"])
    which = draw_digits(split, n_samples, rng)
    taken_by = rng.permutation(np.arange(n_samples) % len(cast))
    poses = draw_poses(which, image_size, rng)
    luck = rng.uniform(size=(n_samples, 9))
    images = np.empty((n_samples, image_size, image_size), np.uint8)
    masks = np.empty_like(images)
    for i in range(n_samples):
        ink = render_ink(which[i], poses, i, image_size)
        masks[i] = ink > 0.5
        images[i] = _photograph(cast[taken_by[i]], ink, split, luck[i], rng)
    return _bunch(images, masks, which, taken_by, cast, split)


def _photograph(camera: Camera, ink: np.ndarray, split: str, luck: np.ndarray, rng) -> np.ndarray:
    """One scene: a crop of a photograph, the digit painted on it, the camera's exposure."""
    name = camera.photos[int(luck[0] * len(camera.photos))]
    ground = camera.background(crop(name, split, len(ink), luck[1:4]), _between(camera.brightness, luck[4]))
    # The paint lets some of the ground's grain through.
    middle = np.average(ground, weights=ink)
    step = _between(camera.contrast, luck[5])
    paint = middle + (step if camera.light_ink else -step) + 0.4 * (ground - middle)
    return camera.expose(ground + ink * (paint - ground), luck[6:9], rng)


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + share * (ends[1] - ends[0])


def _check(n_samples: int, split: str, image_size: int) -> None:
    for name, value, least in (("n_samples", n_samples, 1), ("image_size", image_size, 24)):
        if not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}.")
    if split not in ("train", "test"):
        raise ValueError(f'split must be "train" or "test", got {split!r}.')


def _bunch(images, masks, which, taken_by, cast, split) -> Bunch:
    label = glyphs()[1][which].astype(np.int64)
    groups = [camera.group for camera in cast]
    return Bunch(
        images=images,
        label=label,
        tags=np.stack([np.isin(label, members) for members in TAGS.values()], axis=1).astype(np.uint8),
        tag_names=list(TAGS),
        box=np.stack([ink_box(mask) for mask in masks]),
        points=np.stack([ink_ends(mask) for mask in masks]),
        point_names=list(POINTS),
        mask=masks,
        camera=taken_by.astype(np.int64),
        camera_names=[camera.name for camera in cast],
        camera_groups=groups,
        digit_index=which,
        split=split,
    )
