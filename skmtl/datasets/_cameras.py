"""The cameras of the digit scenes: what each one looks at and how it renders it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

Range = tuple[float, float]


@dataclass(frozen=True)
class Camera:
    """One camera: what it looks at, how it is mounted, what its lens and its sensor do.

    Grey levels run from 0 to 255 and lengths are pixels of a 48-pixel image. ``tilt`` is in
    degrees, clockwise; ``aim`` says where digits tend to lie, from -1 (left, top) to 1.
    """

    name: str
    group: str
    photos: tuple[str, ...]
    light_ink: bool
    brightness: Range
    texture: float
    contrast: Range
    blur: Range
    noise: float
    vignette: float
    tilt: float
    aim: tuple[float, float]

    def background(self, pixels: np.ndarray, level: float) -> np.ndarray:
        """The crop at this camera's brightness and texture strength; flat crops stay flat."""
        detail = (pixels - pixels.mean()) / max(pixels.std(), 25.0)
        return level + self.texture * detail

    def expose(self, scene: np.ndarray, light: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
        """What the sensor records: light fall-off, blur, noise, eight bits.

        ``light`` holds three numbers in [0, 1): direction and strength of the light, and the blur.
        """
        size = scene.shape[0]
        scene = scene * shade(size, light[0], light[1], self.vignette)
        low, high = self.blur
        scene = gaussian_filter(scene, (low + light[2] * (high - low)) * size / 48, mode="nearest")
        scene += self.noise * rng.standard_normal(scene.shape)
        return np.clip(np.rint(scene), 0, 255).astype(np.uint8)


def shade(size: int, direction: float, strength: float, vignette: float) -> np.ndarray:
    """A light that falls off along one direction, and a lens that is darker in its corners."""
    axis = (np.arange(size) + 0.5) / size * 2 - 1
    angle = 2 * np.pi * direction
    slope = np.cos(angle) * axis[None, :] + np.sin(angle) * axis[:, None]
    corner = (axis[None, :] ** 2 + axis[:, None] ** 2) / 2
    return (1 + 0.14 * strength * slope) * (1 - vignette * corner)


# Two groups: light paint on dark ground, mounted leaning left, and dark paint on light ground, leaning
# right. Inside a group the cameras are alike but not equal, and each group has one blurred, noisy member.
CAMERAS = (
    Camera(
        name="wall", group="light ink", photos=("brick.png",), light_ink=True,
        brightness=(84, 116), texture=15, contrast=(62, 112),
        blur=(0.25, 0.45), noise=2.5, vignette=0.10, tilt=-14, aim=(-0.6, -0.4),
    ),
    Camera(
        name="path", group="light ink", photos=("gravel.png", "grass.png"), light_ink=True,
        brightness=(70, 104), texture=21, contrast=(66, 124),
        blur=(0.4, 0.7), noise=4, vignette=0.15, tilt=-8, aim=(-0.5, -0.6),
    ),
    Camera(
        name="night", group="light ink", light_ink=True,
        photos=("rocket.jpg", "hubble_deep_field.jpg", "moon.png", "coins.png"),
        brightness=(34, 62), texture=15, contrast=(52, 104),
        blur=(0.9, 1.3), noise=8, vignette=0.30, tilt=-18, aim=(-0.4, -0.5),
    ),
    Camera(
        name="desk", group="dark ink", photos=("page.png", "text.png"), light_ink=False,
        brightness=(176, 212), texture=15, contrast=(70, 128),
        blur=(0.25, 0.5), noise=3, vignette=0.12, tilt=13, aim=(0.5, 0.5),
    ),
    Camera(
        name="garden", group="dark ink", photos=("china.jpg", "flower.jpg", "chelsea.png"), light_ink=False,
        brightness=(150, 186), texture=19, contrast=(64, 116),
        blur=(0.45, 0.8), noise=4, vignette=0.15, tilt=8, aim=(0.6, 0.3),
    ),
    Camera(
        name="lab", group="dark ink", photos=("ihc.png", "cell.png", "retina.jpg"), light_ink=False,
        brightness=(164, 200), texture=17, contrast=(50, 100),
        blur=(0.9, 1.3), noise=6, vignette=0.25, tilt=17, aim=(0.4, 0.6),
    ),
)  # fmt: skip


def choose_cameras(n_cameras: int | None, cameras: Sequence[str] | None) -> tuple[Camera, ...]:
    """The named cameras, or ``n_cameras`` taken evenly from the two groups, or all six."""
    if cameras is None:
        return _first_of_each_group(len(CAMERAS) if n_cameras is None else n_cameras)
    known = {camera.name: camera for camera in CAMERAS}
    names = [cameras] if isinstance(cameras, str) else list(cameras)
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(set(names)) < len(names):
        raise ValueError(f"cameras must be distinct names out of {list(known)}, got {names!r}.")
    if n_cameras not in (None, len(names)):
        raise ValueError(f"n_cameras={n_cameras!r} contradicts the {len(names)} cameras given; leave it out.")
    return tuple(known[name] for name in names)


def _first_of_each_group(n: int) -> tuple[Camera, ...]:
    if not isinstance(n, (int, np.integer)) or not 1 <= n <= len(CAMERAS):
        raise ValueError(f"n_cameras must be an integer from 1 to {len(CAMERAS)}, got {n!r}.")
    light = [camera for camera in CAMERAS if camera.light_ink]
    dark = [camera for camera in CAMERAS if not camera.light_ink]
    return tuple(light[: (n + 1) // 2] + dark[: n // 2])
