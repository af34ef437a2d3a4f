"""The wire format of protocol buffers: numbered fields, written, and read within bounds."""

from __future__ import annotations

import struct
from collections import defaultdict

import numpy as np

from ._problems import Bad

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
MAX_FIELDS = 1_000_000

Message = dict[int, list]


def varint(value: int) -> bytes:
    """A whole number of 64 bits, 7 of them a byte, the lowest first; below 0 as its two's complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number_field(field: int, value: int) -> bytes:
    """A field that holds a whole number."""
    return varint(field << 3 | VARINT) + varint(value)


def float_field(field: int, value: float) -> bytes:
    """A field that holds a float32."""
    return varint(field << 3 | FIXED32) + struct.pack("<f", value)


def bytes_field(field: int, value: bytes | str) -> bytes:
    """A field that holds bytes, a text in UTF-8, or another message."""
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | LENGTH) + varint(len(value)) + value


def read_message(data: memoryview) -> Message:
    """The fields of a message: whole numbers as unsigned int, fixed ones and bytes as memoryview.

    Raises
    ------
    Bad
        Bytes that are no message: cut short, of an unknown type, or of more than a million fields.
    """
    found: Message = defaultdict(list)
    place = 0
    for _ in range(MAX_FIELDS):
        if place == len(data):
            return dict(found)
        key, place = _varint(data, place)
        field, wire = key >> 3, key & 7
        if field == 0:
            raise Bad(f"no protocol buffer: field 0 at byte {place}")
        if wire == VARINT:
            value, place = _varint(data, place)
        else:
            size, place = _size(data, place, wire)
            if size > len(data) - place:
                raise Bad(f"cut short: field {field} needs {size} bytes, {len(data) - place} are left")
            value, place = data[place : place + size], place + size
        found[field].append(value)
    raise Bad(f"a message of more than {MAX_FIELDS} fields")


def _size(data: memoryview, place: int, wire: int) -> tuple[int, int]:
    if wire in (FIXED64, FIXED32):
        return (8 if wire == FIXED64 else 4), place
    if wire != LENGTH:
        raise Bad(f"no protocol buffer: wire type {wire} at byte {place}")
    return _varint(data, place)


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place == len(data):
            raise Bad("cut short within a number")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, place
    raise Bad(f"no protocol buffer: a number of more than 10 bytes at byte {place}")


def signed(value: int) -> int:
    """A whole number as int64."""
    return value - (1 << 64) if value >> 63 else value


def text(value) -> str:
    """A field's bytes as a text."""
    if isinstance(value, int):
        raise Bad("a text was expected, found a number")
    try:
        return bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("a text is not UTF-8") from None


def numbers(values: list) -> list[int]:
    """Whole numbers of a repeated field, each by itself or many packed into bytes."""
    out: list[int] = []
    for value in values:
        if isinstance(value, int):
            out.append(signed(value))
            continue
        place = 0
        while place < len(value):
            one, place = _varint(value, place)
            out.append(signed(one))
    return out


def floats(values: list) -> np.ndarray:
    """Float32 numbers of a repeated field, each by itself or many packed into bytes."""
    if any(isinstance(value, int) or len(value) % 4 for value in values):
        raise Bad("float32 numbers were expected, found something else")
    return np.frombuffer(b"".join(bytes(value) for value in values), "<f4")
