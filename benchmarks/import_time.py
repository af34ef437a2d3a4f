"""What ``import skmtl`` costs beyond numpy: ``python benchmarks/import_time.py [--rounds 9] [--out DIR]``.

Every measurement is a fresh interpreter; the statements take turns. Time is that of the statement
alone, memory the peak of the process.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from harness.registry import BENCHMARKS
from harness.turns import measured_in_turns

STATEMENTS = (
    "import numpy",
    "import numpy; import skmtl",
    "import numpy; from skmtl import MultiTaskLogisticRegression",
    "import numpy; from skmtl import ConvFeatureExtractor",
)
_CHILD = """
import sys, time
began = time.perf_counter()
exec(sys.argv[1])
seconds = time.perf_counter() - began
sys.path.insert(0, sys.argv[2])
from harness.machine import peak_mb
print(seconds, peak_mb())
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure, write ``import_time.json``, print a table."""
    rows = measured_in_turns(
        arguments, "import_time", STATEMENTS, _measure, _row, summary=__doc__.splitlines()[0], rounds=9
    )
    for row in rows:
        print(f"{row['median_s']:7.3f} s {row['min_s']:7.3f} s {row['peak_mb']:7.1f} MB  {row['statement']}")
    return 0


def _measure(statement: str) -> tuple[float, float]:
    command = [sys.executable, "-c", _CHILD, statement, str(BENCHMARKS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def _row(statement: str, done: list[tuple[float, float]]) -> dict:
    seconds, peaks = zip(*done, strict=True)
    return {
        "statement": statement,
        "median_s": median(seconds),
        "min_s": min(seconds),
        "peak_mb": median(peaks),
    }


if __name__ == "__main__":
    sys.exit(main())
