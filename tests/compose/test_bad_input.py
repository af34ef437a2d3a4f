"""What MultiHeadEstimator refuses, and that a fit that fails changes nothing."""

import pickle

import numpy as np
import pytest
from _fakes import image_model
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from skmtl import MultiHeadEstimator, make_targets, split_targets
from skmtl.heads import BoxHead, LabelHead, NumberHead

# BLAS sums a row in another order when it stands alone.
BATCH = 1e-9
# Maps are float32 and pass a small network.
BATCH_MAPS = 1e-5


def fields(y, **changes):
    return make_targets(**{**split_targets(y), **changes})


def without(y, name):
    return make_targets(**{k: v for k, v in split_targets(y).items() if k != name})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X, fields(y, other=y["size"])), "'other' that no head is for"),
        (lambda X, y: (X, without(y, "box")), "no field 'box'"),
        (lambda X, y: (X, fields(y, kind=[""] * 60)), "field 'kind'.*no label"),
        (lambda X, y: (X, fields(y, kind=["tall"] * 60)), "field 'kind'.*one class"),
        (lambda X, y: (X, fields(y, tags=np.full((60, 2), np.nan))), "field 'tags': tag 0"),
        (lambda X, y: (X, fields(y, size=[1.0] + [np.nan] * 59)), "field 'size': at least 2"),
        (lambda X, y: (X, fields(y, box=y["box"][:, ::-1])), "field 'box'.*x1 <= x2"),
        (lambda X, y: (X, fields(y, mask=y["mask"][:, :8])), "field 'mask'.*images are"),
        (lambda X, y: (X, fields(y, mask=np.full((60, 12, 12), 255))), "field 'mask': no pixel"),
        (lambda X, y: (X.astype(float) * np.nan, y), "NaN"),
        (lambda X, y: (X[:50], y), "inconsistent"),
        (lambda X, y: (X, None), "requires y"),
    ],
)
def test_bad_fit_leaves_the_estimator_as_it_was(blocks, blocks_model, change, message):
    X, y = blocks
    model = pickle.loads(pickle.dumps(blocks_model))
    model.heads = list(model.heads_.items())
    before = {k: id(v) for k, v in vars(model).items()}
    with pytest.raises(ValueError, match=message):
        model.fit(*change(X, y))
    assert {k: id(v) for k, v in vars(model).items()} == before


def test_interrupted_fit_leaves_the_estimator_as_it_was(table):
    class Stop(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            raise KeyboardInterrupt

    X, y = table
    model = MultiHeadEstimator([("kind", LabelHead())]).fit(X, make_targets(kind=y["kind"]))
    expected = model.predict(X)
    model.set_params(heads=[("size", NumberHead()), ("kind", LabelHead(estimator=Stop()))])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:, :3], y[["size", "kind"]])
    assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((3, 12, 11)), r"\(12, 11\), but \(12, 12\)"),
        (np.zeros((3, 12, 12, 3)), r"\(12, 12, 3\), but \(12, 12\)"),
        (np.zeros((3, 11, 12)), "11"),
        (np.full((3, 12, 12), np.nan), "NaN"),
    ],
)
def test_images_unlike_those_fitted(blocks_model, X, message):
    with pytest.raises(ValueError, match=message):
        blocks_model.predict(X)


def test_bad_score(table):
    X, y = table
    model = MultiHeadEstimator().fit(X, y)
    with pytest.raises(ValueError, match="field 'kind'.*'left' was not seen"):
        model.score(X, fields(y, kind=["left"] * 80))
    with pytest.raises(ValueError, match="no field 'pair'"):
        model.score_heads(X, without(y, "pair"))
    with pytest.raises(ValueError, match="inconsistent"):
        model.score_heads(X[:9], y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.full(80, -1.0), "sample_weight.*negative"),
        (np.full(80, np.nan), "sample_weight"),
        (np.ones((80, 2)), "sample_weight"),
        (np.zeros(80), "sample_weight.*zero"),
        (np.ones(79), "sample_weight"),
    ],
)
def test_bad_sample_weight(table, weight, message):
    with pytest.raises(ValueError, match=message):
        MultiHeadEstimator().fit(*table, sample_weight=weight)


def test_weight_zero_is_a_row_left_out(blocks):
    X, y = blocks
    weight = np.r_[np.ones(45), np.zeros(15)]
    heads = [(n, h) for n, h in image_model().fit(X, y).heads_.items()]
    weighted = image_model(heads=heads).fit(X, y, sample_weight=weight)
    cut = image_model(heads=heads).fit(X[:45], y[:45])
    assert_allclose(weighted.predict(X)["size"], cut.predict(X)["size"], rtol=BATCH)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"heads": [("kind", LogisticRegression())]}, TypeError, "pairs"),
        ({"heads": [LabelHead()]}, TypeError, "list of"),
        ({"heads": []}, ValueError, "at least one"),
        ({"heads": [("kind", LabelHead()), ("kind", LabelHead())]}, ValueError, "distinct"),
        ({"region": "pair"}, ValueError, "region='pair' names no box head"),
        ({"n_folds": 1}, ValueError, "n_folds"),
    ],
)
def test_bad_parameters(table, parameters, error, message):
    with pytest.raises(error, match=message):
        MultiHeadEstimator(**parameters).fit(*table)


def test_region_needs_images(table):
    X, _ = table
    y = make_targets(box=np.tile([0.0, 0.0, 4.0, 5.0], (80, 1)) + X[:, :1])
    with pytest.raises(ValueError, match="region needs a trunk"):
        MultiHeadEstimator(region="box").fit(X, y)


def test_pixels_need_a_dense_trunk(table):
    X, _ = table
    y = make_targets(mask=np.random.default_rng(0).integers(0, 2, (80, 4, 5)))
    for trunk in (None, StandardScaler()):
        with pytest.raises(ValueError, match="head 'mask' reads pixels"):
            MultiHeadEstimator(trunk=trunk).fit(X, y)


def test_auto_asks_where_it_cannot_know(table):
    X, _ = table
    corners = np.tile([1.0, 2.0, 3.0, 4.0], (80, 1)) + X[:, :1]
    with pytest.raises(ValueError, match="field 'place'.*boxes or four numbers"):
        MultiHeadEstimator().fit(X, make_targets(place=corners))
    assert isinstance(MultiHeadEstimator().fit(X, make_targets(my_box=corners)).heads_["my_box"], BoxHead)


def test_a_dict_is_no_y(table):
    X, y = table
    with pytest.raises(TypeError, match="make_targets"):
        MultiHeadEstimator().fit(X, {"kind": y["kind"]})


@pytest.mark.parametrize(
    ("estimator", "weight", "message"),
    [
        (Perceptron(), None, r"head 'y': Perceptron\(\) has no predict_proba"),
        (KNeighborsClassifier(), np.ones(20), r"head 'y': KNeighborsClassifier\(\) takes no sample_weight"),
    ],
)
def test_a_head_s_estimator_must_have_what_is_needed(estimator, weight, message, rng):
    model = MultiHeadEstimator([("y", LabelHead(estimator=estimator))])
    with pytest.raises(ValueError, match=message):
        model.fit(rng.normal(size=(20, 3)), np.arange(20) % 2, sample_weight=weight)
