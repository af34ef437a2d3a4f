"""Every form of y as named fields, and predictions back in the form that was fitted."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ._fields import as_column
from ._structured import split_targets

PLAIN = "y"


def read_target(y: Any, missing_label: int | str | None = None) -> tuple[dict[str, np.ndarray], dict]:
    """``y`` as a dict of contiguous fields, and its form, from which :func:`restore` builds predictions."""
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    if isinstance(y, dict):
        raise TypeError("y is a dict, which scikit-learn cannot split; use skmtl.make_targets(**y).")
    if getattr(getattr(y, "dtype", None), "names", None) is not None:
        fields = split_targets(y)
        return fields, {"form": "structured", "dtype": _plain_dtype(fields)}
    integer = missing_label if isinstance(missing_label, int) else None
    if hasattr(y, "columns"):
        return _read_frame(y, integer)
    column = as_column(PLAIN, y, integer)
    if column.ndim > 2:
        raise ValueError(f"y must be 1-D, 2-D or from skmtl.make_targets, got shape {column.shape}.")
    return {PLAIN: column}, {"form": "vector" if column.ndim == 1 else "matrix"}


def restore(fields: dict[str, np.ndarray], form: dict) -> Any:
    """Predicted fields as the form says: structured array, vector, matrix or data frame."""
    if form["form"] in ("vector", "matrix"):
        return fields[PLAIN]
    if form["form"] != "structured":
        columns = dict(zip(form["columns"], (fields[str(c)] for c in form["columns"]), strict=True))
        return import_module(form["form"]).DataFrame(columns)
    dtype = [(name, code, tuple(shape)) for name, code, shape in form["dtype"]]
    out = np.empty(len(next(iter(fields.values()))), dtype=dtype)
    for name, values in fields.items():
        out[name] = values
    return out


def _plain_dtype(fields: dict[str, np.ndarray]) -> list:
    return [[name, column.dtype.str, list(column.shape[1:])] for name, column in fields.items()]


def _read_frame(y: Any, missing_label: int | None) -> tuple[dict[str, np.ndarray], dict]:
    names = list(y.columns)
    if any(isinstance(name, tuple) for name in names) or len(set(map(str, names))) < len(names):
        raise ValueError(f"y: the columns of a data frame need one distinct name each, got {names}.")
    if not names:
        raise ValueError("y: the data frame has no column.")
    fields = {str(name): as_column(str(name), y[name], missing_label) for name in names}
    return fields, {"form": type(y).__module__.split(".")[0], "columns": names}
