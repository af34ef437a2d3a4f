"""Networks that learn part by part: partial_fit, warm_start, and arrays on disk."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest
from _networks import bits_of, hide, rows_of, scenes
from sklearn.base import clone

from skmtl import MultiHeadNetwork, MultiTaskMLPClassifier, MultiTaskMLPRegressor, make_targets
from skmtl.balancers import GradNorm
from skmtl.heads import LabelHead, MaskHead, OrdinalHead, TagsHead
from skmtl.neural_network import Augment, ConvTrunk, DenseTrunk
from skmtl.neural_network import _incremental as incremental

TRUNK = ConvTrunk((4,), (8,), dropout=0.2, batch_norm=True)
ONCE = {"max_iter": 1, "schedule": "constant"}


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(5)
    X, fields = scenes(rng, 60)
    return X, make_targets(**hide(fields, rng, 0.2))


def network(**options):
    return MultiHeadNetwork(trunk=TRUNK, batch_size=16, random_state=0, **options)


# ------------------------------------------------------------------------------ partial_fit


@pytest.mark.parametrize(
    "options", [{}, {"balancer": GradNorm(), "augment": Augment()}], ids=["plain", "all"]
)
def test_a_call_is_an_epoch_of_fit(options, images):
    model = network(**options)
    once = clone(model).partial_fit(*images)
    assert bits_of(once) == bits_of(clone(model).set_params(**ONCE).fit(*images))
    assert once.n_iter_ == 1 and once.loss_curve_.shape == (1, 6)


def test_it_goes_on_after_a_pickle_with_the_same_bits(images):
    X, y = images
    straight, broken = network(), network()
    for part in (slice(0, 30), slice(30, 60), slice(10, 50)):
        straight.partial_fit(X[part], y[part])
        broken = pickle.loads(pickle.dumps(broken.partial_fit(X[part], y[part])))
    assert bits_of(broken) == bits_of(straight)
    assert straight.loss_curve_.shape == (3, 6) and straight.n_iter_ == 3


def test_it_goes_on_from_fit(rng):
    X, y = rows_of(rng)
    model = MultiHeadNetwork(learning_rate=0.01, max_iter=30, random_state=0).fit(X, y)
    first = model.loss_curve_[0].mean()
    before = model._codings["size"]["scale"]
    model.partial_fit(X[:40], y[:40])
    assert model.loss_curve_[0].mean() < 0.4 * first and model.n_iter_ == 31
    assert model._codings["size"]["scale"] is before


def test_classes_that_come_later_are_named_in_the_first_call(rng):
    X = rng.normal(size=(90, 2))
    kind = np.array(["a", "mid", "longest"])[np.digitize(X[:, 0], [-0.4, 0.4])]
    tags = np.where(X[:, [1]] > 0, 1.0, 0.0)
    grade = np.digitize(X[:, 1], [-0.5, 0.5])
    heads = [("kind", LabelHead()), ("tags", TagsHead()), ("grade", OrdinalHead(order=[0, 1, 2]))]
    model = MultiHeadNetwork(heads, learning_rate=0.02, random_state=0)
    few = np.flatnonzero((kind == "a") & (X[:, 1] > 0.5))
    model.partial_fit(
        X[few],
        make_targets(kind=kind[few], tags=tags[few], grade=grade[few]),
        classes={"kind": ["longest", "mid", "a"]},
    )
    assert model.specs_["kind"]["classes"].tolist() == ["a", "longest", "mid"]
    y = make_targets(kind=kind, tags=tags, grade=grade)
    for _ in range(60):
        model.partial_fit(X, y)
    told = model.predict(X)
    assert (told["kind"] == kind).mean() > 0.9 and set(told["kind"]) == {"a", "mid", "longest"}
    assert (told["tags"] == tags).mean() > 0.9 and (told["grade"] == grade).mean() > 0.8


def test_masks_may_show_their_classes_later(images):
    X, y = images
    mask = y["mask"].copy()
    only = np.where(mask == 1, 255, mask)
    model = network(heads=[("mask", MaskHead())])
    model.partial_fit(X, make_targets(mask=only), classes={"mask": [0, 1, 7]})
    model.partial_fit(X, make_targets(mask=mask))
    assert model.predict_proba(X[:2])["mask"].shape == (2, 16, 16, 3)


def test_one_field_takes_its_classes_alone(rng):
    X = rng.normal(size=(20, 2))
    model = MultiHeadNetwork(random_state=0).partial_fit(X, np.zeros(20, int), classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (20, 3)


def test_samples_without_labels_change_nothing(rng):
    X, y = rows_of(rng)
    model = MultiHeadNetwork(random_state=0).partial_fit(X, y)
    before = bits_of(model)
    bare = y[:5].copy()
    bare["kind"], bare["size"] = "", np.nan
    assert bits_of(model.partial_fit(X[:5], bare)) == before and model.n_iter_ == 1


def test_a_head_without_labels_in_a_part_rests(rng):
    X, y = rows_of(rng)
    model = MultiHeadNetwork(random_state=0).partial_fit(X, y)
    before = {name: value.copy() for name, value in model.params_.items()}
    bare = y.copy()
    bare["kind"] = ""
    model.partial_fit(X, bare)
    moved = {name for name in before if not np.array_equal(before[name], model.params_[name])}
    assert moved == {"trunk.dense0.W", "trunk.dense0.b", "head.size.out.W", "head.size.out.b"}


def test_another_optimiser_begins_anew(rng):
    X, y = rows_of(rng)
    model = MultiHeadNetwork(random_state=0).partial_fit(X, y).set_params(solver="sgd", balancer=GradNorm())
    assert np.isfinite(model.partial_fit(X, y).loss_curve_).all()
    assert model._state["optimiser"].keys() == {"velocity"}


@pytest.mark.parametrize("learns", ["partial_fit", "fit_batches", "fit"])
def test_what_is_interrupted_or_refused_leaves_the_network(learns, rng, monkeypatch):
    X, y = rows_of(rng)
    model = MultiHeadNetwork(random_state=0, warm_start=True).partial_fit(X, y)
    before = vars(model).copy()
    told = ([(X, y)],) if learns == "fit_batches" else (X, y)

    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("skmtl.neural_network._step.Stepper.__call__", killed)
    with pytest.raises(KeyboardInterrupt):
        getattr(model, learns)(*told)
    monkeypatch.undo()
    assert vars(model) == before
    strange = y.copy()
    strange["kind"][3] = "new"
    told = ([(X, y), (X, strange)],) if learns == "fit_batches" else (X, strange)
    with pytest.raises(ValueError, match="field 'kind': label 'new' was not seen at fit; known: .*down"):
        getattr(model, learns)(*told)
    assert vars(model) == before


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda X, y: (X[:, :2], y), "X has 2 features, but .* is expecting 3"),
        (lambda X, y: (X, make_targets(kind=y["kind"])), "y has no field 'size', which a head is for"),
        (lambda X, y: (X[:-1], y), "inconsistent numbers of samples: 119 and 120"),
        (lambda X, y: (X, None), "requires y to be passed"),
    ],
)
def test_other_data_are_refused(change, message, rng):
    X, y = rows_of(rng)
    model = MultiHeadNetwork(random_state=0).partial_fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(*change(X, y))


@pytest.mark.parametrize(
    "classes, message",
    [
        (["up", "down"], r"classes must be a dict from field to classes; the fields are \['kind', 'size'\]"),
        ({"size": [1, 2]}, r"classes: 'size' is no field with classes; those are \['kind'\]"),
        ({"colour": ["a", "b"]}, "classes: 'colour' is no field with classes"),
        ({"kind": ["up"]}, r"classes\['kind'\] must hold at least two classes, got \['up'\]"),
        ({"kind": [0, 1]}, r"classes\['kind'\] are int64, but field 'kind' holds <U4"),
    ],
)
def test_classes_that_do_not_fit_are_refused(classes, message, rng):
    model = MultiHeadNetwork()
    with pytest.raises(ValueError, match=message):
        model.partial_fit(*rows_of(rng), classes=classes)
    assert not hasattr(model, "params_")


def test_masks_classes_fit_a_byte(images):
    X, y = images
    with pytest.raises(ValueError, match=r"classes\['mask'\] of masks lie between 0 and 254, got \[0, 255\]"):
        network(heads=[("mask", MaskHead())]).partial_fit(
            X, make_targets(mask=y["mask"]), classes={"mask": [0, 255]}
        )


def test_lbfgs_learns_no_parts():
    for cls in (MultiHeadNetwork, MultiTaskMLPClassifier, MultiTaskMLPRegressor):
        assert not hasattr(cls(solver="lbfgs"), "partial_fit") and not hasattr(
            cls(solver="lbfgs"), "fit_batches"
        )
        assert hasattr(cls(), "partial_fit") and hasattr(cls(), "fit_batches")


# ------------------------------------------------------------------------------- warm_start


def test_warm_start_begins_where_the_fit_before_ended(images):
    X, y = images
    model = network(learning_rate=0.01, max_iter=12, warm_start=True)
    first = model.fit(X, y).loss_curve_
    scales = model._scaling, model.specs_
    second = model.fit(X[:40], y[:40]).loss_curve_
    assert second[0].mean() < 0.7 * first[0].mean()
    assert model._scaling is scales[0] and model.specs_ is scales[1]
    cold = clone(model).set_params(warm_start=False).fit(X, y)
    assert bits_of(cold.fit(X, y)) == bits_of(clone(model).fit(X, y))


@pytest.mark.parametrize(
    "options",
    [
        {"trunk": ConvTrunk((5,), (8,))},
        {"trunk": ConvTrunk((4,), (8,), activation="gelu", batch_norm=True)},
        {"head_layer_sizes": (3,)},
        {"heads": [("kind", OrdinalHead())]},
    ],
)
def test_warm_start_refuses_other_layers(options, images):
    X, y = images
    model = network(warm_start=True, **ONCE).fit(X, make_targets(kind=y["kind"]))
    with pytest.raises(ValueError, match="warm_start=True: the trunk, head_layer_sizes or heads are others"):
        model.set_params(**options).fit(X, make_targets(kind=y["kind"]))


def test_warm_start_may_change_dropout(images):
    model = network(warm_start=True, **ONCE).fit(*images)
    model.set_params(trunk=clone(TRUNK).set_params(dropout=0.0)).fit(*images)
    assert model.trunk_.dropout == 0.0


def test_a_checkpoint_knows_where_a_warm_fit_began(images, tmp_path):
    path = tmp_path / "run.npz"
    model = network(warm_start=True, **ONCE).fit(*images)
    model.set_params(checkpoint=path).fit(*images)
    with pytest.raises(ValueError, match="written by a fit with other data, parameters"):
        model.fit(*images)


# --------------------------------------------------------------------------- arrays on disk


@pytest.mark.parametrize(
    "model",
    [
        MultiHeadNetwork(trunk=DenseTrunk((4,)), **ONCE, random_state=0),
        MultiTaskMLPRegressor((4,), solver="adam", max_iter=1, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_rows_on_disk_are_read_batch_by_batch(model, rng, tmp_path):
    n = 20000
    X = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (n, 100))
    X[:] = rng.normal(size=X.shape)
    X.flush()
    y = X[:, :2].sum(axis=1)
    y[:100] = np.nan  # rows that are left out are not a reason to copy the others
    Y = np.column_stack([y, y])
    on_disk = np.load(tmp_path / "x.npy", mmap_mode="r")
    clone(model).fit(on_disk[:200], Y[:200])
    tracemalloc.start()
    fitted = clone(model).set_params(batch_size=1000).fit(on_disk, Y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * X.nbytes, peak / X.nbytes
    assert bits_of(fitted) == bits_of(clone(model).set_params(batch_size=1000).fit(np.array(X), Y))


def test_a_step_that_raises_names_the_epoch(rng):
    X, y = rows_of(rng)
    model = MultiHeadNetwork(solver="sgd", random_state=0).partial_fit(X, y)
    before = vars(model).copy()
    with pytest.raises(FloatingPointError, match=r"task '\w+' is no longer finite in epoch 2: lower learn"):
        model.set_params(learning_rate=1e25, batch_size=8).partial_fit(X, y)
    assert vars(model) == before | {"learning_rate": 1e25, "batch_size": 8}
    assert incremental.trains_on_batches(model)
