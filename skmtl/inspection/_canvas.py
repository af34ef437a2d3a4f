"""What every picture shares: colours, text, legends, and a file that is never half written."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
TEXT: Colour = (32, 36, 42)
FAINT: Colour = (110, 118, 128)
RIGHT: Colour = (46, 204, 113)
WRONG: Colour = (255, 82, 82)
PLAIN: Colour = (255, 193, 59)
TRUTH: Colour = (255, 255, 255)
MASK: Colour = (64, 186, 255)
POINTS: tuple[Colour, ...] = (
    (255, 105, 196), (255, 221, 87), (171, 130, 255), (92, 235, 214), (255, 160, 92), (166, 226, 90),
)  # fmt: skip
MARGIN = 16


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The font that ships with Pillow; it holds Latin letters."""
    return ImageFont.load_default(size)


def text_width(text: str, size: int) -> int:
    """Width of a line of text in pixels."""
    return round(font(size).getlength(text))


def fitted(text: str, size: int, width: int) -> str:
    """The text, or its beginning with dots where it is wider than ``width`` pixels."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "...", size) > width:
        text = text[:-1]
    return text.rstrip() + "..." if text else ""


def legend_rows(entries: Sequence[tuple[str, str, Colour]], width: int) -> list[list[tuple[int, tuple]]]:
    """Entries (kind, name, colour) with their x, broken into rows that fit ``width`` pixels."""
    rows, x = [[]], 0
    for entry in entries:
        need = 22 + text_width(entry[1], 13) + 20
        if rows[-1] and x + need - 20 > width:
            rows.append([])
            x = 0
        rows[-1].append((x, entry))
        x += need
    return rows


def draw_legend(draw: ImageDraw.ImageDraw, rows, x0: int, y0: int) -> None:
    """Draw what `legend_rows` laid out, 22 pixels a row."""
    for r, row in enumerate(rows):
        for x, (kind, name, colour) in row:
            _symbol(draw, kind, colour, x0 + x, y0 + 22 * r)
            draw.text((x0 + x + 22, y0 + 22 * r + 8), name, TEXT, font(13), anchor="lm")


def _symbol(draw: ImageDraw.ImageDraw, kind: str, colour: Colour, x: int, y: int) -> None:
    edge = tuple(level * 2 // 3 for level in colour)
    if kind == "point":
        draw.ellipse((x + 2, y + 2, x + 13, y + 13), colour, edge, 1)
    elif kind == "area":
        draw.rectangle((x, y + 1, x + 15, y + 14), tuple((level + 255) // 2 for level in colour), colour, 2)
    elif kind == "cross":
        draw.rectangle((x, y, x + 15, y + 15), FAINT)
        draw.line((x + 3, y + 8, x + 12, y + 8), colour, 2)
        draw.line((x + 8, y + 3, x + 8, y + 12), colour, 2)
    else:
        # White lines need a ground to be seen on.
        draw.rectangle((x, y, x + 15, y + 15), FAINT if colour == TRUTH else PAPER)
        draw.rectangle((x + 2, y + 3, x + 13, y + 12), None, colour, 1 if colour == TRUTH else 2)


def save_picture(image: Image.Image, path: str | os.PathLike) -> Path:
    """Write a picture so that a reader finds either the old file or the whole new one.

    The picture is written to a temporary file in the same folder, which then takes the place of
    ``path``. Missing folders are made.

    Parameters
    ----------
    image : PIL.Image.Image
        What `draw_annotations` or `draw_matrix` returned, or any other picture.
    path : str or path-like
        Where to; the ending chooses the format, for example ``.png``.

    Returns
    -------
    path : pathlib.Path
        The file that was written.

    Raises
    ------
    ValueError
        If Pillow knows no picture format of that ending.
    OSError
        If the folder cannot be made or written to.
    """
    path = Path(path)
    form = Image.registered_extensions().get(path.suffix.lower())
    if form is None:
        raise ValueError(f"path must end in a picture format such as .png, got {str(path)!r}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        image.save(temporary, format=form)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
