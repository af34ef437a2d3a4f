"""Problems and competitors are files; this finds and loads them.

A problem, ``problems/NAME.py``, has

- ``INSTANCES`` and ``QUICK``: name of an instance -> arguments of ``make``,
- ``make(**arguments)``: the seeded data of an instance,
- ``QUALITY``: what is measured, lower is better; ``quality(data, result)``: the number,
- ``LIMIT``: results up to this quality count as equally good and are compared by time.

A competitor, ``competitors/NAME/WHO.py``, has

- ``PACKAGE``: the distribution that must be installed, and whose version is reported,
- ``prepare(data, threads)``: the data in its own layout, after a warm-up, not timed,
- or ``TOLERANCES``, loosest first, and ``prepare(data, threads, tol)``: before the clock starts the
  loosest one that reaches ``LIMIT`` is chosen, so that all stop at the same quality,
- ``run(state)``: the timed work, from ``prepare``'s return value,
- ``result(state, output)``: the output of ``run`` in the form that ``quality`` takes.

Files whose name begins with ``skmtl`` are ours, all others are peers.
"""

from __future__ import annotations

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

BENCHMARKS = Path(__file__).resolve().parent.parent


def problems(root: Path = BENCHMARKS) -> list[str]:
    """Names of all problems."""
    return _names(root / "problems")


def competitors(problem: str, root: Path = BENCHMARKS) -> list[str]:
    """Names of the competitors of ``problem``, ours first."""
    return sorted(_names(root / "competitors" / problem), key=lambda name: (not is_ours(name), name))


def load_problem(problem: str, root: Path = BENCHMARKS) -> ModuleType:
    """The module of one problem."""
    return _load(root / "problems" / f"{problem}.py")


def load_competitor(problem: str, competitor: str, root: Path = BENCHMARKS) -> ModuleType:
    """The module of one competitor; ImportError names the package that is not installed."""
    return _load(root / "competitors" / problem / f"{competitor}.py")


def is_ours(competitor: str) -> bool:
    """Whether a competitor is this package."""
    return competitor.startswith("skmtl")


def installed_version(package: str) -> str | None:
    """Version of a distribution, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def package_of(problem: str, competitor: str, root: Path = BENCHMARKS) -> str:
    """The distribution that a competitor needs, read without importing the competitor."""
    path = root / "competitors" / problem / f"{competitor}.py"
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("PACKAGE = "):
            return line.split('"')[1]
    raise ValueError(f'{path} has no line PACKAGE = "..."')


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
