"""The report on sharing: its numbers, its uncertainty, its verdict."""

import numpy as np
import pytest
from _asserts import ROUNDING, assert_close
from scipy.stats import ttest_1samp
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from skmtl import IndependentTasks, MultiTaskLinearRegressor, PooledTasks
from skmtl.couplings import SharedParameters
from skmtl.inspection import SharingReport, compare_sharing


def report(joint, separate, factor=None):
    """A report on one task with given scores per split."""
    scores = {"separate": np.array(separate)[:, None], "joint": np.array(joint)[:, None]}
    return SharingReport(["a"], scores, {"separate": 1.0, "joint": 1.0}, ["joint"], factor or 1 / len(joint))


def test_the_interval_is_student_s():
    joint, separate = [0.8, 0.9, 0.7, 0.85], [0.7, 0.75, 0.72, 0.6]
    gain = report(joint, separate).gain("joint", "a")
    interval = ttest_1samp(np.subtract(joint, separate), 0).confidence_interval(0.95)
    assert_close([gain.mean - gain.half_width, gain.mean + gain.half_width], list(interval), ROUNDING)


@pytest.mark.parametrize(
    "joint, verdict",
    [([0.8, 0.81, 0.82], "helps"), ([0.2, 0.21, 0.22], "hurts"), ([0.3, 0.9, 0.5], "cannot tell")],
)
def test_verdicts(joint, verdict):
    assert report(joint, [0.5, 0.51, 0.49]).gain("joint", "a").verdict == verdict


def test_one_split_cannot_tell():
    assert report([0.9], [0.1]).gain("joint", "a").verdict == "cannot tell"


@pytest.fixture
def related(rng):
    """Four tasks that own 30 rows of 8 features each; half of what they are is common."""
    task = np.arange(120) % 4
    X = rng.normal(size=(120, 8))
    w = rng.normal(size=8) + rng.normal(size=(4, 8))
    y = (X * w[task]).sum(axis=1) + rng.normal(size=120)
    return np.column_stack([X, task]), y


MODELS = {
    "separate": IndependentTasks(Ridge(), task_feature=-1),
    "pooled": PooledTasks(Ridge(), task_feature=-1),
    "joint": MultiTaskLinearRegressor(0.1, coupling=SharedParameters(0.5), task_feature=-1),
}


def test_related_tasks_with_few_rows_gain(related):
    X, y = related
    few = [(np.arange(s, s + 40), np.delete(np.arange(120), np.arange(s, s + 40))) for s in (0, 40, 80)]
    seen = []
    result = compare_sharing(MODELS, X, y, joint="joint", cv=few, step=seen.append)
    assert result.task_names == [0, 1, 2, 3] and seen == ["separate", "pooled", "joint"] * 3
    assert result.gain("joint").mean > 0
    text = str(result)
    assert "all tasks" in text and "verdict on joint" in text and "mean time of one fit" in text
    assert len(result.rows()) == 5


def test_scores_are_the_estimators_own(related):
    X, y = related
    result = compare_sharing(MODELS, X, y, joint="joint", cv=KFold(3))
    train, test = next(KFold(3).split(X))
    by_hand = MODELS["pooled"].fit(X[train], y[train]).score_tasks(X[test], y[test])
    assert_close(result.scores["pooled"][0], list(by_hand.values()), ROUNDING)


def test_overlapping_splits_are_less_certain(related):
    X, y = related
    halves = [(np.arange(0, 30), np.arange(30, 60)), (np.arange(60, 90), np.arange(90, 120))]
    assert_close(compare_sharing(MODELS, X, y, joint="joint", cv=halves).variance_factor, 0.5, ROUNDING)
    assert_close(
        compare_sharing(MODELS, X, y, joint="joint", cv=KFold(4)).variance_factor, 1 / 4 + 1 / 3, ROUNDING
    )


def _by_model(model, X, y):
    return {int(isinstance(model, MultiTaskLinearRegressor)): 1.0}


@pytest.mark.parametrize("joint", [[], "unknown", ["separate", "pooled", "joint"]])
def test_joint_must_name_some_of_the_models(joint, related):
    with pytest.raises(ValueError, match="must name some but not all of the models"):
        compare_sharing(MODELS, *related, joint=joint)


def test_models_must_score_the_same_tasks(related):
    two = {name: MODELS[name] for name in ("separate", "joint")}
    with pytest.raises(ValueError, match=r"'joint' scores the tasks \[1\], others \[0\]"):
        compare_sharing(two, *related, joint="joint", cv=2, scores=_by_model)
