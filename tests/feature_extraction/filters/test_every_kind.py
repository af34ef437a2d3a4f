"""What every kind of filters owes, by discovery."""

import inspect
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import inv, sqrtm
from sklearn.base import clone

import skmtl.feature_extraction as public
from skmtl.feature_extraction import (
    ConvFeatureExtractor,
    Filters,
    FixedFilters,
    GaborFilters,
    KMeansFilters,
    NetworkFilters,
    PatchFilters,
    PCAFilters,
    RandomFilters,
    WaveletFilters,
)

FOLDING = {"rtol": 1e-10, "atol": 1e-10}  # two orders of the same float64 sums
SHAPE = (5, 5, 2)
GIVEN = np.random.RandomState(9).normal(size=(4, *SHAPE))
NETWORK = SimpleNamespace(
    params_={"trunk.conv0.W": GIVEN.transpose(1, 2, 3, 0), "trunk.conv0.b": np.arange(4.0)}
)
KINDS = [
    KMeansFilters(),
    KMeansFilters(algorithm="spherical", max_iter=3),
    KMeansFilters(contrast=None),
    KMeansFilters(whitening=None),
    PatchFilters(),
    PCAFilters(),
    PCAFilters(contrast=None),
    PCAFilters(whitening=0.1),
    RandomFilters(),
    RandomFilters(kind="rocket"),
    RandomFilters(contrast=None),
    GaborFilters(2, 3),
    WaveletFilters(1, 2),
    WaveletFilters(1, 2, contrast=None),
    FixedFilters(GIVEN, bias=[1, 2, 3, 4]),
    FixedFilters(GIVEN, contrast=0.1),
    NetworkFilters(NETWORK),
    NetworkFilters(NETWORK, contrast=0.1),
]
every_kind = pytest.mark.parametrize("component", KINDS, ids=lambda one: repr(one)[:60])


def make_patches(n=300, shape=SHAPE, seed=0):
    """Correlated patches of several contrasts."""
    rng = np.random.RandomState(seed)
    smooth = rng.normal(size=(n, 1, 1, shape[2])) + 0.5 * rng.normal(size=(n, *shape))
    return smooth * rng.uniform(0.5, 2, (n, 1, 1, 1))


def test_every_public_kind_is_tested():
    classes = [value for value in vars(public).values() if inspect.isclass(value)]
    kinds = {one for one in classes if issubclass(one, Filters) and one is not Filters}
    assert kinds == {type(one) for one in KINDS}


def the_long_way(component, patches, new):
    """Points of ``new`` patches and the matrix that whitens: normalise, subtract, whiten, step by step."""
    flat, other = (part.reshape(len(part), -1) for part in (patches, new))
    scale = 1.0, 1.0
    if component.contrast is not None:
        level = component.contrast * flat.var(axis=1).mean()
        scale = (np.sqrt(part.var(axis=1, keepdims=True) + level) for part in (flat, other))
    normal, points = (
        (part - part.mean(axis=1, keepdims=True)) / s for part, s in zip((flat, other), scale, strict=True)
    )
    if getattr(component, "whitening", None) is None:
        return points, np.eye(flat.shape[1])
    covariance = np.cov(normal, rowvar=False, bias=True)
    whiten = inv(sqrtm(covariance + component.whitening * np.eye(len(covariance))))
    return (points - normal.mean(axis=0)) @ whiten, whiten


def respond(learned, patches):
    """The formula in the docstring of ``LearnedFilters``."""
    flat = patches.reshape(len(patches), -1)
    if learned.contrast is not None:
        flat = flat / np.sqrt(flat.var(axis=1, keepdims=True) + learned.contrast)
    return flat @ learned.filters.reshape(len(learned.filters), -1).T + learned.bias


@every_kind
def test_folded_filters_respond_as_the_long_way_does(component):
    patches, new = make_patches(), make_patches(50, seed=1)
    learned = component.learn(patches, 4, 0)
    points, whiten = the_long_way(component, patches, new)
    if isinstance(component, FixedFilters | NetworkFilters) and component.contrast is None:
        points = new.reshape(len(new), -1)  # pixels as they are, their mean included
    centres = learned.patterns.reshape(len(learned.patterns), -1) @ whiten
    expected = points @ centres.T
    given = getattr(component, "bias", None)
    if getattr(component, "kind", None) == "rocket":
        learned_from = the_long_way(component, patches, patches)[0] @ centres.T
        given = -np.diag(np.quantile(learned_from, np.arange(1, 5) * (5**0.5 - 1) / 2 % 1, axis=0))
    if isinstance(component, NetworkFilters):
        given = NETWORK.params_["trunk.conv0.b"]
    np.testing.assert_allclose(respond(learned, new), expected + (0 if given is None else given), **FOLDING)


@every_kind
def test_learned_filters_are_what_they_say(component):
    learned = component.learn(make_patches(), 4, 0)
    assert learned.filters.shape == learned.patterns.shape == (4, *SHAPE)
    assert learned.filters.dtype == learned.bias.dtype == np.float64 and learned.bias.shape == (4,)
    assert (learned.contrast is None) == (component.contrast is None)
    if component.contrast is not None:
        np.testing.assert_allclose(learned.filters.sum(axis=(1, 2, 3)), 0, atol=1e-12)


@every_kind
def test_the_same_seed_gives_the_same_bits(component):
    first, second = (clone(component).learn(make_patches(), 4, 3) for _ in range(2))
    assert first.contrast == second.contrast
    for name in ("filters", "bias", "patterns"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@every_kind
def test_coordinates_are_those_of_the_space(component):
    patches, new = make_patches(), make_patches(50, seed=1)
    learned = component.learn(patches, 4, 0)
    if learned.coordinates is None:
        assert getattr(component, "whitening", None) is None
        return
    filters, bias = learned.coordinates
    points = respond(learned._replace(filters=filters, bias=bias), new)
    np.testing.assert_allclose(points, the_long_way(component, patches, new)[0], **FOLDING)


@every_kind
def test_the_extractor_takes_it_and_writes_nothing_into_it(component):
    images = np.random.RandomState(0).normal(size=(9, 8, 8, 2))
    before = repr(component), repr(clone(component))
    extractor = ConvFeatureExtractor(component, n_filters=4, kernel_size=5, random_state=0).fit(images)
    assert extractor.transform(images).shape == (9, 4 * 2 * 4)
    assert (repr(component), repr(clone(component))) == before


@every_kind
@pytest.mark.parametrize(
    ("patches", "n_filters", "message"),
    [
        (np.zeros((3, 5, 5)), 4, r"patches must have the shape \(n, rows, columns, channels\)"),
        (np.zeros((0, 5, 5, 2)), 4, "none of them 0"),
        (np.full((3, 5, 5, 2), np.nan), 4, "patches contains NaN or infinity"),
        (make_patches(), 0, "n_filters must be a positive integer; got 0"),
        (make_patches(), 2.5, "n_filters must be a positive integer; got 2.5"),
    ],
)
def test_bad_arguments_are_refused(component, patches, n_filters, message):
    with pytest.raises(ValueError, match=f"{type(component).__name__}: .*{message}"):
        component.learn(patches, n_filters, 0)


@every_kind
def test_previous_filters_of_another_shape_are_refused(component):
    previous = RandomFilters().learn(make_patches(shape=(3, 3, 2)), 4, 0)
    with pytest.raises(ValueError, match=r"previous filters of shape \(3, 3, 2\).*patches of \(5, 5, 2\)"):
        component.learn(make_patches(), 4, 0, previous)


@every_kind
def test_patches_without_contrast_are_refused_where_contrast_matters(component):
    constant = np.full((6, *SHAPE), 0.1)
    if component.contrast is not None:
        with pytest.raises(ValueError, match=f"{type(component).__name__}: every 5x5x2 patch .* is constant"):
            component.learn(constant, 4, 0)
        with pytest.raises(ValueError, match=r"contrast must be a number in \(0, 1\), got 2"):
            clone(component).set_params(contrast=2).learn(make_patches(), 4, 0)
