"""What several commands share: how arguments are read, and how answers are printed."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FORMATS = ("coco", "cvat", "label-studio", "labelme", "voc", "yolo")


class Parser(argparse.ArgumentParser):
    """Says in one line what cannot be read."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def number(kind: type, low: float, high: float, what: str) -> Callable[[str], Any]:
    """What reads a number from ``low`` to ``high``."""

    def read(text: str):
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{what} is needed, got {text!r}")
        return value

    return read


seed = number(int, 0, 2**32 - 1, "a whole number from 0 to 2**32 - 1")
share = number(float, 0, 1, "a number from 0 to 1")
count = number(int, 1, 10**9, "a whole number from 1")


def assignment(text: str) -> tuple[str, Any]:
    """NAME=VALUE, where the value is JSON, or else a text."""
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise argparse.ArgumentTypeError(f"NAME=VALUE is needed, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def add_images(parser: argparse.ArgumentParser, **options) -> None:
    parser.add_argument(
        "images",
        help="a folder, a pattern such as 'photos/*.jpg', or a text file with a path a line",
        **options,
    )


def add_annotations(parser: argparse.ArgumentParser, required: bool = True) -> None:
    parser.add_argument("--annotations", type=Path, required=required, metavar="FILE", help="what is true")
    parser.add_argument(
        "--format", choices=FORMATS, help="that of the annotations (by default it is found out)"
    )
    add_option(parser, "--option", "of the format of the annotations, such as corners=edges")


def add_option(parser: argparse.ArgumentParser, flag: str, what: str) -> None:
    parser.add_argument(
        flag, type=assignment, action="append", default=[], metavar="NAME=VALUE", help=f"an option {what}"
    )


def add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jobs", type=int, metavar="N", help="threads (default 1; -1 for all processors)")


def add_on_error(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        default="raise",
        help="what to do with a damaged image or annotation: stop (the default), or leave it out and "
        "count it",
    )


def add_output(parser: argparse.ArgumentParser, quiet: bool = True) -> None:
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    if quiet:
        parser.add_argument("--quiet", action="store_true", help="no progress bar, no remarks")


def remark(options: argparse.Namespace, text: str) -> None:
    """A line on standard error, unless the user wants none."""
    if not getattr(options, "quiet", False):
        print(f"skmtl: {text}", file=sys.stderr)


def answer(options: argparse.Namespace, facts: Mapping[str, Any], text: Callable[[], str]) -> None:
    """Print facts as JSON, or as the text of ``text()``."""
    print(json.dumps(_jsonable(facts), ensure_ascii=False, indent=2) if options.json else text())


def _jsonable(value: Any) -> Any:
    """NaN, which is no JSON, as null."""
    if isinstance(value, Mapping):
        return {str(key): _jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def facts_text(facts: Mapping[str, Any]) -> str:
    """A line for each fact."""
    width = max(len(name) for name in facts)
    return "\n".join(f"{name:{width}}  {_shown(value)}" for name, value in facts.items())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)
