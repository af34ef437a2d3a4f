"""Pictures of where a head looks."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ._canvas import MASK, WRONG, Colour
from ._marks import read_images
from ._pictures import draw_annotations

# How much of a pixel the strongest colour hides.
_COVER = 0.85


def draw_attention(images, maps, *, limit: float | None = None, **sheet) -> Image.Image:
    """A contact sheet of images with maps of `gradient_map` or `occlusion_map` over them.

    Red where a map is above 0 and blue where it is below, the stronger the larger; the images are grey.

    Parameters
    ----------
    images : array (n, h, w), (n, h, w, 1) or (n, h, w, 3)
        Integers are grey levels or colours of 0 to 255; floats run from 0 to 1.
    maps : array (n, h, w) or (n, h, w, c)
        Channels are added up.
    limit : float, optional
        The number that gets the full colour; by default the largest of each map, whatever its sign.
    **sheet
        ``labels``, ``true_labels``, ``notes``, ``title``, ``scale``, ``columns``, boxes and so on: see
        `draw_annotations`.

    Returns
    -------
    sheet : PIL.Image.Image
        RGB picture; `save_picture` writes it.

    Raises
    ------
    ValueError
        Maps that do not fit the images or are not finite, or a limit that is not above 0.
    """
    pixels, maps = read_images(images), np.asarray(maps, float)
    maps = maps.sum(axis=3) if maps.ndim == 4 else maps
    if maps.shape != pixels.shape[:3] or not np.isfinite(maps).all():
        raise ValueError(
            f"maps must be finite and of shape {pixels.shape[:3]}, with channels or not, got {maps.shape}."
        )
    if limit is not None and not limit > 0:
        raise ValueError(f"limit must be above 0, got {limit!r}.")
    largest = np.abs(maps).max(axis=(1, 2), keepdims=True) if limit is None else limit
    strength = np.clip(maps / np.where(largest > 0, largest, 1.0), -1, 1)[..., None]
    grey = pixels.mean(axis=3, keepdims=True).repeat(3, axis=3)
    tinted = _towards(_towards(grey, WRONG, np.maximum(strength, 0)), MASK, np.maximum(-strength, 0))
    return draw_annotations(np.rint(tinted).astype(np.uint8), **sheet)


def _towards(pixels: np.ndarray, colour: Colour, strength: np.ndarray) -> np.ndarray:
    return pixels + _COVER * strength * (np.array(colour) - pixels)
