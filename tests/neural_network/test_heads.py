"""What networks learn by each kind of head beyond labels, boxes and masks."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import ROUNDING, assert_close
from scipy.special import expit
from sklearn.metrics import mean_pinball_loss

from skmtl import MultiHeadEstimator, MultiHeadNetwork, make_targets
from skmtl.heads import (
    BoundaryHead,
    LabelHead,
    MapHead,
    NumberHead,
    OrdinalHead,
    PointsHead,
    ReconstructionHead,
)
from skmtl.neural_network import ConvTrunk, DenseTrunk
from skmtl.neural_network._kinds import KINDS

SMALL = ConvTrunk((8, 8), (16,))


def network(heads, **options):
    given = {"learning_rate": 0.01, "schedule": "cosine", "max_iter": 25, "batch_size": 25}
    given |= {"augment": None, "random_state": 0}
    return MultiHeadNetwork(heads=heads, **given | options)


def rows(rng, n=500):
    return rng.normal(size=(n, 3))


def squares(rng, n=150, side=16):
    """Images of one square each; its mask, its outline, its middle and a map of heights."""
    corner, size = rng.integers(1, 9, size=(n, 2)), rng.integers(4, 7, n)
    mask = np.zeros((n, side, side), np.uint8)
    line = mask.copy()
    for i, ((x, y), s) in enumerate(zip(corner, size, strict=True)):
        mask[i, y : y + s, x : x + s] = 1
        line[i, y : y + s, x : x + s] = 1
        line[i, y + 1 : y + s - 1, x + 1 : x + s - 1] = 0
    X = (100 + 80 * mask + rng.normal(0, 5, size=mask.shape)).astype(np.uint8)
    middle = (corner + size[:, None] / 2)[:, None, :]
    return X, {"line": line, "middle": middle.astype(float), "height": 5.0 + 2.0 * mask, "mask": mask}


# ----------------------------------------------------------------------------------- numbers


def test_quantiles_are_those_of_the_noise(rng):
    X = rows(rng, 2000)
    y = make_targets(low=X[:, 0] + rng.normal(size=2000), high=X[:, 0] + rng.normal(size=2000))
    heads = [
        ("low", NumberHead(loss="quantile", quantile=0.1, metric="neg_pinball")),
        ("high", NumberHead(loss="quantile", quantile=0.9, metric="neg_pinball")),
    ]
    model = network(heads, trunk=DenseTrunk((16,)), max_iter=10).fit(X[:1500], y[:1500])
    told = model.predict(X[1500:])
    for name, level in (("low", 0.1), ("high", 0.9)):
        assert abs((y[name][1500:] < told[name]).mean() - level) < 0.05
        expected = -mean_pinball_loss(y[name][1500:], told[name], alpha=level)
        assert_close(model.score_heads(X[1500:], y[1500:])[name], expected, ROUNDING)


def test_counts_are_learned_by_their_logarithm_and_are_never_negative(rng):
    X = rows(rng, 800)
    rate = np.exp(1.0 + X[:, 0])
    y = make_targets(count=rng.poisson(rate).astype(float))
    y["count"][::7] = np.nan
    model = network([("count", NumberHead(loss="poisson"))], trunk=DenseTrunk((16,))).fit(X, y)
    told = model.predict(X)["count"]
    assert told.min() > 0 and np.corrcoef(np.log(told), np.log(rate))[0, 1] > 0.95
    assert abs(told.mean() / rate.mean() - 1) < 0.1


def test_outliers_move_the_huber_loss_less(rng):
    X = rows(rng, 600)
    truth = X @ [1.0, -2.0, 0.5]
    y = truth + np.where(rng.random(600) < 0.1, 30.0, 0.0)
    errors = {}
    for loss in ("squared", "huber"):
        model = network([("y", NumberHead(loss=loss))], trunk=DenseTrunk(()), max_iter=40)
        errors[loss] = np.abs(model.fit(X, y).predict(X) - truth).mean()
    assert errors["huber"] < 0.5 * errors["squared"]


def test_two_columns_with_gaps_are_learned_by_each_loss(rng):
    X = rows(rng, 300)
    y = make_targets(both=np.abs(np.column_stack([X[:, 0], 100 * X[:, 1]])) + 1)
    y["both"][::3, 0] = np.nan
    for loss in ("squared", "huber", "poisson", "quantile"):
        model = network([("both", NumberHead(loss=loss))], trunk=DenseTrunk((16,)), max_iter=40)
        assert model.fit(X, y).score(X, y) > 0.8, loss


# ----------------------------------------------------------------------------- classes in order


def test_grades_are_learned_in_their_order(rng):
    X = rows(rng, 600)
    order = ["poor", "fair", "good", "best"]
    grade = np.digitize(X[:, 0] + 0.3 * rng.normal(size=600), [-1, 0, 1])
    y = make_targets(grade=np.array(order)[grade])
    y["grade"][:50] = ""
    head = OrdinalHead(order=order, metric="kappa")
    model = network([("grade", head)], trunk=DenseTrunk((16,))).fit(X, y)
    assert model.score(X, y) > 0.85
    P = model.predict_proba(X)["grade"]
    assert P.min() >= 0
    assert_close(P.sum(axis=1), np.ones(600), ROUNDING)
    assert model.specs_["grade"]["classes"].tolist() == order
    assert model.params_["head.grade.thresholds.b"].shape == (3,)
    joint = MultiHeadEstimator([("grade", head)], random_state=0).fit(X, y)
    assert joint.score(X, y) > 0.8


def test_probabilities_between_thresholds_are_differences():
    Z = np.array([[2.0, 0.5, -1.0], [0.0, 1.0, -2.0]])
    P = KINDS["ordinal"].outputs(Z)
    s = expit(Z)
    assert_close(P[0], [1 - s[0, 0], s[0, 0] - s[0, 1], s[0, 1] - s[0, 2], s[0, 2]], ROUNDING)
    assert_close(P[1], [0.5, 0.0, 0.5 - s[1, 2], s[1, 2]], ROUNDING)


# ------------------------------------------------------------------------------------ images


def test_lines_maps_and_heat_maps_on_one_trunk_with_labels_missing(rng):
    X, fields = squares(rng)
    del fields["mask"]
    y = make_targets(**fields)
    y["line"][:20] = 255
    y["middle"][20:40] = np.nan
    y["height"][40:60] = np.nan
    y["height"][60:80, :8] = np.nan
    heads = [
        ("line", BoundaryHead(tolerance=1.0)),
        ("middle", PointsHead(heatmap=True, metric="neg_distance")),
        ("height", MapHead(loss="huber")),
    ]
    model = network(heads, trunk=SMALL, batch_size=15, max_iter=12).fit(X, y)
    scores = model.score_heads(X, make_targets(**fields))
    assert scores["line"] > 0.8 and scores["height"] > 0.8 and scores["middle"] > -0.1, scores
    told = model.predict(X)
    assert told.dtype == y.dtype and np.isfinite(told["height"]).all()


def test_heat_maps_find_places_better_than_numbers_do(rng):
    X, fields = squares(rng)
    y = make_targets(middle=fields["middle"])
    away = {}
    for heatmap in (False, True):
        head = PointsHead(heatmap=heatmap, metric="neg_distance")
        model = network([("middle", head)], trunk=SMALL, max_iter=10).fit(X[:100], y[:100])
        away[heatmap] = -model.score(X[100:], y[100:])
    assert away[True] < 0.85 * away[False]


def test_an_image_is_painted_again_from_its_deepest_maps(rng):
    X, fields = squares(rng, 200)
    y = make_targets(again=X, line=fields["line"])
    y["line"][10:] = 255
    heads = [("again", ReconstructionHead()), ("line", BoundaryHead())]
    model = network(heads, trunk=ConvTrunk((8,), (4,)), max_iter=10).fit(X, y)
    assert model.score_heads(X, y)["again"] > 0.7
    assert model.predict(X)["again"].dtype == np.uint8
    names = [name for name in model.params_ if name.startswith("head.again")]
    assert names == [f"head.again.{part}" for part in ("level1.W", "level1.b", "out.W", "out.b")]


def test_several_numbers_a_pixel_are_told_in_their_form(rng):
    X, fields = squares(rng, 60)
    y = make_targets(pair=np.stack([fields["height"], -3 * fields["height"]], axis=3))
    model = network([("pair", MapHead(metric="neg_mae"))], trunk=SMALL, max_iter=5).fit(X, y)
    assert model.predict(X)["pair"].shape == (60, 16, 16, 2)
    assert model.score(X, y) > -1.0


# --------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "head", [MapHead(), ReconstructionHead(), PointsHead(heatmap=True), NumberHead(loss="huber")]
)
def test_what_only_networks_learn_is_refused_elsewhere(head, rng):
    with pytest.raises(ValueError, match=f"head 'f': only a network learns {type(head).__name__}"):
        MultiHeadEstimator([("f", head)]).fit(rows(rng, 9), make_targets(f=np.ones((9, 4, 2))))


@pytest.mark.parametrize("head", [MapHead(), PointsHead(heatmap=True), BoundaryHead()])
def test_maps_need_a_trunk_of_convolutions(head, rng):
    X, fields = squares(rng, 20)
    with pytest.raises(ValueError, match="head 'line' reads pixels: it needs images and trunk=ConvTrunk"):
        network([("line", head)]).fit(X.reshape(20, -1), make_targets(line=fields["line"]))


def test_labels_and_grades_keep_their_classes(rng):
    X = rows(rng, 60)
    y = make_targets(a=(X[:, 0] > 0).astype(int), b=np.digitize(X[:, 1], [0, 1]))
    model = network([("a", LabelHead()), ("b", OrdinalHead())], max_iter=2).fit(X, y)
    assert set(model.predict(X)["b"]) <= {0, 1, 2}
    with pytest.raises(ValueError, match="label '7' was not seen at fit"):
        model.score(X[:1], make_targets(a=np.array([1]), b=np.array([7])))
