"""A training run on disk: written after each epoch, and read by the fit that goes on with it."""

from __future__ import annotations

import json
import os
import zipfile
from numbers import Integral
from pathlib import Path

import joblib
import numpy as np

from ..nn import Params
from ._state import TrainingState

FORMAT = 2


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
    del params["checkpoint"], params["verbose"]
    return joblib.hash([sorted(map(repr, params.items())), model.trunk, X, y, weight, begun])


def save_checkpoint(path, state: TrainingState, fingerprint: str) -> None:
    """Write the state to ``path``; a reader sees the file before or the file after, never half of one."""
    arrays: list[np.ndarray] = []
    plain = {"format": FORMAT, "fingerprint": fingerprint, "state": _without_arrays(state.freeze(), arrays)}
    path = Path(path)
    draft = path.with_name(path.name + ".draft")
    with open(draft, "wb") as file:
        np.savez(file, np.array(json.dumps(plain)), *arrays)
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
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            plain = json.loads(str(file["arr_0"]))
            arrays = [file[f"arr_{i}"] for i in range(1, len(file.files))]
        state, version, writer = plain["state"], plain["format"], plain["fingerprint"]
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"checkpoint={str(path)!r} is no checkpoint of this package: {error}") from None
    if version != FORMAT or writer != fingerprint:
        raise ValueError(
            f"checkpoint={str(path)!r} was written by a fit with other data, parameters or version: delete "
            "it, or name another file"
        )
    return TrainingState.thaw(_with_arrays(state, arrays))


def _without_arrays(value, arrays: list[np.ndarray]):
    """Nested dicts and lists with every array put into ``arrays`` and named by its place there."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, list):
        return [_without_arrays(part, arrays) for part in value]
    if isinstance(value, dict):
        return {"dict": {key: _without_arrays(part, arrays) for key, part in value.items()}}
    return value


def _with_arrays(value, arrays: list[np.ndarray]):
    if isinstance(value, list):
        return [_with_arrays(part, arrays) for part in value]
    if isinstance(value, dict):
        if "array" in value:
            return arrays[value["array"]]
        return {key: _with_arrays(part, arrays) for key, part in value["dict"].items()}
    return value
