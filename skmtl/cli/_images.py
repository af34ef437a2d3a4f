"""Image files: found, matched with annotations, read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..annotation._files import read_image
from ..io import AnnotationSet, ImageRecord
from ..io._image_size import SUFFIXES, size_of
from ..io._problems import Bad

#: Luma of red, green and blue (ITU-R BT.709), as in scikit-image.
LUMA = (0.2125, 0.7154, 0.0721)


class ImageFile(NamedTuple):
    """Where an image is, and what annotation files call it: its path below the folder."""

    path: Path
    name: str


def find_images(given: str) -> list[ImageFile]:
    """The images of a folder with all folders in it, of a pattern, of a text file of paths, or one image.

    Raises ValueError where there is none.
    """
    path = Path(given)
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if _is_image(one) and one.is_file())
        found = [ImageFile(one, one.relative_to(path).as_posix()) for one in files]
    elif path.is_file() and path.suffix.lower() == ".txt":
        found = _named(_listed(path), path.parent)
    elif path.is_file():
        found = [ImageFile(path, path.name)]
    elif has_magic(given):
        found = _named([Path(one) for one in sorted(glob(given, recursive=True)) if _is_image(Path(one))])
    else:
        raise ValueError(f"{given}: no such file or folder; give a folder, a pattern in quotes, or a list")
    if not found:
        raise ValueError(f"{given} holds no image; their names end in {', '.join(SUFFIXES)}")
    return found


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _listed(path: Path) -> list[Path]:
    """The paths in a text file, one a line, seen from its folder."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [path.parent / line for line in dict.fromkeys(lines) if line and not line.startswith("#")]


def _named(paths: list[Path], root: Path | None = None) -> list[ImageFile]:
    """Each with its path below ``root``, or where one lies elsewhere below the folder that holds all."""
    whole = [Path(os.path.abspath(path)) for path in paths]
    if root is None or not all(path.is_relative_to(os.path.abspath(root)) for path in whole):
        root = Path(os.path.commonpath([path.parent for path in whole])) if whole else Path()
    return [
        ImageFile(path, full.relative_to(os.path.abspath(root)).as_posix())
        for path, full in zip(paths, whole, strict=True)
    ]


def yolo_sizes(images: Sequence[ImageFile]) -> dict[str, tuple[int, int]]:
    """(height, width) of images by name and by stem, where the first bytes tell it."""
    sizes: dict[str, tuple[int, int]] = {}
    for image in images:
        try:
            size = size_of(image.path)
        except Bad:
            continue
        sizes.setdefault(Path(image.name).stem, size)
        sizes[image.name] = size
    return sizes


class Matched(NamedTuple):
    """Images with their annotations, and the names that found no partner."""

    pairs: list[tuple[str, ImageRecord]]
    no_image: list[str]
    no_record: list[str]


def match(names: Iterable[str], records: AnnotationSet) -> Matched:
    """Join names of images and records: by the whole path, else by ever less of it where that is unique."""
    names = list(names)
    known = [record for record in records if was_annotated(record, records.format)]
    left = {record.file_name.replace("\\", "/"): record for record in known}
    partner: dict[str, ImageRecord] = {}
    for key in (_whole, _stem, _base, _base_stem):
        by_key = _unique(left, key)
        for name, one in _unique([name for name in names if name not in partner], key).items():
            if name in by_key:
                partner[one] = left.pop(by_key[name])
    pairs = [(name, partner[name]) for name in names if name in partner]
    return Matched(pairs, list(left), [name for name in names if name not in partner])


def was_annotated(record: ImageRecord, format: str | None) -> bool:
    """Whether a person or model looked at the image: Label Studio also lists tasks that wait for one."""
    return format != "label-studio" or "entry" in record.extra


def _unique(names: Iterable[str], key) -> dict[str, str]:
    """Key -> name, of the keys that one name alone has."""
    by_key: dict[str, list[str]] = {}
    for name in names:
        by_key.setdefault(key(name), []).append(name)
    return {one: found[0] for one, found in by_key.items() if len(found) == 1}


def _whole(name: str) -> str:
    return name.removeprefix("./")


def _stem(name: str) -> str:
    return os.path.splitext(_whole(name))[0]


def _base(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _base_stem(name: str) -> str:
    return _stem(_base(name))


def with_channels(pixels: np.ndarray, colour: bool) -> np.ndarray:
    """An image of colours as grey, or the other way round."""
    if colour == (pixels.ndim == 3):
        return pixels
    if colour:
        return np.repeat(pixels[:, :, None], 3, axis=2)
    grey = pixels @ np.array(LUMA)
    return grey.astype(pixels.dtype) if pixels.dtype.kind == "f" else np.rint(grey).astype(pixels.dtype)


class PixelsOf(Sequence):
    """The images of files, all grey or all of colours: each is read when it is asked for, and not kept."""

    def __init__(self, images: Sequence[ImageFile], colour: bool):
        self.images, self.colour = images, colour

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> np.ndarray:
        return with_channels(read_image(self.images[i].path), self.colour)
