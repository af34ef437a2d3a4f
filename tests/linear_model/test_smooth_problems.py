"""Derivatives of what Newton's method minimises in factors and in groups; kinds that nobody fits."""

import numpy as np
import pytest
from _asserts import Tolerance, assert_close
from _gradients import DIFFERENCES, numeric_gradient

from skmtl import MultiTaskLinearRegressor
from skmtl.couplings import Coupling, TaskEdges
from skmtl.design import Family, SharedDesign
from skmtl.fitting._data import DataLoss, LossPart
from skmtl.fitting._factors import FactorProblem
from skmtl.fitting._merged import MergedProblem
from skmtl.fitting._springs import Ties
from skmtl.losses import MultinomialLoss

BENDS = Tolerance("central differences of gradients", rtol=2e-5, atol=1e-7)
N, D, T, C = 20, 3, 4, 3


@pytest.fixture
def data(rng):
    """Four tasks of three classes."""
    design = SharedDesign(rng.normal(size=(N, D)), np.ones(N), center=True)
    y, w = rng.integers(0, C, size=(N, T)).astype(float), rng.random((N, T)) / N
    return DataLoss(design, [LossPart(MultinomialLoss(), slice(0, T * C), y, w)], (D, T * C), intercept=True)


def assert_derivatives(problem, x, rng):
    """Of value and gradient; the Hessian along one direction."""
    assert_close(problem.value_gradient(x)[1], slopes(problem, x), DIFFERENCES)
    direction = rng.normal(size=x.shape)
    product, diagonal = problem.hessian(x)
    ahead, behind = (problem.value_gradient(x + s * 1e-5 * direction)[1] for s in (1, -1))
    assert_close(product(direction), (ahead - behind) / 2e-5, BENDS)
    assert diagonal.shape == x.shape and (diagonal > 0).all()


def slopes(problem, x):
    x = x.copy()
    return numeric_gradient(lambda: problem.value_gradient(x)[0], x)


@pytest.mark.parametrize("free", ["U", "V", "UV"])
def test_factors(free, data, rng):
    problem = FactorProblem(data, 0.3, rng.normal(size=(D, 2)), rng.normal(size=(T * C, 2)), free)
    assert_derivatives(problem, problem.vector(rng.normal(size=T * C)), rng)


def test_groups(data, rng):
    """Tasks 0 and 2 are one group; the edge between them has no length and no slope."""
    edges = TaskEdges(np.array([0, 0, 1]), np.array([2, 1, 3]), np.array([1.0, 0.5, 2.0]))
    ties = [Ties(edges, Family(np.arange(T), 0, C))]
    problem = MergedProblem(data, ties, [np.array([0, 1, 0, 2])], 0.3, 0.1)
    x = rng.normal(size=D * C * 3 + T * C)
    assert_derivatives(problem, x, rng)
    W, b = problem.unpack(x)
    assert_close(problem.vector(W, b), x, DIFFERENCES)
    by_task = W.reshape(D, T, C)
    assert by_task[:, 0].tolist() == by_task[:, 2].tolist() != by_task[:, 1].tolist()


def test_a_coupling_of_no_kind_is_refused(rng):
    class Loose(Coupling):
        pass

    with pytest.raises(TypeError, match="of no kind that can be fitted: derive it from one of Quadratic"):
        MultiTaskLinearRegressor(coupling=Loose()).fit(rng.normal(size=(9, 2)), rng.normal(size=(9, 2)))
