"""The tile as vector instructions: dot products in registers, and what becomes of them before they leave."""

from __future__ import annotations

from functools import reduce

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ._machine import VECTORS, Machine
from ._rules import ABSOLUTE, DOT, LINEAR, RELU, unpack
from ._vectors import PLACE, Vectors


def tile(machine: Machine, of_bytes=None):
    """An intrinsic with the contract of ``_tiles.tile_plain``, emitted for ``machine``.

    ``of_bytes`` is the `Tile` for images of bytes.
    """

    @intrinsic(prefer_literal=True)
    def emitted(typing, work, panel, turn, target, what):
        turn = types.Tuple((types.intp, types.intp, types.boolean))
        signature = types.void(work, types.intp, turn, target, what)

        def emit(context, builder, signature, args):
            image = work.types[work.fields.index("image")]
            kind = of_bytes if image.dtype == types.uint8 else Tile
            kind(machine, context, builder, signature, args).emit(signature.args[4].literal_value)
            return context.get_dummy_value()

        return signature, emit

    return emitted


def activated(v: Vectors, z, bias, activation: int) -> list:
    """What becomes of the responses ``z`` of a vector of filters, by sign."""
    above = v.builder.fadd(z, bias[0])
    if activation == LINEAR:
        return [above]
    positive = v.larger(above, v.zero)
    if activation == RELU:
        return [positive]
    below = v.builder.fsub(bias[1], z)
    if activation == ABSOLUTE:
        return [v.larger(below, positive)]
    return [positive, v.larger(below, v.zero)]


class Struct:
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

    def inner(self, name: str) -> Struct:
        return Struct(self.context, self.builder, self.kind_of(name), self.value(name))


class Tile:
    """One tile, pass by pass: in each, VECTORS vectors of filters over all pixels stay in registers."""

    def __init__(self, machine: Machine, context, builder, signature, args):
        self.builder, self.pixels, self.filters = builder, machine.pixels, machine.filters
        work, target = (Struct(context, builder, signature.args[i], args[i]) for i in (0, 3))
        sites, bank = work.inner("sites"), work.inner("bank")
        number, at, self.first = cgutils.unpack_tuple(builder, args[2])
        panel = args[1]
        self.v = Vectors(machine, builder, work.kind_of("scales").dtype.bitwidth)
        self.sum = self.v.vector
        self.image, self.scales, self.taps = work.data("image"), work.data("scales"), sites.data("taps")
        patch = builder.mul(number, ir.Constant(PLACE, self.pixels))
        self.offset, self.index, self.weight = (
            self.v.at(sites.data(name), patch) for name in ("offset", "index", "weight")
        )
        panels = bank.array("panels")
        _, self.runs, self.run_length, *rest = cgutils.unpack_tuple(builder, panels.shape)
        size = reduce(builder.mul, (panel, self.runs, self.run_length, *rest))
        self.panel = self.v.at(panels.data, size)
        self.bias = self.v.at(bank.data("bias"), builder.mul(panel, ir.Constant(PLACE, 2 * self.filters)))
        self.values = self.v.at(target.data("values"), target.value("column"))
        self.places, self.side = self.v.at(target.data("places"), at), target.value("side")

    def emit(self, what: int) -> None:
        """All the code of the tile; ``what`` as ``_rules.pack`` makes it."""
        activation, group, maximum = unpack(what)
        size = (self.pixels, 2, 1)[group]
        for left, sums in self._passes():
            for i, column in enumerate(sums):
                place = left + i * self.v.lanes
                dots = self._dots(column, place)
                bias = [self.v.load(self.v.at(self.bias, self.filters * side + place)) for side in (0, 1)]
                for first in range(0, self.pixels, size):
                    pixels = range(first, first + size)
                    sides = [self._activated(dots[p], p, bias, activation) for p in pixels]
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

    def _dots(self, column, place: int) -> list:
        """The dot products of all pixels with the vector of filters at ``place``, as floats."""
        return [self.builder.load(cell) for cell in column]

    def _activated(self, dot, pixel: int, bias, activation: int) -> list:
        if activation == DOT:
            return [dot]
        index = self.builder.load(self.v.at(self.index, pixel))
        scaled = self.builder.fmul(dot, self.v.splat(self.builder.load(self.v.at(self.scales, index))))
        return activated(self.v, scaled, bias, activation)

    def _passes(self):
        """Emit the dot products, pass by pass; yield the first filter and the sums by vector and pixel."""
        sums = self._cells(self.sum)
        for left in range(0, self.filters, VECTORS * self.v.lanes):
            self._clear(sums)
            self._dot(left, sums)
            yield left, sums

    def _cells(self, kind) -> list[list]:
        """Registers for VECTORS vectors, of all pixels."""
        return [[cgutils.alloca_once(self.builder, kind) for _ in range(self.pixels)] for _ in range(VECTORS)]

    def _clear(self, cells) -> None:
        for column in cells:
            for cell in column:
                self.builder.store(ir.Constant(cell.type.pointee, None), cell)

    def _corners(self) -> list:
        """Where the patches begin."""
        places = [self.builder.load(self.v.at(self.offset, pixel)) for pixel in range(self.pixels)]
        return [self.v.at(self.image, place) for place in places]

    def _dot(self, left: int, sums) -> None:
        builder, corners = self.builder, self._corners()
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
