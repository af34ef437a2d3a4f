"""The command line: exit codes, and one readable line where something goes wrong."""

import subprocess
import sys

import pytest

import skmtl
from skmtl.cli import main


def test_info(capsys):
    assert main(["info"]) == 0
    assert "scikit-learn" in capsys.readouterr().out


def test_version_of_the_module():
    done = subprocess.run([sys.executable, "-m", "skmtl", "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip() == f"skmtl {skmtl.__version__}"


def test_an_unknown_command_says_which_there_are(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["dmeo"])
    assert stop.value.code == 2 and "demo" in capsys.readouterr().err


def test_an_error_is_one_line(monkeypatch, capsys):
    def fail(options):
        raise ValueError("no space for pictures")

    monkeypatch.setattr("skmtl.cli._info", fail)
    assert main(["info"]) == 1
    assert capsys.readouterr().err == "skmtl: no space for pictures\n"


def test_an_interruption_ends_quietly(monkeypatch, capsys):
    def interrupt(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("skmtl.cli._info", interrupt)
    assert main(["info"]) == 130
    assert capsys.readouterr().err == "skmtl: interrupted\n"
