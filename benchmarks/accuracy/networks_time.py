"""Accuracy of a convolutional network against the time it learned: MultiHeadNetwork, or torch in its place.

``python benchmarks/accuracy/networks_time.py SET --data FOLDER --epochs 2 4 8 [--seeds 0 1] [--peer]``

SET is ``fashion`` (FOLDER holds the four files of Fashion-MNIST), ``cifar`` or ``mnist`` (FOLDER holds
``cifar10_small.npz`` or ``mnist15k.npz``). Each run is one of its own, with the learning rate falling to 0 at
its end. torch (``--peer``) has the same layers, distribution of first parameters, optimiser, penalty,
schedule and batches, images moved by the same code, and predicts alike. Seconds are of learning alone; CPU
seconds are of all threads. A run that is done again takes the place of the old one in
``results/accuracy_networks_SET.json``. With ``--validate`` training images are the test, and nothing is
written: choices are made there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from itertools import product
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "accuracy")]

from harness.machine import machine  # noqa: E402
from image_data import cifar, fashion, mnist  # noqa: E402
from network_plans import PLANS, Ours  # noqa: E402

LOADS = {"fashion": fashion, "cifar": cifar, "mnist": mnist}


def main(arguments: list[str] | None = None) -> int:
    """Run every plan and length with each seed, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=list(LOADS))
    parser.add_argument("--data", type=Path, default=os.environ.get("SKMTL_DATA"), help="folder of the data")
    parser.add_argument("--epochs", type=int, nargs="+", required=True)
    parser.add_argument("--plans", nargs="+", choices=list(PLANS), default=list(PLANS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer", action="store_true", help="torch in our place")
    parser.add_argument("--validate", action="store_true")
    args = parser.parse_args(arguments)
    who, model = ("torch", _torch()) if args.peer else ("skmtl", Ours)
    for name, epochs, seed in product(args.plans, args.epochs, args.seeds):
        data = LOADS[args.set](Path(args.data), seed, validate=args.validate)
        run = _one_run(model(PLANS[name], epochs, seed, args.threads), data)
        key = {"plan": name, "who": who, "epochs": epochs, "threads": args.threads, "seed": seed}
        print(key | run, flush=True)
        if not args.validate:
            write(args.set, key, run)
    return 0


def _torch() -> type:
    from network_torch import Torch  # only who asks for it needs it

    return Torch


def _one_run(model, data) -> dict[str, float]:
    load, cpu, wall = machine()["load"], time.process_time(), time.perf_counter()
    model.fit(data.X, data.y)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    right = model.predict(data.X_test) == data.y_test
    found = {"accuracy": 100 * right.mean(), "cpu_s": cpu, "wall_s": wall}
    return {name: round(float(value), 2) for name, value in found.items()} | {"load": load}


def write(name: str, key: dict, run: dict) -> None:
    """Put a run into the file of results, and the table beside it."""
    path = BENCHMARKS / "results" / f"accuracy_networks_{name}.json"
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []
    runs = [one for one in runs if not key.items() <= one.items()] + [key | run]
    runs.sort(key=lambda one: [list(PLANS).index(one["plan"]), *list(one.values())[1 : len(key)]])
    path.write_text(json.dumps({"machine": machine(), "runs": runs}, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".txt").write_text("\n".join(_table(name, runs)) + "\n", encoding="utf-8")


def _table(name: str, runs: list[dict]) -> list[str]:
    titles = [f"{run['who']}, {run['plan']}" for run in runs]
    width = max(map(len, titles))
    lines = [LOADS[name].__doc__.splitlines()[0], ""]
    lines += [f"{'':{width}}  epochs  seed  accuracy  threads  CPU s  wall s"]
    lines += [
        f"{title:{width}}  {run['epochs']:6d}  {run['seed']:4d}  {run['accuracy']:8.2f}  {run['threads']:7d}"
        f"  {run['cpu_s']:5.0f}  {run['wall_s']:6.0f}"
        for title, run in zip(titles, runs, strict=True)
    ]
    return [*lines, "", 'Wall seconds include waiting for other programs (see "load" in the json file).']


if __name__ == "__main__":
    sys.exit(main())
