"""Print pip constraints that pin every required package to the lower bound in ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def minimum_constraints(pyproject: str) -> list[str]:
    """``numpy>=2.0`` becomes ``numpy==2.0``, for the dependencies and the ``tests`` extra."""
    project = tomllib.loads(pyproject)["project"]
    bounds = project["dependencies"] + project["optional-dependencies"]["tests"]
    loose = [bound for bound in bounds if bound.count(">=") != 1 or "," in bound]
    if loose:
        raise SystemExit(f"each of these needs one lower bound and nothing else: {loose}")
    return [bound.replace(">=", "==") for bound in bounds]


if __name__ == "__main__":
    print("\n".join(minimum_constraints(PYPROJECT.read_text(encoding="utf-8"))))
