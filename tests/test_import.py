"""What ``import skmtl`` costs and offers."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import Distribution, distribution, version
from pathlib import Path

import pytest

import skmtl

HEAVY = {"numba", "llvmlite", "matplotlib", "sklearn", "skimage", "scipy", "pandas"}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after ``statement``."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def test_import_loads_nothing_heavy():
    loaded = loaded_by("import skmtl")
    assert "skmtl" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("module", ["linear_model", "baseline", "compose", "targets"])
def test_models_on_tables_need_no_numba(module):
    assert not loaded_by(f"import skmtl.{module}") & {"numba", "llvmlite", "skimage", "matplotlib"}


@pytest.mark.parametrize("name", skmtl.__all__)
def test_every_public_name_resolves(name):
    assert getattr(skmtl, name) is not None


@pytest.mark.parametrize("name", sorted(skmtl._HOME))
def test_every_lazy_name_is_public_where_it_lives(name):
    home = getattr(skmtl, name).__module__
    assert home.startswith(f"skmtl.{skmtl._HOME[name]}"), f"{name} is defined in {home}"


def test_dir_is_the_public_names():
    assert dir(skmtl) == sorted(skmtl.__all__)
    assert {"PooledTasks", "linear_model", "__version__"} <= set(dir(skmtl))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'skmtl' has no attribute 'MultiTaskWizard'"):
        skmtl.MultiTaskWizard  # noqa: B018


def test_the_version_is_that_of_the_installation():
    assert skmtl.__version__ == version("skmtl")


def is_editable(installed: Distribution) -> bool:
    """Whether the installation points at a source folder (PEP 610)."""
    said = json.loads(installed.read_text("direct_url.json") or "{}")
    return bool(said.get("dir_info", {}).get("editable"))


def test_the_imported_package_is_the_installed_one():
    installed = distribution("skmtl")
    if is_editable(installed):
        pytest.skip("skmtl is installed in editable mode: it is meant to come from a source folder")
    expected = Path(installed.locate_file("skmtl/__init__.py")).resolve()
    assert Path(skmtl.__file__).resolve() == expected
