"""The source code keeps the rules of its design: who imports whom, sizes, and what is never used."""

from __future__ import annotations

from pathlib import Path

import pytest
from _architecture import (
    MAX_LINES,
    ROW,
    Source,
    bare_comparisons,
    matplotlib_at_module_level,
    numba_outside_kernels,
    too_complex,
    too_long,
    too_many_positional,
    unsafe_numba,
    wrong_rows,
)

import skmtl

ROOT = Path(__file__).resolve().parent.parent
HOME = skmtl._HOME


def sources(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    return [Source(path.relative_to(ROOT), path.read_text(encoding="utf-8")) for path in files]


PACKAGE, TESTS, BENCHMARKS = sources("skmtl"), sources("tests"), sources("benchmarks")


def check(rule, files, *args):
    assert files, "no file was read"
    complaints = [complaint for source in files for complaint in rule(source, *args)]
    assert not complaints, "\n" + "\n".join(complaints)


def test_imports_go_to_lower_rows():
    check(wrong_rows, PACKAGE, HOME)


def test_every_folder_and_module_has_a_row():
    found = {source.unit for source in PACKAGE}
    found |= {path.name for path in (ROOT / "skmtl").iterdir() if path.is_dir() and path.name[0] not in "._"}
    unknown = sorted(found - set(ROW))
    assert not unknown, f"give each of these a row in ROWS of tests/_architecture.py: {unknown}"


def test_numba_stays_below_kernels():
    check(numba_outside_kernels, PACKAGE, HOME)


def test_matplotlib_is_imported_late():
    check(matplotlib_at_module_level, PACKAGE)


def test_files_are_short():
    check(too_long, PACKAGE + TESTS + BENCHMARKS)


def test_functions_are_simple():
    check(too_complex, PACKAGE + BENCHMARKS)


def test_functions_take_few_positional_arguments():
    check(too_many_positional, PACKAGE + BENCHMARKS)


def test_numba_options_that_break_are_not_used():
    check(unsafe_numba, PACKAGE)


def test_comparisons_in_tests_are_asserted():
    check(bare_comparisons, TESTS)


# Each rule on a source that breaks it: a rule that cannot fail guards nothing.


def source(text, path="skmtl/losses/_x.py"):
    return Source(Path(path), text)


@pytest.mark.parametrize(
    "path, text",
    [
        ("skmtl/losses/_x.py", "from skmtl.solvers import Newton"),
        ("skmtl/losses/_x.py", "from ..couplings import Independent"),
        ("skmtl/losses/_x.py", "from .. import linear_model"),
        ("skmtl/losses/_x.py", "from skmtl import PooledTasks"),
        ("skmtl/losses/_x.py", "import skmtl.baseline"),
        ("skmtl/losses/_x.py", "import skmtl"),
        ("skmtl/losses/_x.py", "def f():\n    from skmtl.heads import ClassHead"),
        ("skmtl/losses/_x.py", "import_module('skmtl.heads')"),
        ("skmtl/targets.py", "from .design import SharedDesign"),
        ("skmtl/utils/_x.py", "from ..component import Component"),
    ],
)
def test_an_import_upwards_or_sideways_is_found(path, text):
    (complaint,) = wrong_rows(source(text, path), HOME)
    assert "strictly lower rows" in complaint


@pytest.mark.parametrize(
    "path, text",
    [
        ("skmtl/losses/_x.py", "from ._y import Logistic\nfrom . import _z\nfrom skmtl.losses import _a"),
        ("skmtl/losses/_x.py", "from ..component import Component\nfrom skmtl import make_targets"),
        ("skmtl/losses/_x.py", "import numpy\nfrom scipy import special"),
        ("skmtl/losses/__init__.py", "from ._x import Logistic"),
        ("skmtl/__init__.py", "from ._version import __version__"),
        ("skmtl/utils/_x.py", "from skmtl import __version__"),
        ("skmtl/cli.py", "from . import demo"),
    ],
)
def test_an_import_downwards_is_fine(path, text):
    assert wrong_rows(source(text, path), HOME) == []


@pytest.mark.parametrize(
    "path, text", [("skmtl/newpart/_x.py", ""), ("skmtl/losses/_x.py", "import skmtl.newpart")]
)
def test_an_unknown_part_is_asked_for_its_row(path, text):
    (complaint,) = wrong_rows(source(text, path))
    assert "skmtl.newpart has no row yet; give it a row" in complaint


def test_numba_is_found_outside_kernels_only():
    text = "def f():\n    from numba import njit\nimport llvmlite.ir"
    assert len(numba_outside_kernels(source(text))) == 2
    assert numba_outside_kernels(source(text, "skmtl/kernels/_x.py")) == []


def test_matplotlib_is_found_at_module_level_only():
    early = "if True:\n    import matplotlib.pyplot as plt\nclass A:\n    from matplotlib import cm"
    late = "def f():\n    import matplotlib.pyplot as plt"
    assert len(matplotlib_at_module_level(source(early))) == 2
    assert matplotlib_at_module_level(source(late)) == []


def test_a_long_file_is_found():
    assert too_long(source("x = 1\n" * MAX_LINES)) == []
    assert too_long(source("x = 1\n" * (MAX_LINES + 1)))


def test_a_complex_function_is_found():
    def function(branches):
        return "def f(x):\n" + "".join(f"    if x == {i}:\n        return {i}\n" for i in range(branches))

    assert too_complex(source(function(9))) == []
    (complaint,) = too_complex(source(function(10)))
    assert "complexity 11" in complaint


@pytest.mark.parametrize(
    "text, complaints",
    [
        ("def f(a, b, c, d, e, f, g): pass", 0),
        ("def f(a, b, c, d, e, f, g, h): pass", 1),
        ("def f(a, /, b, c, d, e, f, g, h): pass", 1),
        ("def f(a, *, b, c, d, e, f, g, h): pass", 0),
        ("class A:\n    def f(self, a, b, c, d, e, f, g): pass", 0),
        ("@intrinsic\ndef f(typing, a, b, c, d, e, f, g): pass", 0),
        ("@kernel\ndef f(typing, a, b, c, d, e, f, g): pass", 1),
    ],
)
def test_many_positional_arguments_are_found(text, complaints):
    assert len(too_many_positional(source(text))) == complaints


@pytest.mark.parametrize(
    "text",
    [
        "njit(parallel=True)",
        "kernel(fastmath=True)",
        "OPTIONS = {'fastmath': True}",
        "from numba import prange",
        "for i in numba.prange(3): pass",
        "from numba.experimental import jitclass",
    ],
)
def test_unsafe_numba_is_found(text):
    assert len(unsafe_numba(source(text))) == 1


def test_safe_numba_is_fine():
    assert unsafe_numba(source("njit(nogil=True, fastmath={'contract', 'nsz'}, parallel=False)")) == []


@pytest.mark.parametrize(
    "text", ["np.array_equal(a, b)", "a == b", "assert np.allclose(a, b)", "x = allclose(a, b)"]
)
def test_a_bare_comparison_is_found(text):
    assert len(bare_comparisons(source(text, "tests/test_x.py"))) == 1


def test_an_asserted_comparison_is_fine():
    text = "assert np.array_equal(a, b)\nassert not np.allclose(a, b, rtol=0, atol=ATOL)\nassert a == b"
    assert bare_comparisons(source(text, "tests/test_x.py")) == []
