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
    """One sum: ``rows`` x ``width`` values, which stay in registers while the terms go by."""

    def __init__(self, machine: Machine, context, builder, signature, args):
        source, terms, target, turn, _, _ = args
        self.builder = builder
        self.v = v = Vectors(machine, builder, signature.args[0].dtype.bitwidth)
        self.source = context.make_array(signature.args[0])(context, builder, source).data
        target = context.make_array(signature.args[2])(context, builder, target).data
        *self.span, place, self.from_row, self.to_row = cgutils.unpack_tuple(builder, turn)
        self.target, terms = v.at(target, place), Struct(context, builder, signature.args[1], terms)
        self.offset, self.weight = terms.data("offset"), terms.data("weight")

    def emit(self, rows: int, width: int) -> None:
        """All the code: sums of the terms, then their addition to the target.

        A vector's lanes must divide ``width``: a rest would be written beyond it.
        """
        builder, v = self.builder, self.v
        if width % v.lanes:
            raise ValueError(f"width={width} is no multiple of a vector's {v.lanes} lanes")
        places = [(row, left) for row in range(rows) for left in range(0, width, v.lanes)]
        sums = [cgutils.alloca_once(builder, v.vector) for _ in places]
        for cell in sums:
            builder.store(v.zero, cell)
        with cgutils.for_range_slice(builder, *self.span, ir.Constant(PLACE, 1), PLACE) as (i, _):
            start = v.at(self.source, builder.load(v.at(self.offset, i)))
            weight = v.splat(builder.load(v.at(self.weight, i)))
            for place, cell in zip(places, sums, strict=True):
                value = v.load(self._at(start, self.from_row, *place))
                builder.store(v.multiply_add(weight, value, builder.load(cell)), cell)
        for place, cell in zip(places, sums, strict=True):
            pointer = self._at(self.target, self.to_row, *place)
            v.store(builder.fadd(v.load(pointer), builder.load(cell)), pointer)

    def _at(self, start, step, row: int, left: int):
        """``start`` moved by ``row`` times ``step``, and by ``left``."""
        return self.v.at(start, self.builder.mul(step, ir.Constant(PLACE, row)), left)
