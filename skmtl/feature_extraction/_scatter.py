"""Scattering coefficients of images, block by block."""

from __future__ import annotations

import numpy as np
from scipy.fft import fft2, ifft2
from sklearn.utils import gen_batches
from threadpoolctl import threadpool_limits

from skmtl.utils._parallel import run_blocks

from ._scattering_bank import Bank

BLOCK_VALUES = 2**14  # pixels of a block: small enough for the cache, large enough to hide the calls


def scatter_images(images: np.ndarray, bank: Bank, out: np.ndarray, n_jobs) -> None:
    """Coefficients ``out`` (n, c, paths, rows, columns) of images (n, h, w, c)."""
    step = max(BLOCK_VALUES // images[0].size, 1)

    def work(block: slice) -> None:
        planes = images[block].transpose(1, 2, 0, 3).astype(out.dtype)
        padded = np.pad(planes, (*bank.pad, (0, 0), (0, 0)), mode="reflect")
        paths = _scatter(padded.reshape(*padded.shape[:2], -1), bank, out.shape[2])
        out[block] = paths.transpose(2, 3, 0, 1).reshape(out[block].shape)

    with threadpool_limits(1, user_api="blas"):
        run_blocks(work, gen_batches(len(images), step), n_jobs)


def _scatter(planes: np.ndarray, bank: Bank, paths: int) -> np.ndarray:
    """Coefficients (rows, columns, b, paths) of planes (h, w, b).

    Places, or frequencies, come first and the b planes and orientations last, so that both the sums over
    frequencies and the smoothing are products of matrices.
    """
    octaves, count = len(bank.waves), bank.n_orientations
    spectra = fft2(planes, axes=(0, 1))
    first, second = [_smooth(planes[..., None], bank.low[0])], []
    for j in range(octaves):
        maps = _moduli(spectra, bank.waves[j][0])
        first.append(_smooth(maps, bank.low[j]))
        if paths > 1 + octaves * count and j + 1 < octaves:
            second.append(_second_order(fft2(maps, axes=(0, 1)), bank, j))
    return np.concatenate(first + second, axis=3)


def _second_order(spectra: np.ndarray, bank: Bank, j: int) -> np.ndarray:
    """Coefficients (rows, columns, b, paths) of the spectra (h, w, b, orientations) of maps at octave j."""
    flat = spectra.reshape(*spectra.shape[:2], -1)
    parts = [_smooth(_moduli(flat, bank.waves[k][j]), bank.low[k]) for k in range(j + 1, len(bank.waves))]
    joined = np.concatenate(parts, axis=3)
    return joined.reshape(*joined.shape[:2], spectra.shape[2], -1)


def _moduli(spectra: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """|x * psi| (h / s, w / s, m, k) at every s-th place, of spectra (h, w, m) and ``waves`` of the bank.

    Every s-th place of a signal has the mean of the s parts of its spectrum.
    """
    rows, columns = waves.shape[:2]
    step = len(spectra) // rows
    parts = spectra.reshape(step, rows, step, columns, -1).transpose(1, 3, 4, 0, 2)
    product = parts.reshape(rows, columns, -1, step * step) @ waves
    maps = ifft2(product, axes=(0, 1), overwrite_x=True)
    return np.sqrt(np.square(maps.real) + np.square(maps.imag))


def _smooth(maps: np.ndarray, low: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Maps (h, w, m, k), smoothed and reduced: (rows, columns, m, k)."""
    rows, columns = low
    narrow = rows @ maps.reshape(len(maps), -1)
    return (columns @ narrow.reshape(len(rows), maps.shape[1], -1)).reshape(
        len(rows), len(columns), *maps.shape[2:]
    )
