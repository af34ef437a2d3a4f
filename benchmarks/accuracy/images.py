"""Accuracy of image classification without deep learning, for the CPU time it costs.

``python benchmarks/accuracy/images.py STUDY [--data FOLDER] [--rows NAME ...] [--seeds N] [--n-jobs N]``

* ``fashion``: Fashion-MNIST. FOLDER holds the four files ``train-images-idx3-ubyte.gz``, ... (Debian:
  ``apt-get install dataset-fashion-mnist`` puts them into /usr/share/datasets/fashion-mnist).
* ``cifar``: FOLDER (or the variable SKMTL_DATA) holds ``cifar10_small.npz``: x_train (n, 32, 32, 3) uint8,
  y_train, x_valid, y_valid.
* ``digits``: scikit-learn's own, 20 labels a class; no FOLDER.

Times are of fit and predict together: everything after the images are in memory. A row that is run again
takes the place of the old one in ``results/accuracy_images_STUDY.json``. With ``--validate`` a part of the
training images stands for the test, and nothing is written: that is where choices were made.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np

BENCHMARKS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "accuracy")]

from harness.machine import machine  # noqa: E402

from skmtl.feature_extraction import warmup  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Run the rows of one study, write its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=["fashion", "cifar", "digits"])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKMTL_DATA"), help="folder of the data")
    parser.add_argument("--rows", nargs="+", help="only these")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--n-jobs", type=int, default=None)
    parser.add_argument("--validate", action="store_true")
    args = parser.parse_args(arguments)
    study = import_module(f"images_{args.study}")
    for name in args.rows or study.ROWS:
        if name not in study.ROWS:
            parser.error(f"no row {name!r}; there are {list(study.ROWS)}")
        row = measure(study, name, args)
        print(name, row, flush=True)
        if not args.validate:
            write(study, args.study, name, row)
    return 0


def measure(study, name: str, args) -> dict:
    """One row of the table, over its seeds."""
    warmup()
    runs = [_one_run(study, name, args, seed) for seed in range(args.seeds)]
    row = {key: round(float(np.mean([run[key] for run in runs])), 2) for key in runs[0]}
    if args.seeds > 1:
        row["sd"] = round(float(np.std([run["accuracy"] for run in runs], ddof=1)), 2)
    return row | {"seeds": args.seeds, "threads": args.n_jobs or 1, "load": machine()["load"]}


def _one_run(study, name: str, args, seed: int) -> dict:
    data = study.load(args.data and Path(args.data), seed, validate=args.validate)
    cpu, wall = time.process_time(), time.perf_counter()
    model = study.ROWS[name](seed, args.n_jobs).fit(data.X, data.y)
    learned = time.process_time()
    right = model.predict(data.X_test) == data.y_test
    return {
        "accuracy": 100 * right.mean(),
        "fit_cpu_s": learned - cpu,
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
    }


def write(study, study_name: str, name: str, row: dict) -> None:
    """Put a row into the file of results, and the table beside it."""
    path = BENCHMARKS / "results" / f"accuracy_images_{study_name}.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"rows": {}}
    rows = found["rows"] | {name: row}
    rows = {key: rows[key] for key in study.ROWS if key in rows}
    path.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n", encoding="utf-8")
    lines = [study.__doc__.strip(), "", *_table(rows), "", study.NOTES.strip(), ""]
    path.with_suffix(".txt").write_text("\n".join(lines), encoding="utf-8")


def _table(rows: dict) -> list[str]:
    width = max(map(len, rows))
    head = f"{'':{width}}  accuracy    sd  seeds  CPU s  wall s  threads"
    return [head] + [
        f"{name:{width}}  {row['accuracy']:8.2f}  {row.get('sd', ''):>4}  {row['seeds']:5d}"
        f"  {row['cpu_s']:5.1f}  {row['wall_s']:6.0f}  {row['threads']:7d}"
        for name, row in rows.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
