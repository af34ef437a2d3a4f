"""Slow, obvious twins of the kernels, written from the formulas."""

import numpy as np

# ---------------------------------------------------------------------------------------------------------
# Convolutional features
# ---------------------------------------------------------------------------------------------------------


def patch_responses(image, filters, bias, contrast):
    """z[y, x, f] = f . p / sqrt(var(p) + contrast) + bias[f] for every patch p that lies within the image."""
    _, kh, kw, _ = filters.shape
    image = image.astype(np.float64)
    out = np.empty((image.shape[0] - kh + 1, image.shape[1] - kw + 1, len(filters)))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            patch = image[y : y + kh, x : x + kw]
            scale = 1.0 if contrast is None else 1 / np.sqrt(patch.var() + contrast)
            for f in range(len(filters)):
                out[y, x, f] = (filters[f] * patch).sum() * scale + bias[f]
    return out


def activate(z, activation, threshold):
    """Channels last: both signs, the positive one, or their sum."""
    positive, negative = np.maximum(z - threshold, 0), np.maximum(-z - threshold, 0)
    if activation == "two-sided":
        return np.concatenate([positive, negative], axis=-1)
    return positive if activation == "relu" else positive + negative


def pool(maps, grid, how):
    """``maps`` (rows, columns, channels) pooled over grid x grid cells, one after the other."""
    cells = []
    for i in range(grid):
        for j in range(grid):
            rows = slice(i * len(maps) // grid, (i + 1) * len(maps) // grid)
            columns = slice(j * maps.shape[1] // grid, (j + 1) * maps.shape[1] // grid)
            cells.append(getattr(np, how)(maps[rows, columns], axis=(0, 1)))
    return np.concatenate(cells)


def reduce(image, factor):
    """Means over factor x factor pixels, the edge repeated where the last ones are missing."""
    padding = [(0, -length % factor) for length in image.shape[:2]]
    image = np.pad(image.astype(np.float64), [*padding, (0, 0)], mode="edge")
    out = np.empty((image.shape[0] // factor, image.shape[1] // factor, image.shape[2]))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            cell = image[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
            out[y, x] = cell.mean(axis=(0, 1))
    return out


def enlarge(maps, factor, shape):
    """Bilinear interpolation between the centres of cells that are ``factor`` pixels wide."""
    for axis in (0, 1):
        centres = (np.arange(maps.shape[axis]) + 0.5) * factor - 0.5
        pixels = np.arange(shape[axis])
        maps = np.apply_along_axis(lambda line, c=centres, p=pixels: np.interp(p, c, line), axis, maps)
    return maps


def dense_maps(image, filters, bias, contrast, activation, threshold, factor):
    """Activations (h, w, channels) at every pixel, of the image reduced ``factor`` times."""
    small = reduce(image, factor)
    before = [(size - 1) // 2 for size in filters.shape[1:3]]
    around = [(b, size - 1 - b) for b, size in zip(before, filters.shape[1:3], strict=True)]
    padded = np.pad(small, [*around, (0, 0)], mode="reflect")
    maps = activate(patch_responses(padded, filters, bias, contrast), activation, threshold)
    return enlarge(maps, factor, image.shape[:2])
