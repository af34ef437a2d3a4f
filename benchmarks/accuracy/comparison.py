"""Scores of several models on the same splits, and whether their differences are more than noise."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import t as student


@dataclass
class Scores:
    """``values[model][score]`` is a list with one number for each split."""

    title: str
    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, model: str, scores: dict[str, float]) -> None:
        """One more split of ``model``."""
        for name, value in scores.items():
            self.values.setdefault(model, {}).setdefault(name, []).append(float(value))

    def mean(self, model: str, score: str) -> float:
        return float(np.mean(self.values[model][score]))

    def difference(self, model: str, other: str, score: str) -> tuple[float, float]:
        """Mean paired difference over splits, and half its 95 % interval."""
        gap = np.subtract(self.values[model][score], self.values[other][score])
        half = student.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / np.sqrt(len(gap))
        return float(gap.mean()), float(half)

    def table(self, against: str) -> str:
        """Means and standard deviations, and differences from the model ``against``."""
        names = list(next(iter(self.values.values())))
        header = ["model", *names, *(f"{name} - {against}" for name in names)]
        rows = [self._row(model, names, against) for model in self.values]
        widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in [header, *rows]]
        return "\n".join([self.title, *(line.rstrip() for line in lines)])

    def _row(self, model: str, names: list[str], against: str) -> list[str]:
        spread = [f"{self.mean(model, n):.4g} ({np.std(self.values[model][n], ddof=1):.2g})" for n in names]
        if model == against:
            return [model, *spread, *("" for _ in names)]
        gaps = [self.difference(model, against, name) for name in names]
        return [model, *spread, *(f"{gap:+.3g} ± {half:.2g}" for gap, half in gaps)]
