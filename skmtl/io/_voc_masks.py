"""The masks of Pascal VOC: classes and objects of every pixel as palette images, 255 = ignore."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from . import _checks as check
from ._context import Reading
from ._label_map import IGNORE, LabelMap
from ._png import read_png
from ._problems import Bad
from ._records import ImageRecord, ObjectRecord
from ._rle import RLE

VOC_NAMES = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike "
    "person pottedplant sheep sofa train tvmonitor"
).split()
_IGNORED = "ignored"


def voc_palette() -> np.ndarray:
    """VOC's 256 colours, uint8 (256, 3): bit k of red, green, blue is bit 3 (7 - k) and on of the number."""
    number = np.arange(256)
    colours = np.zeros((256, 3), np.int64)
    for k in range(8):
        for channel in range(3):
            colours[:, channel] |= (number >> (3 * k + channel) & 1) << (7 - k)
    return colours.astype(np.uint8)


class VocMasks:
    """The mask folders beside one ``Annotations`` folder; ``root`` is None where there is none."""

    def __init__(self, root: Path | None, reading: Reading):
        self.root, self.reading = root, reading
        self.names, self.colours = list(VOC_NAMES), voc_palette()
        self.listed = root is not None and (root / "labelmap.txt").is_file()
        if self.listed:
            self._read_labelmap(root / "labelmap.txt")

    def owns(self, file: Path) -> bool:
        """Whether the XML file belongs to the same data set."""
        return self.root is not None and file.is_relative_to(self.root / "Annotations")

    @property
    def class_names(self) -> list[str]:
        """The classes of labelmap.txt, without the background; empty where there is no such file."""
        return [name for name in self.names if name != "background"] if self.listed else []

    def added(self, image: ImageRecord, file: Path) -> ImageRecord:
        """The image with its label map and the masks of its objects, where the files are there."""
        classes = self._pixels("SegmentationClass", file, image)
        instances = self._pixels("SegmentationObject", file, image)
        if classes is not None:
            image = replace(image, label_map=LabelMap.encode(classes, tuple(self.names)))
        if instances is not None:
            image = replace(image, objects=self._masked(image.objects, instances, classes))
        return image

    def _masked(self, objects: tuple, instances: np.ndarray, classes: np.ndarray | None) -> list:
        """Object number k of the mask is the k-th of the XML, unless their classes disagree."""
        objects = list(objects)
        for number in np.unique(instances[(instances != 0) & (instances != IGNORE)]).tolist():
            inside = instances == number
            label = None if classes is None else self._label(classes[inside])
            mask = RLE.encode(inside)
            if number <= len(objects) and label in (None, objects[number - 1].label):
                objects[number - 1] = replace(objects[number - 1], mask=mask)
            else:
                self.reading.report.noted["mask of an object that the XML does not list"] += 1
                objects.append(ObjectRecord(label, mask.box, mask=mask))
        return objects

    def _label(self, classes: np.ndarray) -> str | None:
        number = int(np.bincount(classes).argmax())
        return self.names[number] if 0 < number < len(self.names) else None

    def _pixels(self, folder: str, file: Path, image: ImageRecord) -> np.ndarray | None:
        if self.root is None:
            return None
        inner = file.relative_to(self.root / "Annotations").with_suffix(".png")
        path = self.root / folder / inner
        if not path.is_file():
            return None
        try:
            return self._numbers(read_png(self.reading.bytes(path), self.reading.max_pixels), image)
        except Bad as bad:
            self.reading.guard(path).handle("", bad, "mask file")
            return None

    def _numbers(self, png, image: ImageRecord) -> np.ndarray:
        pixels = png.pixels if png.pixels.ndim == 2 else self._by_colour(png.pixels)
        if pixels.dtype != np.uint8:
            raise Bad("a mask has 8 bits a pixel, this one has 16")
        if image.height is not None and pixels.shape != image.size:
            raise Bad(f"a mask of {pixels.shape} for an image of {image.size} (height, width)")
        return pixels

    def _by_colour(self, pixels: np.ndarray) -> np.ndarray:
        """Numbers from colours, for tools that save the palette image as plain colour."""
        if pixels.shape[2] < 3 or pixels.dtype != np.uint8:
            raise Bad("a mask is a palette, grey or colour image of 8 bits")
        key = _colour_key(pixels[..., :3])
        known = _colour_key(self.colours)
        order = np.argsort(known, kind="stable")
        place = np.clip(np.searchsorted(known[order], key), 0, len(known) - 1)
        found = order[place]
        if (known[found] != key).any():
            colour = pixels[known[found] != key][0]
            raise Bad(f"the colour {tuple(int(v) for v in colour[:3])} stands for no class")
        return found.astype(np.uint8)

    def _read_labelmap(self, path: Path) -> None:
        """Lines ``name:red,green,blue:parts:actions``; the class ``ignored`` is number 255."""
        lines = [line for line in self.reading.text(path).splitlines() if line.strip() and line[0] != "#"]
        self.names = []
        for number, line in enumerate(lines):
            name, _, rest = line.partition(":")
            colour = rest.split(":")[0].split(",")
            try:
                rgb = [check.integer(value, "", 0, 255) for value in colour] if rest.strip(":") else None
                if rgb is not None and len(rgb) != 3:
                    raise Bad(f"expected name:red,green,blue::, got {check.short(line)}")
                if len(self.names) >= IGNORE:
                    raise Bad(f"more than {IGNORE} classes")
            except Bad as bad:
                raise self.reading.guard(path).error(f"line {number + 1}", bad) from None
            self._add_class(name, rgb)

    def _add_class(self, name: str, rgb: list[int] | None) -> None:
        number = IGNORE if name == _IGNORED else len(self.names)
        if rgb is not None:
            self.colours[number] = rgb
        if name != _IGNORED:
            self.names.append(name)


def _colour_key(colours: np.ndarray) -> np.ndarray:
    return colours.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
