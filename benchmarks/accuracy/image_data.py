"""Images and labels in a training and a test part."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits


class Split(NamedTuple):
    """Images (n, h, w[, c]) and labels (n,) to learn from and to be judged on."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def fashion(folder: Path, seed: int, *, validate: bool) -> Split:
    """Fashion-MNIST, 60,000 and 10,000; with ``validate`` the last 10,000 of the 60,000 are the test."""
    X, y = _idx(folder / "train-images-idx3-ubyte.gz"), _idx(folder / "train-labels-idx1-ubyte.gz")
    if validate:
        return Split(X[:50000], y[:50000], X[50000:], y[50000:])
    return Split(X, y, _idx(folder / "t10k-images-idx3-ubyte.gz"), _idx(folder / "t10k-labels-idx1-ubyte.gz"))


def cifar(folder: Path, seed: int, *, validate: bool) -> Split:
    """6,000 and 1,200 of CIFAR-10's training part; with ``validate`` the last 1,000 of the 6,000."""
    part = np.load(folder / "cifar10_small.npz")
    X, y = part["x_train"], part["y_train"].ravel()
    if validate:
        return Split(X[:-1000], y[:-1000], X[-1000:], y[-1000:])
    return Split(X, y, part["x_valid"], part["y_valid"].ravel())


def mnist(folder: Path, seed: int, *, validate: bool) -> Split:
    """5,000 and 10,000 digits of MNIST; with ``validate`` every fifth of the 5,000 is the test."""
    part = np.load(folder / "mnist15k.npz")
    X, y = part["images_train"], part["y_train"]
    if validate:
        held = np.arange(len(y)) % 5 == 0
        return Split(X[~held], y[~held], X[held], y[held])
    return Split(X, y, part["images_test"], part["y_test"])


def digits(folder: Path | None, seed: int, *, validate: bool) -> Split:
    """scikit-learn's digits: 20 of each class drawn to learn from, all others to be judged on.

    Choices are made on the seeds from 100 on (``validate``), figures are given for those from 0 on.
    """
    data, rng = load_digits(), np.random.default_rng(seed + 100 * validate)
    train = np.concatenate([rng.permutation(np.flatnonzero(data.target == c))[:20] for c in range(10)])
    test = np.setdiff1d(np.arange(len(data.target)), train)
    X = data.images / 16
    return Split(X[train], data.target[train], X[test], data.target[test])


def _idx(path: Path) -> np.ndarray:
    """An array of bytes in the format of the MNIST files: 2 zeros, type, dimensions, big-endian lengths."""
    content = gzip.decompress(path.read_bytes())
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is no idx file of unsigned bytes")
    shape = np.frombuffer(content, ">i4", content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)
