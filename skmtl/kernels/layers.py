"""Layers: a block of images in, convolved, activated and pooled, a block of images for the next layer out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._rules import TWO_SIDED, pack
from ._tiles import EMITTED, FILTERS, GROUPS, PIXELS, Bank
from .conv import Rule, convolve, pack_bank, split_bank
from .sites import Sites, layer_sites, square_places
from .squares import WINDOW, Squares, convolve_squares, square_sites, transform_filters
from .windows import Window


class Form(NamedTuple):
    """How filters are laid over an image, what they must exceed, and the cells of the output.

    The maps are pooled over squares of ``pool`` x ``pool``, rows and columns that make no whole square left
    out; the output has ``border`` = (before, after) rows and columns around it. Responses smaller than
    ``threshold`` become 0.
    """

    window: Window
    pool: int = 1
    border: tuple[int, int] = (0, 0)
    threshold: float = 0.0


class Layer(NamedTuple):
    """What ``layer_block`` needs; ``shape`` (h, w, channels) is that of the images it makes.

    ``ones`` (1, patches) are the scales of a layer that has none.
    """

    bank: Bank
    sites: Sites | Squares
    rule: Rule
    shape: tuple[int, int, int]
    ones: np.ndarray


def plan_layer(filters, bias, rule: Rule, form: Form, image_shape, dtype, scaled: bool = False) -> Layer:
    """A layer of ``filters`` (k, rows, columns, channels) and ``bias`` (k,) for images of one shape.

    image_shape (h, w, c) is the input's, border and all. ``scaled`` says that responses will be multiplied
    by scales; else filters of 3 x 3 whose maps are pooled over 2 x 2 take Winograd's way. Pooling that is
    not by the maximum takes the mean.
    """
    channels = len(filters) * (2 if rule.activation == TWO_SIDED else 1)
    grid = form.window.grid(image_shape)
    places, shape = square_places(grid, form.pool, form.border, channels)
    ones = np.ones((1, grid[0] * grid[1]), dtype)
    whole = EMITTED and not scaled and form.pool == 2 and form.window == Window((3, 3))
    if whole and filters.shape[3] >= FILTERS:
        bank = pack_bank(transform_filters(filters), bias, form.threshold, WINDOW, dtype)
        return Layer(bank, square_sites(image_shape, places, dtype), rule, shape, ones)
    bank = pack_bank(filters, bias, form.threshold, form.window, dtype)
    return Layer(bank, layer_sites(form.window, image_shape, form.pool, places, dtype), rule, shape, ones)


def split_layer(layer: Layer, parts: int) -> list[Layer]:
    """At most ``parts`` layers, each with its own filters, that fill one output with the same bits."""
    return [layer._replace(bank=bank) for bank in split_bank(layer.bank, parts)]


def layer_block(images, scales, layer: Layer, out) -> None:
    """Write the layer's images of ``images`` (B, size of the input) to ``out`` (B, size of its shape).

    scales (B, patches), or (1, patches) for all images, in the row-major order of the window's grid, or None.
    The border of ``out`` is left as it is. All C-contiguous and of one floating type.
    """
    bank, sites, (activation, maximum), _, ones = layer
    if isinstance(sites, Squares):
        convolve_squares(pack(activation, 0, maximum))(images, sites, bank, out)
        return
    scales = ones if scales is None else scales
    group = GROUPS.index(PIXELS * (sites.start.size - 1) // sites.target.size)
    convolve(pack(activation, group, maximum))(images, scales, sites, bank, out)
