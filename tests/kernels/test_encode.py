"""Codes of all filters of a patch, and their pooling, against their slow twins."""

import naive
import naive_layers
import numpy as np
import pytest

from skmtl.kernels import conv, encode
from skmtl.kernels.windows import Window

KINDS = {
    "two-sided": conv.TWO_SIDED,
    "relu": conv.RELU,
    "abs": conv.ABSOLUTE,
    "linear": encode.LINEAR,
    "modulus": encode.MODULUS,
    "triangle": encode.TRIANGLE,
}
POOLINGS = {"sum": encode.SUM, "max": encode.MAXIMUM, "power": encode.POWER, "ppv": encode.POSITIVE}
# Sums of some hundred rounded products of values near one; a distance is the root of such a sum.
ROUNDING = {np.float32: {"rtol": 5e-5, "atol": 5e-5}, np.float64: {"rtol": 1e-10, "atol": 1e-10}}
WINDOW = Window((2, 3), stride=(1, 2), dilation=(2, 1))


def _problem(kind, dtype, k=conv.FILTERS + 2):
    """Two images, the bank, the encoding, and the codes (2, patches, channels) by the slow twin."""
    rng = np.random.RandomState(0)
    images = rng.normal(size=(2, 7, 9, 2)).astype(dtype)
    filters, bias = rng.normal(size=(k, 2, 3, 2)), rng.normal(size=k)
    coordinates = np.eye(12).reshape(12, 2, 3, 2) if kind == "triangle" else filters[:0]
    if kind == "triangle":
        bias[:] = 0
    every, threshold = (
        np.concatenate([filters, coordinates]),
        0.3 if kind in ("two-sided", "relu", "abs") else 0,
    )
    bank = conv.pack_bank(every, np.append(bias, np.zeros(len(coordinates))), threshold, WINDOW, dtype)
    codes = []
    for image in images:
        z = naive.patch_responses(image, filters, bias, None, *WINDOW[1:])
        if kind == "triangle":
            points = naive.patch_responses(image, coordinates, np.zeros(12), None, *WINDOW[1:])
            codes.append(naive_layers.triangle(z, points, filters.reshape(k, 12)))
        else:
            codes.append(naive_layers.encode(z, kind, threshold))
    lengths = np.square(filters).sum(axis=(1, 2, 3)).astype(dtype)
    return images, bank, lengths, np.array(codes).reshape(2, -1, codes[0].shape[2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_map_codes(kind, dtype):
    images, bank, lengths, codes = _problem(kind, dtype)
    places = np.array([5, 0, 19, 19, 7, 2, 11])
    sites = conv.group_sites([places], WINDOW, images.shape[1:], dtype)
    out = np.full((len(places), codes.shape[2] + 2), -1, dtype)
    encoding = encode.Encoding(KINDS[kind], lengths, encode.SUM, 1.0)
    encode.map_codes(images[1].reshape(-1), np.ones(20, dtype), sites, bank, encoding, out, 1)
    np.testing.assert_allclose(out[:, 1:-1], codes[1, places], **ROUNDING[dtype])
    np.testing.assert_array_equal(out[:, [0, -1]], -1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("how", POOLINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_pool_codes(kind, how, dtype):
    images, bank, lengths, codes = _problem(kind, dtype)
    cells = [np.arange(8), np.arange(5, 20)]
    sites = conv.group_sites(cells, WINDOW, images.shape[1:], dtype)
    for power in (2.0, 1.5) if how == "power" else (1.0,):
        out = np.full((4, codes.shape[2]), np.nan, dtype)
        encoding = encode.Encoding(KINDS[kind], lengths, POOLINGS[how], power)
        encode.pool_codes(images.reshape(2, -1), np.ones((2, 20), dtype), sites, bank, encoding, out)
        taken = {"power": np.abs(codes) ** power, "ppv": codes > 0}.get(how, codes)
        for i, (image, cell) in enumerate((image, cell) for image in taken for cell in cells):
            expected = image[cell].max(axis=0) if how == "max" else image[cell].sum(axis=0)
            np.testing.assert_allclose(out[i], expected, **ROUNDING[dtype])
