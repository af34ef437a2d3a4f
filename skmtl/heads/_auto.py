"""Which head is for which field: the rule of ``heads="auto"`` and the checks of a given list."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._base import Head
from ._box import BoxHead
from ._label import LabelHead
from ._mask import MaskHead
from ._number import NumberHead
from ._points import PointsHead
from ._tags import TagsHead


def resolve_heads(heads: Any, fields: dict[str, np.ndarray], missing_label: Any) -> list[tuple[str, Head]]:
    """Name and head for every field of the target, in the order of the heads."""
    if isinstance(heads, str):
        return [(name, choose_head(name, field, missing_label)) for name, field in fields.items()]
    pairs = _checked_pairs(heads)
    check_fields([name for name, _ in pairs], fields)
    return pairs


def check_fields(names: list[str], fields: dict[str, np.ndarray]) -> None:
    """Refuse a head without its field and a field without a head."""
    absent = [name for name in names if name not in fields]
    if absent:
        raise ValueError(f"y has no field {absent[0]!r}, which a head is for; its fields are {list(fields)}.")
    extra = [name for name in fields if name not in names]
    if extra:
        raise ValueError(f"y has a field {extra[0]!r} that no head is for; the heads are {names}.")


def choose_head(name: str, field: np.ndarray, missing_label: Any = None) -> Head:
    """The head that dtype and shape call for; ValueError where they leave it open."""
    if field.ndim == 1:
        return NumberHead() if field.dtype.kind == "f" else LabelHead(missing_label=missing_label)
    if field.ndim == 2:
        return _head_of_columns(name, field)
    if field.ndim == 3 and field.dtype.kind in "biu":
        return MaskHead()
    if field.ndim == 3 and field.shape[2] in (2, 3):
        return PointsHead()
    raise ValueError(
        f"heads='auto': field {name!r} of {field.dtype} {field.shape} is no mask, which holds integers; for "
        f"numbers in every pixel say heads=[({name!r}, MapHead()), ...]."
    )


def _head_of_columns(name: str, field: np.ndarray) -> Head:
    seen = field[~np.isnan(field)] if field.dtype.kind == "f" else field
    if "box" in name.lower() and field.shape[1] == 4:
        return BoxHead()
    if np.isin(seen, (0, 1)).all():
        return TagsHead()
    if field.shape[1] == 4 and (field[:, 2:] >= field[:, :2])[~np.isnan(field).any(axis=1)].all():
        raise ValueError(
            f"heads='auto': field {name!r} of shape {field.shape} may be boxes or four numbers; say which, "
            f"heads=[({name!r}, BoxHead()), ...] or NumberHead(), or name the field 'box'."
        )
    return NumberHead()


def _checked_pairs(heads: Any) -> list[tuple[str, Head]]:
    try:
        pairs = [(name, head) for name, head in heads]
    except (TypeError, ValueError):
        raise TypeError(f"heads must be 'auto' or a list of (field name, head), got {heads!r}.") from None
    for name, head in pairs:
        if not isinstance(name, str) or not isinstance(head, Head):
            raise TypeError(f"heads must hold (field name, head) pairs, got ({name!r}, {head!r}).")
    names = [name for name, _ in pairs]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"heads needs at least one head and distinct field names, got {names}.")
    return pairs
