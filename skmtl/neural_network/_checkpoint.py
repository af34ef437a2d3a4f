"""A training run on disk: written after each epoch, and read by the fit that goes on with it."""

from __future__ import annotations

import os
from numbers import Integral
from pathlib import Path

import joblib
import numpy as np

from ..nn import Params
from ..utils._archive import pack, unpack
from ._state import TrainingState

FORMAT = 3


def run_fingerprint(model, X, y, weight: np.ndarray, begun: Params | None) -> str | None:
    """What a checkpoint must agree with; None where ``model`` asks for none.

    ``begun`` are the parameters that the run begins with, None if it draws them.
    """
    if model.checkpoint is None:
        return None
    if not isinstance(model.random_state, Integral):
        raise ValueError(
            f"checkpoint needs random_state to be a number, so that a run can go on; got "
            f"{model.random_state!r}"
        )
    if not Path(model.checkpoint).absolute().parent.is_dir():
        raise ValueError(f"checkpoint={os.fspath(model.checkpoint)!r}: its folder does not exist")
    params = model.get_params()
    del params["checkpoint"], params["verbose"], params["n_jobs"]
    return joblib.hash([sorted(map(repr, params.items())), model.trunk, X, y, weight, begun])


def save_checkpoint(path, state: TrainingState, fingerprint: str) -> None:
    """Write the state to ``path``; a reader sees the file before or the file after, never half of one."""
    content = pack({"format": FORMAT, "fingerprint": fingerprint, "state": state.freeze()})
    path = Path(path)
    draft = path.with_name(path.name + ".draft")
    with open(draft, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def load_checkpoint(path, fingerprint: str) -> TrainingState | None:
    """The state in ``path``; None where there is no such file.

    Raises
    ------
    ValueError
        A file that is no checkpoint, or that another run has written.
    """
    if not Path(path).exists():
        return None
    try:
        saved = unpack(path)
        state, version, writer = saved["state"], saved["format"], saved["fingerprint"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"checkpoint={str(path)!r} is no checkpoint of this package: {error}") from None
    if version != FORMAT or writer != fingerprint:
        raise ValueError(
            f"checkpoint={str(path)!r} was written by a fit with other data, parameters or version: delete "
            "it, or name another file"
        )
    return TrainingState.thaw(state)
