"""The Python of pages that need no data of the reader runs, block after block, page by page."""

import re
from pathlib import Path

import numpy as np
import pytest
from _asserts import ROUNDING, assert_close

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [DOCS / "user_guide" / "couplings.md", DOCS / "extending" / "coupling.md"]


def run(page: Path) -> dict:
    names: dict = {}
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M):
        exec(compile(block, str(page), "exec"), names)
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page):
    run(page)


def test_the_coupling_of_the_page_is_a_coupling(rng):
    """Prox and conjugate of the example meet, and its fit ends with a gap."""
    names = run(PAGES[1])
    penalty, V = names["SquaredRowSums"](), rng.normal(size=(6, 4))
    P = penalty.prox(V, 0.7)
    G = (V - P) / 0.7
    assert_close(penalty.value(P) + penalty.conjugate(G), np.vdot(G, P), ROUNDING)
    assert names["model"].optimality_ <= names["model"].tol
    assert names["model"].n_users_.shape == (6,)
