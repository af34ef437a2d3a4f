"""PNG images that are not what they say."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from skmtl.io._png import write_png


def png_header(width, height):
    body = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + body + struct.pack(">I", zlib.crc32(b"IHDR" + body))
    return b"\x89PNG\r\n\x1a\n" + chunk


def bomb(width, height):
    data = zlib.compress(bytes(10_000_000))
    return (
        png_header(width, height)
        + struct.pack(">I", len(data))
        + b"IDAT"
        + data
        + bytes(4)
        + bytes(4)
        + b"IEND"
    )


GOOD_PNG = write_png(np.ones((4, 4), np.uint8))
