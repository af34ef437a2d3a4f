"""Where a head looks: slopes against central differences, occlusion of a patch that alone matters."""

import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close
from _networks import scenes
from sklearn.base import BaseEstimator

from skmtl import MultiHeadEstimator, MultiHeadNetwork, make_targets
from skmtl.heads import BoxHead, CountHead, LabelHead, MaskHead, NumberHead, OrdinalHead, PointsHead, TagsHead
from skmtl.inspection import draw_attention, gradient_map, occlusion_map
from skmtl.inspection._canvas import MARGIN
from skmtl.neural_network import ConvTrunk, DenseTrunk

SLOPES = Tolerance("central differences of images in grey levels", rtol=1e-5, atol=1e-7)
SMOOTH = ConvTrunk((3, 3), (5,), activation="gelu", pooling="mean", batch_norm=True)
HEADS = {
    "kind": LabelHead(),
    "tags": TagsHead(),
    "grade": OrdinalHead(),
    "box": BoxHead(),
    "size": NumberHead(),
    "rate": NumberHead(loss="poisson"),
    "count": CountHead(),
    "mask": MaskHead(),
    "hot": PointsHead(heatmap=True),
}


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(2)
    X, fields = scenes(rng, 24, side=10)
    fields |= {"tags": rng.integers(0, 2, (24, 2)).astype(float), "size": rng.normal(size=24)}
    fields |= {
        "grade": rng.integers(0, 3, 24),
        "rate": rng.poisson(3.0, 24) + 0.5,
        "count": rng.poisson(3.0, 24),
    }
    y = make_targets(**{name: fields[name if name != "hot" else "points"] for name in HEADS})
    return MultiHeadNetwork(list(HEADS.items()), SMOOTH, max_iter=2, random_state=0).fit(X, y), X


def logit(p):
    return np.log(p / (1 - p))


READ = {
    "kind": lambda told: np.log(told[:, 1]) - np.log(told[:, 0]),
    "tags": lambda told: logit(told[:, 1]),
    "grade": lambda told: logit(told[:, 2]),
    "box": lambda told: told[:, 1],
    "size": lambda told: told[:, 0],
    "rate": lambda told: np.log(told[:, 0]),
    "count": lambda told: told[:, 0],
    "mask": lambda told: (np.log(told[..., 1]) - np.log(told[..., 0])).mean(axis=(1, 2)),
}


@pytest.mark.parametrize("name", READ)
def test_slopes_are_those_of_central_differences(name, fitted, rng):
    model, X = fitted
    x = X[:2].astype(float)
    if name in ("kind", "mask"):  # probabilities leave the scores open up to a number that classes share
        low, high = (gradient_map(model, x, name, c) for c in model.specs_[name]["classes"])
        found = high - low
    else:
        found = gradient_map(model, x, name, {"tags": 1, "grade": 2, "box": 1}.get(name))
    for way in rng.normal(size=(12, *x.shape)):
        above, below = (READ[name](model._outputs(x + h * way)[name]) for h in (1e-5, -1e-5))
        assert_close((found * way).sum(axis=(1, 2)), (above - below) / 2e-5, SLOPES)


def test_the_predicted_class_is_the_default(fitted):
    model, X = fitted
    told = model.predict(X)["kind"]
    maps = gradient_map(model, X, "kind")
    for i, label in enumerate(told):
        assert_close(maps[i], gradient_map(model, X[i : i + 1], "kind", label)[0], ROUNDING)


def test_slopes_times_the_input_add_up_in_a_linear_network(rng):
    X = rng.normal(5, 3, size=(40, 4))
    model = MultiHeadNetwork(trunk=DenseTrunk(()), max_iter=5, learning_rate=0.1, random_state=0)
    model.fit(X, X @ [1, 2, 0, 3])
    maps = gradient_map(model, X, times_input=True)
    middle = model.predict(X.mean(axis=0, keepdims=True))
    assert_close(maps.sum(axis=1), model.predict(X) - middle, Tolerance("float64", rtol=1e-9, atol=1e-9))


class CornerMean(BaseEstimator):
    """A model whose number is the mean of the pixels in rows 2 and 3, columns 5 and 6."""

    heads_, specs_ = {"y": NumberHead()}, {"y": {}}

    def fit(self):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def _outputs(self, X):
        return {"y": X[:, 2:4, 5:7].mean(axis=(1, 2))[:, None]}


def test_only_what_is_covered_is_lost(rng):
    X = rng.normal(100, 20, size=(6, 8, 8))
    patch = np.zeros((8, 8))
    patch[2:4, 5:7] = 0.25
    assert_close(occlusion_map(CornerMean(), X, size=1, fill=3.0), (X - 3) * patch, ROUNDING)
    maps = occlusion_map(CornerMean(), X, size=2, stride=1, fill=0.0)
    assert (maps[:, 5:] == 0).all() and (maps[:, :, :4] == 0).all() and (maps[:, 1:5, 4:] != 0).all()
    covering = [X[:, r : r + 2, c : c + 2] * patch[r : r + 2, c : c + 2] for r in (1, 2) for c in (4, 5)]
    mean = sum(part.sum(axis=(1, 2)) for part in covering) / 4
    assert_close(maps[:, 2, 5], mean, ROUNDING)


def test_a_network_looks_at_the_corner_that_matters(rng):
    X = rng.normal(100, 20, size=(150, 8, 8))
    y = X[:, 2:4, 5:7].mean(axis=(1, 2))
    trunk = DenseTrunk(())
    model = MultiHeadNetwork(trunk=trunk, max_iter=60, learning_rate=0.05, random_state=0)
    model.fit(X.reshape(150, -1), y)
    slopes = gradient_map(model, X.reshape(150, -1))[0].reshape(8, 8)
    assert slopes[2:4, 5:7].min() > 3 * np.abs(np.delete(slopes.ravel(), [21, 22, 29, 30])).max()


def test_squares_reach_every_edge(fitted):
    model, X = fitted
    maps = occlusion_map(model, X[:2], "mask", 1, size=4, stride=3)
    assert maps.shape == (2, 10, 10) and np.isfinite(maps).all() and (maps != 0).any()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"head": "colour"}, r"head must be one of \['kind', .*\], got 'colour'"),
        ({}, "head must be one of"),
        ({"head": "box"}, "output must be a column of head 'box', 0 to 3"),
        ({"head": "box", "output": 4}, "output must be a column of head 'box', 0 to 3, got 4"),
        (
            {"head": "kind", "output": "grey"},
            "a class of head 'kind', one of .*'bright', 'dark'.*, got 'grey'",
        ),
    ],
)
def test_what_is_asked_wrongly_is_refused(options, message, fitted):
    model, X = fitted
    for ask in (gradient_map, occlusion_map):
        with pytest.raises(ValueError, match=message):
            ask(model, X, **options)


def test_what_has_no_map_is_refused(fitted, rng):
    model, X = fitted
    with pytest.raises(ValueError, match="head 'hot' finds points in heat maps"):
        gradient_map(model, X, "hot", 0)
    with pytest.raises(ValueError, match="size must lie between 1 and the images' side 10, and"):
        occlusion_map(model, X, "size", size=11)
    with pytest.raises(ValueError, match=r"occlusion_map takes images .* got X of shape \(5, 2\)"):
        occlusion_map(model, np.zeros((5, 2)), "size")
    with pytest.raises(TypeError, match="gradient_map needs a MultiHeadNetwork, got MultiHeadEstimator"):
        gradient_map(MultiHeadEstimator(), X)


def test_pictures_show_sign_and_strength():
    images = np.full((2, 6, 6), 100, np.uint8)
    maps = np.zeros((2, 6, 6, 2))
    maps[0, 1, 1], maps[0, 4, 4] = 1.0, -0.5
    sheet = np.asarray(draw_attention(images, maps, scale=8)).astype(int)
    tile = sheet[MARGIN:, MARGIN:]
    red, blue, plain = tile[12, 12], tile[36, 36], tile[20, 4]
    assert red[0] > 200 > red[2] and blue[2] > 120 > blue[0]
    assert (plain == 100).all()
    assert (sheet == np.asarray(draw_attention(images, maps.sum(axis=3), scale=8))).all()
    faint = np.asarray(draw_attention(images, maps, limit=100, scale=8)).astype(int)
    assert np.abs(faint[MARGIN + 12, MARGIN + 12] - 100).max() < 10
    for wrong in (maps[:, :5], np.full((2, 6, 6), np.nan)):
        with pytest.raises(ValueError, match=r"maps must be finite and of shape \(2, 6, 6\)"):
            draw_attention(images, wrong)
    with pytest.raises(ValueError, match="limit must be above 0"):
        draw_attention(images, maps, limit=0)
