"""A training run on disk: written after each epoch, and read by the fit that goes on with it."""

from __future__ import annotations

import os
from pathlib import Path

from ..utils._archive import pack, unpack
from ._state import TrainingState

FORMAT = 3


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
