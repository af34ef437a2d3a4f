"""MultiHeadEstimator: forms of y, independence of heads, missing labels, stacking, regions, errors."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from fakes import BlockTrunk, make_blocks
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_validate,
    train_test_split,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import MultiHeadEstimator, make_targets, split_targets
from skmtl.heads import BoxHead, CountHead, LabelHead, MaskHead, NumberHead, PointsHead, TagsHead

# BLAS sums a row in another order when it stands alone.
BATCH = 1e-9
# Maps are float32 and pass a small network.
BATCH_MAPS = 1e-5


def make_table(n=80, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    y = make_targets(
        kind=np.where(X[:, 0] + X[:, 1] > 0, "up", "down"),
        tags=(X[:, :2] > 0).astype(float),
        size=X @ np.arange(5.0) + 0.1 * rng.normal(size=n),
        pair=X[:, :2] + 0.1 * rng.normal(size=(n, 2)),
    )
    return X, y


def holed(y, field, rows, value):
    y = y.copy()
    y[field][rows] = value
    return y


def assert_same_fields(a, b, fields):
    for name in fields:
        assert_array_equal(a[name], b[name], err_msg=name)


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.fixture(scope="module")
def blocks():
    return make_blocks()


@pytest.fixture(scope="module")
def blocks_model(blocks):
    return image_model().fit(*blocks)


def image_model(**parameters):
    return MultiHeadEstimator(trunk=BlockTrunk(), n_pixels=2000, random_state=0, **parameters)


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


def test_stacking_helps_where_a_target_is_a_function_of_another():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 30))
    # The label is easy to see from X; the product of signs, which the number is, no linear model sees.
    four = 2 * (X[:, 0] > 0) + (X[:, 1] > 0)
    y = make_targets(kind=four, number=np.isin(four, (0, 3)).astype(float) + 0.01 * rng.normal(size=400))
    train, test = slice(0, 300), slice(300, 400)
    separate = MultiHeadEstimator(random_state=0).fit(X[train], y[train]).score_heads(X[test], y[test])
    stacked = MultiHeadEstimator(stack=True, random_state=0).fit(X[train], y[train])
    assert stacked.kept_["number"] == 1
    assert separate["number"] < 0.2 < 0.5 < stacked.score_heads(X[test], y[test])["number"]


def test_a_pass_that_does_not_help_is_not_kept():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 4))
    y = make_targets(a=X @ rng.normal(size=4), b=rng.normal(size=100))
    model = MultiHeadEstimator(stack=True, random_state=0).fit(X, y)
    # Reading a field of pure noise cannot better an exact linear function of X.
    assert model.kept_["a"] == 0
    assert_array_equal(model.predict(X)["a"], MultiHeadEstimator().fit(X, y).predict(X)["a"])


def test_region_reads_what_is_inside_the_box(blocks):
    """Light against dark inside a block that may be anywhere: whole-picture blocks hardly show it."""
    rng = np.random.default_rng(0)

    def scenes(n):
        images = np.full((n, 12, 12), 20, np.uint8)
        box = np.zeros((n, 4))
        kind = rng.integers(0, 2, n)
        for i in range(n):
            x, y = rng.integers(0, 7, 2)
            box[i] = x, y, x + 6, y + 6
            images[i, y : y + 6, x : x + 6] = 90
            left = kind[i]
            images[i, y + 1 : y + 5, x + 1 + 2 * left : x + 3 + 2 * left] = 200
        return images, make_targets(kind=kind, box=box)

    train, test = scenes(150), scenes(100)
    whole = MultiHeadEstimator(trunk=BlockTrunk(), random_state=0).fit(*train)
    region = MultiHeadEstimator(trunk=BlockTrunk(), region="box", random_state=0).fit(*train)
    assert region.kept_["kind"] == 1
    assert whole.score_heads(*test)["kind"] < 0.9 < region.score_heads(*test)["kind"]
    assert region.score_heads(*test)["box"] >= whole.score_heads(*test)["box"]


@pytest.mark.parametrize("parameters", [{}, {"stack": True, "region": "box"}])
def test_flat_images(blocks, parameters):
    X, y = blocks
    model = image_model(**parameters)
    flat = clone(model).set_params(trunk__image_shape=(12, 12)).fit(X.reshape(60, -1), y)
    assert_array_equal(flat.predict(X.reshape(60, -1)), model.fit(X, y).predict(X))


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


# --- scikit-learn's tools -------------------------------------------------------------------------------


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


# --- bad input ------------------------------------------------------------------------------------------


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
        (np.full(80, -1.0), "(?i)negative.*sample_weight"),
        (np.full(80, np.nan), "sample_weight"),
        (np.ones((80, 2)), "(?i)sample.weight"),
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
