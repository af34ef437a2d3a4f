"""What to paste into a bug report."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("skmtl", "numpy", "scipy", "scikit-learn", "numba", "llvmlite", "scikit-image", "joblib")


def show_versions() -> None:
    """Print the versions of Python, the machine and every package that skmtl stands on."""
    for name, value in versions().items():
        print(f"{name:>14}: {value}")


def versions() -> dict[str, str]:
    """What `show_versions` prints."""
    own = {"python": platform.python_version(), "machine": platform.platform()}
    return own | {name: _version(name) for name in _PACKAGES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
