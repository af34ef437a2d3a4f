"""The classes that will come, where the first rows need not show them all."""

from __future__ import annotations

import numpy as np

from ..heads import Head

#: Kinds of heads that have classes.
WITH_CLASSES = ("classes", "ordinal", "mask")
IGNORE = 255


def named_classes(classes, heads: dict[str, Head]) -> dict[str, np.ndarray]:
    """``classes``, a dict from field to classes or the classes of the only field, as sorted arrays.

    None stands for no classes.

    Raises
    ------
    ValueError
        A field that is unknown or has no classes; fewer than two classes.
    """
    if classes is None:
        return {}
    if not isinstance(classes, dict):
        if len(heads) != 1:
            raise ValueError(f"classes must be a dict from field to classes; the fields are {list(heads)}")
        classes = dict.fromkeys(heads, classes)
    for name in classes:
        if name not in heads or heads[name].kind not in WITH_CLASSES:
            fit = [known for known, head in heads.items() if head.kind in WITH_CLASSES]
            raise ValueError(f"classes: {name!r} is no field with classes; those are {fit}")
    known = {name: np.unique(own) for name, own in classes.items()}
    for name, own in known.items():
        if len(own) < 2:
            raise ValueError(f"classes[{name!r}] must hold at least two classes, got {own.tolist()}")
    return known


def showing(head: Head, field: np.ndarray, classes: np.ndarray | None, name: str) -> np.ndarray:
    """``field`` and behind it samples that show what will come: all ``classes``, both values of tags.

    Raises
    ------
    ValueError
        A class that the kind of field cannot hold.
    """
    if head.kind == "tags" and field.ndim == 2:
        return np.concatenate([field, np.repeat([[0], [1]], field.shape[1], axis=1).astype(field.dtype)])
    if classes is None and head.kind == "ordinal" and head.order is not None:
        classes = np.array(list(head.order))
    if classes is None:
        return field
    if (classes.dtype.kind == "U") != (field.dtype.kind == "U"):
        raise ValueError(f"classes[{name!r}] are {classes.dtype}, but field {name!r} holds {field.dtype}")
    if head.kind != "mask":
        return np.concatenate([field, classes])
    if not ((classes >= 0) & (classes < IGNORE)).all():
        raise ValueError(f"classes[{name!r}] of masks lie between 0 and 254, got {classes.tolist()}")
    shown = np.full((-(-len(classes) // field[0].size), *field.shape[1:]), IGNORE, np.uint8)
    shown.reshape(-1)[: len(classes)] = classes
    return np.concatenate([field, shown])


def widened(form: dict, fields: dict[str, np.ndarray]) -> dict:
    """A form of y with room for the labels of ``fields``, which may be longer texts."""
    if form["form"] != "structured":
        return form
    dtype = [
        [name, fields[name].dtype.str if fields[name].dtype.kind == "U" else code, shape]
        for name, code, shape in form["dtype"]
    ]
    return form | {"dtype": dtype}
