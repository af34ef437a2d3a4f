"""Compare skmtl with other packages: ``python benchmarks/run.py NAME [--quick] [--threads 1 2]``.

NAME is a file of ``problems/``; its competitors are the files of ``competitors/NAME/``. Every
competitor runs in a process of its own with that many threads; rounds go A B C A B C, so that a
machine that slows down slows all of them. The result is ``results/NAME.json`` and a table.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from harness.machine import busy_note, machine
from harness.measure import measure
from harness.registry import BENCHMARKS, competitors, load_problem, problems
from harness.table import add_ratios, table


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; the exit code is 1 where a competitor failed."""
    args = _parser().parse_args(arguments)
    problem, before = load_problem(args.name), machine()
    rows, notes = [], busy_note(before, args.threads)
    names = args.only or competitors(args.name)
    for instance in _instances(problem, args):
        for threads in args.threads:
            done, said = measure(args.name, instance, names, threads=threads, rounds=args.rounds)
            rows += done
            notes += [note for note in said if note not in notes]
    add_ratios(rows, problem.LIMIT)
    report = {
        "problem": args.name,
        "quality": problem.QUALITY,
        "limit": problem.LIMIT,
        "rows": rows,
        "notes": notes,
        "machine": before,
        "command": f"python benchmarks/run.py {' '.join(arguments or sys.argv[1:])}",
    }
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / f"{args.name}{'-quick' if args.quick else ''}.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(table(report))
    print(f"written: {path}")
    return int(any("failed" in note for note in notes))


def _instances(problem, args) -> list[str]:
    """Those that were asked for, or all."""
    known = list(problem.QUICK if args.quick else problem.INSTANCES)
    strangers = [name for name in args.instances or [] if name not in known]
    if strangers:
        raise SystemExit(f"{args.name} has no instance {strangers[0]!r}; it has {', '.join(known)}")
    return args.instances or known


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=problems(), help="the problem to run")
    parser.add_argument("--quick", action="store_true", help="a small instance, to see that all runs")
    parser.add_argument("--threads", type=_positive, nargs="+", default=[1], metavar="N")
    parser.add_argument("--rounds", type=_positive, default=5, help="timed runs of each competitor")
    parser.add_argument("--only", nargs="+", metavar="COMPETITOR", help="leave the others out")
    parser.add_argument("--instances", nargs="+", metavar="INSTANCE", help="leave the others out")
    parser.add_argument("--out", type=Path, default=BENCHMARKS / "results", help="folder of the result")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
