"""Threads over fixed blocks: the same bits for any number of threads."""

from __future__ import annotations

import os
from _thread import allocate_lock, start_new_thread
from collections import deque
from collections.abc import Callable, Iterable

import joblib


def n_threads(n_jobs: int | None) -> int:
    """Threads that ``n_jobs`` asks for; ``None`` means 1, -1 all that this process may use.

    ``OMP_NUM_THREADS`` and ``NUMBA_NUM_THREADS`` bound -1, so that the worker processes of a
    joblib pool, which sets them to 1, do not multiply their threads.
    """
    if n_jobs is None or n_jobs == 1:
        return 1
    n = joblib.effective_n_jobs(n_jobs)
    if n_jobs < 0:
        limits = (os.environ.get(name, "") for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"))
        n = min([n, *(int(limit) for limit in limits if limit.isdigit() and int(limit) > 0)])
    return n


def _begin(work: Callable[[], None]):
    """A lock that a thread of its own opens when it has done ``work``, which raises nothing."""
    lock = allocate_lock()
    lock.acquire()

    def run() -> None:
        work()
        lock.release()

    start_new_thread(run, ())
    return lock


def run_blocks(work: Callable, blocks: Iterable, n_jobs: int | None) -> list:
    """``[work(block) for block in blocks]``, over threads that live for this call alone.

    ``work`` must release the GIL to gain anything. How the input is cut into blocks must never
    depend on ``n_jobs``: that is what makes results equal bit for bit. The caller's thread works too:
    starting one takes as long as the features of a small image.
    """
    blocks = list(blocks)
    threads = min(n_threads(n_jobs), len(blocks))
    if threads <= 1:
        return [work(block) for block in blocks]
    results, errors, waiting = [None] * len(blocks), [], deque(range(len(blocks)))

    def take() -> None:
        while waiting and not errors:
            try:
                number = waiting.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                results[number] = work(blocks[number])
            except BaseException as error:
                errors.append(error)

    # ``Thread.start`` waits until the other thread runs: the caller's first block is done by then.
    ended = [_begin(take) for _ in range(threads - 1)]
    take()
    for lock in ended:
        lock.acquire()
    if errors:
        raise errors[0]
    return results
