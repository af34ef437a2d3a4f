"""A progress bar on standard error, one line, for work that takes seconds."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO


class Progress:
    """``with Progress(total, "fit") as bar: bar.step("digits")`` draws one line that updates itself.

    On a terminal the line is redrawn; elsewhere (a log file) each step that is at least ten
    seconds after the last printed one gets a line of its own. ``enabled=False`` prints nothing.
    """

    width = 24

    def __init__(self, total: int, title: str, *, stream: TextIO | None = None, enabled: bool = True):
        self.total, self.title, self.enabled = max(int(total), 1), title, enabled
        self.stream = sys.stderr if stream is None else stream
        self.done = 0
        self._lock = threading.Lock()  # steps may end in any thread
        self.began = self._printed = time.monotonic()

    def __enter__(self) -> Progress:
        self._draw("")
        return self

    def step(self, what: str = "", n: int = 1) -> None:
        """Count ``n`` more units as done; ``what`` names the one that comes next."""
        with self._lock:
            self.done = min(self.done + n, self.total)
            self._draw(what)

    def __exit__(self, *error) -> None:
        if self.enabled and self.stream.isatty():
            self.stream.write("\n")

    def _draw(self, what: str) -> None:
        if not self.enabled:
            return
        now = time.monotonic()
        terminal = self.stream.isatty()
        if not terminal and 0 < self.done < self.total and now - self._printed < 10:
            return
        self._printed = now
        full = round(self.width * self.done / self.total)
        line = (
            f"{self.title} [{'#' * full}{'.' * (self.width - full)}] "
            f"{100 * self.done // self.total:3d} % {now - self.began:4.0f} s {what}"
        )
        self.stream.write(f"\r\x1b[K{line}" if terminal else f"{line}\n")
        self.stream.flush()
