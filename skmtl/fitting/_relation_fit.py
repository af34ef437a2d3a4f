"""Fits with a learned task covariance: it is minimised out, and what remains is convex in the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..couplings import Penalty, QuadraticCoupling
from ..design import Family
from ._newton_fit import fit_newton, newton_fits
from ._options import FitData, FitOptions, Solution, Start
from ._proximal_fit import by_gradient, null_intercepts

SOLVERS = ("auto", "proximal-gradient", "proximal-newton")


class EachFamily(Penalty):
    """A penalty on each family's weights, with one column a task: its C columns under each other.

    Spectra are computed in float64, whatever the weights are: they are few.
    """

    def __init__(self, families: Sequence[Family], penalties: Sequence[Penalty]):
        self.families, self.penalties = families, penalties

    def value(self, W):
        return self._total(W, "value")

    def prox(self, V, step):
        out = np.empty_like(V)
        for family, penalty in zip(self.families, self.penalties, strict=True):
            moved = penalty.prox(family.stacked(V).astype(np.float64, copy=False), step)
            out[:, family.columns] = family.unstacked(moved)
        return out

    def conjugate(self, G):
        return self._total(G, "conjugate")

    def _total(self, W: np.ndarray, what: str) -> float:
        pairs = zip(self.families, self.penalties, strict=True)
        return sum(
            getattr(penalty, what)(family.stacked(W).astype(np.float64, copy=False))
            for family, penalty in pairs
        )


def minimises_out(coupling: QuadraticCoupling, options: FitOptions) -> bool:
    """Whether the relation of this coupling is minimised out; the solvers for a fixed one alternate."""
    return coupling.learned and coupling.penalties(1) is not None and options.solver in SOLVERS


def fit_relation(
    data: FitData, coupling: QuadraticCoupling, options: FitOptions, start: Start | None
) -> Solution:
    """Minimise over the weights until the duality gap is at most ``tol``; the relation follows from them."""
    coupling.covariance(data.targets.n_tasks)  # says what is wrong with the coupling's parameters
    each = [coupling.penalties(len(family.tasks)) for family in data.families]
    penalties = [EachFamily(data.families, of_part) for of_part in zip(*each, strict=True)]
    if newton_fits(data, coupling, penalties, options):
        solution = fit_newton(data, penalties, options, data.once(null_intercepts), start)
    else:
        solution = by_gradient(data, penalties, options, start)
    covariances = [
        coupling.relation([family.stacked(part) for part in solution.parts]) for family in data.families
    ]
    return replace(solution, parts=[sum(solution.parts)], covariances=covariances)
