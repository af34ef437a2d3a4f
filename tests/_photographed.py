"""Small image files with everything known about them, and a model file that has learned from them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from skimage.io import imsave

from skmtl.cli import main
from skmtl.datasets import make_digit_scenes
from skmtl.io import (
    RLE,
    AnnotationSet,
    ClassRecord,
    ImageRecord,
    LabelMap,
    ObjectRecord,
    Tag,
    write_annotations,
)

N, SIDE = 9, 32
QUICK = ["--max-iter", "1", "--max-samples", "400", "--filters", "4", "--quiet"]


def write_scenes(folder: Path) -> AnnotationSet:
    """PNG files in ``images`` and ``images/more``, their annotations in ``truth.json`` and ``voc``."""
    scenes = make_digit_scenes(N, image_size=SIDE, cameras=["wall", "desk"], random_state=0)
    (folder / "images" / "more").mkdir(parents=True)
    records = []
    for i, image in enumerate(scenes.images):
        name = f"{'more/' if i % 3 == 0 else ''}{i:02d}.png"
        imsave(folder / "images" / name, image.astype(np.uint8), check_contrast=False)
        mask = scenes.mask[i].astype(np.uint8)
        points = np.column_stack([scenes.points[i], np.full(2, 2.0)])
        ink = ObjectRecord("digit", tuple(map(float, scenes.box[i])), points=points, mask=RLE.encode(mask))
        tag = Tag(str(scenes.camera_names[scenes.camera[i]]))
        label_map = LabelMap.encode(mask, ("ground", "digit"))
        records.append(ImageRecord(name, SIDE, SIDE, [ink], [tag], label_map))
    made = AnnotationSet(records, [ClassRecord("digit", 7, point_names=("top", "bottom"))])
    write_annotations(made, folder / "truth.json", "coco")
    write_annotations(made, folder / "voc", "voc")
    return made


def train(folder: Path, name: str, *more: str) -> Path:
    """The file of a model that has learned hardly anything, in seconds."""
    out = folder / name
    given = [str(folder / "images"), "--annotations", str(folder / "truth.json"), "--out", str(out)]
    assert main(["train", *given, *QUICK, *more]) == 0
    return out


def content(path: Path) -> dict[str, bytes]:
    """The bytes of a file, or of all files of a folder, by name."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {
        one.relative_to(path).as_posix(): one.read_bytes() for one in sorted(path.rglob("*")) if one.is_file()
    }


def answer(capsys, *arguments) -> dict:
    """What a command that ends well prints as JSON."""
    code = main([*map(str, arguments), "--json"])
    said = capsys.readouterr()
    assert code == 0, said.err
    return json.loads(said.out)


def refusal(capsys, *arguments) -> str:
    """The one line of a command that ends badly."""
    code = main([*map(str, arguments)])
    said = capsys.readouterr().err
    assert code == 1 and said.count("\n") == 1 and said.startswith("skmtl: "), said
    return said
