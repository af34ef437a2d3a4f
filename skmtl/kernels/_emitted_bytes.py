"""The tile for images of bytes and filters of ``byte_filters``, with the instructions of AVX2."""

from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils

from ._emitted import Struct, Tile
from ._machine import VECTORS
from ._vectors import PLACE

LANES = 8
_WORDS = ir.VectorType(ir.IntType(32), LANES)
_PAIRS = ir.VectorType(ir.IntType(16), 2 * LANES)
_BYTES = ir.VectorType(ir.IntType(8), 4 * LANES)
_ONES = ir.Constant(_PAIRS, [1] * 2 * LANES)


class ByteTile(Tile):
    """Sums are integers until a pass ends; a lane of a vector is a filter, of which it holds one word."""

    def __init__(self, machine, context, builder, signature, args):
        super().__init__(machine, context, builder, signature, args)
        self.sum = _WORDS
        bank = Struct(context, builder, signature.args[0], args[0]).inner("bank")
        first = builder.mul(args[1], ir.Constant(PLACE, self.filters))
        self.factors, self.units = (self.v.at(bank.data(name), first) for name in ("factors", "units"))

    def _dots(self, column, place: int) -> list:
        builder, unit = self.builder, self.v.load(self.v.at(self.units, place))
        factor = self._load(self.v.at(self.factors, place), _WORDS)
        sums = [builder.mul(builder.load(cell), factor) for cell in column]
        return [builder.fmul(builder.sitofp(total, self.v.vector), unit) for total in sums]

    def _dot(self, left: int, sums) -> None:
        builder, corners, parts = self.builder, self._corners(), self._cells(_PAIRS)
        with cgutils.for_range(builder, self.runs) as block:
            self._clear(parts)
            first = builder.mul(block.index, self.run_length)
            with cgutils.for_range(builder, self.run_length) as word:
                self._step(corners, builder.add(first, word.index), left, parts)
            for column, part in zip(sums, parts, strict=True):
                for cell, pairs in zip(column, part, strict=True):
                    more = self._call("llvm.x86.avx2.pmadd.wd", _WORDS, builder.load(pairs), _ONES)
                    builder.store(builder.add(builder.load(cell), more), cell)

    def _step(self, corners, number, left: int, parts) -> None:
        """Word ``number`` of every patch times that of every column."""
        builder, tap = self.builder, self.builder.load(self.v.at(self.taps, number))
        weights = self.v.at(self.panel, builder.mul(number, ir.Constant(PLACE, 4 * self.filters)), 4 * left)
        filters = [self._load(self.v.at(weights, 4 * LANES * i), _BYTES) for i in range(VECTORS)]
        for pixel, corner in enumerate(corners):
            four = self._load(self.v.at(corner, tap), ir.FloatType())  # whose bits are four pixels
            x = builder.bitcast(self.v.splat(four), _BYTES)
            for column, weight in zip(parts, filters, strict=True):
                cell = column[pixel]
                more = self._call("llvm.x86.avx2.pmadd.ub.sw", _PAIRS, x, weight)
                builder.store(builder.add(builder.load(cell), more), cell)

    def _load(self, pointer, kind):
        value = self.builder.load(self.builder.bitcast(pointer, kind.as_pointer()))
        value.align = 1
        return value

    def _call(self, name: str, result, *values):
        kind = ir.FunctionType(result, [value.type for value in values])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, values)
