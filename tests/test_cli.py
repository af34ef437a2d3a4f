"""The command line: exit codes, and one readable line where something goes wrong."""

import json
import subprocess
import sys

import pytest

import skmtl
from skmtl.cli import main


def test_info(capsys):
    assert main(["info"]) == 0
    assert "scikit-learn" in capsys.readouterr().out


def test_info_as_json(capsys):
    assert main(["info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["skmtl"] == skmtl.__version__


def test_version_of_the_module():
    done = subprocess.run([sys.executable, "-m", "skmtl", "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip() == f"skmtl {skmtl.__version__}"


def test_an_unknown_command_says_which_there_are(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["dmeo"])
    assert stop.value.code == 2 and "demo" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error, line",
    [
        (ValueError("no space\nfor pictures"), "no space for pictures"),
        (ModuleNotFoundError("No module named 'skimage'"), "No module named 'skimage'"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_an_error_is_one_line(error, line, monkeypatch, capsys):
    def fail(options):
        raise error

    monkeypatch.setattr("skmtl.cli._info.run", fail)
    assert main(["info"]) == 1
    assert capsys.readouterr().err == f"skmtl: {line}\n"


@pytest.mark.parametrize(
    "arguments, line",
    [
        ([], "skmtl: the following arguments are required: command; see skmtl --help"),
        (["warmup", "more"], "skmtl: unrecognized arguments: more; see skmtl --help"),
        (
            ["train", "photos"],
            "the following arguments are required: --annotations, --out; see skmtl train --help",
        ),
        (["train", "a", "--rotate", "200"], "a number of degrees from 0 to 180 is needed, got '200'"),
        (["annotate", "a", "--min-score", "2"], "a number from 0 to 1 is needed, got '2'"),
        (
            ["convert", "a", "--to", "yolo", "--out", "b", "--read-option", "x"],
            "NAME=VALUE is needed, got 'x'",
        ),
        (["demo", "--seed", "-1"], "2**32 - 1 is needed, got '-1'; see skmtl demo --help"),
        (["demo", "--seed", "x"], "2**32 - 1 is needed, got 'x'; see skmtl demo --help"),
    ],
)
def test_arguments_that_cannot_be_read_are_one_line(arguments, line, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    said = capsys.readouterr().err
    assert stop.value.code == 2 and line in said and said.count("\n") == 1


def test_a_reader_that_has_enough_is_no_error():
    command = [sys.executable, "-m", "skmtl", "info"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.close()
    assert child.stderr.read() == b"" and child.wait() == 1
    child.stderr.close()


def test_an_interruption_ends_quietly(monkeypatch, capsys):
    def interrupt(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("skmtl.cli._info.run", interrupt)
    assert main(["info"]) == 130
    assert capsys.readouterr().err == "skmtl: interrupted\n"
