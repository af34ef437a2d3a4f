"""One field of a target: from whatever a user has to one array of a plain dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

_POINT_SIZES = (2, 3)


def as_column(name: str, values: Any, missing_label: int | None = None) -> np.ndarray:
    """``values`` as an array of integers, floats, strings or uint8 masks; errors name the field."""
    array = _as_array(name, values)
    if array.ndim == 0 or array.ndim > 4:
        raise ValueError(
            f"field {name!r}: expected one entry a sample in 1 to 4 dimensions, got shape {array.shape}."
        )
    if array.dtype.kind in "OT":
        array = _from_objects(name, array, missing_label)
    if array.dtype.kind not in "biufU":
        raise TypeError(
            f"field {name!r}: dtype {array.dtype} cannot be learned; give integers, floats or strings."
        )
    if array.ndim == 1:
        return _scalars(name, array)
    if array.dtype.kind == "U":
        raise TypeError(f"field {name!r}: strings must be one a sample, got shape {array.shape}.")
    if array.ndim == 3 and array.dtype.kind != "f" and not _is_points(array):
        return _mask(name, array)
    return _floats(name, array)


def _as_array(name: str, values: Any) -> np.ndarray:
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"field {name!r}: masked arrays lose their mask in scikit-learn; fill with NaN.")
    if hasattr(values, "to_numpy"):
        return _from_frame(values)
    try:
        array = np.asarray(values)
        # numpy writes out None, NaN and numbers that stand beside strings; only a look at each tells.
        written = array.dtype.kind == "U" and not isinstance(values, np.ndarray)
        return np.array(values, dtype=object) if written else array
    except ValueError as error:
        raise ValueError(f"field {name!r}: rows are ragged, all must have one shape ({error}).") from None


def _from_frame(values: Any) -> np.ndarray:
    array = np.asarray(values.to_numpy())
    if array.dtype.kind == "f" and str(getattr(values, "dtype", "")).startswith(("Int", "UInt")):
        # Nullable integers with gaps become floats in to_numpy, and labels would turn into numbers.
        return np.array(list(values), dtype=object)
    return array


def _is_points(array: np.ndarray) -> bool:
    """Three dimensions are points when the last holds x, y[, v]; uint8 and booleans are masks."""
    return array.shape[2] in _POINT_SIZES and array.dtype.kind != "b" and array.dtype != np.uint8


def _scalars(name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "f":
        return _floats(name, array)
    if array.dtype.kind == "i":
        return array.astype(np.int64, copy=False)
    return array


def _floats(name: str, array: np.ndarray) -> np.ndarray:
    if array.ndim == 4 and array.dtype == np.uint8:  # images
        return array
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if np.isinf(array).any():
        raise ValueError(f"field {name!r}: infinite values; a missing number is NaN.")
    return array


def _mask(name: str, array: np.ndarray) -> np.ndarray:
    if array.size and (array.min() < 0 or array.max() > 255):
        raise ValueError(f"field {name!r}: mask values must lie in 0..255, got {array.min()}..{array.max()}.")
    return array.astype(np.uint8, copy=False)


def _from_objects(name: str, array: np.ndarray, missing_label: int | None) -> np.ndarray:
    """An array of Python objects as strings, integers or floats, whichever its entries are."""
    flat = array.ravel()
    gone = np.fromiter((_is_missing(v) for v in flat), bool, flat.size)
    kinds = {_kind(v) for v, missing in zip(flat, gone, strict=True) if not missing}
    if "sequence" in kinds:
        raise ValueError(f"field {name!r}: rows are ragged, all must have one shape.")
    if kinds == {"str"}:
        return np.where(gone, "", flat).astype(np.str_).reshape(array.shape)
    if not kinds or not kinds <= {"bool", "int", "float"}:
        raise TypeError(f"field {name!r}: entries of types {sorted(kinds)} cannot be learned as one target.")
    if array.ndim == 1 and "float" not in kinds:
        return _integers(name, flat, gone, missing_label)
    return np.where(gone, np.nan, flat).astype(np.float64).reshape(array.shape)


def _integers(name: str, flat: np.ndarray, gone: np.ndarray, missing_label: int | None) -> np.ndarray:
    if gone.any() and missing_label is None:
        raise ValueError(
            f"field {name!r}: integers with missing entries need make_targets(missing_label=...), "
            "an integer that is no label."
        )
    labels = flat[~gone].astype(np.int64)
    if gone.any() and (labels == missing_label).any():
        raise ValueError(f"field {name!r}: missing_label={missing_label} is also one of the labels.")
    out = np.full(len(flat), 0 if missing_label is None else missing_label, np.int64)
    out[~gone] = labels
    return out


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ == "NAType":
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "str"
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, int | np.integer):
        return "int"
    if isinstance(value, float | np.floating):
        return "float"
    return "sequence" if hasattr(value, "__len__") else type(value).__name__
