"""The one file that emits vectors: a register tile of dot products and what becomes of it.

LLVM's vectoriser does not keep a tile of accumulators in registers, so the inner loops of the
convolution are written here as vector instructions of an explicit width, for numba to inline.
What they compute is defined by the plain loops of ``_tiles.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

PLACE = ir.IntType(64)
VECTORS = 2  # vectors of filters that are in flight at once


class Machine(NamedTuple):
    """What the processor offers: bytes of a vector register, how many of them, fused multiply-add."""

    vector_bytes: int
    registers: int
    fma: bool

    @property
    def pixels(self) -> int:
        """As many as leave registers for the vectors of filters and for the pixel in flight."""
        return 6 if self.registers == 16 else 12

    @property
    def filters(self) -> int:
        return VECTORS * self.vector_bytes // 4


def machine() -> Machine | None:
    """The processor that numba compiles for; ``None`` where its vectors are not known."""
    if numba.config.DISABLE_JIT:
        return None
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    return describe(triple, set(features.split(",")))


def describe(triple: str, features: set[str]) -> Machine | None:
    """The registers behind an LLVM target triple and its set of ``+feature`` and ``-feature``."""
    if triple.startswith(("aarch64", "arm64")):
        return Machine(16, 32, True)
    if not triple.startswith("x86_64"):
        return None
    if "+avx512f" in features:
        return Machine(64, 32, True)
    return Machine(32 if "+avx2" in features else 16, 16, "+fma" in features)


def emitted(machine: Machine, finish: str):
    """An intrinsic with the contract of ``_tiles.<finish>_plain``, emitted for ``machine``."""

    @intrinsic
    def tile(typing, image, taps, patches, first, bank, panel, into):
        signature = types.void(image, taps, patches, types.intp, bank, types.intp, into)

        def emit(context, builder, signature, args):
            getattr(_Emitter(machine, context, builder, signature, args), finish)()
            return context.get_dummy_value()

        return signature, emit

    return tile


@intrinsic
def copy(typing, source, start, target, place, count):
    """``target.flat[place : place + count] = source.flat[start : start + count]``, C-contiguous, one type.

    A loop over values would test each place for Python's negative indices, and an array slice would cost
    an atomic reference count; both take longer than the copy.
    """
    signature = types.void(source, types.intp, target, types.intp, types.intp)

    def emit(context, builder, signature, args):
        source, start, target, place, count = args
        pointers = []
        for kind, array, first in ((signature.args[0], source, start), (signature.args[2], target, place)):
            pointers.append(builder.gep(context.make_array(kind)(context, builder, array).data, [first]))
        item_bytes = signature.args[0].dtype.bitwidth // 8
        cgutils.raw_memcpy(builder, pointers[1], pointers[0], count, item_bytes)
        return context.get_dummy_value()

    return signature, emit


class _Vectors:
    """Loads, stores and arithmetic on vectors of one scalar type."""

    def __init__(self, machine: Machine, builder, bits: int):
        self.builder = builder
        self.item_bytes = bits // 8
        self.lanes = machine.vector_bytes // self.item_bytes
        self.vector = ir.VectorType(ir.FloatType() if bits == 32 else ir.DoubleType(), self.lanes)
        self.zero = ir.Constant(self.vector, [0.0] * self.lanes)
        shape = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fma.v{self.lanes}f{bits}"
        self._fma = machine.fma and cgutils.get_or_insert_function(builder.module, shape, name)

    def at(self, pointer, *terms):
        """``pointer`` moved by the sum of ``terms``, values or Python integers."""
        for term in terms:
            place = ir.Constant(PLACE, term) if isinstance(term, int) else term
            pointer = self.builder.gep(pointer, [place])
        return pointer

    def load(self, pointer):
        value = self.builder.load(self.builder.bitcast(pointer, self.vector.as_pointer()))
        value.align = self.item_bytes
        return value

    def store(self, value, pointer) -> None:
        written = self.builder.store(value, self.builder.bitcast(pointer, self.vector.as_pointer()))
        written.align = self.item_bytes

    def splat(self, pointer):
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = ir.Constant(ir.IntType(32), 0)
        one = self.builder.insert_element(undefined, self.builder.load(pointer), first)
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(one, undefined, everywhere)

    def multiply_add(self, x, y, total):
        if self._fma:
            return self.builder.call(self._fma, [x, y, total])
        return self.builder.fadd(self.builder.fmul(x, y), total)

    def larger(self, x, y):
        return self.builder.select(self.builder.fcmp_ordered(">", x, y), x, y)


class _Emitter:
    """One tile, pass by pass: in each, VECTORS vectors of filters over all pixels stay in registers."""

    def __init__(self, machine, context, builder, signature, args):
        self.builder, self.pixels, self.filters = builder, machine.pixels, machine.filters
        image, taps, patches, self.first, bank, panel, into = args
        kinds = signature.args

        def array(kind, value):
            return context.make_array(kind)(context, builder, value)

        def members(position, value, names):
            fields = kinds[position].fields
            places = [fields.index(name) for name in names]
            return [array(kinds[position].types[i], builder.extract_value(value, i)) for i in places]

        self.image, into = array(kinds[0], image).data, array(kinds[6], into)
        self.taps = array(kinds[1], taps).data
        self.offset, self.scale, self.weight = (
            member.data for member in members(2, patches, ("offset", "scale", "weight"))
        )
        panels, biases = members(4, bank, ("panels", "bias"))
        _, self.runs, self.run_length, _ = cgutils.unpack_tuple(builder, panels.shape)
        panel_size = builder.mul(builder.mul(self.runs, self.run_length), ir.Constant(PLACE, self.filters))
        self.v = _Vectors(machine, builder, kinds[0].dtype.bitwidth)
        self.panel = self.v.at(panels.data, builder.mul(panel, panel_size))
        self.bias = self.v.at(biases.data, builder.mul(panel, ir.Constant(PLACE, 2 * self.filters)))
        self.column = builder.mul(panel, ir.Constant(PLACE, self.filters))
        self.into, self.into_width = into.data, cgutils.unpack_tuple(builder, into.shape)[-1]

    def add(self) -> None:
        self._pool(lambda value, weight, total: self.v.multiply_add(value, weight, total))

    def maximum(self) -> None:
        self._pool(lambda value, weight, total: self.v.larger(value, total))

    def _pool(self, join) -> None:
        for left, sums in self._passes():
            for i, column in enumerate(sums):
                place = left + i * self.v.lanes
                sides = [self._target(side, place) for side in (0, 1)]
                totals = [self.v.load(side) for side in sides]
                for pixel, cell in enumerate(column):
                    weight = self.v.splat(self.v.at(self.weight, self.first, pixel))
                    values = self._rectified(cell, pixel, place)
                    totals = [join(value, weight, total) for value, total in zip(values, totals, strict=True)]
                for total, side in zip(totals, sides, strict=True):
                    self.v.store(total, side)

    def keep(self) -> None:
        for left, sums in self._passes():
            for i, column in enumerate(sums):
                place = left + i * self.v.lanes
                for pixel, cell in enumerate(column):
                    for side, value in enumerate(self._rectified(cell, pixel, place)):
                        self.v.store(value, self._target(2 * pixel + side, place))

    def _target(self, row: int, place: int):
        start = self.builder.mul(self.into_width, ir.Constant(PLACE, row))
        return self.v.at(self.into, start, self.column, place)

    def _rectified(self, cell, pixel: int, place: int):
        scale = self.v.splat(self.v.at(self.scale, self.first, pixel))
        response = self.builder.fmul(self.builder.load(cell), scale)
        above, below = (self.v.load(self.v.at(self.bias, side * self.filters + place)) for side in (0, 1))
        positive = self.v.larger(self.builder.fadd(response, above), self.v.zero)
        negative = self.v.larger(self.builder.fsub(below, response), self.v.zero)
        return positive, negative

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
            offset = builder.load(self.v.at(self.offset, self.first, pixel))
            corners.append(self.v.at(self.image, offset))
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
            x = self.v.splat(self.v.at(corner, x_place))
            for column, weight in zip(sums, filters, strict=True):
                cell = column[pixel]
                self.builder.store(self.v.multiply_add(x, weight, self.builder.load(cell)), cell)
