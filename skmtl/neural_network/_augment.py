"""Images that are moved and lit differently in every epoch, with all that is marked in them."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real

import numpy as np

from ..component import Component
from ._moves import Moves
from ._turns import Turn

FLIPS = ("none", "horizontal", "both")


#: Kinds of heads whose truth does not change, or moves along, when an image is moved and lit differently.
MOVABLE = {"classes", "ordinal", "tags", "box", "points", "heat maps", "mask"}


class Augment(Component):
    """Shows a network each image a little differently in every epoch; boxes, points and pixels move along.

    Each image of a batch is drawn a mirror, a zoom, a shift, an angle, a contrast and a brightness of its
    own. Pixels are the nearest ones, or with ``rotate`` those of X bilinear between four; what comes from
    outside repeats the edge in X, and is not observed in masks and maps. A point that leaves the image, or a
    box that leaves it whole, is not observed. Numbers stay as they are: ``zoom=0`` where they are sizes, or
    ``numbers=False``.

    Parameters
    ----------
    flip : {"none", "horizontal", "both"}, default "none"
        Mirror left and right, or also up and down, half of the images each. Not where left and right mean
        something, as in letters, or in points called left and right.
    shift : float in [0, 1), default 0.1
        Largest shift along each axis, as a share of the image's side.
    zoom : float in [0, 1), default 0.1
        Sizes between ``1 - zoom`` and ``1 + zoom``.
    rotate : float in [0, 180], default 0.0
        Largest angle, in degrees, that an image is turned by about its shifted middle, either way. Its sides
        are not stretched. A box becomes the one around the turned ellipse in it. Not where left, right, up
        and down mean something at such angles, as in points called leftmost, or in 6 and 9 at 180. 0 is the
        default because 20 was no clear gain in any of seven studies (300 digits: accuracy 0.957 and 0.966),
        and a loss where objects stand upright (0.977 and 0.964).
    contrast : float in [0, 1), default 0.1
        What X is multiplied by lies between ``1 - contrast`` and ``1 + contrast``.
    brightness : float >= 0, default 0.1
        Largest number that is added to all of an image, in standard deviations of the channels.
    share : float in (0, 1], default 1.0
        How many images of a batch are altered; the others are shown as they are.
    numbers : bool, default True
        Whether numbers and maps are learned from altered images too. False: those images' labels count as
        missing and the others' for more, so that the mean stays; needs ``share`` below 1.
    """

    def __init__(
        self,
        flip="none",
        shift=0.1,
        zoom=0.1,
        rotate=0.0,
        contrast=0.1,
        brightness=0.1,
        *,
        share=1.0,
        numbers=True,
    ):
        self.flip = flip
        self.shift = shift
        self.zoom = zoom
        self.rotate = rotate
        self.contrast = contrast
        self.brightness = brightness
        self.share = share
        self.numbers = numbers

    def check(self) -> None:
        """Raise ValueError for parameters that are out of their range."""
        if self.flip not in FLIPS:
            raise ValueError(f"Augment: flip must be one of {FLIPS}, got {self.flip!r}")
        for name in ("shift", "zoom", "contrast", "brightness"):
            value, top = getattr(self, name), np.inf if name == "brightness" else 1
            if not (isinstance(value, Real) and 0 <= value < top):
                raise ValueError(f"Augment: {name} must be a number >= 0 and below {top:g}, got {value!r}")
        if not (isinstance(self.rotate, Real) and 0 <= self.rotate <= 180):
            raise ValueError(f"Augment: rotate must be degrees from 0 to 180, got {self.rotate!r}")
        if not (isinstance(self.share, Real) and 0 < self.share <= 1):
            raise ValueError(f"Augment: share must be a number in (0, 1], got {self.share!r}")
        if not isinstance(self.numbers, bool | np.bool_):
            raise ValueError(f"Augment: numbers must be True or False, got {self.numbers!r}")
        if self.share == 1 and not self.numbers:
            raise ValueError("Augment: numbers=False needs images to learn numbers from: share below 1")

    def chosen(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Which of n images are altered (n,): ``share`` of them, rounded up or down at random."""
        if self.share == 1:
            return np.ones(n, bool)
        return rng.permutation(n) + rng.random() < self.share * n

    def trust(self, kind: str, altered: np.ndarray) -> np.ndarray:
        """What the label of each image (n,) counts for a head of this kind, 1 on average."""
        if self.numbers or kind in MOVABLE:
            return np.ones(len(altered))
        return ~altered / (1.0 - self.share)

    def draw(self, rng: np.random.Generator, altered: np.ndarray, size: tuple[int, int]) -> Moves:
        """Where images of ``size`` (height, width) are looked at, of which some are ``altered`` (n,)."""
        n, amount = len(altered), altered.astype(float)
        zoom = 1.0 + self.zoom * amount * rng.uniform(-1, 1, n)
        start, step, middle = np.empty((3, 2, n))
        for axis, side in enumerate(size):
            step[axis] = 1.0 / zoom
            middle[axis] = side * (0.5 + self.shift * amount * rng.uniform(-1, 1, n))
            flips = self.flip == "both" or (self.flip == "horizontal" and axis == 1)
            mirror = altered & (rng.random(n) < 0.5) & flips
            step[axis] = np.where(mirror, -step[axis], step[axis])
            start[axis] = middle[axis] - step[axis] * side / 2
        if not self.rotate:
            return Moves(start, step, size)
        angle = np.deg2rad(self.rotate) * amount * rng.uniform(-1, 1, n)
        return Moves(start, step, size, Turn(middle, angle))

    def light(self, X: np.ndarray, rng: np.random.Generator, altered: np.ndarray) -> np.ndarray:
        """Standardised images (n, h, w, c), the ``altered`` each of a contrast and brightness of its own."""
        amount = altered.reshape(-1, 1, 1, 1)
        factor, shift = (
            most * amount * rng.uniform(-1, 1, amount.shape) for most in (self.contrast, self.brightness)
        )
        return (X * (1 + factor).astype(X.dtype)) + shift.astype(X.dtype)


def auto_augment(kinds: Iterable[str]) -> Augment | None:
    """What suits heads of all these kinds: numbers and maps, which may tell of sizes or of light, are learned
    from images as they are, and where all heads tell such, no image is altered."""
    movable = [kind in MOVABLE for kind in kinds]
    if all(movable):
        return Augment()
    return Augment(share=0.5, numbers=False) if any(movable) else None
