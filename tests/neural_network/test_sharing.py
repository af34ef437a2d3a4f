"""Trunks that tasks share in part: cross-stitch columns and mixtures of experts."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, SAME_BITS, assert_close
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skmtl import MultiHeadNetwork, MultiTaskMLPClassifier, MultiTaskMLPRegressor, make_targets
from skmtl import balancers as b
from skmtl.neural_network import ConvTrunk, CrossStitchTrunk, DenseTrunk, MixtureTrunk, Trunk
from skmtl.neural_network import _train as training
from skmtl.neural_network._step import Stepper

COLUMN = DenseTrunk((16, 8))
SHARING = [CrossStitchTrunk(COLUMN), MixtureTrunk(COLUMN, n_experts=3)]
every_trunk = pytest.mark.parametrize("trunk", SHARING, ids=lambda trunk: type(trunk).__name__)


def numbers(rng, n=200):
    """Three tasks: the first two alike, the third of its own."""
    X = rng.normal(size=(n, 6))
    return X, np.column_stack([X[:, 0] * X[:, 1], -X[:, 0] * X[:, 1], np.abs(X[:, 2])])


def images(rng, n=40):
    corner = rng.integers(0, 6, size=(n, 2))
    mask = np.zeros((n, 12, 12), np.uint8)
    for image, (x, y) in zip(mask, corner, strict=True):
        image[y : y + 5, x : x + 5] = 1
    X = 100 + 80 * mask + rng.normal(0, 5, size=mask.shape)
    return X.astype(np.uint8), make_targets(mask=mask, left=(corner[:, 0] < 3).astype(int))


def bits_of(model) -> bytes:
    return b"".join(value.tobytes() for value in model.params_.values())


# ---------------------------------------------------------------------------------- learning


@every_trunk
@pytest.mark.parametrize(
    "balancer",
    [
        b.Fixed(), b.Uncertainty(), b.DynamicWeightAverage(), b.FAMO(), b.GradNorm(), b.PCGrad(),
        b.MGDA(), b.CAGrad(), b.IMTLG(), b.NashMTL(), b.Aligned(),
    ],
    ids=repr,
)  # fmt: skip
def test_every_balancer_trains(trunk, balancer, rng):
    X, Y = numbers(rng)
    Y[::5, 1] = np.nan
    model = MultiTaskMLPRegressor(
        trunk=trunk, balancer=balancer, solver="adam", learning_rate=0.01, max_iter=120, random_state=0
    )
    assert model.fit(X, Y).score(X, np.where(np.isnan(Y), -Y[:, [0, 0, 0]], Y)) > 0.7
    assert np.isfinite(model.sharing_).all()


@every_trunk
def test_small_data_are_learned_by_lbfgs_and_by_batches(trunk, rng):
    X, Y = numbers(rng)
    model = MultiTaskMLPRegressor(trunk=trunk, random_state=0).fit(X, Y)
    assert model.solver_ == "lbfgs" and model.score(X, Y) > 0.95
    parts = MultiTaskMLPRegressor(trunk=trunk, learning_rate=0.01, batch_size=32, random_state=0)
    for _ in range(60):
        parts.partial_fit(X, Y)
    assert parts.score(X, Y) > 0.8


@pytest.mark.parametrize("trunk", [CrossStitchTrunk, MixtureTrunk])
def test_images_with_masks_and_labels_are_learned(trunk, rng):
    X, y = images(rng, 200)
    columns = trunk(ConvTrunk((8,), (16,), batch_norm=True))
    model = MultiHeadNetwork(trunk=columns, learning_rate=0.01, max_iter=15, random_state=0).fit(X, y)
    scores = model.score_heads(X, y)
    assert scores["mask"] > 0.9 and scores["left"] > 0.9


# ------------------------------------------------------------------- equal to what it must equal


def told(model, params):
    """A copy of the model with other parameters of the same names and shapes."""
    again = pickle.loads(pickle.dumps(model))
    assert {key: value.shape for key, value in again.params_.items()} == {
        key: value.shape for key, value in params.items()
    }
    again.params_ = params
    return again


def test_one_expert_is_the_shared_trunk(rng):
    X, Y = numbers(rng)
    mixture = MultiTaskMLPRegressor(trunk=MixtureTrunk(COLUMN, 1), max_iter=3, random_state=0).fit(X, Y)
    hard = MultiTaskMLPRegressor(trunk=COLUMN, max_iter=3, random_state=0).fit(X, Y)
    same = {key.replace("expert0.", ""): value for key, value in mixture.params_.items() if "gate" not in key}
    assert_close(told(hard, same).predict(X), mixture.predict(X), SAME_BITS)
    assert_close(mixture.sharing_, np.ones((3, 1)), ROUNDING)
    assert hard.sharing_ is None


def test_columns_that_feed_themselves_alone_are_separate_networks(rng):
    X, Y = numbers(rng)
    stitched = MultiTaskMLPRegressor(trunk=CrossStitchTrunk(COLUMN, own=1.0), max_iter=2).fit(X, Y)
    alone = MultiTaskMLPRegressor(trunk=COLUMN, max_iter=2).fit(X, Y[:, 0])
    start = {key: value.copy() for key, value in stitched.params_.items()}
    start |= {name: 0 * value for name, value in start.items() if "stitch" in name}
    for t in range(3):
        own = {f"trunk.dense{i}.{k}": start[f"trunk.column{t}.dense{i}.{k}"] for i in (0, 1) for k in "Wb"}
        own |= {f"head0.out.{k}": start[f"head{t}.out.{k}"] for k in "Wb"}
        mean, spread = Y.mean(axis=0), Y.std(axis=0)
        one = (told(alone, own).predict(X) - mean[0]) / spread[0]
        both = (told(stitched, start).predict(X)[:, t] - mean[t]) / spread[t]
        assert_close(both, one, ROUNDING)


# ----------------------------------------------------------------------- what tasks share, to read


def test_stitching_matrices_begin_near_the_identity_and_are_told(rng):
    X, Y = numbers(rng)
    model = MultiTaskMLPRegressor(
        trunk=CrossStitchTrunk(COLUMN, own=0.8), solver="adam", learning_rate=1e-9, max_iter=1
    ).fit(X, Y)
    start = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    assert_close(model.sharing_.astype(np.float32), np.stack([start, start]).astype(np.float32), ROUNDING)
    learned = clone(model).set_params(learning_rate=0.01, max_iter=20).fit(X, Y).sharing_
    assert np.abs(learned - start).max() > 0.01


def test_columns_cannot_evade_the_penalty_by_large_stitches(rng):
    """With a free matrix these 60 rows of noise are learned by heart, with entries up to 6.6."""
    X = rng.normal(size=(60, 6))
    Y = X[:, :2] + rng.normal(size=(60, 2))
    model = MultiTaskMLPRegressor(trunk=CrossStitchTrunk(COLUMN), alpha=0.1, solver="lbfgs", random_state=0)
    assert np.abs(model.fit(X, Y).sharing_).max() < 1.2
    assert model.loss_curve_[-1].sum() > 0.2


def test_mean_shares_are_those_of_the_gates(rng):
    X, Y = numbers(rng)
    model = MultiTaskMLPRegressor(trunk=MixtureTrunk(COLUMN, 4), random_state=0).fit(X, Y)
    for t in range(3):
        Z = X @ model.params_[f"head{t}.gate.W"] + model.params_[f"head{t}.gate.b"]
        P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
        assert_close(model.sharing_[t], P.mean(axis=0), ROUNDING)


def spy_on_gradients(monkeypatch):
    """The Gramian's gradients of every step, as they are."""
    seen, original = [], Stepper.task_gradients

    def recorded(self, done, state):
        made = original(self, done, state)
        names = list(state.vector.slices)
        seen.append((made[0], [n for n in names if state.vector.slices[n].stop <= made[0].shape[1]]))
        return made

    monkeypatch.setattr(Stepper, "task_gradients", recorded)
    return seen


def test_balancers_see_what_tasks_share_and_nothing_else(monkeypatch, rng):
    """Gates and the last stitches are the tasks' own; columns and experts are everybody's."""
    X, Y = numbers(rng)
    seen = spy_on_gradients(monkeypatch)
    options = {"solver": "adam", "balancer": b.MGDA(), "max_iter": 1, "random_state": 0}
    for trunk in SHARING:
        seen.clear()
        MultiTaskMLPRegressor(trunk=trunk, **options).fit(X, Y)
        J, names = seen[-1]
        assert names and all(name.startswith("trunk.") for name in names)
        assert (np.abs(J).max(axis=0) > 0).mean() > 0.5 and (np.abs(J).max(axis=1) > 0).all()
    seen.clear()
    MultiTaskMLPRegressor(trunk=CrossStitchTrunk(COLUMN, own=1.0), **options).fit(X, Y)
    gramian = seen[0][0] @ seen[0][0].T
    n_stitch = np.flatnonzero([name == "trunk.stitch0.W" for name in seen[0][1]])
    assert len(n_stitch) == 1
    assert_close(gramian - np.diag(np.diag(gramian)), np.zeros((3, 3)), ROUNDING)


# -------------------------------------------------------------------------------- same bits


@every_trunk
def test_a_model_goes_on_after_a_pickle_with_the_same_bits(trunk, rng):
    X, Y = numbers(rng, 60)
    model = MultiTaskMLPRegressor(trunk=trunk, batch_size=16, random_state=0)
    straight, broken = clone(model), clone(model)
    for _ in range(3):
        straight.partial_fit(X, Y)
        broken = pickle.loads(pickle.dumps(broken.partial_fit(X, Y)))
    assert bits_of(broken) == bits_of(straight)
    assert_close(broken.sharing_, straight.sharing_, SAME_BITS)


@pytest.mark.parametrize("trunk", [CrossStitchTrunk, MixtureTrunk])
def test_a_killed_fit_goes_on_to_the_same_bits(trunk, rng, tmp_path, monkeypatch):
    X, y = images(rng)
    columns = trunk(ConvTrunk((4,), (8,), batch_norm=True, dropout=0.2))
    model = MultiHeadNetwork(trunk=columns, max_iter=3, batch_size=16, balancer=b.GradNorm(), random_state=0)
    straight = clone(model).fit(X, y)
    epoch, calls = training.one_epoch, []

    def killed(*args, **kwargs):
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return epoch(*args, **kwargs)

    model.set_params(checkpoint=tmp_path / "run.npz")
    monkeypatch.setattr(training, "one_epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    monkeypatch.setattr(training, "one_epoch", epoch)
    assert bits_of(model.fit(X, y)) == bits_of(straight)
    assert_close(model.sharing_, straight.sharing_, SAME_BITS)
    assert_close(model.predict_proba(X)["mask"], straight.predict_proba(X)["mask"], SAME_BITS)


@every_trunk
def test_sparse_rows_are_learned_like_dense_ones(trunk, rng):
    X, Y = numbers(rng, 60)
    X[X < 0.5] = 0
    model = MultiTaskMLPClassifier(trunk=trunk, max_iter=5, random_state=0)
    y = np.median(Y, axis=0) < Y
    dense, sparse = clone(model).fit(X, y), clone(model).fit(sp.csr_array(X), y)
    for p, q in zip(sparse.predict_proba(X), dense.predict_proba(X), strict=True):
        assert_close(p, q, ROUNDING)


def test_warm_start_compares_the_trunks(rng):
    X, Y = numbers(rng, 60)
    model = MultiTaskMLPRegressor(trunk=SHARING[1], warm_start=True, max_iter=2).fit(X, Y)
    model.set_params(trunk=MixtureTrunk(DenseTrunk((16, 8), dropout=0.1), 3), solver="adam").fit(X, Y)
    with pytest.raises(ValueError, match="the layers are others"):
        model.set_params(trunk__n_experts=2).fit(X, Y)


def test_a_grid_over_ways_to_share(rng):
    X, Y = numbers(rng, 60)
    grid = {"trunk": [None, *SHARING]}
    search = GridSearchCV(MultiTaskMLPRegressor(max_iter=3, random_state=0), grid, cv=2).fit(X, Y)
    assert len(set(search.cv_results_["mean_test_score"])) == 3


# --------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "trunk, message",
    [
        (CrossStitchTrunk(own=1.5), r"own must be in \[0, 1\], got 1.5"),
        (CrossStitchTrunk(MixtureTrunk()), r"copies of a trunk that tasks share whole, got MixtureTrunk\(\)"),
        (CrossStitchTrunk(DenseTrunk(())), "CrossStitchTrunk needs a layer at least"),
        (MixtureTrunk(n_experts=0), "n_experts must be a whole number >= 1, got 0"),
        (MixtureTrunk(DenseTrunk((0,))), "hidden_layer_sizes must hold whole numbers >= 1, got 0"),
        (MixtureTrunk(ConvTrunk()), "has rows of numbers alone.*MixtureTrunk"),
    ],
)
def test_what_does_not_fit_is_refused(trunk, message, rng):
    assert isinstance(trunk, Trunk)
    with pytest.raises(ValueError, match=message):
        MultiTaskMLPRegressor(trunk=trunk).fit(*numbers(rng, 20))


def test_dropout_in_a_trunk_is_not_for_lbfgs(rng):
    trunk = MixtureTrunk(DenseTrunk((4,), dropout=0.2))
    X, Y = numbers(rng, 30)
    assert MultiTaskMLPRegressor(trunk=trunk, max_iter=1).fit(X, Y).solver_ == "adam"
    with pytest.raises(ValueError, match=r"cannot take trunk=MixtureTrunk.*use solver='adam'"):
        MultiTaskMLPRegressor(trunk=trunk, solver="lbfgs").fit(X, Y)
