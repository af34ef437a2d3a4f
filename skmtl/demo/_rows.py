"""The demo's table: a row for each thing learned, whatever model it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..inspection import SharingReport
from ..utils._table import text_table

HEADER = ("task", "metric", "separate", "pooled", "joint", "gain (95 %)", "over", "verdict", "seconds")


class Row(NamedTuple):
    """One line of the table, as text."""

    task: str
    metric: str
    separate: str
    pooled: str
    joint: str
    gain: str
    over: str
    verdict: str
    seconds: str


def report_rows(report: SharingReport, title: str, metrics: Mapping[str, str] | str) -> list[Row]:
    """A row per task of ``report`` and one for their mean; the joint model is called "joint".

    ``seconds`` stands in the last row: one fit of the joint model learns all of the report's tasks.
    """
    tasks = [*report.task_names, None]
    return [_row(report, title, metrics, task) for task in tasks]


def table_text(rows: list[Row]) -> str:
    """The rows under their header, as aligned text."""
    return text_table(HEADER, rows)


def _row(report: SharingReport, title: str, metrics: Mapping[str, str] | str, task: str | None) -> Row:
    gain = report.gain("joint", task)
    metric = metrics if isinstance(metrics, str) else metrics.get(task, "mean")
    return Row(
        f"{title}: {'all' if task is None else task}",
        metric,
        _score(report, "separate", task),
        _score(report, "pooled", task),
        _score(report, "joint", task),
        f"{gain.mean:+.3f} ± {gain.half_width:.3f}",
        gain.baseline,
        gain.verdict,
        f"{report.seconds['joint']:.1f}" if task is None else "",
    )


def _score(report: SharingReport, model: str, task: str | None) -> str:
    return f"{report.mean(model, task):.3f}" if model in report.scores else "-"
