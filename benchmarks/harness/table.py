"""Rows as a table, with ours over the best peer last."""

from __future__ import annotations

from .registry import is_ours

COLUMNS = ("instance", "competitor", "threads", "median s", "min s", "cpu s")
COLUMNS += ("tol", "quality", "peak MB", "ours/best peer")


def add_ratios(rows: list[dict], limit: float) -> None:
    """Give each of our rows ``ratio``: its median time over that of the fastest equally good peer.

    Peers count with the same instance and threads and a quality up to ``limit``. ``ratio`` is None
    for peers, where no peer is good enough, and where ours is not.
    """
    for row in rows:
        peers = [
            other["seconds"]["median"]
            for other in rows
            if not is_ours(other["competitor"]) and _comparable(row, other) and other["quality"] <= limit
        ]
        fair = is_ours(row["competitor"]) and row["quality"] <= limit and peers
        row["ratio"] = row["seconds"]["median"] / min(peers) if fair else None


def _comparable(row: dict, other: dict) -> bool:
    return all(row[key] == other[key] for key in ("instance", "threads"))


def table(report: dict) -> str:
    """The report as text."""
    lines = [COLUMNS, *(_cells(row, report["limit"]) for row in report["rows"])]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    text = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    legend = f"quality: {report['quality']}; * misses the limit {report['limit']:g} and is not compared"
    return "\n".join([*text, *report["notes"], legend])


def _cells(row: dict, limit: float) -> tuple[str, ...]:
    seconds = row["seconds"]
    missed = not row["quality"] <= limit
    return (
        row["instance"],
        f"{row['competitor']} {row['version']}",
        str(row["threads"]),
        f"{seconds['median']:.4f}",
        f"{seconds['min']:.4f}",
        f"{row['cpu_seconds']['min']:.4f}",
        "" if row["tol"] is None else f"{row['tol']:.0e}",
        f"{row['quality']:.1e}{'*' if missed else ''}",
        f"{row['peak_mb']:.0f}",
        "" if row["ratio"] is None else f"{row['ratio']:.2f}",
    )
