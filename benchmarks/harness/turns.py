"""Measurements of which each takes a fresh process: the cases take turns, and the rows are written."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from .machine import machine
from .registry import BENCHMARKS


def measured_in_turns(
    arguments: list[str] | None,
    name: str,
    cases: Sequence[str],
    measure: Callable[[str], tuple[float, ...]],
    row: Callable[[str, list[tuple[float, ...]]], dict],
    *,
    summary: str,
    rounds: int,
    warm: bool = False,
) -> list[dict]:
    """Read the command line, measure, write ``NAME.json``; a row for each case.

    ``rounds`` is the default of ``--rounds``; with ``warm`` every case is run once before, unmeasured.
    """
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--rounds", type=int, default=rounds, help="fresh processes for each case")
    parser.add_argument("--out", type=Path, default=BENCHMARKS / "results", help="folder of the result")
    args = parser.parse_args(arguments)
    for case in cases if warm else ():
        measure(case)
    runs = {case: [] for case in cases}
    for _ in range(args.rounds):
        for case in cases:
            runs[case].append(measure(case))
    rows = [row(case, done) for case, done in runs.items()]
    args.out.mkdir(parents=True, exist_ok=True)
    report = {"rows": rows, "rounds": args.rounds, "machine": machine()}
    (args.out / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return rows
