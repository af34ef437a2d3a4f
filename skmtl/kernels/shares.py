"""Threads for the filters of one layer, where there is enough to do for each."""

from __future__ import annotations

from collections.abc import Callable

from skmtl.utils._parallel import n_threads, run_blocks

from ._tiles import Bank
from .conv import split_bank

WORTH_A_THREAD = 2**23  # multiply-adds: starting a thread takes as long as some million of them


def share_filters(work: Callable[[Bank], None], bank: Bank, places: int, n_jobs: int | None) -> None:
    """Call ``work`` with the filters of ``bank``, or with parts of them in threads.

    Every value of a filter is multiplied at so many ``places``. The results have the same bits for any
    ``n_jobs``.
    """
    most = bank.panels.size * places // WORTH_A_THREAD
    if n_jobs is None or n_jobs == 1 or most < 2:
        work(bank)
    else:
        run_blocks(work, split_bank(bank, min(n_threads(n_jobs), most)), n_jobs)
