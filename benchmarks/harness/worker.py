"""One competitor on one instance, in a process of its own: ``python worker.py ROOT PROBLEM INSTANCE WHO N``.

Reads commands (``run``, ``quality``) from standard input, answers each with one line of JSON on
standard output. Whatever the competitor prints goes to standard error.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.machine import peak_mb
from harness.registry import load_competitor, load_problem


def main(root: str, problem_name: str, instance: str, who: str, threads: str) -> None:
    """Prepare, say so, then answer commands until standard input ends."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, root)
    problem = load_problem(problem_name, Path(root))
    competitor = load_competitor(problem_name, who, Path(root))
    data = problem.make(**(problem.INSTANCES | problem.QUICK)[instance])
    (state, tol), output = _prepare(competitor, problem, data, int(threads)), None
    _say(channel, tol=tol)
    for command in sys.stdin:
        if command.strip() == "run":
            output = None
            gc.collect()
            began, cpu = time.perf_counter(), time.process_time()
            output = competitor.run(state)
            _say(channel, seconds=time.perf_counter() - began, cpu=time.process_time() - cpu)
        else:
            peak = peak_mb()  # before the quality takes memory of its own
            quality = problem.quality(data, competitor.result(state, output))
            _say(channel, quality=float(quality), peak_mb=peak)


def _prepare(competitor, problem, data, threads: int):
    """The competitor's state, at the loosest of its tolerances that is good enough (None: it has none)."""
    if not hasattr(competitor, "TOLERANCES"):
        return competitor.prepare(data, threads), None
    for tol in competitor.TOLERANCES:
        state = competitor.prepare(data, threads, tol)
        if problem.quality(data, competitor.result(state, competitor.run(state))) <= problem.LIMIT:
            break
    return state, tol


def _say(channel, **message) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
