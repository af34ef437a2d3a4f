"""Small PNG images of masks: read and written with zlib and numpy, never beyond their stated size."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from ._checks import MAX_PIXELS, image_size
from ._problems import Bad

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


@dataclass(frozen=True)
class Png:
    """A decoded image: ``pixels`` (h, w) for grey and palette images, else (h, w, channels)."""

    pixels: np.ndarray
    palette: np.ndarray | None


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int

    @property
    def row_bits(self) -> int:
        return self.width * self.depth * _CHANNELS[self.colour]

    @property
    def step(self) -> int:
        """Bytes from a sample to the one at its left."""
        return max(1, self.depth * _CHANNELS[self.colour] // 8)


def read_png(data: bytes, max_pixels: int = MAX_PIXELS) -> Png:
    """Decode a PNG that is not interlaced. Raises Bad for anything else, and for one cut short."""
    if data[:8] != SIGNATURE:
        raise Bad("not a PNG image")
    chunks = list(_chunks(data))
    header = _header(chunks, max_pixels)
    packed = b"".join(body for kind, body in chunks if kind == b"IDAT")
    row = (header.row_bits + 7) // 8
    filtered = np.frombuffer(_inflate(packed, header.height * (row + 1)), np.uint8)
    rows = _unfilter(filtered.reshape(header.height, row + 1), header.step)
    palette = next((body for kind, body in chunks if kind == b"PLTE"), None)
    if palette is not None:
        palette = np.frombuffer(palette[: len(palette) // 3 * 3], np.uint8).reshape(-1, 3)
    return Png(_samples(rows, header), palette)


def _chunks(data: bytes):
    position = 8
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        if len(body) < length:
            raise Bad("the PNG image is cut short")
        yield kind, body
        if kind == b"IEND":
            return
        position += length + 12
    raise Bad("the PNG image is cut short")


def _header(chunks: list, max_pixels: int) -> _Header:
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise Bad("the PNG image has no header")
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    image_size(height, width, max_pixels)
    if depth not in _DEPTHS.get(colour, ()):
        raise Bad(f"a PNG image of colour type {colour} with {depth} bits")
    if interlace:
        raise Bad("an interlaced PNG image; save it without interlacing")
    return _Header(width, height, depth, colour)


def _inflate(packed: bytes, size: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, size)
    except zlib.error as error:
        raise Bad(f"the PNG image is damaged: {error}") from None
    if len(data) < size:
        raise Bad("the PNG image is cut short")
    return data


def _unfilter(rows: np.ndarray, step: int) -> np.ndarray:
    """Undo the prediction of each row from its left and upper neighbours."""
    kinds, pixels = rows[:, 0], rows[:, 1:].copy()
    if (kinds > 4).any():
        raise Bad("the PNG image is damaged: unknown filter")
    above = np.zeros(pixels.shape[1], np.uint8)
    for kind, row in zip(kinds, pixels, strict=True):
        if kind == 1:
            _add_left(row, step)
        elif kind == 2:
            row += above
        elif kind > 2:
            row[:] = np.frombuffer(_predicted(bytes(row), bytes(above), step, kind == 4), np.uint8)
        above = row
    return pixels


def _add_left(row: np.ndarray, step: int) -> None:
    for first in range(step):
        row[first::step] = np.cumsum(row[first::step], dtype=np.uint64).astype(np.uint8)


def _predicted(row: bytes, above: bytes, step: int, paeth: bool) -> bytearray:
    out = bytearray(step) + bytearray(row)
    upper = bytes(step) + above
    for i in range(step, len(out)):
        left, up = out[i - step], upper[i]
        guess = _paeth(left, up, upper[i - step]) if paeth else (left + up) // 2
        out[i] = (out[i] + guess) & 255
    return out[step:]


def _paeth(left: int, up: int, corner: int) -> int:
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner


def _samples(rows: np.ndarray, header: _Header) -> np.ndarray:
    channels = _CHANNELS[header.colour]
    if header.depth == 16:
        values = np.ascontiguousarray(rows).view(">u2").astype(np.uint16)
    elif header.depth == 8:
        values = rows
    else:
        values = _unpacked(rows, header)
    shape = (header.height, header.width) if channels == 1 else (header.height, header.width, channels)
    return values.reshape(shape)


def _unpacked(rows: np.ndarray, header: _Header) -> np.ndarray:
    """Samples of 1, 2 or 4 bits, the first in the highest bits of its byte."""
    shifts = np.arange(8 - header.depth, -1, -header.depth, dtype=np.uint8)
    values = (rows[:, :, None] >> shifts) & (2**header.depth - 1)
    return values.reshape(len(rows), -1)[:, : header.width]


def write_png(pixels: np.ndarray, palette: np.ndarray | None = None) -> bytes:
    """A grey or, with a palette of shape (n, 3), an indexed PNG of uint8 pixels (h, w)."""
    height, width = pixels.shape
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = pixels
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if palette is None else 3, 0, 0, 0)
    parts = [(b"IHDR", header)]
    if palette is not None:
        parts.append((b"PLTE", np.asarray(palette, np.uint8).tobytes()))
    parts += [(b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
