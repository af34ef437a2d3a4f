"""The checks run what the README tells people to type, and hold the bounds that the package states."""

from __future__ import annotations

import importlib.util
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def load(name):
    spec = importlib.util.spec_from_file_location(f"ci_{name}", ROOT / ".ci" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


marked_block = load("readme_block").marked_block
minimum_constraints = load("minimum").minimum_constraints
complaints = load("check_pictures").complaints


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
@pytest.mark.parametrize("name, ends", [("demo", "skmtl demo"), ("tests", "pytest -n auto")])
def test_the_readme_has_both_commands(page, name, ends):
    commands = marked_block((ROOT / page).read_text(encoding="utf-8"), name)
    assert "python3 -m venv .venv" in commands
    assert commands.endswith(ends)


@pytest.mark.parametrize(
    "text, count",
    [
        ("<!-- ci: demo -->\n\n```bash\na\n```", 0),
        ("```bash\na\n```", 0),
        ("<!-- ci: demo -->\n```bash\na\n```\n<!-- ci: demo -->\n```bash\nb\n```", 2),
    ],
)
def test_a_block_that_is_not_there_once_is_an_error(text, count):
    with pytest.raises(SystemExit, match=f"one block marked 'ci: demo', found {count}"):
        marked_block(text, "demo")


def test_a_marked_block_is_found():
    text = "<!-- ci: a -->\n```bash\none &&\ntwo\n```\n<!-- ci: b -->\n```\nthree\n```\n"
    assert marked_block(text, "a") == "one &&\ntwo"
    assert marked_block(text, "b") == "three"


def test_the_runner_uses_the_blocks_of_the_readme():
    runner = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "readme tests" in runner and "readme demo" in runner


def test_minimum_constraints_pin_every_lower_bound():
    pins = minimum_constraints((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    stated = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["tests"]
    for pin, bound in zip(map(Requirement, pins), map(Requirement, stated), strict=True):
        (lowest,) = (part.version for part in bound.specifier)
        assert (pin.name, str(pin.specifier)) == (bound.name, f"=={lowest}")


def test_a_dependency_without_a_lower_bound_is_an_error():
    text = '[project]\ndependencies = ["numpy"]\n[project.optional-dependencies]\ntests = []\n'
    with pytest.raises(SystemExit, match="needs one lower bound"):
        minimum_constraints(text)


@pytest.mark.parametrize("bound", PROJECT["dependencies"])
def test_what_is_installed_is_in_the_stated_bounds(bound):
    need = Requirement(bound)
    assert Version(version(need.name)) in need.specifier


def test_pictures_that_are_named_must_be_there(tmp_path):
    (tmp_path / "good.png").write_bytes(b"\x89PNG\r\n\x1a\n...")
    (tmp_path / "bad.png").write_bytes(b"GIF89a")
    assert complaints(tmp_path, "wrote good.png") == []
    assert complaints(tmp_path, "wrote nothing") == ["the output names no picture"]
    assert complaints(tmp_path, "good.png, bad.png and gone.png") == [
        "bad.png is no PNG",
        "gone.png was not written",
    ]
