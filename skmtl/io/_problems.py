"""What goes wrong in annotation files, said with file and place, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

_MAX_EXAMPLES = 20


class FormatError(ValueError):
    """A file that does not hold what its format promises.

    Attributes
    ----------
    path : str
        The file.
    place : str
        Where in the file: a line, an XML element with its line, or a JSON path; may be empty.
    problem : str
        What is wrong there, what was expected.
    """

    def __init__(self, path, place: str, problem: str):
        self.path, self.place, self.problem = str(path), place, problem
        super().__init__(": ".join(part for part in (self.path, place, problem) if part))

    def __reduce__(self):
        return FormatError, (self.path, self.place, self.problem)


class Bad(Exception):
    """A value that cannot be used; whoever knows the file turns it into a FormatError.

    ``where`` is the place inside the item at hand, for instance ``.bbox``.
    """

    def __init__(self, problem: str, where: str = ""):
        self.problem, self.where = problem, where
        super().__init__(problem)


@dataclass
class Report:
    """What was left out on the way, by kind; nothing is ever left out silently.

    Attributes
    ----------
    skipped : Counter
        Damaged images, objects and files that ``on_error="skip"`` passed over, by kind.
    dropped : Counter
        Sound content that was left out because it cannot be held: by the in-memory form when
        reading, by the target format when writing.
    noted : Counter
        Content that was kept, but in another form or although it looks odd.
    examples : list of str
        The first messages of ``skipped``, with file and place.
    files : list of Path
        The files that were written.
    """

    skipped: Counter = field(default_factory=Counter)
    dropped: Counter = field(default_factory=Counter)
    noted: Counter = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def skip(self, what: str, error: FormatError) -> None:
        """Count one damaged item."""
        self.skipped[what] += 1
        if len(self.examples) < _MAX_EXAMPLES:
            self.examples.append(str(error))

    def merge(self, other: Report) -> None:
        """Add the counts of another report to this one."""
        for name in ("skipped", "dropped", "noted"):
            getattr(self, name).update(getattr(other, name))
        self.examples = [*self.examples, *other.examples][:_MAX_EXAMPLES]
        self.files = [*self.files, *other.files]

    def __str__(self) -> str:
        lines = [
            f"{name} {count} x {what}"
            for name in ("skipped", "dropped", "noted")
            for what, count in sorted(getattr(self, name).items())
        ]
        return "\n".join([*lines, *(f"  {line}" for line in self.examples)]) or "nothing was left out"


@dataclass(frozen=True)
class Guard:
    """Turns a `Bad` value into a FormatError, and raises it or counts it.

    ``path`` is the file being read; `inside` gives the same guard for another file.
    """

    path: Path | str
    on_error: str
    report: Report

    def inside(self, path) -> Guard:
        return Guard(path, self.on_error, self.report)

    def error(self, place: str, bad: Bad) -> FormatError:
        return FormatError(self.path, f"{place}{bad.where}", bad.problem)

    def handle(self, place: str, bad: Bad, what: str) -> None:
        """Raise, or count one more skipped ``what``."""
        error = self.error(place, bad)
        if self.on_error == "raise":
            raise error from None
        self.report.skip(what, error)

    def each(self, items: Iterable, make: Callable, place: Callable[[int, object], str], what: str) -> list:
        """``[make(item) for item in items]``, where a bad item is raised with its place or counted."""
        made = []
        for number, item in enumerate(items):
            try:
                made.append(make(item))
            except Bad as bad:
                self.handle(place(number, item), bad, what)
        return made
