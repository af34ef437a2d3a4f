"""Trunks in files: written as arrays, read as arrays or as ONNX."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from ..io._files import read_bytes, write_atomic
from ..io._onnx import OnnxGraph, read_onnx
from ..io._problems import FormatError
from ..nn import Params
from ._conv_trunk import ConvTrunk
from ._onnx_import import read_trunk
from ._origin import Origin
from ._trunks import DenseTrunk, Trunk

FORMAT = 1
PARTS = ("params", "statistics", "scaling")
KINDS = {"ConvTrunk": ConvTrunk, "DenseTrunk": DenseTrunk}


def write_trunk(path, trunk: Trunk, origin: Origin) -> Path:
    """Write a ``ConvTrunk`` or ``DenseTrunk`` with its parameters as an .npz file, whole or not at all.

    Raises
    ------
    ValueError
        Another trunk, or another ending.
    """
    if Path(path).suffix != ".npz":
        raise ValueError(f"save_trunk: the file's name must end in .npz, got {str(path)!r}")
    if type(trunk).__name__ not in KINDS:
        raise ValueError(f"save_trunk: a trunk of one of {list(KINDS)} is written, not {trunk!r}")
    plain = {"format": FORMAT, "trunk": type(trunk).__name__, "options": trunk.get_params()}
    arrays = {"about": np.array(json.dumps(plain, default=_as_number)), "shape": np.array(origin.shape)}
    for part in PARTS:
        arrays |= {f"{part}/{name}": np.asarray(value) for name, value in getattr(origin, part).items()}
    file = io.BytesIO()
    np.savez(file, **arrays)
    return write_atomic(Path(path), file.getvalue())


def _as_number(value):
    return value.item() if isinstance(value, np.generic) else value.tolist()


def load_source(path) -> OnnxGraph | dict[str, np.ndarray]:
    """What a file of a trunk holds, by its ending.

    Raises
    ------
    FormatError
        A file that is missing or does not hold what its ending says.
    ValueError
        An ending other than .npz and .onnx.
    """
    path = Path(path)
    if path.suffix == ".onnx":
        return read_onnx(path)
    if path.suffix != ".npz":
        raise ValueError(f"PretrainedTrunk: a file ends in .npz or .onnx, got {str(path)!r}")
    try:
        with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FormatError:
        raise
    except (OSError, EOFError, KeyError, TypeError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise FormatError(path, "", f"no arrays that can be read: {error}") from None


def origin_of_file(path, content: OnnxGraph | dict[str, np.ndarray], end: str | None) -> Origin:
    """The trunk in a file's content; ``end`` is of ONNX files alone."""
    if isinstance(content, OnnxGraph):
        return read_trunk(path, content, end)
    try:
        return _origin_of_arrays(content)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise FormatError(path, "", f"no trunk that this version can read: {error}") from None


def _origin_of_arrays(content: dict[str, np.ndarray]) -> Origin:
    plain = json.loads(str(content["about"]))
    if plain["format"] != FORMAT:
        raise ValueError(f"format {plain['format']!r}, {FORMAT} is read")
    trunk = KINDS[plain["trunk"]](**plain["options"])
    trunk.check()
    parts: dict[str, Params] = {part: {} for part in PARTS}
    for name, value in content.items():
        part, _, own = name.partition("/")
        if own:
            parts[part][own] = _finite(own, value)
    if parts["scaling"].keys() != {"shift", "scale"}:
        raise ValueError("its scaling is missing")
    shape = tuple(int(side) for side in content["shape"])
    return Origin(trunk.stages(), trunk.n_maps(), **parts, shape=shape)


def _finite(name: str, value: np.ndarray) -> np.ndarray:
    if value.dtype.kind != "f" or not np.isfinite(value).all():
        raise ValueError(f"{name} must hold finite floats, it is {value.dtype} {value.shape}")
    return value
