"""MultiTaskLinearRegressorCV without coupling, by exact leave-one-out."""

from __future__ import annotations

from functools import partial

from competitors.ridge_grid import skmtl as gcv
from competitors.ridge_grid.skmtl import result, run  # noqa: F401

PACKAGE = "skmtl"
prepare = partial(gcv.prepare, cv="loo")
