"""The decorator under what breaks compiled caches: no place to write, upgrades, races, threads, forks.

Each test runs processes of its own on a copy of a tiny package of two kernel files with its own cache.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from skmtl.kernels import _jit

HELPER = "from ._jit import kernel\n\n@kernel()\ndef step(x):\n    return x + {step}\n"
CALLER = """
from ._jit import kernel
from .helper import step

@kernel()
def total(values):
    result = values[0] * 0
    for value in values:
        result += step(value)
    return result
"""
RUN = "import numpy as np\nfrom tiny.caller import total\nprint(total(np.arange(3, dtype='{dtype}')))\n"
HITS = "print(sum(total.stats.cache_hits.values()), sum(total.stats.cache_misses.values()))\n"


class Installation:
    """A tiny package in a folder, a cache beside it, and processes that use both."""

    def __init__(self, folder: Path):
        self.folder, self.package, self.cache = folder, folder / "tiny", folder / "cache"
        self.package.mkdir()
        (self.package / "__init__.py").touch()
        shutil.copy(_jit.__file__, self.package / "_jit.py")
        (self.package / "caller.py").write_text(CALLER)
        self.write_helper(1)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "SKMTL_"))
        }
        self.environment = {
            **kept,
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NUMBA_CACHE_DIR": str(self.cache),
        }

    def write_helper(self, step: int) -> None:
        path = self.package / "helper.py"
        path.write_text(HELPER.format(step=step))
        os.utime(path, (1e9, 1e9))  # an upgrade that keeps size and time of the file

    def start(self, code: str, **environment) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str = RUN.format(dtype="f8"), **environment) -> str:
        return result(self.start(code, **environment))

    def compiled(self) -> list[Path]:
        return sorted(self.folder.rglob("*.nbc"))


def result(process: subprocess.Popen) -> str:
    out, error = process.communicate()
    assert process.returncode == 0, error
    return out.strip()


@pytest.fixture
def installation(tmp_path):
    return Installation(tmp_path)


def test_cache_is_used_and_an_edited_helper_is_noticed(installation):
    code = RUN.format(dtype="f8") + HITS
    assert installation.run(code).split() == ["6.0", "0", "1"]
    assert installation.run(code).split() == ["6.0", "1", "0"]
    old = set(installation.compiled())
    installation.write_helper(2)
    assert installation.run(code).split() == ["9.0", "0", "1"]
    assert not old & set(installation.compiled())  # the old code is not left behind


def test_no_directory_can_be_written(installation):
    # Permissions do not bind root, so every cache lies below a regular file instead of a folder.
    (installation.package / "__pycache__").touch()
    blocked = str(installation.package / "__init__.py" / "below")
    nowhere = {"HOME": blocked, "XDG_CACHE_HOME": blocked, "NUMBA_CACHE_DIR": blocked}
    plain = "import numba, tiny.caller\nnumba.njit(cache=True)(tiny.caller.total.py_func)\n"
    process = installation.start(plain, **nowhere)
    assert "no locator available" in process.communicate()[1]
    assert installation.run(**nowhere) == "6.0"


def test_cache_directory_vanishes_after_the_import(installation):
    code = f"""
import shutil, pathlib, numpy as np
from tiny.caller import total
shutil.rmtree({str(installation.cache)!r})
pathlib.Path({str(installation.cache)!r}).touch()
print(total(np.arange(3.0)))
"""
    assert installation.run(code) == "6.0"


def test_damaged_cache_files_are_ignored(installation):
    installation.run()
    for path in installation.compiled():
        path.write_bytes(path.read_bytes()[:-100])
    assert installation.run() == "6.0"


def test_cache_can_be_switched_off(installation):
    assert installation.run(SKMTL_NUMBA_CACHE="0") == "6.0"
    assert installation.compiled() == []


def test_bounds_checked_and_unchecked_code_do_not_mix(installation):
    code = """
import numpy as np
import tiny.late
try:
    tiny.late.third(np.zeros(2))
    print("unchecked")
except IndexError:
    print("checked")
"""
    late = "from ._jit import kernel\n\n@kernel()\ndef third(x):\n    return x[2]\n"
    (installation.package / "late.py").write_text(late)
    outcomes = [installation.run(code, NUMBA_BOUNDSCHECK=flag) for flag in ("0", "1", "0")]
    assert outcomes == ["unchecked", "checked", "unchecked"]


def test_eight_processes_on_one_cold_cache(installation):
    types = ["f8", "i8"] * 4  # two signatures: their files must not be taken for one another
    processes = [installation.start(RUN.format(dtype=dtype)) for dtype in types]
    assert [result(process) for process in processes] == ["6.0", "6"] * 4
    assert installation.run(RUN.format(dtype="i8") + HITS).split() == ["6", "1", "0"]


def test_threads_and_forks(installation):
    code = """
import os, threading, warnings, numpy as np
from tiny.caller import total
values = np.ones(100000)
results = []
threads = [threading.Thread(target=lambda: results.append(total(values))) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
pid = os.fork()
if pid == 0:
    os._exit(0 if total(values) == 200000 and total(np.arange(3)) == 6 else 1)
print(results, os.waitpid(pid, 0)[1])
"""
    assert installation.run(code) == "[200000.0, 200000.0] 0"


def test_jit_switched_off(installation):
    assert installation.run(NUMBA_DISABLE_JIT="1") == "6.0"
    assert installation.compiled() == []


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="is about compiled code")
def test_arithmetic_keeps_missing_labels_and_does_not_raise():
    @_jit.kernel(cache=False)
    def observed(values):
        count = 0
        for value in values:
            count += not np.isnan(value)
        return count, 1 / values[0]

    assert observed(np.array([0.0, np.nan, 1.0])) == (2, np.inf)


def test_numba_is_imported_by_kernels_only():
    code = (
        "import sys, skmtl.feature_extraction as f; f.ConvFeatureExtractor(); print('numba' in sys.modules)"
    )
    root = str(Path(_jit.__file__).resolve().parents[2])
    process = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True
    )
    assert process.stdout.strip() == "False", process.stderr
