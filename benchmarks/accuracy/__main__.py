"""How well models predict: ``python benchmarks/accuracy NAME --data FOLDER [--splits N]``.

NAME is a key of STUDIES; FOLDER holds the data sets (or the variable SKMTL_DATA names it). The tables are
printed and written to ``results/accuracy_NAME.txt``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib import import_module
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "accuracy")]

from comparison import Scores  # noqa: E402
from harness.machine import machine  # noqa: E402

#: Every study, with the model that the others are compared with, in all its tables or in each of them.
STUDIES = {
    "networks": "separate",
    "network_tables": "separate",
    "network_defaults": "before",
    "network_numbers": "images as they are",
    "network_rotate": "up to 0",
    "network_sharing": "hard sharing",
    "images_bytes": "float",
    "annotation": "alone",
    "annotation_augment": "as they are",
    "annotation_bodies": "alone",
    "annotation_closer": "digit alone",
    "annotation_cells": "alone",
    "annotation_objects": "alone",
    "annotation_pixels": "TrainableSegmenter",
    "turned_boxes": "corners",
    "hidden": "by column",
    "school": "pooled slopes, free intercepts",
    "related": "separate",
    "unrelated": "separate",
    "filters": "k-means",
    "pixels": "TrainableSegmenter",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one study, write its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(STUDIES))
    parser.add_argument("--data", type=Path, default=os.environ.get("SKMTL_DATA"), help="folder of the data")
    parser.add_argument("--splits", type=int, default=10, help="train/test splits, at least 2")
    parser.add_argument("--out", type=Path, default=BENCHMARKS / "results")
    args = parser.parse_args(arguments)
    if args.data is None or args.splits < 2:
        parser.error("give --data FOLDER (or set SKMTL_DATA), and at least 2 splits")
    began, study = time.perf_counter(), import_module(args.name)
    tables, said = study.run(args.data, args.splits)
    tables = tables if isinstance(tables, list) else [tables]
    against = STUDIES[args.name]
    against = against if isinstance(against, tuple) else [against] * len(tables)
    command = f"python benchmarks/accuracy {args.name} --splits {args.splits}"
    closing = f"{command}\n{time.perf_counter() - began:.0f} s on {machine()['processor']}"
    parts = [study.__doc__.strip(), *map(Scores.table, tables, against), "\n".join(said), closing]
    report = "\n\n".join(parts) + "\n"
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / f"accuracy_{args.name}.txt").write_text(report, encoding="utf-8")
    print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
