"""Memory that a fit takes: ``python benchmarks/memory.py [--only own-rows] [--out DIR]``.

Each row is two fresh interpreters: one whose resident memory is watched while ``fit`` runs (peak before the
fit subtracted), one under ``tracemalloc``. ``times`` is the data (X and y as given) plus the larger of the
two, over the data. scikit-learn stands beside where it has the model; beside networks of images stands torch.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from harness.machine import machine
from harness.registry import BENCHMARKS

# Name of the data -> names of the models that are fitted to it.
CASES = {
    "shared": [
        "ridge",
        "shared",
        "learned",
        "joint",
        "low-rank",
        "missing",
        "logistic",
        "sk-ridge",
        "sk-lasso",
    ],
    "shared-float32": ["shared", "joint", "logistic"],
    "own-rows": ["shared", "joint", "low-rank", "logistic"],
    "sparse": ["shared", "joint", "low-rank", "logistic", "sk-ridge", "sk-lasso"],
    "images": ["network", "network-norm", "torch", "torch-norm"],
}


def main(arguments: list[str] | None = None) -> int:
    """Measure, write ``memory.json`` row by row (other rows in it stay), print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=CASES, help="one kind of data")
    parser.add_argument("--out", type=Path, default=BENCHMARKS / "results", help="folder of the result")
    args = parser.parse_args(arguments)
    chosen = {args.only: CASES[args.only]} if args.only else CASES
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "memory.json"
    for data, models in chosen.items():
        for model in models:
            _add(path, _row(data, model))
    return 0


def _add(path: Path, row: dict) -> None:
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    rows = [old for old in rows if (old["data"], old["model"]) != (row["data"], row["model"])]
    report = {"rows": [*rows, row], "machine": machine()}
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _row(data: str, model: str) -> dict:
    resident, traced = (_measure(data, model, how) for how in ("resident", "traced"))
    size = resident["data_mb"]
    extra = max(resident["extra_mb"], traced["extra_mb"])
    row = {
        "data": data,
        "model": model,
        "data_mb": round(size, 1),
        "resident_mb": round(resident["extra_mb"], 1),
        "traced_mb": round(traced["extra_mb"], 1),
        "times": round((size + extra) / size, 2),
    }
    print(
        f"{data:15} {model:10} data {row['data_mb']:6.1f} MB  fit: resident +{row['resident_mb']:6.1f} "
        f"traced +{row['traced_mb']:6.1f} MB  {row['times']:5.2f} times the data",
        flush=True,
    )
    return row


def _measure(data: str, model: str, how: str) -> dict:
    command = [sys.executable, str(BENCHMARKS / "harness" / "memory_worker.py"), data, model, how]
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | one_thread)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
