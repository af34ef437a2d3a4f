"""The code blocks of a Markdown page, and the small files that the pages' examples read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from skimage.draw import disk, rectangle
from skimage.io import imsave

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its content, the line it starts on, and where the text ends."""

    language: str
    code: str
    line: int
    end: int


def blocks(page: str) -> list[Block]:
    """All fenced blocks with a language, in order."""
    return [
        Block(found[1], found[2], page.count("\n", 0, found.start(2)), found.end())
        for found in _FENCE.finditer(page)
    ]


def examples(page: str) -> list[tuple[Block, str | None]]:
    """Every Python block, with the ``text`` block right below it: what it must print."""
    found = blocks(page)
    following = [*found[1:], None]
    return [
        (block, after.code if after and _is_output(page, block, after) else None)
        for block, after in zip(found, following, strict=False)
        if block.language == "python"
    ]


def _is_output(page: str, block: Block, after: Block) -> bool:
    between = page[block.end : page.index(f"```{after.language}", block.end)]
    return after.language == "text" and not between.strip()


def run_examples(path: Path, capture) -> int:
    """Run a page's Python blocks one after the other in one namespace; the number that ran.

    ``capture()`` returns what was printed since it was last called.
    """
    namespace = {"__name__": "__main__"}
    found = examples(path.read_text(encoding="utf-8"))
    for block, expected in found:
        # leading newlines: an error names the line of the page
        exec(compile("\n" * block.line + block.code, str(path), "exec"), namespace)
        printed = capture()
        if expected is not None:
            assert printed == expected, f"{path.name}, line {block.line}: printed\n{printed}"
    return len(found)


def write_annotations(folder: Path) -> None:
    """``instances.json``: two boxes and a polygon on one image, as COCO writes them."""
    shapes = [([4, 5, 10, 12], None), ([20, 8, 9, 9], [[20, 8, 29, 8, 29, 17, 20, 17]])]
    annotations = [
        {"id": i + 1, "image_id": 1, "category_id": 1, "bbox": box, "iscrowd": 0}
        | ({"segmentation": outline, "area": 81.0} if outline else {"area": 120.0})
        for i, (box, outline) in enumerate(shapes)
    ]
    content = {
        "images": [{"id": 1, "file_name": "cells.png", "height": 32, "width": 40}],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": annotations,
    }
    (folder / "instances.json").write_text(json.dumps(content))


def write_photos(folder: Path) -> None:
    """``photos/labels.csv`` and small pictures of discs and boxes, some cells of the table empty."""
    rng = np.random.default_rng(0)
    photos = folder / "photos"
    photos.mkdir()
    lines = ["file,kind,size,left,top,right,bottom"]
    for i in range(24):
        picture = rng.integers(0, 80, (40, 40, 3), dtype=np.uint8)
        top, left = (int(v) for v in rng.integers(4, 18, 2))
        size = int(rng.integers(8, 16))
        if kind := i % 2:
            rows, columns = rectangle((top, left), extent=(size, size), shape=(40, 40))
        else:
            rows, columns = disk((top + size / 2, left + size / 2), size / 2, shape=(40, 40))
        picture[rows, columns] = rng.integers(150, 250, 3)
        imsave(photos / f"{i}.png", picture, check_contrast=False)
        cells = [f"{i}.png", "box" if kind else "disc", "" if i % 5 == 0 else str(size)]
        box = [""] * 4 if i % 7 == 0 else [str(v) for v in (left, top, left + size, top + size)]
        lines.append(",".join(cells + box))
    (photos / "labels.csv").write_text("\n".join(lines) + "\n")
