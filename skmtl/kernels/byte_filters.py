"""Filters as small integers that are multiplied by pixels of a byte: all sums are exact.

Four bytes of a patch, a word, are multiplied at once. Products are added up in 16 bits, two bytes of each
word in one sum, until a block of words ends; blocks are added up in 32 bits. So that no block leaves the 16
bits, whatever the pixels are, the positive numbers of a sum add up to 128 at most, as do the negative ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .windows import Window

WORD = 4  # bytes
BLOCK = 15  # words at most: with more the numbers are coarser, with fewer the sums take longer
MOST_VALUES = 1024  # of a patch: rounding takes time with their square, its preparation with their cube
_LARGEST, _SUM = 127, 128
_WHOLE = 2**20 // 255  # of all positive numbers: their sums of pixels, times a step, fit into a float32
# Correlation of pixels side by side and of two channels of a pixel, as in photographs, and the square of
# their mean over their variance; features change by a twentieth if it is 0.8 or 0.98.
_NEIGHBOURS, _CHANNELS, _MEAN = 0.95, 0.9, 1.0


class Rounded(NamedTuple):
    """Filters ``numbers * steps``: int8 (k, rows, columns, channels) and float32 (k,)."""

    numbers: np.ndarray
    steps: np.ndarray

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """``steps`` as integers of four bits, int32, and powers of two, float32."""
        mantissa, exponent = np.frexp(self.steps)
        return (16 * mantissa).astype(np.int32), np.ldexp(np.float32(1), exponent - 4)

    def values(self) -> np.ndarray:
        """The filters as float32. Responses to bytes have the same bits with them as with the numbers."""
        return self.numbers * self.steps[:, None, None, None]


class ByteWindow(Window):
    """The same patches, in words: a run is a block of words, each with a place of its own."""

    __slots__ = ()

    def runs(self, channels: int) -> tuple[int, int]:
        """Blocks of a patch, and the words of each."""
        runs, length = super().runs(channels)
        words = runs * -(-length // WORD)
        blocks = -(-words // BLOCK)
        return blocks, -(-words // blocks)

    def taps(self, shape: tuple[int, int, int]) -> np.ndarray:
        """How far each word is from the first byte of its patch; those that fill up the last block are 0."""
        _, length = super().runs(shape[2])
        taps = super().taps(shape)[:, None] + np.arange(0, length, WORD)
        return np.pad(taps.ravel(), (0, int(np.prod(self.runs(shape[2]))) - taps.size))

    def words(self, filters: np.ndarray) -> np.ndarray:
        """``filters`` (k, rows, columns, channels) as (k, blocks, words, WORD), zeros where there is no
        pixel of the patch."""
        count, (runs, length) = len(filters), super().runs(filters.shape[3])
        laid = np.pad(filters.reshape(count, runs, length), [(0, 0), (0, 0), (0, -length % WORD)])
        blocks = self.runs(filters.shape[3])
        out = np.zeros((count, blocks[0] * blocks[1] * WORD), filters.dtype)
        out[:, : laid[0].size] = laid.reshape(count, -1)
        return out.reshape(count, *blocks, WORD)


def round_filters(filters: np.ndarray, window: ByteWindow) -> Rounded:
    """``filters`` (k, rows, columns, channels) as integers times the smallest step that they fit with.

    What rounding has changed is made up for by the numbers that are rounded later, as the squared error of
    the responses to patches asks, whose covariance is that of neighbouring pixels of photographs: without
    it, whitened filters respond to the brightness that they were made to ignore.

    References
    ----------
    B. Hassibi, D. Stork, "Second Order Derivatives for Network Pruning: Optimal Brain Surgeon", NIPS 1992
    (equation 5). E. Frantar, S. Ashkboos, T. Hoefler, D. Alistarh, "GPTQ: Accurate Post-Training
    Quantization for Generative Pre-trained Transformers", ICLR 2023 (section 3, the order of rounding).
    """
    filters = filters.astype(np.float64)
    step = _Steps(_excess(window.words(filters)))
    numbers, todo = np.zeros_like(filters), np.arange(len(filters))
    while todo.size:
        numbers[todo] = _shaped(filters[todo] / step.values()[todo, None, None, None], window.dilation)
        todo = todo[_excess(window.words(numbers[todo])) > 1]
        step.index[todo] += 1
    return Rounded(numbers.astype(np.int8), step.values().astype(np.float32))


class _Steps:
    """Numbers of four bits times a power of two, from the first that is at least ``least`` (k,) on."""

    def __init__(self, least: np.ndarray):
        least = np.where(least > 0, least, 1.0)
        power = np.floor(np.log2(least))
        self.index = (8 * power + np.ceil(8 * (least / 2**power - 1))).astype(np.int64)

    def values(self) -> np.ndarray:
        power, eighths = np.divmod(self.index, 8)
        return np.ldexp(1 + eighths / 8, power)


def _excess(words: np.ndarray) -> np.ndarray:
    """Of filters (k, blocks, words, WORD): how many times larger than possible they are, (k,)."""
    pairs = words.reshape(*words.shape[:3], 2, 2)
    sums = np.stack([np.maximum(side, 0).sum(axis=(2, 4)) for side in (pairs, -pairs)], axis=1)
    sums = sums.reshape(len(words), 2, -1)
    parts = sums.max(axis=(1, 2)) / _SUM, sums.sum(axis=2).max(axis=1) / _WHOLE
    return np.maximum(np.maximum(*parts), np.abs(words).max(axis=(1, 2, 3)) / _LARGEST)


def _shaped(filters: np.ndarray, dilation: tuple[int, int]) -> np.ndarray:
    """The rounded ``filters`` (k, rows, columns, channels)."""
    left, share = filters.reshape(len(filters), -1).T.copy(), _shares(filters.shape[1:], dilation)
    for i, row in enumerate(share):
        rounded = np.rint(left[i])
        left[i + 1 :] -= row[i + 1 :, None] * (left[i] - rounded)
        left[i] = rounded
    return left.T.reshape(filters.shape)


@lru_cache(maxsize=16)
def _shares(shape: tuple[int, int, int], dilation: tuple[int, int]) -> np.ndarray:
    """What of the error in entry i entry j > i makes up for, (d, d), with opposite sign."""
    y, x, channel = (axis.ravel() for axis in np.indices(shape))
    apart = (np.abs(axis[:, None] - axis) * step for axis, step in zip((y, x), dilation, strict=True))
    moments = _NEIGHBOURS ** sum(apart) * np.where(channel[:, None] == channel, 1, _CHANNELS) + _MEAN
    moments += 1e-3 * moments[0, 0] * np.eye(len(y))
    upper = np.linalg.cholesky(np.linalg.inv(moments)).T
    return upper / np.diag(upper)[:, None]
