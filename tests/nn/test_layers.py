"""Every layer: its gradient against central differences and torch, shapes, and what it promises."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, SAME_BITS, Tolerance, assert_close
from _gradients import DIFFERENCES, numeric_gradient

from skmtl import nn

ROW, IMAGE = (5,), (6, 5, 2)
LAYERS = {
    "dense": (lambda: nn.dense("a", 3), ROW),
    "ordered_biases": (lambda: nn.ordered_biases("a", 3), (1,)),
    "relu": (nn.relu, ROW),
    "gelu": (nn.gelu, ROW),
    "dropout": (lambda: nn.dropout(0.4), ROW),
    "batch_norm": (lambda: nn.batch_norm("a"), ROW),
    "batch_norm of images": (lambda: nn.batch_norm("a"), IMAGE),
    "batch_norm, rectified": (lambda: nn.batch_norm("a", rectified=True), IMAGE),
    "conv": (lambda: nn.conv("a", 3), IMAGE),
    "conv 1x1": (lambda: nn.conv("a", 3, size=1), IMAGE),
    "conv, stride 2": (lambda: nn.conv("a", 3, stride=2), IMAGE),
    "conv 4x4, stride 3": (lambda: nn.conv("a", 2, size=4, stride=3), IMAGE),
    "conv_pool": (lambda: nn.conv_pool("a", 3), IMAGE),
    "conv_pool of many channels": (lambda: nn.conv_pool("a", 2), (4, 3, 32)),
    "max_pool": (lambda: nn.max_pool(2), IMAGE),
    "norm_pool": (lambda: nn.norm_pool("a"), IMAGE),
    "mean_pool": (lambda: nn.mean_pool(2), IMAGE),
    "global_mean": (nn.global_mean, IMAGE),
    "resize, larger": (lambda: nn.resize(13, 10), IMAGE),
    "resize, smaller": (lambda: nn.resize(4, 2), IMAGE),
    "levels": (
        lambda: nn.chain(
            nn.pyramid([nn.conv("a", 3), nn.chain(nn.gelu(), nn.mean_pool()), nn.flatten()]),
            nn.on_levels({0: nn.conv("h0", 4), 2: nn.chain(nn.conv("h2", 4), nn.resize(6, 5))}),
        ),
        IMAGE,
    ),
    "stitched columns": (
        lambda: nn.chain(
            nn.branches([nn.dense("a", 3), nn.chain(nn.dense("b", 3), nn.gelu())]),
            nn.stitch("s", np.array([[0.9, 0.1], [0.2, 0.8]])),
            nn.parallel({0: nn.dense("c", 2), 1: nn.dense("d", 2)}),
            nn.stitch("last", np.array([[0.4, 0.6]])),
            nn.pick(0),
        ),
        ROW,
    ),
    "gated experts": (
        lambda: nn.chain(
            nn.pyramid([nn.branches([nn.conv("a", 3), nn.conv("b", 3)])]),
            nn.gated(nn.gate("g", 2), [1]),
            nn.on_levels({0: nn.conv("h0", 3), 1: nn.gelu()}),
        ),
        IMAGE,
    ),
    "two inputs": (
        lambda: nn.chain(
            nn.branches(
                [
                    nn.chain(nn.part(slice(0, 2), np.asarray), nn.dense("a", 2), nn.gelu()),
                    nn.chain(nn.part([3, 1], lambda X: X.reshape(len(X), 2, 1, 1)), nn.conv("b", 3)),
                ]
            ),
            nn.parallel({0: nn.chain(), 1: nn.flatten()}),
            nn.joined(),
        ),
        ROW,
    ),
    "flatten": (nn.flatten, IMAGE),
    "residual": (lambda: nn.residual(nn.chain(nn.dense("a", 5), nn.gelu())), ROW),
    "residual, rectified": (lambda: nn.residual(nn.dense("a", 5), rectified=True), ROW),
    "chain": (lambda: nn.chain(nn.dense("a", 4), nn.gelu(), nn.batch_norm("b"), nn.dense("c", 2)), ROW),
    "empty chain": (nn.chain, ROW),
    "image chain": (
        lambda: nn.chain(nn.conv("a", 3), nn.gelu(), nn.max_pool(), nn.flatten(), nn.dense("b", 2)),
        IMAGE,
    ),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def build(name, rng, n=4, dtype=np.float64):
    make, shape = LAYERS[name]
    layer = make()
    params, made = layer.init(rng, shape, np.dtype(dtype))
    params = {key: value + 0.1 * rng.normal(size=value.shape).astype(dtype) for key, value in params.items()}
    return layer, params, rng.normal(size=(n, *shape)).astype(dtype), made


@every_layer
def test_gradient_is_that_of_central_differences(name, rng, seed):
    layer, params, X, _ = build(name, rng)
    Y, back = layer.forward(params, X, nn.Run(np.random.default_rng(seed)))
    slope = rng.normal(size=Y.shape)

    def value():
        again, _ = layer.forward(params, X, nn.Run(np.random.default_rng(seed)))
        return float((again * slope).sum())

    dX, gradients = back(slope)
    assert_close(dX, numeric_gradient(value, X), DIFFERENCES, "dX")
    assert gradients.keys() == params.keys()
    for key in params:
        assert_close(gradients[key], numeric_gradient(value, params[key]), DIFFERENCES, key)


@every_layer
def test_init_tells_the_shape_of_the_output(name, rng):
    layer, params, X, made = build(name, rng)
    assert layer.forward(params, X, nn.Run(rng))[0].shape == (len(X), *made)


@every_layer
def test_going_back_repeats_and_writes_into_nothing(name, rng, seed):
    layer, params, X, _ = build(name, rng)
    frozen = {key: value.copy() for key, value in params.items()}
    kept = X.copy()
    Y, back = layer.forward(params, X, nn.Run(rng))
    slope = rng.normal(size=Y.shape)
    before = slope.copy()
    first, gradients = back(slope)
    second, again = back(slope)
    assert_close(second, first, SAME_BITS)
    for key in gradients:
        assert_close(again[key], gradients[key], SAME_BITS)
        assert_close(params[key], frozen[key], SAME_BITS)
    assert_close(slope, before, SAME_BITS)
    assert_close(X, kept, SAME_BITS)


@every_layer
def test_float32_stays_float32(name, rng):
    layer, params, X, _ = build(name, rng, dtype=np.float32)
    run = nn.Run(rng)
    Y, back = layer.forward(params, X, run)
    dX, gradients = back(np.ones_like(Y))
    for array in (Y, dX, *gradients.values(), *run.gathered.values()):
        assert array.dtype == np.float32


@every_layer
def test_the_first_layer_leaves_its_input_alone_where_nobody_asks(name, rng):
    layer, params, X, _ = build(name, rng)
    Y, back = layer.forward(params, X, nn.Run(rng))
    slope = np.ones_like(Y)
    dX, gradients = back(slope, need_input=False)
    assert dX is None or name in ("empty chain", "flatten")
    for key, value in back(slope)[1].items():
        assert_close(gradients[key], value, SAME_BITS, key)


@pytest.mark.parametrize("name", ["conv, stride 2", "conv_pool", "batch_norm of images", "norm_pool"])
def test_the_bits_are_the_same_for_any_number_of_threads(name, rng, monkeypatch):
    monkeypatch.setattr(nn._layer, "LEAST", 1)  # a small batch in as many parts as there can be
    layer, params, X, _ = build(name, rng, n=11, dtype=np.float32)

    def passes(n_jobs):
        run = nn.Run(rng, n_jobs=n_jobs)
        Y, back = layer.forward(params, X, run)
        dX, gradients = back(np.sin(np.arange(Y.size, dtype=np.float32)).reshape(Y.shape))
        return {"Y": Y, "dX": dX, **gradients, **run.gathered}

    expected = passes(None)
    for n_jobs in (2, 3):
        for key, value in passes(n_jobs).items():
            assert_close(value, expected[key], SAME_BITS, key)


def test_a_place_that_nobody_reads_gets_no_gradient(rng):
    layer = nn.chain(nn.branches([nn.dense("a", 3), nn.dense("b", 3)]), nn.pick(1))
    params, _ = layer.init(rng, ROW, np.dtype(float))
    Y, back = layer.forward(params, rng.normal(size=(4, *ROW)), nn.Run(rng))
    assert back(np.ones_like(Y))[1].keys() == {"b.W", "b.b"}


def test_a_gate_begins_with_equal_shares_and_takes_sparse_rows(rng):
    layer = nn.gate("g", 4)
    params, _ = layer.init(rng, ROW, np.dtype(float))
    X = rng.normal(size=(6, *ROW))
    assert_close(layer.forward(params, X, nn.Run())[0], np.full((6, 4), 0.25), ROUNDING)
    params["g.W"] = rng.normal(size=(5, 4))
    dense, sparse = (layer.forward(params, x, nn.Run())[0] for x in (X, sp.csr_array(X)))
    assert_close(sparse, dense, ROUNDING)
    assert_close(dense.sum(axis=1), np.ones(6), ROUNDING)


def test_dense_takes_sparse_rows(rng):
    layer, params, X, _ = build("dense", rng)
    X[X < 0.3] = 0
    dense, dense_back = layer.forward(params, X, nn.Run(rng))
    sparse, sparse_back = layer.forward(params, sp.csr_array(X), nn.Run(rng))
    assert_close(sparse, dense, ROUNDING)
    slope = rng.normal(size=dense.shape)
    expected = dense_back(slope, need_input=False)[1]
    for key, value in sparse_back(slope, need_input=False)[1].items():
        assert_close(value, expected[key], ROUNDING, key)


SAMPLED = Tolerance("a mean over 100,000 draws", rtol=0.02)


def test_dropout_keeps_the_mean_and_only_learns(rng):
    X = np.ones((1000, 100))
    layer = nn.dropout(0.3)
    Y, _ = layer.forward({}, X, nn.Run(rng))
    assert_close(Y.mean(), 1.0, SAMPLED)
    assert_close((Y == 0).mean(), 0.3, SAMPLED)
    assert layer.forward({}, X, nn.Run())[0] is X


def test_batch_norm_predicts_with_what_it_has_gathered(rng):
    layer = nn.batch_norm("a", momentum=0.5)
    params, _ = layer.init(rng, (3,), np.dtype(float))
    statistics = {}
    batches = rng.normal(2.0, 3.0, size=(2, 50, 3))
    for X in batches:
        run = nn.Run(rng, statistics)
        layer.forward(params, X, run)
        statistics |= run.gathered
    mean = batches.mean(axis=1).mean(axis=0)
    variance = batches.var(axis=1, ddof=1).mean(axis=0)
    X = rng.normal(size=(4, 3))
    Y, _ = layer.forward(params, X, nn.Run(statistics=statistics))
    assert_close(Y, (X - mean) / np.sqrt(variance + 1e-5), ROUNDING)


def test_batch_norm_goes_back_with_gathered_statistics(rng):
    layer = nn.batch_norm("a")
    params, _ = layer.init(rng, IMAGE, np.dtype(float))
    X = rng.normal(size=(3, *IMAGE))
    run = nn.Run(rng)
    layer.forward(params, X, run)
    predicts = nn.Run(statistics=run.gathered)
    Y, back = layer.forward(params, X, predicts)
    slope = rng.normal(size=Y.shape)
    dX, gradients = back(slope)

    def value():
        return float((layer.forward(params, X, predicts)[0] * slope).sum())

    assert_close(dX, numeric_gradient(value, X), DIFFERENCES)
    for key in params:
        assert_close(gradients[key], numeric_gradient(value, params[key]), DIFFERENCES, key)


def test_odd_images_are_pooled_without_their_last_row(rng):
    X = rng.normal(size=(2, 5, 7, 3))
    Y, back = nn.max_pool(2).forward({}, X, nn.Run())
    assert Y.shape == (2, 2, 3, 3)
    assert_close(Y[:, 1, 2], X[:, 2:4, 4:6].max(axis=(1, 2)), SAME_BITS)
    dX, _ = back(np.ones_like(Y))
    assert dX.shape == X.shape
    assert not dX[:, 4].any() and not dX[:, :, 6].any()


def test_a_convolution_is_its_formula(rng):
    layer = nn.conv("a", 2, size=3, stride=2)
    params, made = layer.init(rng, (5, 4, 3), np.dtype(float))
    X = rng.normal(size=(1, 5, 4, 3))
    Y, _ = layer.forward(params, X, nn.Run())
    padded = np.pad(X[0], ((1, 1), (1, 1), (0, 0)))
    for y, x, k in np.ndindex(made):
        patch = padded[2 * y : 2 * y + 3, 2 * x : 2 * x + 3]
        assert_close(Y[0, y, x, k], (patch * params["a.W"][..., k]).sum(), ROUNDING)


@pytest.mark.parametrize(
    "make, shape, message",
    [
        (lambda: nn.dense("trunk", 3), (4, 4, 1), "dense layer 'trunk' takes rows of numbers"),
        (lambda: nn.conv("trunk", 3), (4,), "conv layer 'trunk' takes images"),
        (lambda: nn.resize(2, 2), (4,), "resize takes images"),
        (
            lambda: nn.chain(nn.pyramid([nn.max_pool()]), nn.on_levels({0: nn.relu(), 1: nn.relu()})),
            (4, 4, 1),
            r"make the shapes \[\(4, 4, 1\), \(2, 2, 1\)\], which must be equal",
        ),
        (
            lambda: nn.chain(nn.branches([nn.dense("a", 3), nn.dense("b", 2)]), nn.stitch("s", np.eye(2))),
            (4,),
            r"stitch 's' adds 2 arrays of one shape, got the shapes \(\(3,\), \(2,\)\)",
        ),
        (
            lambda: nn.chain(nn.pyramid([nn.branches([nn.relu()])]), nn.gated(nn.gate("g", 2), [1])),
            (4,),
            "gated: 2 arrays of one shape are needed",
        ),
        (nn.global_mean, (4,), "global_mean takes images"),
        (lambda: nn.max_pool(3), (2, 9, 1), "at least 3 x 3"),
        (lambda: nn.ordered_biases("a", 2), (4,), "takes one score a sample"),
        (lambda: nn.residual(nn.dense("a", 3)), (4,), "the shapes must be equal"),
        (lambda: nn.chain(nn.dense("a", 3), nn.dense("a", 3)), (4,), "the same name"),
    ],
)
def test_what_does_not_fit_is_refused(make, shape, message, rng):
    with pytest.raises(ValueError, match=message):
        make().init(rng, shape, np.dtype(float))


def test_a_dropout_rate_of_one_is_refused():
    with pytest.raises(ValueError, match=r"rate must be in \[0, 1\), got 1"):
        nn.dropout(1)


def _same_as_its_parts(one, parts, shape, dtype, rng):
    tolerance = Tolerance("sums in another order", rtol=0, atol=1e-5 if dtype == np.float32 else 1e-12)
    params, made = one.init(np.random.default_rng(0), shape, np.dtype(dtype))
    same, _ = parts.init(np.random.default_rng(0), shape, np.dtype(dtype))
    for name in params:
        assert_close(params[name], same[name], SAME_BITS)
        params[name] = params[name] + rng.normal(0, 0.3, size=params[name].shape).astype(dtype)
    X = rng.normal(size=(3, *shape)).astype(dtype)[:, ::-1]
    runs = nn.Run(rng), nn.Run(rng)
    (Y, back), (Z, back_z) = (
        each.forward(params, X, run) for each, run in zip((one, parts), runs, strict=True)
    )
    slope = rng.normal(size=Y.shape).astype(dtype)
    (dX, gradients), (dZ, expected) = back(slope), back_z(slope)
    got, wanted = {"Y": Y, "dX": dX, **gradients}, {"Y": Z, "dX": dZ, **expected}
    for name, value in wanted.items():
        top = np.abs(value).max()
        assert_close(got[name] / top, value / top, tolerance, name)
    assert runs[0].gathered.keys() == runs[1].gathered.keys()
    for name, value in runs[1].gathered.items():
        assert_close(runs[0].gathered[name], value, SAME_BITS, name)
    assert Y.shape == (3, *made)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "k"), [((9, 8, 1), 5), ((12, 13, 3), 32), ((6, 6, 33), 7)])
def test_conv_pool_is_the_chain_of_its_parts(shape, k, dtype, rng):
    parts = nn.chain(nn.conv("a", k), nn.max_pool(2), nn.relu())
    _same_as_its_parts(nn.conv_pool("a", k), parts, shape, dtype, rng)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(9, 8, 1), (2, 3, 33)])
def test_norm_pool_is_the_chain_of_its_parts(shape, dtype, rng):
    parts = nn.chain(nn.batch_norm("a", rectified=True), nn.max_pool(2))
    _same_as_its_parts(nn.norm_pool("a"), parts, shape, dtype, rng)


def test_conv_pool_takes_whole_numbers_and_no_images_and_refuses_one_pixel(rng):
    layer = nn.conv_pool("a", 2)
    params, _ = layer.init(rng, (4, 4, 1), np.dtype(np.float32))
    X = rng.integers(0, 255, (2, 4, 4, 1), dtype=np.uint8)
    Y = layer.forward(params, X.astype(np.float32), nn.Run())[0]
    assert_close(layer.forward(params, X, nn.Run())[0], Y, SAME_BITS)
    Y, back = layer.forward(params, X[:0], nn.Run())
    assert Y.shape == (0, 2, 2, 2)
    assert_close(back(Y)[1]["a.W"], np.zeros((3, 3, 1, 2)), SAME_BITS)
    with pytest.raises(ValueError, match="at least 2 x 2"):
        layer.init(rng, (1, 4, 1), np.dtype(float))
