"""Label Studio's brush masks: RGBA values packed bit by bit in runs.

The stream begins with the number of values (32 bits), the bits of a value less one (5) and four
lengths of counters less one (4 each). Each run has a bit that tells whether one value is repeated,
two bits that choose a counter, the counter less one, and the value or the values.
"""

from __future__ import annotations

import numpy as np

from ._problems import Bad
from ._rle import RLE

_COUNTERS = (3, 4, 8, 16)
_CHANNELS = 4


class _Bits:
    """Reads numbers of any length from packed bytes."""

    def __init__(self, data: bytes):
        self.bits = np.unpackbits(np.frombuffer(data, np.uint8))
        self.at = 0

    def read(self, length: int) -> int:
        if self.at + length > len(self.bits):
            raise Bad("the brush mask is cut short")
        chunk = self.bits[self.at : self.at + length]
        self.at += length
        return int.from_bytes(np.packbits(chunk).tobytes(), "big") >> (-length % 8)

    def values(self, length: int, count: int) -> np.ndarray:
        """``count`` values of ``length`` bits; only whether they are 0 matters."""
        if self.at + length * count > len(self.bits):
            raise Bad("the brush mask is cut short")
        chunk = self.bits[self.at : self.at + length * count]
        self.at += length * count
        return chunk.reshape(count, length).any(axis=1)


def decode_brush(data: bytes, size: tuple[int, int]) -> RLE:
    """The pixels whose alpha is not 0. Raises Bad where the stream does not fit the image."""
    bits, (height, width) = _Bits(data), size
    total = bits.read(32)
    if total != _CHANNELS * height * width:
        raise Bad(f"a brush mask of {total} values for an image of {height} x {width} pixels (4 a pixel)")
    word = bits.read(5) + 1
    counters = [bits.read(4) + 1 for _ in range(4)]
    inside, lengths, at = [], [], 0
    while at < total:
        repeated = bits.read(1)
        count = bits.read(counters[bits.read(2)]) + 1
        if at + count > total:
            raise Bad("the brush mask is longer than its image")
        inside.append(bits.values(word, 1 if repeated else count))
        lengths.append([count] if repeated else np.ones(count, np.int64))
        at += count
    # Alpha is the last of four values, so a run up to value number n holds n // 4 of them.
    alphas = np.diff(np.cumsum(np.concatenate(lengths)) // _CHANNELS, prepend=0)
    return RLE.encode(np.repeat(np.concatenate(inside), alphas).reshape(size))


def encode_brush(mask: RLE) -> bytes:
    """The mask as opaque white on nothing."""
    flat = np.repeat(mask.decode().ravel(), _CHANNELS)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    parts = [f"{flat.size:032b}", f"{7:05b}", *(f"{length - 1:04b}" for length in _COUNTERS)]
    for start, length in zip(starts.tolist(), np.diff(starts, append=flat.size).tolist(), strict=True):
        parts += _runs(int(flat[start]) * 255, length)
    text = "".join(parts)
    return np.packbits(np.frombuffer(text.encode("ascii"), np.uint8) - ord("0")).tobytes()


def _runs(value: int, length: int) -> list[str]:
    """One repeated value, in as many runs as the longest counter needs."""
    parts, longest = [], 1 << _COUNTERS[-1]
    while length:
        count = min(length, longest)
        choice = next(i for i, bits in enumerate(_COUNTERS) if count <= 1 << bits)
        parts.append(f"1{choice:02b}{count - 1:0{_COUNTERS[choice]}b}{value:08b}")
        length -= count
    return parts
