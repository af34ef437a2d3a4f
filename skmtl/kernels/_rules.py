"""What becomes of a filter's responses, as one number that is known when the code is compiled."""

from __future__ import annotations

# Activations; DOT is the bare dot product, without scale and bias.
TWO_SIDED, RELU, ABSOLUTE, LINEAR, DOT = range(5)
CELL, PAIR, SINGLE = range(3)  # what is joined: all patches of a tile, two neighbours, none


def pack(activation: int, group: int, maximum: bool) -> int:
    """The number of an activation and a way to join."""
    return 6 * activation + 2 * group + maximum


def unpack(what: int) -> tuple[int, int, bool]:
    """Activation, group, and whether the maximum is taken."""
    return what // 6, what // 2 % 3, what % 2 == 1
