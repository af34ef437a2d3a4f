"""The tile as vector instructions: dot products in registers, and what becomes of them before they leave."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ._machine import VECTORS, Machine
from ._rules import ABSOLUTE, NOTHING, RELU, unpack
from ._vectors import PLACE, Vectors


def tile(machine: Machine):
    """An intrinsic with the contract of ``_tiles.tile_plain``, emitted for ``machine``."""

    @intrinsic(prefer_literal=True)
    def emitted(typing, work, number, panel, target, at, first, what):
        place = types.intp
        signature = types.void(work, place, place, target, place, types.boolean, what)

        def emit(context, builder, signature, args):
            _Tile(machine, context, builder, signature, args).emit(signature.args[6].literal_value)
            return context.get_dummy_value()

        return signature, emit

    return emitted


class _Struct:
    """The members of a named tuple of arrays: ``data(name)`` of an array, ``value(name)`` of another."""

    def __init__(self, context, builder, kind, value):
        self.context, self.builder, self.kind, self.tuple = context, builder, kind, value

    def kind_of(self, name: str):
        return self.kind.types[self.kind.fields.index(name)]

    def value(self, name: str):
        return self.builder.extract_value(self.tuple, self.kind.fields.index(name))

    def array(self, name: str):
        return self.context.make_array(self.kind_of(name))(self.context, self.builder, self.value(name))

    def data(self, name: str):
        return self.array(name).data

    def inner(self, name: str) -> _Struct:
        return _Struct(self.context, self.builder, self.kind_of(name), self.value(name))


class _Tile:
    """One tile, pass by pass: in each, VECTORS vectors of filters over all pixels stay in registers."""

    def __init__(self, machine: Machine, context, builder, signature, args):
        self.builder, self.pixels, self.filters = builder, machine.pixels, machine.filters
        work, target = (_Struct(context, builder, signature.args[i], args[i]) for i in (0, 3))
        sites, bank = work.inner("sites"), work.inner("bank")
        _, number, panel, _, self.at, self.first, _ = args
        self.v = Vectors(machine, builder, work.kind_of("image").dtype.bitwidth)
        self.image, self.scales, self.taps = work.data("image"), work.data("scales"), sites.data("taps")
        patch = builder.mul(number, ir.Constant(PLACE, self.pixels))
        self.offset, self.index, self.weight = (
            self.v.at(sites.data(name), patch) for name in ("offset", "index", "weight")
        )
        panels = bank.array("panels")
        _, self.runs, self.run_length, _ = cgutils.unpack_tuple(builder, panels.shape)
        size = builder.mul(builder.mul(self.runs, self.run_length), ir.Constant(PLACE, self.filters))
        self.panel = self.v.at(panels.data, builder.mul(panel, size))
        self.bias = self.v.at(bank.data("bias"), builder.mul(panel, ir.Constant(PLACE, 2 * self.filters)))
        column = builder.mul(builder.add(bank.value("first"), panel), ir.Constant(PLACE, self.filters))
        self.values = self.v.at(target.data("values"), column)
        self.places, self.side = self.v.at(target.data("places"), self.at), target.value("side")

    def emit(self, what: int) -> None:
        """All the code of the tile; ``what`` as ``_rules.pack`` makes it."""
        activation, group, maximum = unpack(what)
        size = (self.pixels, 2, 1)[group]
        for left, sums in self._passes():
            for i, column in enumerate(sums):
                place = left + i * self.v.lanes
                bias = [self.v.load(self.v.at(self.bias, self.filters * side + place)) for side in (0, 1)]
                for first in range(0, self.pixels, size):
                    pixels = range(first, first + size)
                    sides = [self._activated(column[p], p, bias, activation) for p in pixels]
                    for side, values in enumerate(zip(*sides, strict=True)):
                        self._join(values, pixels, maximum, self._target(first // size, side, place))

    def _join(self, values, pixels, maximum: bool, pointer) -> None:
        """Join ``values`` with what is at ``pointer``, unless they are the first there."""
        old = self.v.load(pointer)
        if maximum:
            total = self.builder.select(self.first, values[0], old)
            for value in values:
                total = self.v.larger(value, total)
        else:
            total = self.builder.select(self.first, self.v.zero, old)
            for pixel, value in zip(pixels, values, strict=True):
                weight = self.builder.load(self.v.at(self.weight, pixel))
                total = self.v.multiply_add(value, self.v.splat(weight), total)
        self.v.store(total, pointer)

    def _target(self, group: int, side: int, left: int):
        place = self.builder.load(self.v.at(self.places, group))
        return self.v.at(self.values, place, self.builder.mul(self.side, ir.Constant(PLACE, side)), left)

    def _activated(self, cell, pixel: int, bias, activation: int) -> list:
        index = self.builder.load(self.v.at(self.index, pixel))
        scale = self.v.splat(self.builder.load(self.v.at(self.scales, index)))
        dot = self.builder.load(cell)
        above = self.v.multiply_add(dot, scale, bias[0])
        if activation == NOTHING:
            return [above]
        positive = self.v.larger(above, self.v.zero)
        if activation == RELU:
            return [positive]
        below = self.builder.fsub(bias[1], self.builder.fmul(dot, scale))
        if activation == ABSOLUTE:
            return [self.v.larger(below, positive)]
        return [positive, self.v.larger(below, self.v.zero)]

    def _passes(self):
        """Emit the dot products, pass by pass; yield the first filter and the sums by vector and pixel."""
        kind = self.v.vector
        sums = [[cgutils.alloca_once(self.builder, kind) for _ in range(self.pixels)] for _ in range(VECTORS)]
        for left in range(0, self.filters, VECTORS * self.v.lanes):
            for column in sums:
                for cell in column:
                    self.builder.store(self.v.zero, cell)
            self._dot(left, sums)
            yield left, sums

    def _dot(self, left: int, sums) -> None:
        builder = self.builder
        corners = []
        for pixel in range(self.pixels):
            corners.append(self.v.at(self.image, builder.load(self.v.at(self.offset, pixel))))
        with cgutils.for_range(builder, self.runs) as run:
            tap = builder.load(self.v.at(self.taps, run.index))
            w_run = builder.mul(run.index, self.run_length)
            with cgutils.for_range(builder, self.run_length) as place:
                x_place = builder.add(tap, place.index)
                w_place = builder.mul(builder.add(w_run, place.index), ir.Constant(PLACE, self.filters))
                weights = self.v.at(self.panel, w_place, left)
                self._step(corners, x_place, weights, sums)

    def _step(self, corners, x_place, weights, sums) -> None:
        """One value of every patch times one vector of every column: the innermost loop's body."""
        filters = [self.v.load(self.v.at(weights, i * self.v.lanes)) for i in range(VECTORS)]
        for pixel, corner in enumerate(corners):
            x = self.v.splat(self.builder.load(self.v.at(corner, x_place)))
            for column, weight in zip(sums, filters, strict=True):
                cell = column[pixel]
                self.builder.store(self.v.multiply_add(x, weight, self.builder.load(cell)), cell)
