"""The benchmark harness: rows, skips, failures, ratios; and every problem at a small size."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from _asserts import SAME_BITS, assert_close

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
sys.path.append(str(BENCHMARKS))

from harness.machine import busy_note  # noqa: E402
from harness.measure import measure  # noqa: E402
from harness.registry import competitors, load_problem, problems  # noqa: E402
from harness.table import add_ratios, table  # noqa: E402

PROBLEM = """
INSTANCES = {"small": {"n": 3}}
QUICK = {"tiny": {"n": 2}}
QUALITY = "error"
LIMIT = 0.01

def make(n):
    return n

def quality(data, result):
    return abs(result - data)
"""
COMPETITOR = """
PACKAGE = "numpy"

def prepare(data, threads):
    print("noise on standard output")
    return data

def run(state):
    return state + {error}

def result(state, output):
    return output
"""
LADDER = """
PACKAGE = "numpy"
TOLERANCES = (1.0, 0.1, 0.001, 0.0001)

def prepare(data, threads, tol):
    return data, tol

def run(state):
    return sum(state)

def result(state, output):
    return output
"""
THREADS = """
import os
PACKAGE = "numpy"

def prepare(data, threads):
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    assert {os.environ[name] for name in names} == {str(threads)}
    return threads

def run(state):
    return state

def result(state, output):
    return output
"""


@pytest.fixture
def root(tmp_path):
    """A folder with the problem ``toy`` and no competitors."""
    (tmp_path / "problems").mkdir()
    (tmp_path / "problems" / "toy.py").write_text(PROBLEM)
    (tmp_path / "competitors" / "toy").mkdir(parents=True)
    return tmp_path


def add(root, name, text):
    (root / "competitors" / "toy" / f"{name}.py").write_text(text)


def run(root, *names, threads=1, rounds=3, instance="small"):
    return measure("toy", instance, list(names), threads=threads, rounds=rounds, root=root)


def test_rows_say_what_was_measured(root):
    add(root, "skmtl", COMPETITOR.format(error=0.0))
    add(root, "peer", COMPETITOR.format(error=0.5))
    rows, notes = run(root, "skmtl", "peer")
    assert notes == []
    assert [(row["problem"], row["instance"], row["competitor"], row["threads"]) for row in rows] == [
        ("toy", "small", "skmtl", 1),
        ("toy", "small", "peer", 1),
    ]
    assert_close([row["quality"] for row in rows], [0.0, 0.5], SAME_BITS)
    for row in rows:
        seconds = row["seconds"]
        assert len(seconds["all"]) == 3
        assert min(seconds["all"]) == seconds["min"] <= seconds["median"] == sorted(seconds["all"])[1]
        assert row["peak_mb"] > 1
        assert row["version"] == np.__version__


def test_threads_reach_the_process(root):
    add(root, "peer", THREADS)
    rows, notes = run(root, "peer", threads=2)
    assert notes == []
    assert rows[0]["threads"] == 2
    assert rows[0]["quality"] == 1  # the problem wants 3, the competitor answers its threads


def test_the_loosest_good_tolerance_is_chosen(root):
    add(root, "peer", LADDER)
    (row,), _ = run(root, "peer")
    assert row["tol"] == 0.001


def test_a_missing_package_is_skipped_with_a_message(root):
    add(root, "peer", 'import no_such_package\nPACKAGE = "no-such-package"\n')
    rows, notes = run(root, "peer")
    assert rows == []
    assert notes == ["peer: skipped, no-such-package is not installed"]


@pytest.mark.parametrize("where", ["prepare", "run", "result"])
def test_a_failure_is_told_and_the_others_go_on(root, where):
    good = COMPETITOR.format(error=0.0)
    fails = f"def {where}(*args):\n    raise OSError('no disk')\n\n"
    broken = good.replace(f"def {where}(", f"{fails}def old_{where}(")
    add(root, "bad", broken)
    add(root, "good", good)
    rows, notes = run(root, "bad", "good")
    assert [row["competitor"] for row in rows] == ["good"]
    assert notes == ["bad: failed, OSError: no disk"]


def row(competitor, seconds, quality=0.0, **other):
    times = {"median": seconds, "min": seconds, "all": [seconds]}
    said = {"instance": "small", "competitor": competitor, "threads": 1, "seconds": times}
    said |= {"cpu_seconds": times, "quality": quality, "peak_mb": 9.0, "version": "1", "tol": None}
    return said | other


def test_the_ratio_is_ours_over_the_best_equally_good_peer():
    rows = [
        row("skmtl", 2.0),
        row("slow", 8.0),
        row("fast", 4.0),
        row("sloppy", 1.0, quality=0.5),
        row("elsewhere", 1.0, instance="large"),
        row("more_threads", 1.0, threads=2),
    ]
    add_ratios(rows, limit=0.01)
    assert [one["ratio"] for one in rows] == [0.5, None, None, None, None, None]


@pytest.mark.parametrize("ours, peer", [(0.5, 0.0), (0.0, 0.5), (np.nan, 0.0), (0.0, np.nan)])
def test_there_is_no_ratio_without_equal_quality(ours, peer):
    rows = [row("skmtl", 1.0, quality=ours), row("peer", 1.0, quality=peer)]
    add_ratios(rows, limit=0.01)
    assert rows[0]["ratio"] is None


def test_the_table_ends_with_the_ratio():
    rows = [row("skmtl", 1.0), row("peer", 4.0), row("sloppy", 1.0, quality=0.5)]
    add_ratios(rows, limit=0.01)
    report = {"rows": rows, "notes": ["a note"], "quality": "error", "limit": 0.01}
    head, ours, peer, sloppy, *rest = table(report).splitlines()
    assert head.endswith("ours/best peer")
    assert ours.endswith("0.25")
    assert "5.0e-01*" in sloppy
    assert "a note" in rest


@pytest.mark.parametrize(
    "load, threads, notes", [(0.1, [1, 2], 0), (0.9, [1], 0), (1.0, [1, 2], 1), (2.0, [1], 1), (None, [2], 0)]
)
def test_a_busy_machine_is_told(load, threads, notes):
    assert len(busy_note({"load": load, "cores": 2}, threads)) == notes


def test_the_command_writes_the_result(tmp_path):
    command = [sys.executable, BENCHMARKS / "run.py", "linear_ridge", "--quick", "--rounds", "2"]
    command += ["--only", "scipy_cholesky", "sklearn", "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "linear_ridge-quick.json").read_text())
    assert [one["competitor"] for one in report["rows"]] == ["scipy_cholesky", "sklearn"]
    assert all(one["quality"] <= report["limit"] for one in report["rows"])
    assert report["machine"]["cores"] >= 1
    assert "linear_ridge --quick" in report["command"]
    assert "sklearn" in done.stdout


@pytest.mark.parametrize("name", problems())
def test_every_problem_is_seeded_and_has_ours_and_a_peer(name):
    problem = load_problem(name)
    (arguments,) = problem.QUICK.values()
    first, second = (vars(problem.make(**arguments)) for _ in range(2))
    for key in first:
        assert joblib.hash(first[key]) == joblib.hash(second[key]), key
    first, *others = competitors(name)
    assert first == "skmtl" and others


@pytest.mark.parametrize("name", problems())
def test_every_competitor_has_its_parts(name):
    for who in competitors(name):
        path = BENCHMARKS / "competitors" / name / f"{who}.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parts = {name for node in tree.body for name in _bound(node)}
        assert {"prepare", "run", "result"} <= parts, f"{name}/{who}"


def _bound(node: ast.stmt) -> list[str]:
    """Names that a statement at the top of a module gives to functions: defined, made or imported."""
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.Assign):
        return [part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return []
