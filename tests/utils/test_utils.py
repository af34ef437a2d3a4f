"""Threads over blocks, the progress bar, tables, weights, all-or-nothing fits."""

import inspect
import io
import threading

import numpy as np
import pytest

from skmtl import show_versions
from skmtl.utils._atomic import all_or_nothing
from skmtl.utils._docs import filled_doc
from skmtl.utils._parallel import n_threads, run_blocks
from skmtl.utils._progress import Progress
from skmtl.utils._table import text_table
from skmtl.utils._weights import checked_weights


def test_blocks_keep_their_order():
    assert run_blocks(lambda k: k * k, range(5), None) == run_blocks(lambda k: k * k, range(5), 3)


def test_two_threads_run_at_once():
    """Both must arrive at the barrier, or it breaks after its timeout."""
    barrier = threading.Barrier(2, timeout=30)
    run_blocks(lambda _: barrier.wait(), range(2), 2)


def test_an_error_in_a_block_is_raised():
    with pytest.raises(ZeroDivisionError):
        run_blocks(lambda k: 1 / k, [1, 0], 2)


def test_all_threads_means_what_the_environment_allows(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert n_threads(-1) == 1 and n_threads(2) == 2 and n_threads(None) == 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal_redraws_its_line():
    stream = Terminal()
    with Progress(2, "fit", stream=stream) as bar:
        bar.step("boxes")
        bar.step()
    text = stream.getvalue()
    assert text.count("\r") == 3 and " 50 %" in text and "boxes" in text and "100 %" in text
    assert text.endswith("\n")


def test_progress_in_a_log_prints_the_ends_only():
    stream = io.StringIO()
    with Progress(50, "fit", stream=stream) as bar:
        for _ in range(50):
            bar.step()
    assert [line.split("]")[1][:6] for line in stream.getvalue().splitlines()] == ["   0 %", " 100 %"]


def test_silent_progress():
    stream = Terminal()
    with Progress(1, "fit", stream=stream, enabled=False) as bar:
        bar.step()
    assert stream.getvalue() == ""


def test_table_columns_line_up():
    lines = text_table(["task", "score"], [["a", "0.5"], ["longer", "0.25"]]).splitlines()
    assert lines[0] == "task    score" and lines[2] == "a         0.5" and lines[3] == "longer   0.25"


def test_weights():
    assert checked_weights(None, (2,), "w").tolist() == [1, 1]
    assert checked_weights(2, (2,), "w").tolist() == [2, 2]
    with pytest.raises(ValueError, match=r"w.shape == \(3,\), expected \(2,\)"):
        checked_weights(np.ones(3), (2,), "w")


class Fragile:
    @all_or_nothing
    def fit(self, fail):
        self.half = True
        if fail:
            raise KeyboardInterrupt
        return self


def test_a_failed_fit_restores_everything():
    model = Fragile()
    model.kept = 1
    with pytest.raises(KeyboardInterrupt):
        model.fit(True)
    assert vars(model) == {"kept": 1}
    assert model.fit(False).half


def test_versions_name_the_packages(capsys):
    show_versions()
    out = capsys.readouterr().out
    assert "scikit-learn" in out and "numba" in out and "python" in out


def test_shared_paragraphs_fill_docstrings():
    @filled_doc(rows="\nrows : int\n    How many.\n")
    class Table:
        """A table.

        Parameters
        ----------
        {{rows}}
        columns : int
        """

    assert inspect.getdoc(Table).splitlines()[-3:] == ["rows : int", "    How many.", "columns : int"]
    with pytest.raises(KeyError, match="rows"):
        filled_doc()(type("Other", (), {"__doc__": "    {{rows}}"}))
