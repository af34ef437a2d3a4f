"""Digit scenes: handwritten digits on real photographs, taken by cameras that differ."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
from sklearn.utils import Bunch, check_random_state

from ._cameras import Camera, choose_cameras
from ._digits import draw_digits, glyphs
from ._ink import draw_poses, ink_box, ink_ends, render_ink
from ._photos import crop

TAGS = {
    "even": (0, 2, 4, 6, 8),
    "at_least_five": (5, 6, 7, 8, 9),
    "has_loop": (0, 6, 8, 9),
    "straight": (1, 4, 7),
}
POINTS = ("top", "bottom")

DESCR = """\
Digit scenes
============
Handwritten digits painted on real photographs, photographed by {n_cameras} cameras: {cameras}.

{n} grey images of {size} x {size} pixels, the {split} split. Digits: the 1,797 of scikit-learn's
load_digits (8 x 8, from E. Alpaydin and C. Kaynak, UCI Optical Recognition of Handwritten Digits);
a fixed third of every class is kept for the test split. Grounds: crops of the photographs and
textures that scikit-image and scikit-learn install; train crops come from the left three fifths
of each photograph and test crops from the rest. Nothing is downloaded.

label   class 0 to 9
tags    {tags}
box     x1, y1, x2, y2 of the ink on pixel edges: pixel (row 0, column 0) spans 0 to 1 in x and y
points  x, y of {points}, on the ink, in the same coordinates
mask    1 where ink covers more than half of the pixel, else 0
camera  index into camera_names

The cameras form two groups, light ink on dark ground and dark ink on light ground. Each has its own
grounds, brightness, contrast, blur, noise, light fall-off, tilt and framing: the same digit looks
related, but not equal, through each of them.
"""


def make_digit_scenes(
    n_samples: int = 1200,
    *,
    split: str = "train",
    image_size: int = 48,
    n_cameras: int | None = None,
    cameras: Sequence[str] | None = None,
    digit_size: tuple[float, float] = (0.55, 0.85),
    drift: float = 0.4,
    random_state=None,
) -> Bunch:
    """Photographs of handwritten digits with a class, tags, box, key points, mask and camera each.

    Digits of `sklearn.datasets.load_digits` are enlarged with a cubic spline, posed at random and
    painted on crops of the photographs that scikit-image and scikit-learn install; then one of
    several cameras, each with its own look, takes the picture. Train and test scenes come from
    different digits and from different parts of the photographs. Nothing is downloaded.

    Parameters
    ----------
    n_samples : int, default=1200
        Number of scenes. Every digit of the split (1,198 train, 599 test) is used once before any
        is used again, then in another pose and on another ground.
    split : {"train", "test"}, default="train"
        Which digits, and which part of every photograph.
    image_size : int, default=48
        Side of the square images in pixels, at least 24.
    n_cameras : int, optional
        Number of cameras, 1 to 6, taken evenly from the two groups. Default: all six.
    cameras : sequence of str, optional
        Names of the cameras instead: "wall", "path", "night" (light ink on dark ground), "desk",
        "garden", "lab" (dark ink on light ground).
    digit_size : pair of float, default=(0.55, 0.85)
        Smallest and largest share of the image's side that the longer side of the ink covers
        (approximately), within 0.3 to 0.9.
    drift : float in [0, 1], default=0.4
        Share of the free room around the digit that is left to chance; 0 puts every digit where
        its camera aims, 1 anywhere. Small digits and much drift are hard for whole-image models.
    random_state : int, RandomState instance or None, default=None
        The same integer gives the same scenes bit for bit. Train and test scenes of one integer
        share nothing.

    Returns
    -------
    scenes : `sklearn.utils.Bunch`
        images : uint8 array (n_samples, image_size, image_size)
            Grey levels.
        label : int64 array (n_samples,)
            Digit, 0 to 9.
        tags : uint8 array (n_samples, 4)
            0 or 1: even, at least five, has a loop (0, 6, 8, 9), straight (1, 4, 7).
        box : float32 array (n_samples, 4)
            x1, y1, x2, y2 in pixels, tight around the ink, on pixel edges: pixel (0, 0) spans 0 to 1.
        points : float32 array (n_samples, 2, 2)
            x, y in pixels of the upper and of the lower end of the ink, in this order.
        mask : uint8 array (n_samples, image_size, image_size)
            1 on ink, 0 elsewhere.
        camera : int64 array (n_samples,)
            Index into ``camera_names``; the cameras have equally many scenes, give or take one.
        tag_names, point_names, camera_names, camera_groups : list of str
            Names, and the group of every camera.
        digit_index : int64 array (n_samples,)
            Row of `load_digits` that each scene shows.
        DESCR : str
            What this is and where it comes from.

    Raises
    ------
    ValueError
        If an argument is outside what is described above.
    FileNotFoundError
        If scikit-image or scikit-learn was installed without its photographs.

    Examples
    --------
    >>> from skmtl.datasets import make_digit_scenes
    >>> scenes = make_digit_scenes(12, random_state=0)
    >>> scenes.images.shape
    (12, 48, 48)
    >>> scenes.camera_names
    ['wall', 'path', 'night', 'desk', 'garden', 'lab']
    """
    cast = choose_cameras(n_cameras, cameras)
    _check_counts(n_samples, image_size)
    _check_choices(split, digit_size, drift)
    # The split takes part in the seed, so that train and test of one seed share no pose and no noise.
    seed = check_random_state(random_state).randint(2**31 - 1)
    rng = np.random.RandomState([seed, int(split == "test")])
    which = draw_digits(split, n_samples, rng)
    camera = rng.permutation(np.arange(n_samples) % len(cast))
    taken_by = [cast[k] for k in camera]
    poses = draw_poses(which, taken_by, image_size, digit_size, drift, rng)
    luck = rng.uniform(size=(n_samples, 9))
    images = np.empty((n_samples, image_size, image_size), np.uint8)
    mask = np.empty_like(images)
    for i in range(n_samples):
        ink = render_ink(which[i], poses, i, image_size)
        mask[i] = ink > 0.5
        images[i] = _photograph(taken_by[i], ink, split, luck[i], rng)
    return Bunch(
        images=images,
        mask=mask,
        camera=camera,
        camera_names=[one.name for one in cast],
        camera_groups=[one.group for one in cast],
        **_annotations(which, mask),
        DESCR=_description(images, split, cast),
    )


def _photograph(camera: Camera, ink: np.ndarray, split: str, luck: np.ndarray, rng) -> np.ndarray:
    """One scene: a crop of a photograph, the digit painted on it, the camera's exposure."""
    name = camera.photos[int(luck[0] * len(camera.photos))]
    ground = camera.background(crop(name, split, len(ink), luck[1:4]), _between(camera.brightness, luck[4]))
    middle = np.average(ground, weights=ink)
    step = _between(camera.contrast, luck[5])
    # The paint lets some of the ground's grain through.
    paint = middle + (step if camera.light_ink else -step) + 0.4 * (ground - middle)
    return camera.expose(ground + ink * (paint - ground), luck[6:9], rng)


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + share * (ends[1] - ends[0])


def _annotations(which: np.ndarray, mask: np.ndarray) -> dict:
    label = glyphs().label[which]
    return {
        "label": label,
        "tags": np.stack([np.isin(label, members) for members in TAGS.values()], axis=1).astype(np.uint8),
        "tag_names": list(TAGS),
        "box": np.stack([ink_box(one) for one in mask]),
        "points": np.stack([ink_ends(one) for one in mask]),
        "point_names": list(POINTS),
        "digit_index": which,
    }


def _description(images: np.ndarray, split: str, cast: Sequence[Camera]) -> str:
    return DESCR.format(
        n=len(images),
        size=images.shape[1],
        split=split,
        n_cameras=len(cast),
        cameras=", ".join(camera.name for camera in cast),
        tags=", ".join(f"{tag} {members}" for tag, members in TAGS.items()),
        points=" and ".join(POINTS),
    )


def _check_counts(n_samples: int, image_size: int) -> None:
    for name, value, least in (("n_samples", n_samples, 1), ("image_size", image_size, 24)):
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}.")


def _check_choices(split: str, digit_size: tuple[float, float], drift: float) -> None:
    if split not in ("train", "test"):
        raise ValueError(f'split must be "train" or "test", got {split!r}.')
    low, high = digit_size if np.shape(digit_size) == (2,) else (1, 0)
    if not 0.3 <= low <= high <= 0.9:
        raise ValueError(f"digit_size must be a rising pair within 0.3 to 0.9, got {digit_size!r}.")
    if not isinstance(drift, Real) or not 0 <= drift <= 1:
        raise ValueError(f"drift must be a number from 0 to 1, got {drift!r}.")
