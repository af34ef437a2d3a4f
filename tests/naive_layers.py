"""Layers of convolution, slow and obvious: twins of ``skmtl.feature_extraction`` and ``kernels.encode``."""

import naive
import numpy as np


def pad(image, filters, dilation, padding):
    """What lies around an image so that every pixel is the middle of a patch, or nothing."""
    if padding == "valid":
        return image
    reach = [(size - 1) * dilation + 1 for size in filters.shape[1:3]]
    around = [((length - 1) // 2, length - 1 - (length - 1) // 2) for length in reach]
    return np.pad(image, [*around, (0, 0)], mode="constant" if padding == "same" else "reflect")


def triangle(z, points, centroids):
    """How much nearer than the mean distance each of centroids (k, d) is to points (rows, columns, d)."""
    distance = np.empty(z.shape)
    for y, x, k in np.ndindex(z.shape):
        distance[y, x, k] = np.sqrt(np.square(points[y, x] - centroids[k]).sum())
    return np.maximum(distance.mean(axis=2, keepdims=True) - distance, 0)


def encode(z, kind, threshold):
    """Activations of responses (rows, columns, k) that need no distances."""
    half = z.shape[2] // 2
    if kind == "modulus":
        return np.sqrt(z[..., :half] ** 2 + z[..., half:] ** 2)
    return z if kind == "linear" else naive.activate(z, kind, threshold)


def maps(image, learned, layer):
    """Activations of one layer (a ``ConvLayer``), before pooling, all but "triangle"."""
    image = np.asarray(image, dtype=np.float64)
    if layer.per_channel:
        each = [image[..., [c]] for c in range(image.shape[2])]
        return np.concatenate([_maps(one, learned, layer) for one in each], axis=2)
    return _maps(image, learned, layer)


def _maps(image, learned, layer):
    steps = [(layer.stride,) * 2, (layer.dilation,) * 2]
    padded = pad(image, learned.filters, layer.dilation, layer.padding)
    z = naive.patch_responses(padded, learned.filters, learned.bias, learned.contrast, *steps)
    return encode(z, layer.activation, layer.threshold)


def shrink(maps, size, how):
    """The maximum or mean of size x size pixels; incomplete ones at the lower and right edges are dropped."""
    out = np.empty((maps.shape[0] // size, maps.shape[1] // size, maps.shape[2]))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            cell = maps[y * size : (y + 1) * size, x * size : (x + 1) * size]
            out[y, x] = getattr(np, how)(cell, axis=(0, 1))
    return out


def pool(maps, grid, how, power=2.0):
    """``maps`` (rows, columns, channels) pooled over grid x grid cells."""
    if how == "ppv":
        return naive.pool((maps > 0).astype(float), grid, "mean")
    if how == "power":
        return naive.pool(np.abs(maps) ** power, grid, "mean") ** (1 / power)
    return naive.pool(maps, grid, how)


def features(extractor, image):
    """What a fitted ``ConvFeatureExtractor`` makes of one image."""
    for layer in extractor.hidden_layers_:
        image = maps(image, layer.learned, layer.settings)
        if layer.settings.pooling is not None:
            image = shrink(image, layer.settings.pool_size, layer.settings.pooling)
    last = extractor._layers()[-1]
    image = maps(image, last.learned, last.settings)
    return np.concatenate([pool(image, g, extractor.pooling, extractor.power) for g in extractor.grid_])


def largest(maps):
    """The largest of 2 x 2 pixels and 0, and the number of the first that is it, 4 where none is above 0."""
    rows, columns, k = maps.shape[0] // 2, maps.shape[1] // 2, maps.shape[2]
    out, codes = np.zeros((rows, columns, k)), np.full((rows, columns, k), 4)
    for y, x, f in np.ndindex(out.shape):
        for number in range(4):
            value = maps[2 * y + number // 2, 2 * x + number % 2, f]
            if value > out[y, x, f]:
                out[y, x, f], codes[y, x, f] = value, number
    return out, codes


def pooled_slopes(image, filters, codes, slopes):
    """Derivatives in filters (k, 3, 3, c), bias (k,) and image, which zeros surround, of ``largest``."""
    padded = np.pad(np.asarray(image, float), [(1, 1), (1, 1), (0, 0)])
    dW, db, dX = np.zeros(filters.shape), np.zeros(len(filters)), np.zeros(padded.shape)
    for y, x, f in np.ndindex(codes.shape):
        code, slope = codes[y, x, f], slopes[y, x, f]
        if code < 4:
            top, left = 2 * y + code // 2, 2 * x + code % 2
            dW[f] += slope * padded[top : top + 3, left : left + 3]
            dX[top : top + 3, left : left + 3] += slope * filters[f]
            db[f] += slope
    return dW, db, dX[1:-1, 1:-1]


def padded_maps(image, W, bias, stride):
    """Responses of an image in zeros, ``size // 2`` on each side, to filters W (size, size, c, k)."""
    size, k = W.shape[0], W.shape[3]
    padded = np.pad(np.asarray(image, float), [(size // 2, size // 2)] * 2 + [(0, 0)])
    rows, columns = ((length - size) // stride + 1 for length in padded.shape[:2])
    out = np.empty((rows, columns, k))
    for y, x, f in np.ndindex(out.shape):
        patch = padded[y * stride : y * stride + size, x * stride : x * stride + size]
        out[y, x, f] = (patch * W[..., f]).sum() + bias[f]
    return out


def map_slopes(image, W, stride, slopes):
    """Derivatives in filters (size, size, c, k), bias (k,) and image of ``padded_maps``."""
    size = W.shape[0]
    pad = size // 2
    padded = np.pad(np.asarray(image, float), [(pad, pad)] * 2 + [(0, 0)])
    dW, db, dX = np.zeros(W.shape), np.zeros(W.shape[3]), np.zeros(padded.shape)
    for y, x, f in np.ndindex(slopes.shape):
        patch = slice(y * stride, y * stride + size), slice(x * stride, x * stride + size)
        dW[..., f] += slopes[y, x, f] * padded[patch]
        dX[patch] += slopes[y, x, f] * W[..., f]
        db[f] += slopes[y, x, f]
    return dW, db, dX[pad : pad + image.shape[0], pad : pad + image.shape[1]]
