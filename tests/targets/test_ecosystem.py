"""Every form of plain targets goes through scikit-learn's tools, missing labels included."""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from _asserts import ROUNDING, SAME_BITS, assert_close
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_validate,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import IndependentTasks, MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import Independent, SharedParameters

rng = np.random.default_rng(0)
N = 60
X = rng.normal(size=(N, 4))
Y = (X @ rng.normal(size=(4, 2)) + 0.3 * rng.normal(size=(N, 2)) > 0).astype(float)
MISSING = np.where(rng.random(Y.shape) < 0.2, np.nan, Y)
TEXT = np.where(np.isnan(MISSING), None, np.where(MISSING == 1, "yes", "no"))
FRAME = pd.DataFrame(MISSING, columns=["a", "b"])
RECORDS = np.zeros(N, dtype=[("a", float), ("b", float)])
RECORDS["a"], RECORDS["b"] = MISSING.T

TARGETS = {
    "one": Y[:, 0],
    "matrix": MISSING,
    "text": TEXT,
    "pandas": FRAME,
    "polars": pl.from_pandas(FRAME),
    "structured": RECORDS,
}
FOLDS = KFold(3, shuffle=True, random_state=0)  # a splitter: cv=3 would ask type_of_target about NaN


@pytest.fixture(params=TARGETS)
def y(request):
    return TARGETS[request.param]


def test_train_test_split(y):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    assert MultiTaskLogisticRegression().fit(X_train, y_train).score(X_test, y_test) > 0.7


def test_cross_validate(y):
    scores = cross_validate(MultiTaskLogisticRegression(), X, y, cv=FOLDS, return_train_score=True)
    assert (scores["test_score"] > 0.6).all() and (scores["train_score"] > 0.7).all()


def test_cross_val_predict(y):
    predicted = cross_val_predict(MultiTaskLogisticRegression(), X, y, cv=FOLDS)
    assert predicted.shape == ((N,) if np.ndim(y) == 1 and y is not RECORDS else (N, 2))


def test_grid_search_over_components_and_their_parameters(y):
    grid = [
        {"multitasklogisticregression__coupling": [Independent(), SharedParameters()]},
        {
            "multitasklogisticregression__coupling": [SharedParameters()],
            "multitasklogisticregression__coupling__sharing": [0.2, 0.8],
        },
    ]
    pipeline = make_pipeline(StandardScaler(), MultiTaskLogisticRegression())
    search = GridSearchCV(pipeline, grid, cv=FOLDS, n_jobs=2, error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 4 and search.best_score_ > 0.6
    assert search.predict(X).shape[0] == N


def test_per_task_scores_in_a_search():
    """A dictionary of scores makes a column per task."""
    search = GridSearchCV(
        MultiTaskLogisticRegression(),
        {"alpha": [0.01, 1.0]},
        scoring=lambda model, X, y: {**model.score_tasks(X, y), "mean": model.score(X, y)},
        refit="mean",
        cv=FOLDS,
    ).fit(X, FRAME)
    assert {"mean_test_a", "mean_test_b", "mean_test_mean"} <= set(search.cv_results_)


def test_joblib_and_clone(y, tmp_path):
    model = MultiTaskLogisticRegression(coupling=SharedParameters(0.3)).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    np.testing.assert_array_equal(joblib.load(tmp_path / "model.joblib").predict(X), model.predict(X))
    assert_close(clone(model).fit(X, y).coef_, model.coef_, SAME_BITS)


CAMERA = np.array(["left", "right", "top"])[np.arange(N) % 3]
TABLES = {
    "numbers": (np.column_stack([X, np.arange(N) % 3]), 4),
    "objects": (np.column_stack([X.astype(object), CAMERA]), -1),
    "pandas": (pd.DataFrame(X, columns=list("pqrs")).assign(camera=CAMERA), "camera"),
    "category": (
        pd.DataFrame(X, columns=list("pqrs")).assign(camera=pd.Categorical(CAMERA)),
        "camera",
    ),
    "polars": (pl.DataFrame(X, schema=list("pqrs")).with_columns(camera=pl.Series(CAMERA)), "camera"),
}


@pytest.mark.parametrize("form", TABLES)
def test_tasks_that_own_their_rows(form):
    table, task = TABLES[form]
    model = MultiTaskLogisticRegression(task_feature=task)
    scores = cross_validate(model, table, Y[:, 0], cv=3, error_score="raise")["test_score"]
    assert (scores > 0.6).all()
    search = GridSearchCV(model, {"alpha": [0.01, 0.1]}, cv=3, n_jobs=2, error_score="raise")
    assert search.fit(table, Y[:, 0]).best_score_ > 0.6
    assert len(search.best_estimator_.score_tasks(table, Y[:, 0])) == 3


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
def test_task_column_behind_a_column_transformer(output):
    """Scaled features, the task passed through: by name where names survive, else at the end."""
    table, _ = TABLES["polars" if output == "polars" else "pandas"]
    scale = ColumnTransformer([("scale", StandardScaler(), list("pqrs"))], remainder="passthrough")
    scale.set_output(transform=output)
    task = -1 if output == "default" else "camera"
    model = make_pipeline(scale, MultiTaskLogisticRegression(task_feature=task)).fit(table, Y[:, 0])
    assert model[-1].task_names_in_.tolist() == ["left", "right", "top"]
    assert model.score(table, Y[:, 0]) > 0.8


def test_a_scaled_task_column_is_refused():
    table, task = TABLES["numbers"]
    model = make_pipeline(StandardScaler(), MultiTaskLogisticRegression(task_feature=task))
    with pytest.raises(ValueError, match="continuous.*ColumnTransformer"):
        model.fit(table, Y[:, 0])


def test_target_weight_is_split_with_the_rows():
    weight = np.ones_like(Y)
    weight[:, 1] = rng.random(N)
    model = MultiTaskLinearRegressor()
    scores = cross_validate(model, X, Y, cv=FOLDS, params={"target_weight": weight}, error_score="raise")
    train, test = next(FOLDS.split(X))
    by_hand = clone(model).fit(X[train], Y[train], target_weight=weight[train]).score(X[test], Y[test])
    assert_close(scores["test_score"][0], by_hand, ROUNDING)


def test_baselines_take_the_same_forms(y):
    from sklearn.linear_model import LogisticRegression

    assert cross_validate(IndependentTasks(LogisticRegression()), X, y, cv=FOLDS)["test_score"].mean() > 0.6
