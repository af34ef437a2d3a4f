"""MultiHeadEstimator inside scikit-learn's tools, saved and loaded."""

import pickle

import joblib
import pytest
from _fakes import BlockTrunk, image_model
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_validate,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import MultiHeadEstimator
from skmtl.heads import LabelHead, NumberHead, TagsHead


def test_splits_and_cross_validation(table):
    X, y = table
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    assert MultiHeadEstimator().fit(X_train, y_train).score(X_test, y_test) > 0.7
    found = cross_validate(MultiHeadEstimator(), X, y, cv=KFold(3), error_score="raise")
    assert found["test_score"].shape == (3,) and found["test_score"].min() > 0.7
    assert cross_val_predict(MultiHeadEstimator(), X, y, cv=3).dtype == y.dtype


def test_grid_search_in_two_processes(table):
    X, y = table
    heads = [("kind", LabelHead()), ("tags", TagsHead()), ("size", NumberHead()), ("pair", NumberHead())]
    pipe = make_pipeline(StandardScaler(), MultiHeadEstimator(heads, random_state=0))
    grid = {"multiheadestimator__stack": [False, True], "multiheadestimator__n_components": [1, None]}
    search = GridSearchCV(pipe, grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    assert search.best_params_["multiheadestimator__n_components"] is None
    assert search.predict(X).dtype == y.dtype


def test_clone_and_nested_parameters():
    model = MultiHeadEstimator([("kind", LabelHead())], BlockTrunk(blocks=2))
    assert clone(model).get_params()["trunk__blocks"] == 2
    model.set_params(trunk__blocks=3, stack=True)
    assert model.trunk.blocks == 3


@pytest.mark.parametrize("parameters", [{}, {"stack": True, "region": "box"}])
def test_saved_and_loaded_predicts_the_same(blocks, parameters, tmp_path):
    X, y = blocks
    model = image_model(**parameters).fit(X, y)
    joblib.dump(model, tmp_path / "m.joblib")
    for other in (joblib.load(tmp_path / "m.joblib"), pickle.loads(pickle.dumps(model))):
        assert_array_equal(other.predict(X), model.predict(X))


def test_memory_mapped_and_read_only_input(blocks, tmp_path):
    joblib.dump(blocks, tmp_path / "d.joblib")
    X, y = joblib.load(tmp_path / "d.joblib", mmap_mode="r")
    model = image_model().fit(X, y)
    assert_array_equal(model.predict(X), image_model().fit(*blocks).predict(blocks[0]))
