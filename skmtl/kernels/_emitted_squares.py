"""Winograd's transforms for squares of 2 x 2 outputs of 3 x 3 filters, as vector instructions."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ._emitted import Struct, activated
from ._machine import Machine
from ._rules import SINGLE, unpack
from ._vectors import PLACE, Vectors


def spread(machine: Machine):
    """An intrinsic with the contract of ``_tiles.spread_plain``, emitted for ``machine``."""

    @intrinsic
    def emitted(typing, image, place, steps, into, at, apart):
        n = types.intp
        signature = types.void(image, n, types.UniTuple(n, 2), into, n, n)

        def emit(context, builder, signature, args):
            image, place, steps, into, at, apart = args
            row, channels = cgutils.unpack_tuple(builder, steps)
            kind = signature.args[0]
            v = Vectors(machine, builder, kind.dtype.bitwidth)
            source = v.at(context.make_array(kind)(context, builder, image).data, place)
            target = v.at(context.make_array(signature.args[3])(context, builder, into).data, at)
            with _Covering(v, channels) as first:
                _spread(v, v.at(source, first), (row, channels), v.at(target, first), apart)
            return context.get_dummy_value()

        return signature, emit

    return emitted


class _Covering:
    """A loop over vectors that cover the channels: the last one begins early enough to end with them."""

    def __init__(self, v: Vectors, channels):
        self.v, self.channels = v, channels

    def __enter__(self):
        builder, lanes = self.v.builder, ir.Constant(PLACE, self.v.lanes)
        beyond = builder.add(self.channels, ir.Constant(PLACE, self.v.lanes - 1))
        self.loop = cgutils.for_range(builder, builder.sdiv(beyond, lanes))
        first = builder.mul(self.loop.__enter__().index, lanes)
        last = builder.sub(self.channels, lanes)
        return builder.select(builder.icmp_signed("<", first, last), first, last)

    def __exit__(self, *error):
        self.loop.__exit__(*error)


def _spread(v: Vectors, source, steps, target, apart) -> None:
    row, column = steps
    rows = []
    for i in range(4):
        start = v.at(source, v.builder.mul(row, ir.Constant(PLACE, i)))
        pixels = [v.load(v.at(start, v.builder.mul(column, ir.Constant(PLACE, j)))) for j in range(4)]
        rows.append(_differences(v, pixels))
    for j in range(4):
        for i, value in enumerate(_differences(v, [row[j] for row in rows])):
            v.store(value, v.at(target, v.builder.mul(apart, ir.Constant(PLACE, 4 * i + j))))


def _differences(v: Vectors, x) -> list:
    subtract, add = v.builder.fsub, v.builder.fadd
    return [subtract(x[0], x[2]), add(x[1], x[2]), subtract(x[2], x[1]), subtract(x[1], x[3])]


def fold(machine: Machine):
    """An intrinsic with the contract of ``_tiles.fold_plain``, emitted for ``machine``."""

    @intrinsic(prefer_literal=True)
    def emitted(typing, sums, bank, panel, turn, out, what):
        turn = types.UniTuple(types.intp, 3)
        signature = types.void(sums, bank, types.intp, turn, out, what)

        def emit(context, builder, signature, args):
            _Fold(machine, context, builder, signature, args).emit(signature.args[5].literal_value)
            return context.get_dummy_value()

        return signature, emit

    return emitted


class _Fold:
    def __init__(self, machine: Machine, context, builder, signature, args):
        self.builder, self.filters = builder, machine.filters
        sums, bank, panel, turn, out, _ = args
        at, place, self.side = cgutils.unpack_tuple(builder, turn)
        bank = Struct(context, builder, signature.args[1], bank)
        self.v = v = Vectors(machine, builder, signature.args[0].dtype.bitwidth)
        self.sums = v.at(context.make_array(signature.args[0])(context, builder, sums).data, at)
        self.bias = v.at(bank.data("bias"), builder.mul(panel, ir.Constant(PLACE, 2 * self.filters)))
        self.out = v.at(context.make_array(signature.args[4])(context, builder, out).data, place)

    def emit(self, what: int) -> None:
        activation, group, maximum = unpack(what)
        v = self.v
        for place in range(0, self.filters, v.lanes):
            bias = [v.load(v.at(self.bias, side * self.filters + place)) for side in (0, 1)]
            sides = [activated(v, z, bias, activation) for z in self._outputs(place)]
            if group == SINGLE:
                results = [value for (value,) in sides]
            else:
                results = [self._joined(values, maximum) for values in zip(*sides, strict=True)]
            for number, result in enumerate(results):
                step = self.builder.mul(self.side, ir.Constant(PLACE, number))
                v.store(result, v.at(self.out, step, place))

    def _outputs(self, place: int) -> list:
        rows = []
        for i in range(4):
            starts = [place + (4 * i + j) * self.filters for j in range(4)]
            rows.append(self._two([self.v.load(self.v.at(self.sums, start)) for start in starts]))
        left, right = (self._two([row[j] for row in rows]) for j in (0, 1))
        return [left[0], right[0], left[1], right[1]]

    def _two(self, x) -> list:
        subtract, add = self.builder.fsub, self.builder.fadd
        return [add(add(x[0], x[1]), x[2]), subtract(subtract(x[1], x[2]), x[3])]

    def _joined(self, values, maximum: bool):
        a, b, c, d = values
        if maximum:
            return self.v.larger(self.v.larger(a, b), self.v.larger(c, d))
        total = self.builder.fadd(self.builder.fadd(a, b), self.builder.fadd(c, d))
        return self.builder.fmul(total, self.v.constant(0.25))
