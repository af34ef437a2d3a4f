"""Components as values: what they show of themselves."""

import numpy as np
import pytest
from sklearn.base import clone

from skmtl import MultiTaskLinearRegressor
from skmtl.couplings import Dirty, GivenRelation, SparseRelation, TaskGraph


def test_a_repr_shows_short_arrays_whole_and_long_ones_by_their_shape():
    assert repr(GivenRelation(np.eye(2))) == "GivenRelation(matrix=array([[1., 0.],\n       [0., 1.]]))"
    assert repr(TaskGraph(np.eye(30), 2.0)) == "TaskGraph(adjacency=<array of shape (30, 30)>, strength=2.0)"
    assert repr(SparseRelation(0.5)) == "SparseRelation(sparsity=0.5)" and repr(Dirty()) == "Dirty()"


def test_a_repr_changes_nothing():
    coupling = GivenRelation(np.eye(30))
    repr(coupling)
    assert coupling.matrix.shape == (30, 30) and clone(coupling).matrix.shape == (30, 30)


def test_messages_with_a_long_matrix_can_be_read(rng):
    model = MultiTaskLinearRegressor(coupling=GivenRelation(np.eye(30)), solver="proximal-gradient")
    with pytest.raises(ValueError, match=r"GivenRelation\(matrix=<array of shape \(30, 30\)>\) is quadratic"):
        model.fit(rng.normal(size=(40, 3)), rng.normal(size=(40, 30)))
