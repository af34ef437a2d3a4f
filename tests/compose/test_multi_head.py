"""MultiHeadEstimator: forms of y, kinds of heads, missing labels, independence of heads."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from _fakes import BlockTrunk, assert_same_fields, holed, image_model, make_blocks
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from skmtl import MultiHeadEstimator, make_targets
from skmtl.heads import BoxHead, CountHead, LabelHead, MaskHead, NumberHead, PointsHead, TagsHead

# BLAS sums a row in another order when it stands alone.
BATCH = 1e-9
# Maps are float32 and pass a small network.
BATCH_MAPS = 1e-5


def test_predicts_the_dtype_it_was_fitted_on(table, blocks, blocks_model):
    for (X, y), model in ((table, MultiHeadEstimator().fit(*table)), (blocks, blocks_model)):
        out = model.predict(X)
        assert out.dtype == y.dtype
        assert out.shape == y.shape


def test_learns_every_kind(blocks_model):
    scores = blocks_model.score_heads(*make_blocks(seed=1))
    floors = {"kind": 0.8, "tags": 0.8, "size": 0.5, "box": 0.5, "points": 0.3, "mask": 0.7}
    for name, least in floors.items():
        assert scores[name] > least, (name, scores)
    assert blocks_model.score(*make_blocks(seed=1)) == pytest.approx(np.mean(list(scores.values())))


def test_auto_chooses_heads(blocks_model):
    kinds = {name: type(head) for name, head in blocks_model.heads_.items()}
    assert kinds == {
        "kind": LabelHead,
        "tags": TagsHead,
        "size": NumberHead,
        "box": BoxHead,
        "points": PointsHead,
        "mask": MaskHead,
    }


def test_probabilities(blocks, blocks_model):
    X, _ = blocks
    found = blocks_model.predict_proba(X)
    out = blocks_model.predict(X)
    assert set(found) == {"kind", "tags", "mask"}
    assert_allclose(found["kind"].sum(axis=1), 1, rtol=BATCH)
    assert_array_equal(blocks_model.specs_["kind"]["classes"][found["kind"].argmax(axis=1)], out["kind"])
    assert_array_equal(found["tags"] >= 0.5, out["tags"])
    assert found["mask"].dtype == np.float32 and found["mask"].shape == X.shape
    assert_array_equal(found["mask"] > 0.5, out["mask"])


def test_no_probabilities_without_classes(table):
    X, y = table
    model = MultiHeadEstimator().fit(X, y["size"])
    assert not hasattr(model, "predict_proba")


def test_boxes_are_finite_ordered_and_inside(blocks, blocks_model):
    noise = np.random.default_rng(1).integers(0, 255, (40, 12, 12)).astype(np.uint8)
    box = blocks_model.predict(noise)["box"]
    assert np.isfinite(box).all()
    assert (box[:, :2] <= box[:, 2:]).all() and box.min() >= 0 and box.max() <= 12


@pytest.mark.parametrize("form", ["vector of labels", "vector of numbers", "matrix", "pandas", "polars"])
def test_predict_returns_the_form_of_y(table, form):
    X, y = table
    given = {
        "vector of labels": y["kind"],
        "vector of numbers": y["size"],
        "matrix": y["pair"],
        "pandas": pd.DataFrame({"kind": y["kind"], "size": y["size"]}),
        "polars": pl.DataFrame({"kind": y["kind"], "size": y["size"]}),
    }[form]
    model = MultiHeadEstimator().fit(X, given)
    out = model.predict(X)
    assert type(out) is type(given)
    assert out.shape == given.shape
    assert model.score(X, given) > 0.8
    if form in ("pandas", "polars"):
        assert list(out.columns) == ["kind", "size"]


@pytest.mark.parametrize(
    ("form", "field", "gone"),
    [("kind", "kind", ""), ("tags", "tags", np.nan), ("size", "size", np.nan), ("pair", "pair", np.nan)],
)
def test_missing_label_costs_its_own_head_only(table, form, field, gone):
    X, y = table
    full = MultiHeadEstimator(random_state=0).fit(X, y).predict(X)
    part = MultiHeadEstimator(random_state=0).fit(X, holed(y, field, slice(0, 30), gone)).predict(X)
    assert_same_fields(full, part, set(y.dtype.names) - {field})
    assert (full[field] != part[field]).any() or field in ("kind", "tags")
    alone = MultiHeadEstimator(random_state=0).fit(X, make_targets(f=y[field]))
    assert_array_equal(alone.predict(X)["f"], full[field])


def test_missing_mask_and_point_cost_their_own_head_only(blocks, blocks_model):
    X, y = blocks
    gone = holed(holed(y, "mask", slice(0, 20), 255), "points", slice(10, 30), np.nan)
    holes = image_model().fit(X, gone)
    part, full = holes.predict(X), blocks_model.predict(X)
    assert_same_fields(full, part, {"kind", "tags", "size", "box"})
    assert (full["points"] != part["points"]).any()
    assert (holes.predict_proba(X)["mask"] != blocks_model.predict_proba(X)["mask"]).any()


def test_missing_rows_are_as_if_not_there(table):
    """A head with gaps equals the head fitted on its observed rows, in coordinates learned on all."""
    X, y = table
    model = MultiHeadEstimator(heads=[("size", NumberHead(estimator=LinearRegression()))])
    seen = np.arange(80) >= 30
    gaps = model.fit(X, make_targets(size=np.where(seen, y["size"], np.nan))).predict(X)["size"]
    assert_allclose(gaps, LinearRegression().fit(X[seen], y["size"][seen]).predict(X), rtol=1e-9)


@pytest.mark.parametrize("parameters", [{}, {"stack": True}])
def test_permuted_heads_give_permuted_results(table, parameters):
    X, y = table
    heads = [("kind", LabelHead()), ("tags", TagsHead()), ("size", NumberHead()), ("pair", NumberHead())]
    a = MultiHeadEstimator(heads, random_state=0, **parameters).fit(X, y).predict(X)
    b = MultiHeadEstimator(heads[::-1], random_state=0, **parameters).fit(X, y).predict(X)
    turned = MultiHeadEstimator(random_state=0, **parameters).fit(X, y[["pair", "size", "tags", "kind"]])
    for other in (b, turned.predict(X)):
        assert_same_fields(a, other, y.dtype.names)


@pytest.mark.parametrize("parameters", [{}, {"stack": True, "region": "box"}])
def test_one_image_predicts_as_in_a_batch(blocks, parameters):
    X, y = blocks
    model = image_model(**parameters).fit(X, y)
    one, all_ = model.predict(X[7:8]), model.predict(X)[7:8]
    for name in ("kind", "tags"):
        assert_array_equal(one[name], all_[name])
    # A box can move a picture's cut by the last bit; the rounded grey levels hide or show it.
    for name in ("size", "box", "points"):
        assert_allclose(one[name], all_[name], rtol=1e-4, atol=1e-4)
    whole, single = model.predict_proba(X)["mask"][7:8], model.predict_proba(X[7:8])["mask"]
    assert_allclose(single, whole, atol=BATCH_MAPS)


@pytest.mark.parametrize("parameters", [{}, {"stack": True, "region": "box"}])
def test_threads_change_no_bit(blocks, parameters):
    X, y = blocks
    one = image_model(**parameters).fit(X, y)
    two = image_model(n_jobs=2, **parameters).fit(X, y)
    assert_array_equal(one.predict(X), two.predict(X))
    assert_array_equal(one.predict_proba(X)["mask"], two.predict_proba(X)["mask"])


def test_any_estimator_as_a_head(table):
    X, y = table
    heads = [
        ("kind", LabelHead(estimator=KNeighborsClassifier(1))),
        ("tags", TagsHead(estimator=LogisticRegression())),
        ("size", NumberHead(estimator=RandomForestRegressor(5, random_state=0))),
        ("pair", NumberHead()),
    ]
    model = MultiHeadEstimator(heads).fit(X, y)
    assert model.score_heads(X, y)["kind"] == 1.0
    assert isinstance(model.passes_[0]["heads"]["size"]["columns"][0][1], RandomForestRegressor)


def test_any_estimator_for_pixels(blocks):
    X, y = blocks
    forest = MaskHead(RandomForestClassifier(5, max_depth=6, random_state=0))
    model = MultiHeadEstimator([("mask", forest)], BlockTrunk(), n_pixels=1000, random_state=0)
    assert model.fit(X, make_targets(mask=y["mask"])).score(X, make_targets(mask=y["mask"])) > 0.6


def test_counts_and_integer_labels_with_gaps():
    X = np.arange(60.0).reshape(-1, 1)
    y = make_targets(n=np.arange(60) // 6, kind=np.where(np.arange(60) % 7, np.arange(60) // 30, -1))
    heads = [("n", CountHead()), ("kind", LabelHead(missing_label=-1))]
    model = MultiHeadEstimator(heads).fit(X, y)
    out = model.predict(X)
    assert set(out["kind"]) == {0, 1}
    assert out["n"].dtype == np.int64 and out["n"].min() >= 0
    auto = MultiHeadEstimator(missing_label=-1).fit(X, make_targets(kind=y["kind"]))
    assert_array_equal(auto.specs_["kind"]["classes"], [0, 1])


def test_more_features_than_components_are_rotated():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(60, 3))
    X = z @ rng.normal(size=(3, 200)) + 1e-3 * rng.normal(size=(60, 200))
    y = make_targets(a=z[:, 0], b=np.where(z[:, 1] > 0, "x", "y"))
    few, everything = (MultiHeadEstimator(n_components=k).fit(X, y) for k in (3, None))
    assert few.passes_[0]["basis"]["rotation"].shape == (200, 3)
    # Three directions hold all but a millionth of the variance.
    assert_allclose(few.predict(X)["a"], everything.predict(X)["a"], atol=0.02)
