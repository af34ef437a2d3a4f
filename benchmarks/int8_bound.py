"""How fast convolutions of bytes could be: ``python benchmarks/int8_bound.py [--rounds 9] [--out DIR]``.

Bare register tiles on data in the first cache, one thread, on a processor with AVX2: multiply-adds a second
of three ways to multiply bytes, over those of float32. What a layer does beside is the same work for all.
Where Winograd's way serves (3 x 3 filters pooled over 2 x 2), float32 needs 2.25 times fewer multiply-adds,
and bytes do not: the sums of pixels that it multiplies have more bits than a byte.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
from harness.machine import machine
from harness.registry import BENCHMARKS
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

I8, I16, I32, PLACE = (ir.IntType(bits) for bits in (8, 16, 32, 64))
FLOATS, WORDS = ir.VectorType(ir.FloatType(), 8), ir.VectorType(I32, 8)
BYTES, PAIRS = ir.VectorType(I8, 32), ir.VectorType(I16, 16)
SHAPES = ((6, 2), (5, 2), (4, 2), (4, 3), (3, 4), (2, 6))  # pixels x vectors of filters
STEPS, TILES = 108, 20_000
LANES = 8


class Way(NamedTuple):
    """``numbers`` of an input in a step, the types of inputs and filters, and the filters' largest number."""

    numbers: int
    inputs: str
    filters: str
    most: int
    says: str


WAYS = {
    "float32": Way(1, "f4", "f4", 127, "fused multiply-add"),
    "bytes": Way(4, "u1", "i1", 64, "vpmaddubsw, vpmaddwd, vpaddd; filters of 7 bits, else int16 overflows"),
    "words": Way(2, "i2", "i2", 127, "inputs widened to int16 before; vpmaddwd, vpaddd"),
    "two bytes": Way(8, "u1", "i1", 32, "two vpmaddubsw added in int16, vpmaddwd, vpaddd; filters of 6 bits"),
}


class _Emitter:
    """The instructions of one way."""

    def __init__(self, builder, way: str):
        self.builder, self.way = builder, way
        self.sum = FLOATS if way == "float32" else WORDS
        self.ones = ir.Constant(PAIRS, [1] * 16)

    def call(self, name: str, result, *values):
        kind = ir.FunctionType(result, [value.type for value in values])
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), values)

    def moved(self, pointer, number, size: int):
        """``pointer`` moved by ``number`` times ``size`` bytes."""
        return self.builder.gep(pointer, [self.builder.mul(number, ir.Constant(PLACE, size))])

    def load(self, pointer, number: int, kind):
        """Value ``number``, of ``kind``, of those at ``pointer``."""
        first = self.builder.gep(
            self.builder.bitcast(pointer, kind.as_pointer()), [ir.Constant(PLACE, number)]
        )
        value = self.builder.load(first)
        value.align = 4
        return value

    def everywhere(self, pointer, number: int):
        """Four bytes of the input in all lanes."""
        undefined, zero = ir.Constant(WORDS, ir.Undefined), ir.Constant(I32, 0)
        one = self.builder.insert_element(undefined, self.load(pointer, number, I32), zero)
        return self.builder.shuffle_vector(one, undefined, ir.Constant(WORDS, [0] * LANES))

    def products(self, x, filters: list):
        """The sum of a step, given four bytes of the input a vector of filters."""
        cast = self.builder.bitcast
        if self.way == "words":
            return self.call("llvm.x86.avx2.pmadd.wd", WORDS, cast(x[0], PAIRS), cast(filters[0], PAIRS))
        parts = [
            self.call("llvm.x86.avx2.pmadd.ub.sw", PAIRS, cast(a, BYTES), cast(b, BYTES))
            for a, b in zip(x, filters, strict=True)
        ]
        both = parts[0] if len(parts) == 1 else self.builder.add(*parts)
        return self.call("llvm.x86.avx2.pmadd.wd", WORDS, both, self.ones)

    def step(self, x: list, filters: list, total):
        if self.way == "float32":
            values = (self.builder.bitcast(value, FLOATS) for value in (x[0], filters[0]))
            return self.call("llvm.fma.v8f32", FLOATS, *values, total)
        return self.builder.add(self.products(x, filters), total)


def tile(way: str, pixels: int, vectors: int):
    """A function of (inputs, filters, out), all bytes: ``pixels`` x ``vectors`` x 8 sums over all steps."""
    parts = 2 if way == "two bytes" else 1

    @intrinsic
    def emitted(typing, inputs, filters, out):
        def emit(context, builder, signature, args):
            arrays = zip(signature.args, args, strict=True)
            data = [context.make_array(kind)(context, builder, value).data for kind, value in arrays]
            _emit(_Emitter(builder, way), data, (pixels, vectors, parts))
            return context.get_dummy_value()

        return types.void(inputs, filters, out), emit

    @numba.njit
    def run(inputs, filters, out, times):
        for _ in range(times):
            emitted(inputs, filters, out)

    return run


def _emit(e: _Emitter, data: list, shape: tuple[int, int, int]) -> None:
    """The tile: clear the sums, add up all steps, write the sums to the third array."""
    builder, (pixels, vectors, parts) = e.builder, shape
    sums = [[cgutils.alloca_once(builder, e.sum) for _ in range(vectors)] for _ in range(pixels)]
    every = [cell for row in sums for cell in row]
    for cell in every:
        builder.store(ir.Constant(e.sum, None), cell)
    with cgutils.for_range(builder, ir.Constant(PLACE, STEPS)) as loop:
        x_at = e.moved(data[0], loop.index, 4 * parts)
        w_at = e.moved(data[1], loop.index, 32 * parts * vectors)
        w = [[e.load(w_at, v * parts + i, WORDS) for i in range(parts)] for v in range(vectors)]
        for p in range(pixels):
            row = e.moved(x_at, ir.Constant(PLACE, p), 4 * parts * STEPS)
            x = [e.everywhere(row, i) for i in range(parts)]
            for cell, filters in zip(sums[p], w, strict=True):
                builder.store(e.step(x, filters, builder.load(cell)), cell)
    for i, cell in enumerate(every):
        place = e.moved(data[2], ir.Constant(PLACE, i), 32)
        written = builder.store(builder.load(cell), builder.bitcast(place, e.sum.as_pointer()))
        written.align = 4


class Case:
    """One way with one shape of tile, its data, and its times."""

    def __init__(self, name: str, pixels: int, vectors: int):
        way, rng = WAYS[name], np.random.default_rng(0)
        self.name, self.shape, self.times = name, (pixels, vectors), []
        self.multiply_adds = pixels * vectors * LANES * STEPS * way.numbers
        x = rng.integers(0, 256, (pixels, STEPS, way.numbers))
        w = rng.integers(-way.most, way.most + 1, (STEPS, vectors, LANES, way.numbers))
        # Four bytes of each filter together, so that a lane holds those of one.
        laid = w.reshape(STEPS, vectors, LANES, -1, min(way.numbers, 4)).transpose(0, 1, 3, 2, 4)
        out = np.zeros((pixels, vectors, LANES), np.float32 if name == "float32" else np.int32)
        typed = x.astype(way.inputs), laid.astype(way.filters), out
        self.data = [np.ascontiguousarray(array).view(np.uint8).reshape(-1) for array in typed]
        self.run = tile(name, pixels, vectors)
        self.run(*self.data, 1)
        if not np.array_equal(out, np.einsum("psn,svln->pvl", x, w)):
            raise AssertionError(f"{name}: the sums are wrong")

    def measure(self) -> None:
        began = time.thread_time()
        self.run(*self.data, TILES)
        self.times.append(time.thread_time() - began)

    def pace(self) -> float:
        """Multiply-adds a second, the best of all rounds."""
        return self.multiply_adds * TILES / min(self.times)


def main(arguments: list[str] | None = None) -> int:
    """Measure, write ``int8_bound.json``, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="turns of all tiles")
    parser.add_argument("--out", type=Path, default=BENCHMARKS / "results", help="folder of the result")
    args = parser.parse_args(arguments)
    cases = [Case(name, *shape) for name in WAYS for shape in SHAPES]
    for _ in range(args.rounds):
        for case in cases:
            case.measure()
    rows = [_row(name, [case for case in cases if case.name == name]) for name in WAYS]
    for row in rows:
        pace = row["multiply_adds_per_second"]
        row["times_float32"] = round(pace / rows[0]["multiply_adds_per_second"], 2)
        print(f"{row['way']:10} {pace / 1e9:6.1f} G/s {row['times_float32']:5.2f}  {row['says']}")
    args.out.mkdir(parents=True, exist_ok=True)
    report = {"rows": rows, "rounds": args.rounds, "machine": machine()}
    (args.out / "int8_bound.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


def _row(name: str, cases: list[Case]) -> dict:
    best = max(cases, key=Case.pace)
    pixels, vectors = best.shape
    return {
        "way": name,
        "says": WAYS[name].says,
        "tile": f"{pixels} pixels x {vectors} vectors",
        "multiply_adds_per_second": best.pace(),
    }


if __name__ == "__main__":
    sys.exit(main())
