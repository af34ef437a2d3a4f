"""Prediction by plans that are kept, and by the fused kernels, against the layers that learn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from _asserts import SAME_BITS, Tolerance, assert_close
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skmtl import MultiHeadNetwork, make_targets
from skmtl.neural_network import ConvTrunk, CrossStitchTrunk, _inference
from skmtl.neural_network._codings import read_outputs
from skmtl.neural_network._inputs import Scaling
from skmtl.nn import Run

FLOAT64 = Tolerance("products of rows in another order", rtol=1e-11, atol=1e-11)
FLOAT32 = Tolerance("convolutions in float32, of which the reference is in float64", rtol=1e-5, atol=1e-5)


def _fitted(trunk, shape=(13, 10, 3), dtype=np.uint8, solver="adam", **fields):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (24, *shape)).astype(dtype)
    y = make_targets(kind=np.arange(24) % 3, size=rng.normal(size=24), **fields)
    return MultiHeadNetwork(trunk=trunk, max_iter=2, solver=solver, random_state=0).fit(X, y), X


def _by_layers(model, X):
    """What the heads decode, by the layers that learn, in float64."""
    scaled = Scaling(**model._scaling).apply(model.trunk_.samples(X), np.float64)
    Z = model._network().outputs(model.params_, scaled, Run(statistics=model._statistics))
    return {
        name: read_outputs(coding, z) for (name, coding), z in zip(model._codings.items(), Z, strict=True)
    }


@pytest.mark.parametrize(
    ("shape", "channels", "dtype", "solver"),
    [
        ((13, 10, 3), (4, 5), np.uint8, "adam"),
        ((9, 8), (17, 3), np.float64, "adam"),
        ((4, 4, 20), (3,), np.float32, "adam"),
        ((8, 9, 1), (3, 4), np.int64, "lbfgs"),
    ],
)
def test_fused_blocks_equal_the_layers_that_learn(shape, channels, dtype, solver):
    mask = np.random.default_rng(1).integers(0, 2, (24, *shape[:2])).astype(np.uint8)
    model, X = _fitted(ConvTrunk(channels, (6,)), shape, dtype, solver, mask=mask)
    told, expected = model._outputs(X), _by_layers(model, X)
    assert told.keys() == {"kind", "size", "mask"}
    for name, values in expected.items():
        assert_close(told[name], values, FLOAT32, name)
    for name, values in model._outputs(X[2:3]).items():
        assert_close(values, told[name][2:3], FLOAT64)


@pytest.mark.parametrize(
    "trunk", [ConvTrunk((3, 4), batch_norm=True), CrossStitchTrunk(ConvTrunk((3,), (4,)))], ids=repr
)
def test_other_layers_are_those_that_learn(trunk):
    model, X = _fitted(trunk)
    expected = _by_layers(model, X)
    for name, values in model._outputs(X).items():
        assert_close(
            values, expected[name], Tolerance("products of rows in another order", rtol=1e-11, atol=1e-11)
        )


def _counted(monkeypatch):
    planned, whole = [], _inference._Predictor.__init__

    def counted(self, *args):
        planned.append(1)
        whole(self, *args)

    monkeypatch.setattr(_inference._Predictor, "__init__", counted)
    return planned


def test_a_plan_serves_until_parameters_change(monkeypatch):
    model, X = _fitted(ConvTrunk((3, 4), (5,)))
    planned, before = _counted(monkeypatch), model.predict_proba(X)["kind"]
    for i in range(3):
        assert_close(model.predict_proba(X[i : i + 1])["kind"], before[i : i + 1], FLOAT32)
    assert len(planned) == 1
    with pytest.raises(ValueError, match="read-only"):
        model.params_["trunk.conv0.W"][0] = 0
    model.params_["trunk.conv0.W"] = 2 * model.params_["trunk.conv0.W"]  # this one may be written into
    doubled = model.predict_proba(X)["kind"]
    assert np.abs(doubled - before).max() > 1e-3
    assert_close(doubled, _by_layers(model, X)["kind"], FLOAT32)
    model.params_["trunk.conv0.W"] /= 2
    assert_close(model.predict_proba(X)["kind"], before, FLOAT32)
    assert len(planned) == 3


def test_a_second_fit_and_another_estimator_have_plans_of_their_own():
    model, X = _fitted(ConvTrunk((3, 4), (5,)))
    before = model.predict_proba(X)["kind"]
    again = pickle.loads(pickle.dumps(model))
    assert_close(again.predict_proba(X)["kind"], before, SAME_BITS)
    assert not any(value.flags.writeable for value in again.params_.values())
    y = make_targets(kind=np.arange(24) % 2)
    assert model.fit(X, y).predict_proba(X)["kind"].shape == (24, 2)
    assert_close(again.predict_proba(X)["kind"], before, SAME_BITS)


def test_bad_input_is_refused_as_ever():
    model, X = _fitted(ConvTrunk((3, 4), (5,)), dtype=np.float32)
    model.predict(X)
    holes = X.copy()
    holes[5, 3, 2, 1] = np.nan
    for wrong, message in (
        (holes, "Input X contains NaN"),
        (X[:, :, :9], "shape per sample is"),
        (X[:, :12], "X has 12 features, but MultiHeadNetwork is expecting 13"),
        (X[:0], "Found array with 0 sample"),
        (X.astype(complex), "Complex data not supported"),
    ):
        with pytest.raises(ValueError, match=message):
            model.predict(wrong)
    with pytest.raises(NotFittedError):
        clone(model).predict(X)
