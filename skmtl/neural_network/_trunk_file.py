"""Trunks in files: written as arrays, read as arrays or as ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..io._files import read_bytes, write_atomic
from ..io._onnx import parse_onnx
from ..io._problems import FormatError
from ..nn import Params
from ..utils._archive import pack, unpack
from ._conv_trunk import ConvTrunk
from ._onnx_import import read_trunk
from ._origin import Origin
from ._trunks import DenseTrunk, Trunk

FORMAT = 1
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
    content = {"format": FORMAT, "trunk": type(trunk).__name__, "options": trunk.get_params()}
    parts = {name: getattr(origin, name) for name in ("params", "statistics", "scaling", "shape")}
    return write_atomic(Path(path), pack(content | parts))


def load_source(path) -> dict | np.ndarray:
    """What a file of a trunk holds, by its ending: values, or of an ONNX file its bytes.

    Raises
    ------
    OSError, ValueError
        A file that is missing, that does not hold what its ending says, or has another ending than .npz and
        .onnx.
    """
    path = Path(path)
    if path.suffix == ".onnx":
        return np.frombuffer(read_bytes(path), np.uint8)
    if path.suffix != ".npz":
        raise ValueError(f"PretrainedTrunk: a file ends in .npz or .onnx, got {str(path)!r}")
    return unpack(path)


def origin_of_file(path, content: dict | np.ndarray, end: str | None) -> Origin:
    """The trunk in a file's content; ``end`` is of ONNX files alone."""
    if isinstance(content, np.ndarray):
        return read_trunk(path, parse_onnx(content.tobytes(), path), end)
    try:
        return _origin_of_values(content)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FormatError(path, "", f"no trunk that this version can read: {error}") from None


def _origin_of_values(content: dict) -> Origin:
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']!r}, {FORMAT} is read")
    trunk = KINDS[content["trunk"]](**content["options"])
    trunk.check()
    parts = {part: _finite(content[part]) for part in ("params", "statistics", "scaling")}
    if parts["scaling"].keys() != {"shift", "scale"}:
        raise ValueError("its scaling is missing")
    shape = tuple(int(side) for side in content["shape"])
    return Origin(trunk.stages(), trunk.n_maps(), **parts, shape=shape)


def _finite(arrays: Params) -> Params:
    for name, value in arrays.items():
        if value.dtype.kind != "f" or not np.isfinite(value).all():
            raise ValueError(f"{name} must hold finite floats, it is {value.dtype} {value.shape}")
    return arrays
