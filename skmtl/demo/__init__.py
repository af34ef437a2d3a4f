"""The main job once, end to end: ``python -m skmtl demo``."""

from __future__ import annotations

import time
from pathlib import Path

from ..inspection import save_picture
from ..utils._progress import Progress
from . import _annotation, _cameras
from ._rows import report_rows, table_text

_STEPS = 2 * (_annotation.REPEATS + _annotation.FOLDS) + 6 * _cameras.REPEATS

_NOTES = """\
Scores are means over repeats; larger is better. The gain is that of the joint model over the better
of the others, with half of its 95 % interval; "cannot tell" where that holds zero.
scene    one trunk of convolutional features; the joint heads read each other and the region of the box
nuclei   60 real photographs; the joint heads read each other; the folds share photographs
camera   six cameras, each with {few} labelled scenes of its own; the joint model learns their relation"""


def run_demo(out: Path, *, seed: int = 0, progress: bool = True) -> None:
    """Learn digit scenes, cameras and nuclei; print the table and write the pictures into ``out``."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with Progress(_STEPS, "demo", enabled=progress) as bar:
        digit, place, relation = _cameras.learn_cameras(seed, lambda model: bar.step(f"cameras, {model}"))
        scenes, scene_picture = _annotation.learn_scenes(seed, lambda model: bar.step(f"scenes, {model}"))
        nuclei, nuclei_picture = _annotation.learn_nuclei(seed, lambda model: bar.step(f"nuclei, {model}"))
    rows = [
        *report_rows(scenes, "scene", _annotation.SCENE_METRICS),
        *report_rows(digit, "camera, digit", "accuracy"),
        *report_rows(place, "camera, top end", "R2"),
        *report_rows(nuclei, "nuclei", _annotation.NUCLEI_METRICS),
    ]
    print(table_text(rows))
    print(_NOTES.format(few=_cameras.PER_CAMERA))
    pictures = {"scenes": scene_picture, "cameras": relation, "nuclei": nuclei_picture}
    for name, picture in pictures.items():
        print(f"picture: {save_picture(picture, out / f'{name}.png')}")
    print(f"done in {time.monotonic() - began:.0f} s")
