"""Sums over a list of places as vector instructions: all that is summed stays in registers."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ._emitted import Struct
from ._machine import Machine
from ._vectors import PLACE, Vectors


def add(machine: Machine):
    """An intrinsic with the contract of ``_sums.add_plain``, emitted for ``machine``."""

    @intrinsic(prefer_literal=True)
    def emitted(typing, source, terms, target, turn, rows, width):
        turn = types.UniTuple(types.intp, 5)
        signature = types.void(source, terms, target, turn, rows, width)

        def emit(context, builder, signature, args):
            shape = (kind.literal_value for kind in signature.args[4:])
            _Sum(machine, context, builder, signature, args).emit(*shape)
            return context.get_dummy_value()

        return signature, emit

    return emitted


class _Sum:
    def __init__(self, machine: Machine, context, builder, signature, args):
        source, terms, target, turn, _, _ = args
        self.builder = builder
        self.v = v = Vectors(machine, builder, signature.args[0].dtype.bitwidth)
        self.source = context.make_array(signature.args[0])(context, builder, source).data
        target = context.make_array(signature.args[2])(context, builder, target).data
        *self.span, place, from_row, to_row = cgutils.unpack_tuple(builder, turn)
        self.steps = from_row, to_row
        self.target, self.terms = v.at(target, place), Struct(context, builder, signature.args[1], terms)

    def emit(self, rows: int, width: int) -> None:
        """All the code: sums of the terms, then their addition to the target."""
        builder, v = self.builder, self.v
        places = [(row, left) for row in range(rows) for left in range(0, width, v.lanes)]
        sums = [cgutils.alloca_once(builder, v.vector) for _ in places]
        for cell in sums:
            builder.store(v.zero, cell)
        with cgutils.for_range_slice(builder, *self.span, ir.Constant(PLACE, 1), PLACE) as (i, _):
            start = v.at(self.source, builder.load(v.at(self.terms.data("offset"), i)))
            weight = v.splat(builder.load(v.at(self.terms.data("weight"), i)))
            for place, cell in zip(places, sums, strict=True):
                value = v.load(self._at(start, 0, *place))
                builder.store(v.multiply_add(weight, value, builder.load(cell)), cell)
        for place, cell in zip(places, sums, strict=True):
            pointer = self._at(self.target, 1, *place)
            v.store(builder.fadd(v.load(pointer), builder.load(cell)), pointer)

    def _at(self, start, which: int, row: int, left: int):
        return self.v.at(start, self.builder.mul(self.steps[which], ir.Constant(PLACE, row)), left)
