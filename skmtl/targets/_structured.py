"""Mixed targets as one plain structured array: one record a sample, one field a task."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._fields import as_column


def make_targets(*, missing_label: int | None = None, **fields: Any) -> np.ndarray:
    """Join the targets of several tasks into one structured array of shape (n_samples,).

    Parameters
    ----------
    missing_label : int, optional
        The integer that stands for "not observed" in integer labels. It replaces ``None``, NaN and
        pandas' ``NA`` there. Give the same number to the head (``LabelHead(missing_label=-1)``).
    **fields : array-like
        One entry per task, each of length n_samples; a list, array, or column of a data frame.

        =====================================  ==============================  ====================
        given                                  stored as                       not observed
        =====================================  ==============================  ====================
        (n,) integers or booleans              int64 (unsigned: as given)      ``missing_label``
        (n,) strings                           unicode of fixed width          ``None``, ``""``, NaN
        (n,) floats                            float32 or float64              NaN
        (n, k) numbers: tags 0/1, boxes, ...   float32 or float64              NaN
        (n, K, 2) or (n, K, 3) points          float32 or float64              NaN, or v = 0
        (n, h, w) integers: a mask             uint8                           255
        =====================================  ==============================  ====================

    Returns
    -------
    ndarray of shape (n_samples,), structured
        Slices, splits and pickles like any 1-D array, so that ``train_test_split``, ``KFold``,
        ``GridSearchCV`` and ``cross_validate`` take it as ``y``.

    Raises
    ------
    ValueError
        No field, lengths that differ, ragged rows, infinite numbers, mask values that do not fit
        uint8, integers with gaps and no ``missing_label``. The message names the field.
    TypeError
        A field of a type that no head can learn (objects, dates, complex numbers, masked arrays).

    Examples
    --------
    >>> y = make_targets(label=["cat", None], box=[[0, 0, 4, 4], [1, 1, 3, 5]])
    >>> y.shape, y.dtype.names
    ((2,), ('label', 'box'))
    """
    if not fields:
        raise ValueError("make_targets: at least one field is needed, none was given.")
    columns = {name: as_column(name, values, missing_label) for name, values in fields.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"make_targets: every field needs one entry a sample, but lengths are {lengths}.")
    return _join(columns)


def _join(columns: dict[str, np.ndarray]) -> np.ndarray:
    dtype = [(name, column.dtype, column.shape[1:]) for name, column in columns.items()]
    y = np.empty(len(next(iter(columns.values()))), dtype=dtype)
    for name, column in columns.items():
        y[name] = column
    return y


def split_targets(y: np.ndarray) -> dict[str, np.ndarray]:
    """Cut a structured target into one contiguous array per field, in field order.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), structured
        From :func:`make_targets`; read-only and memory-mapped arrays are fine.

    Returns
    -------
    dict of str to ndarray
        Copies, C-contiguous and writable, of shape ``(n_samples, *field_shape)``.

    Raises
    ------
    TypeError
        ``y`` is no structured array.
    ValueError
        ``y`` is not 1-D.
    """
    names = getattr(getattr(y, "dtype", None), "names", None)
    if names is None:
        raise TypeError(f"y must be a structured array from make_targets, got {type(y).__name__}.")
    if y.ndim != 1:
        raise ValueError(f"y must be a 1-D structured array, got shape {y.shape}.")
    return {name: np.array(np.asarray(y[name]), order="C") for name in names}
