"""Numbers written so short that a file stays readable, and so long that it reads back the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import chain, product

_NEIGHBOURS = (0, 1, -1, 2, -2, 3, -3, 4, -4)
_DIGITS = (0, 2, 4, 6, 9, 12, 15)


def decimal_for(guess: float, holds: Callable[[float], bool]) -> float:
    """The first rounding of ``guess`` for which ``holds`` is true, ``guess`` itself where none is.

    A writer that stores x1 - x0 asks for the shortest width with x0 + width == x1: the number that
    stood in the file before, and not its neighbour in the last bit.
    """
    rounded = (round(guess, digits) for digits in _DIGITS)
    near = (guess + step * math.ulp(guess) for step in _NEIGHBOURS)
    return next((candidate for candidate in chain(rounded, near) if holds(candidate)), guess)


def tidy(value: float) -> float | int:
    """3.0 as 3, for files that people read."""
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def decimals_for(guesses: tuple[float, ...], holds: Callable[[tuple], bool]) -> tuple[float, ...]:
    """As `decimal_for`, for numbers that are read together."""
    rounded = (tuple(round(guess, digits) for guess in guesses) for digits in _DIGITS)
    # Sums round to the bits of the largest number, so all are moved by its last bit, then by half of it.
    bit = math.ulp(max(map(abs, guesses)))
    steps = product((bit, bit / 2, bit / 4), product(_NEIGHBOURS, repeat=len(guesses)))
    near = (
        tuple(guess + number * step for guess, number in zip(guesses, numbers, strict=True))
        for step, numbers in steps
    )
    return next((candidate for candidate in chain(rounded, near) if holds(candidate)), guesses)


def extent(start: float, stop: float) -> float:
    """The width with ``start + width == stop`` in floating point.

    Where ``start`` has finer bits than ``stop`` there may be none; the sum is then the number beside it.
    """
    return decimal_for(stop - start, lambda width: start + width == stop)


def show(value: float) -> str:
    """A float as text without an exponent where it has a short one, exact either way."""
    value = tidy(value)
    return str(value) if isinstance(value, int) else repr(value)
