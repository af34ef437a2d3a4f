"""Codes of all filters of a patch, and their pooling, against their slow twins."""

import naive_layers
import numpy as np
import pytest

from skmtl.kernels import encode

KINDS = {
    "two-sided": encode.TWO_SIDED,
    "relu": encode.RELU,
    "abs": encode.ABSOLUTE,
    "linear": encode.LINEAR,
    "modulus": encode.MODULUS,
    "triangle": encode.TRIANGLE,
}
POOLINGS = {"sum": encode.SUM, "max": encode.MAXIMUM, "power": encode.POWER, "ppv": encode.POSITIVE}
# A distance is the root of a sum of rounded products, which cancel.
ROUNDING = {np.float32: {"rtol": 1e-5, "atol": 1e-5}, np.float64: {"rtol": 1e-10, "atol": 1e-10}}


def _problem(kind, dtype, rows=17, k=6):
    """Both sides of the responses of ``rows`` patches, an encoding, and the codes by the slow twin."""
    rng = np.random.RandomState(0)
    centroids, points = rng.normal(size=(k, 5)), rng.normal(size=(rows, 5))
    z = points @ centroids.T
    if kind == "triangle":
        codes = naive_layers.triangle(z[:, None], points[:, None], centroids)[:, 0]
        z = np.concatenate([z, points], axis=1)
    else:
        codes = naive_layers.encode(z[:, None], kind, 0.3)[:, 0]
    sides = np.concatenate([np.maximum(z, 0), np.maximum(-z, 0)], axis=1).astype(dtype)
    lengths = np.square(centroids).sum(axis=1).astype(dtype)
    return sides, lambda pooling, power: encode.Encoding(KINDS[kind], 0.3, lengths, pooling, power), codes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_encode_rows(kind, dtype):
    sides, encoding, codes = _problem(kind, dtype)
    out = np.full((len(codes), codes.shape[1] + 2), -1, dtype)
    encode.encode_rows(sides, encoding(encode.SUM, 1.0), out, 1)
    np.testing.assert_allclose(out[:, 1:-1], codes, **ROUNDING[dtype])
    np.testing.assert_array_equal(out[:, [0, -1]], -1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("how", POOLINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_pool_rows(kind, how, dtype):
    sides, encoding, codes = _problem(kind, dtype)
    owner = np.random.RandomState(1).randint(3, size=len(codes))
    for power in (2.0, 1.5) if how == "power" else (1.0,):
        out = np.full((3, codes.shape[1]), -np.inf if how == "max" else 0.25, dtype)
        encode.pool_rows(sides, owner, encoding(POOLINGS[how], power), out)
        taken = {"power": np.abs(codes) ** power, "ppv": codes > 0}.get(how, codes)
        for cell in range(3):
            mine = taken[owner == cell]
            expected = mine.max(axis=0) if how == "max" else 0.25 + mine.sum(axis=0)
            np.testing.assert_allclose(out[cell], expected, **ROUNDING[dtype])
