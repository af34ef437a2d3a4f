"""Writing and reading model files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._version import __version__
from ..io._files import write_atomic
from ..utils._archive import pack, unpack
from ._classes import LEFT_OUT, make, name_of

KIND, VERSION = "skmtl model", 1


def save_model(model, path, *, about: Mapping[str, Any] | None = None) -> Path:
    """Write a fitted model to a file that `load_model` reads.

    The file is a zip archive of one JSON text (parameters and the names of the classes of skmtl that the
    model is made of) and of numpy arrays; nothing in it is code. It appears whole or not at all. The same
    model gives the same bytes.

    Parameters
    ----------
    model : fitted estimator of skmtl
        All that it holds must be numbers, texts, arrays, or components and estimators of skmtl: not an
        estimator of scikit-learn, and not a RandomState (give ``random_state`` a number).
    path : path
        By custom with the suffix ``.skmtl``.
    about : mapping, optional
        Facts to keep beside the model, of the types that JSON has; `model_info` gives them back.

    Returns
    -------
    Path

    Raises
    ------
    sklearn.exceptions.NotFittedError
        The model is not fitted.
    ValueError
        It holds what a file cannot hold; the message says where.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skmtl import PixelAnnotator, load_model, save_model
    >>> masks = np.zeros((4, 16, 16), int)
    >>> masks[:, 4:12, 4:12] = 1
    >>> images = 100.0 + 50 * masks
    >>> model = PixelAnnotator(max_iter=1, random_state=0).fit(images, masks)
    >>> path = save_model(model, Path(tempfile.mkdtemp()) / "squares.skmtl")
    >>> bool((load_model(path).predict(images) == model.predict(images)).all())
    True
    """
    check_is_fitted(model)
    name = name_of(type(model))
    if name is None:
        raise ValueError(f"model must be a public estimator of skmtl, got a {type(model).__name__}")
    head = {"kind": KIND, "version": VERSION, "skmtl": __version__, "class": name}
    try:
        content = pack(head | {"about": dict(about or {}), "model": model}, name_of, LEFT_OUT)
    except ValueError as error:
        raise ValueError(f"this model cannot be written to a file: {error}") from None
    return write_atomic(Path(path), content)


def load_model(path):
    """The model of a file that `save_model` has written; its predictions are the same to the bit.

    Parameters that the version which wrote the file did not have get their defaults.

    Only classes of skmtl that are made for it come out of a file, and no code does; what the arrays say is
    not checked beyond their shapes, so a forged file can make a model that fails or tells nonsense.

    Parameters
    ----------
    path : path

    Returns
    -------
    estimator

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is no model file, is cut short or damaged, or a version of skmtl wrote it whose models this one
        does not have.
    """
    _head(path)
    model = unpack(path, make)["model"]
    if name_of(type(model)) is None:
        raise ValueError(f"{path} holds no model")
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ValueError(f"{path} holds a model that has learned nothing") from None
    return model


def model_info(path) -> dict[str, Any]:
    """What a model file says of itself.

    Returns
    -------
    dict
        ``class``: of the model. ``skmtl``: the version that wrote it. ``version``: of the format of the
        file. ``about``: what was given to `save_model`.

    Raises
    ------
    OSError, ValueError
        As `load_model`.
    """
    head = _head(path)
    return {name: head[name] for name in ("class", "skmtl", "version", "about")}


def _head(path) -> dict[str, Any]:
    """The file without its objects: classes that this version does not know cannot hide why."""
    try:
        head = unpack(path, lambda name, state: None)
    except ValueError as error:
        raise ValueError(f"{error}; is it a whole file that save_model or skmtl train has written?") from None
    if not isinstance(head, dict) or head.get("kind") != KIND:
        raise ValueError(f"{path} is no model file of skmtl")
    if head.get("version") != VERSION:
        raise ValueError(
            f"{path} has version {head.get('version')!r:.20} of the format of model files, this skmtl "
            f"({__version__}) reads version {VERSION}: update skmtl, or fit the model anew"
        )
    if not isinstance(head.get("about"), dict) or not {"class", "skmtl", "model"} <= set(head):
        raise ValueError(f"{path} is no whole model file of skmtl")
    return head
