"""Competitors side by side: a process for each, rounds in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from .registry import BENCHMARKS, installed_version, package_of

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class WorkerFailed(RuntimeError):
    """A competitor's process ended before it answered."""


class Worker:
    """The process of one competitor; ``with`` ends it."""

    def __init__(self, root: Path, problem: str, instance: str, who: str, *, threads: int):
        environment = os.environ | {name: str(threads) for name in THREAD_VARIABLES}
        self.who = who
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, str(BENCHMARKS / "harness" / "worker.py")]
            + [str(root), problem, instance, who, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self._errors.close()

    def ask(self, command: str | None = None) -> dict:
        """Send ``command`` (nothing: wait until ready) and return the answer."""
        try:
            if command:
                self._process.stdin.write(command + "\n")
                self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise WorkerFailed(self._last_error())
        return json.loads(line)

    def _last_error(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1] if lines else f"ended with code {self._process.returncode}"


def measure(
    problem: str, instance: str, names: list[str], *, threads: int, rounds: int, root: Path = BENCHMARKS
) -> tuple[list[dict], list[str]]:
    """Rows of all competitors that run, and a note on each that does not.

    Parameters
    ----------
    problem, instance : str
        The problem and which of its instances.
    names : list of str
        The competitors.
    threads, rounds : int
        Threads of every competitor; timed runs of each.
    root : Path
        The folder that holds ``problems`` and ``competitors``.
    """
    notes, tolerances = [], {}
    with ExitStack() as stack:
        workers = []
        for who in names:
            package = package_of(problem, who, root)
            if installed_version(package) is None:
                notes.append(f"{who}: skipped, {package} is not installed")
                continue
            worker = stack.enter_context(Worker(root, problem, instance, who, threads=threads))
            # one after the other: two that warm up at once would fight for the cores
            if ready := _answers(worker, None, notes):
                workers.append(worker)
                tolerances[who] = ready["tol"]
        timings = _rounds(workers, rounds, notes)
        rows = []
        for worker in workers:
            if worker.who in timings and (said := _answers(worker, "quality", notes)):
                rows.append(
                    {"problem": problem, "instance": instance, "competitor": worker.who, "threads": threads}
                    | _summary(timings[worker.who])
                    | said
                    | {"version": installed_version(package_of(problem, worker.who, root))}
                    | {"tol": tolerances[worker.who]}
                )
    return rows, notes


def _rounds(workers: list[Worker], rounds: int, notes: list[str]) -> dict[str, list[dict]]:
    timings = {worker.who: [] for worker in workers}
    for _ in range(rounds):
        for worker in workers:
            if worker.who in timings:
                said = _answers(worker, "run", notes)
                timings[worker.who].append(said)
                if not said:
                    del timings[worker.who]
    return timings


def _answers(worker: Worker, command: str | None, notes: list[str]) -> dict:
    try:
        return worker.ask(command)
    except WorkerFailed as error:
        notes.append(f"{worker.who}: failed, {error}")
        return {}


def _summary(runs: list[dict]) -> dict:
    wall, cpu = ([run[key] for run in runs] for key in ("seconds", "cpu"))
    return {
        "seconds": {"median": median(wall), "min": min(wall), "all": wall},
        "cpu_seconds": {"median": median(cpu), "min": min(cpu)},
    }
