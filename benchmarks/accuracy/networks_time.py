"""Accuracy of a convolutional network against the time it learned: MultiHeadNetwork, and torch beside it.

``python benchmarks/accuracy/networks_time.py SET --data FOLDER --epochs 2 4 8 [--seeds N] [--peer]``

SET is ``fashion`` (FOLDER holds the four files of Fashion-MNIST), ``cifar`` or ``mnist`` (FOLDER holds
``cifar10_small.npz`` or ``mnist15k.npz``). Each row is a run of its own, with the learning rate falling to 0
at its end. torch has the same layers, distribution of first parameters, optimiser, schedule and batches, and
images moved by the same code. Seconds are of learning alone; CPU seconds are of all threads. A row that is
run again takes the place of the old one in ``results/accuracy_networks_SET.json``. With ``--validate``
training images are the test, and nothing is written: choices are made there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

BENCHMARKS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "accuracy")]

from harness.machine import machine  # noqa: E402
from image_data import cifar, fashion, mnist  # noqa: E402
from network_plans import PLANS, Ours, Plan  # noqa: E402

LOADS = {"fashion": fashion, "cifar": cifar, "mnist": mnist}


def main(arguments: list[str] | None = None) -> int:
    """Run every plan and length once for each seed, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=list(LOADS))
    parser.add_argument("--data", type=Path, default=os.environ.get("SKMTL_DATA"), help="folder of the data")
    parser.add_argument("--epochs", type=int, nargs="+", required=True)
    parser.add_argument("--plans", nargs="+", choices=list(PLANS), default=list(PLANS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--peer", action="store_true", help="torch too")
    parser.add_argument("--validate", action="store_true")
    args = parser.parse_args(arguments)
    models = {"skmtl": Ours} | _peer(args.peer)
    for name in args.plans:
        for epochs in args.epochs:
            rows = measure(models, PLANS[name], epochs, args)
            for who, row in rows.items():
                print(f"{who}, {name}, {epochs} epochs", row, flush=True)
                if not args.validate:
                    write(args.set, [name, epochs, who], row)
    return 0


def _peer(wanted: bool) -> dict:
    if not wanted:
        return {}
    from network_torch import Torch

    return {"torch": Torch}


def measure(models: dict, plan: Plan, epochs: int, args) -> dict[str, dict]:
    """A row for each model, which take turns."""
    runs: dict[str, list] = {who: [] for who in models}
    for seed in range(args.seeds):
        data = LOADS[args.set](Path(args.data), seed, validate=args.validate)
        for who, model in models.items():
            runs[who].append(_one_run(model(plan, epochs, seed), data))
    return {who: _row(found) for who, found in runs.items()}


def _one_run(model, data) -> dict[str, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    model.fit(data.X, data.y)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    right = model.predict(data.X_test) == data.y_test
    return {"accuracy": 100 * right.mean(), "cpu_s": cpu, "wall_s": wall}


def _row(runs: list[dict]) -> dict:
    row = {key: round(float(np.mean([run[key] for run in runs])), 2) for key in runs[0]}
    if len(runs) > 1:
        row["sd"] = round(float(np.std([run["accuracy"] for run in runs], ddof=1)), 2)
    return row | {"seeds": len(runs), "load": machine()["load"]}


def write(name: str, key: list, row: dict) -> None:
    """Put a row into the file of results, and the table beside it."""
    path = BENCHMARKS / "results" / f"accuracy_networks_{name}.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    rows = [one for one in rows if one["key"] != key] + [{"key": key} | row]
    rows.sort(key=lambda one: (list(PLANS).index(one["key"][0]), *one["key"][1:]))
    path.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".txt").write_text("\n".join(_table(name, rows)) + "\n", encoding="utf-8")


def _table(name: str, rows: list[dict]) -> list[str]:
    titles = [f"{who}, {plan}" for plan, _, who in (row["key"] for row in rows)]
    width = max(map(len, titles))
    lines = [LOADS[name].__doc__.splitlines()[0], ""]
    lines += [f"{'':{width}}  epochs  accuracy    sd  seeds  CPU s  wall s"]
    lines += [
        f"{title:{width}}  {row['key'][1]:6d}  {row['accuracy']:8.2f}  {row.get('sd', ''):>4}"
        f"  {row['seeds']:5d}  {row['cpu_s']:5.0f}  {row['wall_s']:6.0f}"
        for title, row in zip(titles, rows, strict=True)
    ]
    return [
        *lines,
        "",
        'One thread. Wall seconds include waiting for other programs (see "load" in the json file).',
    ]


if __name__ == "__main__":
    sys.exit(main())
