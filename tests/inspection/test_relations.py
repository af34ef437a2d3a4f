"""The picture of task relations."""

import numpy as np
import pytest

from skmtl import MultiTaskLinearRegressor, TaskRelationClassifier, TaskRelationRegressor
from skmtl.couplings import JointSparsity, LearnedRelation
from skmtl.inspection import draw_matrix, draw_relations


def test_relations_are_drawn_as_correlations(rng):
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 3))
    model = TaskRelationRegressor().fit(X, Y)
    names = model.task_names_in_.tolist()
    expected = draw_matrix(model.task_correlation_, names, limit=1.0)
    np.testing.assert_array_equal(np.asarray(draw_relations(model)), np.asarray(expected))
    with pytest.raises(ValueError, match="MultiTaskLinearRegressor has no task_covariance_ to draw"):
        draw_relations(MultiTaskLinearRegressor(coupling=JointSparsity()).fit(X, Y))


def test_the_models_are_the_coupling_s(rng):
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 3))
    model = TaskRelationRegressor(0.1, sharing=0.4, smoothing=1e-3).fit(X, Y)
    plain = MultiTaskLinearRegressor(0.1, coupling=LearnedRelation(0.4, 1e-3)).fit(X, Y)
    np.testing.assert_array_equal(model.coef_, plain.coef_)
    np.testing.assert_array_equal(np.diag(model.task_correlation_).round(12), np.ones(3))
    with pytest.raises(ValueError, match="'sharing' parameter of TaskRelationClassifier"):
        TaskRelationClassifier(sharing=1.0).fit(X, Y > 0)
