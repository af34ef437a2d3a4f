"""``skmtl info``: what a model file or an annotation file holds, or the versions of what is installed."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from . import _arguments as arguments
from ._arguments import answer, facts_text


def add_to(commands) -> None:
    info = commands.add_parser(
        "info", help="what a model or annotation file holds; without one the versions for a bug report"
    )
    info.add_argument("file", type=Path, nargs="?", help="a model file, or annotations")
    info.add_argument(
        "--format",
        choices=(*arguments.FORMATS, "coco_results"),
        help="that of annotations (default: found out)",
    )
    arguments.add_option(info, "--option", "of the format of annotations")
    arguments.add_output(info, quiet=False)
    info.set_defaults(run=run, on_error="skip", quiet=True)


def run(options: argparse.Namespace) -> None:
    if options.file is None:
        return _versions(options)
    if not options.file.exists():
        raise ValueError(f"{options.file}: no such file or folder")
    facts = _of_model(options.file) if _is_model(options.file) else _of_annotations(options)
    return answer(options, facts, lambda: _text(facts))


def _text(facts: dict[str, Any]) -> str:
    """A line for each fact; scores as a table below."""
    from ._scores import scores_text

    scores = facts.get("scores")
    lines = facts_text({name: value for name, value in facts.items() if name != "scores"})
    return f"{lines}\nscores on the images held back:\n{scores_text(scores)}" if scores else lines


def _versions(options: argparse.Namespace) -> None:
    from ..utils import show_versions
    from ..utils._versions import versions

    if not options.json:
        return show_versions()
    facts = versions()
    return answer(options, facts, lambda: "")


def _is_model(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix == ".skmtl" or file.read(4) == b"PK\x03\x04"


def _of_model(path: Path) -> dict[str, Any]:
    from ..persistence import model_info

    said = model_info(path)
    about = said["about"]
    facts = {
        "model": said["class"],
        "skmtl": said["skmtl"],
        "file format": said["version"],
        "bytes": path.stat().st_size,
    }
    for name in ("kinds", "images", "held_back", "objects", "pixel_names", "dtype", "scores"):
        if about.get(name):
            facts[name.replace("_", " ")] = about[name]
    if "classes" in about:
        facts["classes"] = [one["name"] for one in about["classes"]]
    if "smallest" in about:
        facts["image sizes"] = f"{_times(about['smallest'])} to {_times(about['largest'])} (height x width)"
    return facts


def _times(size) -> str:
    return " x ".join(map(str, size))


def _of_annotations(options: argparse.Namespace) -> dict[str, Any]:
    from ._annotations import read

    annotations = read(options, options.file, options.format, options.option)
    objects = [one for image in annotations for one in image.objects]
    shapes = Counter(
        name for one in objects for name in ("box", "polygons", "line", "points", "mask") if _has(one, name)
    )
    sizes = [image.size for image in annotations if None not in image.size]
    report = annotations.report
    return {
        "annotations": annotations.format,
        "images": len(annotations),
        "without objects": sum(not image.objects for image in annotations),
        "image sizes": _range(sizes) if sizes else "not known",
        "objects": dict(Counter(str(one.label) for one in objects).most_common()),
        "shapes": dict(shapes),
        "tags": dict(Counter(tag.name for image in annotations for tag in image.tags if tag.present)),
        "label maps": sum(image.label_map is not None for image in annotations),
        "problems": {**report.skipped, **report.dropped, **report.noted},
        "first problems": report.examples[:5],
    }


def _has(one, name: str) -> bool:
    value = getattr(one, name)
    return value is not None and len(value) > 0 if name == "polygons" else value is not None


def _range(sizes: list[tuple[int, int]]) -> str:
    low, high = ([pick(side) for side in zip(*sizes, strict=True)] for pick in (min, max))
    return f"{_times(low)} to {_times(high)} (height x width)"
