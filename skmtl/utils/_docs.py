"""Docstrings of several classes that share paragraphs, each written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from textwrap import indent


def filled_doc(**paragraphs: str) -> Callable[[type], type]:
    """A class decorator that puts paragraphs in the place of the lines ``{{name}}`` of the docstring.

    Paragraphs take the indentation of the line they replace. ``python -OO`` leaves no docstring to fill.
    """

    def fill(cls: type) -> type:
        if cls.__doc__ is not None:
            lines = (_filled(line, paragraphs) for line in cls.__doc__.splitlines())
            cls.__doc__ = "\n".join(lines)
        return cls

    return fill


def _filled(line: str, paragraphs: dict[str, str]) -> str:
    word = line.strip()
    if not (word.startswith("{{") and word.endswith("}}")):
        return line
    return indent(inspect.cleandoc(paragraphs[word[2:-2]]), line[: line.index("{{")])
