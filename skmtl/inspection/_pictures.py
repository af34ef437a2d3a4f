"""Contact sheets: images with their boxes, points, masks and labels, predicted and true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ._canvas import (
    FAINT,
    MARGIN,
    MASK,
    PAPER,
    PLAIN,
    POINTS,
    RIGHT,
    TEXT,
    TRUTH,
    WRONG,
    Colour,
    draw_legend,
    fitted,
    font,
    legend_rows,
)
from ._marks import Marks, read_marks

_GAP = 10
# Tiles are drawn this many times too large and reduced, which smooths every line.
_FINE = 2


def draw_annotations(  # noqa: PLR0913  one keyword per thing that can be drawn
    images,
    *,
    boxes=None,
    true_boxes=None,
    points=None,
    true_points=None,
    masks=None,
    true_masks=None,
    labels: Sequence | None = None,
    true_labels: Sequence | None = None,
    notes: Sequence | None = None,
    point_names: Sequence[str] | None = None,
    title: str = "",
    scale: int = 4,
    columns: int = 6,
) -> Image.Image:
    """A contact sheet of images with what was predicted, and what is true, drawn over them.

    Where the truth is given, a label is green if it equals it and red if not, and a box is green
    if it overlaps the true box by an intersection over union of at least one half, else red.
    Truth is drawn in white. Without truth, labels are dark and boxes amber.

    Parameters
    ----------
    images : array (n, h, w), (n, h, w, 1) or (n, h, w, 3)
        Integers are grey levels or colours of 0 to 255; floats run from 0 to 1.
    boxes, true_boxes : array (n, 4), optional
        x1, y1, x2, y2 in pixels on pixel edges. A box with NaN is not drawn.
    points, true_points : array (n, n_points, 2), optional
        x, y in pixels. Points with NaN are not drawn.
    masks, true_masks : array (n, h, w), optional
        Not zero where the mask is. Predicted masks are tinted and outlined, true ones outlined.
    labels, true_labels : sequence of length n, optional
        Written under each image.
    notes : sequence of length n, optional
        A second, smaller line under each image, for example where it comes from.
    point_names : sequence of str, optional
        Names of the points for the legend.
    title : str, default=""
        Written above the images.
    scale : int, default=4
        Enlargement.
    columns : int, default=6
        Images in a row.

    Returns
    -------
    sheet : PIL.Image.Image
        RGB picture; `save_picture` writes it.

    Raises
    ------
    ValueError
        If an argument does not fit the images, with its name and the shape it should have.
    """
    marks = read_marks(
        images, boxes=boxes, true_boxes=true_boxes, points=points, true_points=true_points,
        masks=masks, true_masks=true_masks, labels=labels, true_labels=true_labels, notes=notes,
        point_names=point_names,
    )  # fmt: skip
    for name, value in (("scale", scale), ("columns", columns)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} must be an integer of at least 1, got {value!r}.")
    return _sheet(marks, title, scale, min(columns, len(marks.images)))


def _sheet(marks: Marks, title: str, scale: int, columns: int) -> Image.Image:
    n, height, width = marks.images.shape[:3]
    strip = 22 * (marks.labels is not None) + 18 * (marks.notes is not None)
    across, down = width * scale + _GAP, height * scale + strip + _GAP
    total = 2 * MARGIN + columns * across - _GAP
    legend = legend_rows(_legend(marks), total - 2 * MARGIN)
    header = MARGIN + 32 * bool(title) + 22 * len(legend) * bool(legend[0]) + 6 * bool(legend[0])
    sheet = Image.new("RGB", (total, header + -(-n // columns) * down - _GAP + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), fitted(title, 20, total - 2 * MARGIN), TEXT, font(20))
    draw_legend(draw, legend, MARGIN, MARGIN + 32 * bool(title))
    for i in range(n):
        corner = (MARGIN + i % columns * across, header + i // columns * down)
        sheet.paste(_tile(marks, i, scale), corner)
        _captions(draw, marks, i, (corner[0], corner[1] + height * scale), width * scale)
    return sheet


def _tile(marks: Marks, i: int, scale: int) -> Image.Image:
    """One image, enlarged, with its masks, boxes and points."""
    height, width = marks.images.shape[1:3]
    zoom = scale * _FINE
    tile = Image.fromarray(marks.images[i]).resize((width * zoom, height * zoom), Image.Resampling.BICUBIC)
    line = max(_FINE, round(zoom * 0.4))
    if marks.masks is not None:
        _paint_mask(tile, marks.masks[i], MASK, 0.3, _FINE)
    if marks.true_masks is not None:
        _paint_mask(tile, marks.true_masks[i], TRUTH, 0.0, _FINE)
    draw = ImageDraw.Draw(tile)
    if marks.true_boxes is not None:
        _rectangle(draw, marks.true_boxes[i] * zoom, TRUTH, _FINE)
    if marks.boxes is not None:
        _rectangle(draw, marks.boxes[i] * zoom, _verdict(marks.box_right(i), PLAIN), line)
    _paint_points(draw, marks, i, zoom)
    return tile.resize((width * scale, height * scale), Image.Resampling.BOX)


def _paint_mask(tile: Image.Image, mask: np.ndarray, colour: Colour, tint: float, line: int) -> None:
    """Tint the mask and draw its outline, smoothed over the enlarged pixels."""
    enlarged = Image.fromarray(mask.astype(np.uint8) * 255).resize(tile.size, Image.Resampling.BICUBIC)
    inside = np.asarray(enlarged) >= 128
    inner = inside.copy()
    for _ in range(line):
        padded = np.pad(inner, 1, mode="edge")
        inner &= padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    strength = np.where(inside & ~inner, 0.9, np.where(inside, tint, 0.0))
    tile.paste(colour, mask=Image.fromarray(np.rint(255 * strength).astype(np.uint8)))


def _rectangle(draw: ImageDraw.ImageDraw, box: np.ndarray, colour: Colour, line: int) -> None:
    if not np.isfinite(box).all():
        return
    x1, x2 = sorted((float(box[0]), float(box[2])))
    y1, y2 = sorted((float(box[1]), float(box[3])))
    # A dark rim outside keeps the line visible on light ground.
    draw.rectangle((x1 - 1, y1 - 1, x2 + 1, y2 + 1), None, (0, 0, 0), 1)
    draw.rectangle((x1, y1, x2, y2), None, colour, line)


def _paint_points(draw: ImageDraw.ImageDraw, marks: Marks, i: int, zoom: int) -> None:
    radius = max(3.0, 0.85 * zoom)
    if marks.true_points is not None:
        for x, y in _seen(marks.true_points[i]) * zoom:
            for rim, colour in ((3, (0, 0, 0)), (1, TRUTH)):
                draw.line((x - radius, y, x + radius, y), colour, _FINE + rim)
                draw.line((x, y - radius, x, y + radius), colour, _FINE + rim)
    if marks.points is not None:
        for k, (x, y) in enumerate(marks.points[i] * zoom):
            if np.isfinite(x + y):
                spot = (x - radius, y - radius, x + radius, y + radius)
                draw.ellipse(spot, POINTS[k % len(POINTS)], (20, 20, 20), _FINE)


def _seen(points: np.ndarray) -> np.ndarray:
    return points[np.isfinite(points).all(axis=1)]


def _verdict(right: bool | None, otherwise: Colour) -> Colour:
    if right is None:
        return otherwise
    return RIGHT if right else WRONG


def _captions(draw: ImageDraw.ImageDraw, marks: Marks, i: int, corner: tuple[int, int], width: int) -> None:
    x, y = corner
    if marks.labels is not None:
        right, text = marks.label_right(i), str(marks.labels[i])
        if right is False:
            text += f", not {marks.true_labels[i]}"
        # On white paper the bright green and red of the boxes could not be read.
        colour = TEXT if right is None else tuple(level * 2 // 3 for level in _verdict(right, TEXT))
        draw.text((x + 1, y + 12), fitted(text, 15, width), colour, font(15), anchor="lm")
        y += 22
    if marks.notes is not None:
        draw.text((x + 1, y + 8), fitted(str(marks.notes[i]), 12, width), FAINT, font(12), anchor="lm")


def _legend(marks: Marks) -> list[tuple[str, str, Colour]]:
    """Entries for what the sheet shows, and for nothing else."""
    entries = []
    if marks.boxes is not None and marks.true_boxes is None:
        entries.append(("box", "box", PLAIN))
    elif marks.boxes is not None:
        entries += [("box", "box, overlap 0.5 or more", RIGHT), ("box", "box, overlap below 0.5", WRONG)]
    if marks.true_boxes is not None:
        entries.append(("box", "true box", TRUTH))
    if marks.masks is not None:
        entries.append(("area", "mask", MASK))
    if marks.true_masks is not None:
        entries.append(("box", "true outline", TRUTH))
    if marks.points is not None:
        entries += [("point", name, POINTS[k % len(POINTS)]) for k, name in enumerate(marks.point_names)]
    if marks.true_points is not None:
        entries.append(("cross", "true points", TRUTH))
    return entries
