"""Height and width of an image file from its first bytes: PNG, JPEG, GIF, BMP, WebP."""

from __future__ import annotations

import struct
from pathlib import Path

from ._checks import MAX_PIXELS, image_size
from ._problems import Bad

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_HEAD = 1 << 20


def size_of(path: Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """(height, width) of an image file; its pixels are not decoded. Raises Bad."""
    with Path(path).open("rb") as file:
        head = file.read(_HEAD)
    for magic, parse in _FORMATS.items():
        if head.startswith(magic):
            try:
                return image_size(*parse(head), max_pixels)
            except (struct.error, IndexError):
                raise Bad(f"the image {Path(path).name} is cut short") from None
    raise Bad(f"the size of {Path(path).name} cannot be read: it is not PNG, JPEG, GIF, BMP or WebP")


def _png(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", head, 16)
    return height, width


def _gif(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", head, 6)
    return height, width


def _bmp(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<ii", head, 18)
    return abs(height), width


def _webp(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return height & 0x3FFF, width & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    if kind == b"VP8X":
        width, height = (int.from_bytes(head[i : i + 3], "little") + 1 for i in (24, 27))
        return height, width
    raise Bad("an unknown kind of WebP image")


def _jpeg(head: bytes) -> tuple[int, int]:
    """Walk from marker to marker to the start of a frame, the only one that holds the size."""
    position = 2
    while True:
        while head[position] != 0xFF:
            position += 1
        while head[position] == 0xFF:
            position += 1
        marker = head[position]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return struct.unpack_from(">HH", head, position + 4)
        (length,) = struct.unpack_from(">H", head, position + 1)
        position += 1 + max(length, 2)


_FORMATS = {b"\x89PNG": _png, b"\xff\xd8": _jpeg, b"GIF8": _gif, b"BM": _bmp, b"RIFF": _webp}
