"""Vectors of an explicit width as LLVM instructions, for numba to inline.

LLVM's vectoriser does not keep a tile of accumulators in registers, so the inner loops of the
convolution are written with these.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ._machine import Machine

PLACE = ir.IntType(64)


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


class Vectors:
    """Loads, stores and arithmetic on vectors of one scalar type."""

    def __init__(self, machine: Machine, builder, bits: int):
        self.builder = builder
        self.item_bytes = bits // 8
        self.lanes = machine.vector_bytes // self.item_bytes
        self.vector = ir.VectorType(ir.FloatType() if bits == 32 else ir.DoubleType(), self.lanes)
        self.zero = self.constant(0.0)
        shape = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fma.v{self.lanes}f{bits}"
        self._fma = machine.fma and cgutils.get_or_insert_function(builder.module, shape, name)

    def constant(self, value: float):
        return ir.Constant(self.vector, [value] * self.lanes)

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

    def splat(self, scalar):
        undefined = ir.Constant(self.vector, ir.Undefined)
        one = self.builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(one, undefined, everywhere)

    def multiply_add(self, x, y, total):
        if self._fma:
            return self.builder.call(self._fma, [x, y, total])
        return self.builder.fadd(self.builder.fmul(x, y), total)

    def larger(self, x, y):
        return self.builder.select(self.builder.fcmp_ordered(">", x, y), x, y)
