"""The same by accelerated proximal gradient: what Newton steps on working sets save."""

from __future__ import annotations

from functools import partial

from competitors.school_logistic import skmtl as auto
from competitors.school_logistic.skmtl import TOLERANCES, result, run  # noqa: F401

PACKAGE = "skmtl"
prepare = partial(auto.prepare, solver="proximal-gradient")
