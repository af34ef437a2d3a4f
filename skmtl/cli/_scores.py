"""Scores as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..utils._table import text_table


def scores_text(scores: Mapping[str, Mapping[str, float]]) -> str:
    """A row for each score."""
    rows = [
        [kind if i == 0 else "", name, "-" if math.isnan(value) else f"{value:.3f}"]
        for kind, part in scores.items()
        for i, (name, value) in enumerate(part.items())
    ]
    return text_table(["kind", "score", "value"], rows)
