"""Run-length encoded masks, byte for byte those of the COCO tools, in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._checks import MAX_PIXELS, image_size, short
from ._problems import Bad

_MORE, _SIGN, _BITS, _BASE = 0x20, 0x10, 5, 48
# A count below 2**50 needs at most eleven characters; a longer group of them is an attack.
_MAX_GROUP = 11


@dataclass(frozen=True, eq=False)
class RLE:
    """A mask as lengths of runs, down the columns, the first run being of zeros.

    Parameters
    ----------
    size : (int, int)
        Height and width in pixels.
    counts : array-like of int, shape (n_runs,)
        Lengths of the runs, of zeros and of ones in turn; the first may be 0. They add up to
        height * width.

    Raises
    ------
    ValueError
        Where a length is negative, or the lengths do not add up to the number of pixels.
    """

    size: tuple[int, int]
    counts: np.ndarray

    def __post_init__(self):
        height, width = (int(side) for side in self.size)
        counts = np.array(self.counts, dtype=np.int64).reshape(-1)
        counts.flags.writeable = False
        if height < 1 or width < 1 or (counts < 0).any() or (counts > height * width).any():
            raise ValueError(f"counts must be lengths of runs in an image of {height} x {width} pixels")
        if counts.sum() != height * width:
            raise ValueError(
                f"the runs cover {counts.sum()} pixels, the image of {height} x {width} has {height * width}"
            )
        object.__setattr__(self, "size", (height, width))
        object.__setattr__(self, "counts", counts)

    def __eq__(self, other) -> bool:
        return (
            isinstance(other, RLE) and self.size == other.size and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None

    @classmethod
    def encode(cls, mask: np.ndarray) -> RLE:
        """The runs of a mask of shape (height, width); anything but 0 counts as inside."""
        mask = np.asarray(mask)
        if mask.ndim != 2 or not mask.size:
            raise ValueError(f"mask must have shape (height, width), got {mask.shape}")
        return cls(mask.shape, _run_lengths(mask.astype(bool).ravel(order="F")))

    @classmethod
    def from_string(cls, size: tuple[int, int], string: str | bytes) -> RLE:
        """The runs written in COCO's compressed form (see `to_string`)."""
        return cls(size, _unpack(string))

    @classmethod
    def from_spans(cls, size: tuple[int, int], starts: np.ndarray, stops: np.ndarray) -> RLE:
        """The union of spans [start, stop) of pixel numbers ``x * height + y``."""
        total = size[0] * size[1]
        edges = np.concatenate([starts, stops])
        steps = np.repeat([1, -1], [len(starts), len(stops)])
        order = np.lexsort((-steps, edges))
        depth = np.cumsum(steps[order])
        edges = edges[order]
        opens = (depth == 1) & (np.diff(depth, prepend=0) > 0)
        changes = np.sort(np.concatenate([edges[opens], edges[depth == 0]]))
        counts = np.diff(np.concatenate([[0], changes, [total]]))
        return cls(size, counts if counts[-1] or len(counts) == 1 else counts[:-1])

    @classmethod
    def from_patch(cls, size: tuple[int, int], patch: np.ndarray, left: int, top: int) -> RLE:
        """A mask that is 0 but for a patch of shape (h, w) with its corner at (left, top)."""
        h, w = patch.shape
        if left < 0 or top < 0 or left + w > size[1] or top + h > size[0]:
            raise ValueError(f"a patch of {patch.shape} at x {left}, y {top} in an image of {size}")
        columns = np.zeros((w, h + 2), np.int8)
        columns[:, 1:-1] = (patch != 0).T
        x, y = np.nonzero(np.diff(columns, axis=1))
        edges = (x + left) * size[0] + y + top
        return cls.from_spans(size, edges[::2], edges[1::2])

    def patch(self, left: int, top: int, right: int, bottom: int) -> np.ndarray:
        """The pixels of a part of the image, uint8 of shape (bottom - top, right - left)."""
        height = self.size[0]
        starts, stops = (np.clip(ends, left * height, right * height) for ends in self.spans)
        steps = np.zeros((right - left) * height + 1, np.int8)
        np.add.at(steps, starts - left * height, 1)
        np.subtract.at(steps, stops - left * height, 1)
        columns = np.cumsum(steps[:-1], dtype=np.int8).astype(np.uint8)
        return columns.reshape(right - left, height).T[top:bottom]

    def decode(self) -> np.ndarray:
        """The mask, uint8 of shape (height, width), 1 inside."""
        values = np.zeros(len(self.counts), dtype=np.uint8)
        values[1::2] = 1
        return np.repeat(values, self.counts).reshape(self.size, order="F")

    def to_string(self) -> str:
        """COCO's compressed form: five bits a character, from the fourth run on as differences."""
        return _pack(self.counts)

    @property
    def spans(self) -> tuple[np.ndarray, np.ndarray]:
        """First and last + 1 pixel number of every run of ones that is not empty."""
        ends = np.cumsum(self.counts)
        starts, stops = ends[:-1:2], ends[1::2]
        full = stops > starts
        return starts[full], stops[full]

    @property
    def area(self) -> int:
        """Number of pixels inside."""
        return int(self.counts[1::2].sum())

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """x0, y0, x1, y1 around the pixels inside; None where there are none."""
        starts, stops = self.spans
        if not len(starts):
            return None
        height = self.size[0]
        first, last = starts // height, (stops - 1) // height
        x0, x1 = float(first.min()), float(last.max() + 1)
        if (last > first).any():
            return x0, 0.0, x1, float(height)
        return x0, float((starts % height).min()), x1, float(((stops - 1) % height).max() + 1)

    def union(self, *others: RLE) -> RLE:
        """The pixels inside any of several masks of one size."""
        masks = (self, *others)
        if any(mask.size != self.size for mask in masks):
            raise ValueError(f"masks of different sizes: {[mask.size for mask in masks]}")
        spans = [mask.spans for mask in masks]
        return RLE.from_spans(self.size, *(np.concatenate(ends) for ends in zip(*spans, strict=True)))


def checked_rle(size, counts, max_pixels: int = MAX_PIXELS, where: str = ".segmentation") -> RLE:
    """An RLE from a file: ``counts`` a list of lengths or a compressed string. Raises Bad."""
    if not isinstance(size, (list, tuple)) or len(size) != 2:
        raise Bad(f"expected size [height, width], got {short(size)}", f"{where}.size")
    height, width = image_size(*size, max_pixels, f"{where}.size")
    try:
        if isinstance(counts, (str, bytes)):
            return RLE.from_string((height, width), counts)
        if not isinstance(counts, list) or not all(type(count) is int for count in counts):
            raise Bad(f"expected a list of lengths or a string, got {short(counts)}", f"{where}.counts")
        return RLE((height, width), counts)
    except (ValueError, OverflowError) as error:
        raise Bad(str(error), f"{where}.counts") from None


def _run_lengths(flat: np.ndarray) -> np.ndarray:
    """Lengths of the runs of a 1-D boolean array, zeros first."""
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(np.concatenate([[0], changes, [len(flat)]]))
    return np.concatenate([[0], counts]) if flat[0] else counts


def _pack(counts: np.ndarray) -> str:
    values = counts.astype(np.int64)
    values[3:] -= counts[1:-2]
    shifts = np.arange(_MAX_GROUP + 1) * _BITS
    chunks = values[:, None] >> shifts
    # A value ends with the first chunk whose rest is only the repeated sign bit of that chunk.
    ends = np.where(chunks & _SIGN, chunks >> _BITS == -1, chunks >> _BITS == 0)
    length = ends.argmax(axis=1) + 1
    more = np.arange(_MAX_GROUP + 1) < length[:, None] - 1
    codes = (chunks & (2**_BITS - 1)) + np.where(more, _MORE, 0) + _BASE
    used = np.arange(_MAX_GROUP + 1) < length[:, None]
    return codes[used].astype(np.uint8).tobytes().decode("ascii")


def _unpack(string: str | bytes) -> np.ndarray:
    data = string.encode("utf-8", "surrogatepass") if isinstance(string, str) else string
    codes = np.frombuffer(data, dtype=np.uint8).astype(np.int64) - _BASE
    if not len(codes) or codes.min() < 0 or codes.max() >= 2 * _MORE:
        raise ValueError(f"not a compressed mask: {short(string)}")
    last = np.flatnonzero((codes & _MORE) == 0)
    first = np.concatenate([[0], last[:-1] + 1])
    if not len(last) or last[-1] != len(codes) - 1 or (last - first).max() >= _MAX_GROUP:
        raise ValueError("a compressed mask that is cut off or holds a number out of range")
    place = np.arange(len(codes)) - np.repeat(first, last - first + 1)
    values = np.add.reduceat((codes & (2**_BITS - 1)) << (_BITS * place), first)
    values -= np.where(codes[last] & _SIGN, np.int64(1) << (_BITS * (last - first + 1)), 0)
    for start in (1, 2):
        values[start::2] = np.cumsum(values[start::2])
    return values
