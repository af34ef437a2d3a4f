"""Layers: a block of images in, convolved, activated and pooled, a block of images for the next layer out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._rules import CELL, TWO_SIDED, pack
from ._tiles import EMITTED, FILTERS, Bank
from .byte_filters import Rounded
from .conv import Rule, convolve, flat_images, pack_bank
from .shares import share_filters
from .sites import Sites, joined_patches, layer_sites, square_places
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
    """What ``run_layer`` needs; ``shape`` (h, w, channels) is that of the images it makes.

    ``ones`` (1, patches) are the scales of a layer that has none; ``framed`` says that there is a border.
    """

    bank: Bank
    sites: Sites | Squares
    kernel: Callable
    shape: tuple[int, int, int]
    ones: np.ndarray
    framed: bool


def plan_layer(filters, bias, rule: Rule, form: Form, image_shape, dtype, scaled: bool = False) -> Layer:
    """A layer of ``filters`` (k, rows, columns, channels) and ``bias`` (k,) for images of one shape.

    image_shape (h, w, c) is the input's, border and all. ``scaled`` says that responses will be multiplied
    by scales; else filters of 3 x 3 whose maps are pooled over 2 x 2 take Winograd's way. Pooling that is
    not by the maximum takes the mean. With `Rounded` filters and a `ByteWindow` the images are of bytes.
    """
    channels = len(bias) * (2 if rule.activation == TWO_SIDED else 1)
    grid = form.window.grid(image_shape)
    places, shape = square_places(grid, form.pool, form.border, channels)
    rest = shape, np.ones((1, grid[0] * grid[1]), dtype), any(form.border)
    whole = EMITTED and not scaled and form.pool == 2 and form.window == Window((3, 3))
    if whole and not isinstance(filters, Rounded) and filters.shape[3] >= FILTERS:
        bank = pack_bank(transform_filters(filters), bias, form.threshold, WINDOW, dtype)
        kernel = convolve_squares(pack(rule.activation, CELL, rule.maximum))
        return Layer(bank, square_sites(image_shape, places, dtype), kernel, *rest)
    bank = pack_bank(filters, bias, form.threshold, form.window, dtype)
    kernel = convolve(pack(rule.activation, joined_patches(form.pool), rule.maximum))
    return Layer(bank, layer_sites(form.window, image_shape, form.pool, places, dtype), kernel, *rest)


def run_layer(layer: Layer, images: np.ndarray, scales=None, n_jobs: int | None = None) -> np.ndarray:
    """The images (B, *shape) that the layer makes of ``images`` (B, h, w, c), in its border of zeros.

    scales (B, patches), or (1, patches) for all images, in the row-major order of the window's grid, or None.
    All C-contiguous and of one floating type, or the images of bytes. Threads share the filters; the bits are
    the same for any number.
    """
    n, sites, kernel = len(images), layer.sites, layer.kernel
    out = (np.zeros if layer.framed else np.empty)((n, *layer.shape), layer.ones.dtype)
    flat, maps = flat_images(images), out.reshape(n, -1)
    inputs = (flat, sites)
    if isinstance(sites, Sites):
        inputs = flat, layer.ones if scales is None else scales, sites
    share_filters(lambda bank: kernel(*inputs, bank, maps), layer.bank, n * sites.offset.size, n_jobs)
    return out
