"""Image files as arrays of pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def read_image(path: Path) -> np.ndarray:
    """The pixels of an image file, (h, w) grey or (h, w, 3) colours; without what is transparent.

    Raises ValueError naming the file for what is no image of that kind.
    """
    from skimage.io import imread

    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    try:
        pixels = np.asarray(imread(path))
    except Exception as error:  # decoders raise whatever they like
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ValueError(f"{path} cannot be read as an image: {reason}") from None
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        pixels = pixels[:, :, :-1]
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.dtype == bool:
        pixels = pixels * np.uint8(255)
    if pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,)) or not pixels.size:
        raise ValueError(f"{path} holds {pixels.shape}, expected one image of grey or of three colours")
    return pixels
