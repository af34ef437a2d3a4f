"""The photographs that scikit-image and scikit-learn install with their code; nothing is downloaded."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

import numpy as np
from PIL import Image

_HOMES = (("skimage", "data"), ("sklearn", "datasets/images"))


@cache
def photo(name: str) -> Image.Image:
    """The grey version of one shipped photograph, for example ``photo("brick.png")``.

    The file is read where it was installed. ``skimage.data`` functions are not called, because
    they turn to the network when a file is missing or when its hash differs.
    """
    for package, folder in _HOMES:
        source = files(package).joinpath(folder, name)
        if source.is_file():
            with as_file(source) as path, Image.open(path) as image:
                return image.convert("L")
    raise FileNotFoundError(
        f"The photograph {name!r} is neither in scikit-image's data folder nor in scikit-learn's; "
        "reinstall scikit-image and scikit-learn from their wheels."
    )


def crop(name: str, split: str, size: int, where: np.ndarray) -> np.ndarray:
    """A ``(size, size)`` float crop of a photograph.

    Train crops come from the left three fifths of the photograph and test crops from the rest.

    Parameters
    ----------
    where : array of 3 numbers in [0, 1)
        Left, top and zoom.
    """
    image = photo(name)
    left, right = (0.0, 0.6 * image.width) if split == "train" else (0.6 * image.width, image.width)
    largest = min(right - left, image.height)
    side = min(largest, size * (1.0 + 1.5 * where[2] * image.height / 512))
    x = left + where[0] * (right - left - side)
    y = where[1] * (image.height - side)
    piece = image.resize((size, size), Image.Resampling.BILINEAR, box=(x, y, x + side, y + side))
    return np.asarray(piece, dtype=np.float64)
