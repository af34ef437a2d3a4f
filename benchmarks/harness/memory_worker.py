"""One fit in one process, and the memory it took: what ``benchmarks/memory.py`` starts."""

from __future__ import annotations

import json
import sys
import threading
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import MultiTaskLasso, Ridge

from skmtl import MultiHeadNetwork, MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import Independent, JointSparsity, LearnedRelation, LowRank
from skmtl.neural_network import ConvTrunk

MB = 2**20


def shared(rng, dtype=np.float64):
    """20,000 rows of 200 features, 20 tasks."""
    X = rng.normal(size=(20_000, 200)).astype(dtype)
    Y = X @ rng.normal(size=(200, 20)).astype(dtype) + rng.normal(size=(20_000, 20)).astype(dtype)
    return X, Y, {}


def own_rows(rng):
    """1,000 tasks of 50 rows and 50 features, rows in no order; the task stands in the last column."""
    task = rng.permutation(np.repeat(np.arange(1000), 50))
    X = rng.normal(size=(50_000, 51))
    W = rng.normal(size=50) + 0.3 * rng.normal(size=(1000, 50))
    y = np.einsum("nd,nd->n", X[:, :50], W[task]) + rng.normal(size=50_000)
    X[:, 50] = task
    return X, y, {"task_feature": 50}


def sparse(rng):
    """20,000 rows of 2,000 features, 1 % of them not zero; 5 tasks."""
    X = sp.random_array((20_000, 2_000), density=0.01, rng=rng, format="csr")
    return X, X @ rng.normal(size=(2_000, 5)) + rng.normal(size=(20_000, 5)), {}


def images(rng, n=2048, size=32):
    """Images of 32 x 32 x 3 and a number for each."""
    X = rng.random((n, size, size, 3), dtype=np.float32)
    return X, X.mean(axis=(1, 2, 3), dtype=float), {}


DATA = {
    "images": images,
    "shared": shared,
    "shared-float32": lambda rng: shared(rng, np.float32),
    "own-rows": own_rows,
    "sparse": sparse,
}


def model_of(name: str, parameters: dict):
    """The unfitted model; alphas give fits of a few dozen steps."""
    regressor = MultiTaskLinearRegressor
    return {
        "ridge": lambda: regressor(0.01, coupling=Independent(), **parameters),
        "shared": lambda: regressor(0.01, **parameters),
        "missing": lambda: regressor(0.01, **parameters),
        "learned": lambda: regressor(0.01, coupling=LearnedRelation(smoothing=0.1), **parameters),
        "joint": lambda: regressor(0.5, coupling=JointSparsity(), tol=1e-4, **parameters),
        "low-rank": lambda: regressor(0.5, coupling=LowRank(), tol=1e-4, **parameters),
        "logistic": lambda: MultiTaskLogisticRegression(0.01, tol=1e-4, **parameters),
        "sk-ridge": lambda: Ridge(1.0),
        "sk-lasso": lambda: MultiTaskLasso(0.5),
        "network": lambda: network(batch_norm=False),
        "network-norm": lambda: network(batch_norm=True),
        "torch": lambda: TorchNetwork(batch_norm=False),
        "torch-norm": lambda: TorchNetwork(batch_norm=True),
    }[name]()


def network(batch_norm: bool):
    """Convolutions 3 x 3 of 32 and 64 filters, ReLU and largest of 2 x 2, and a linear layer."""
    trunk = ConvTrunk((32, 64), (), batch_norm=batch_norm)
    same = {"learning_rate": 1e-3, "schedule": "constant", "augment": None, "max_iter": 1, "batch_size": 64}
    return MultiHeadNetwork(trunk=trunk, solver="sgd", random_state=0, **same)


class TorchNetwork:
    """The same network and one epoch of the same steps."""

    def __init__(self, batch_norm: bool):
        import torch

        self.torch, self.batch_norm = torch, batch_norm
        torch.set_num_threads(1)

    def _block(self, channels: int, filters: int) -> list:
        nn = self.torch.nn
        norm = [nn.BatchNorm2d(filters)] if self.batch_norm else []
        return [nn.Conv2d(channels, filters, 3, padding=1), *norm, nn.ReLU(), nn.MaxPool2d(2)]

    def fit(self, X, y):
        torch, nn = self.torch, self.torch.nn
        blocks = [*self._block(3, 32), *self._block(32, 64), nn.Flatten()]
        net = nn.Sequential(*blocks, nn.Linear(X.shape[1] // 4 * (X.shape[2] // 4) * 64, 1))
        net.to(memory_format=torch.channels_last)
        optimiser = torch.optim.SGD(net.parameters(), 1e-3, momentum=0.9)
        for rows in torch.randperm(len(X)).split(64):
            images = torch.from_numpy(X[rows.numpy()]).permute(0, 3, 1, 2)
            optimiser.zero_grad(set_to_none=True)
            loss = (net(images)[:, 0] - torch.from_numpy(y[rows.numpy()]).float()).square().mean()
            loss.backward()
            optimiser.step()


def size_of(X) -> int:
    """Bytes of an array or a sparse matrix."""
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes if sp.issparse(X) else X.nbytes


class Watch:
    """The largest resident memory while it runs, looked at every half millisecond."""

    def __enter__(self):
        self.before = self.peak = _resident()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._look)
        self.thread.start()
        return self

    def _look(self) -> None:
        while not self.done.is_set():
            self.peak = max(self.peak, _resident())
            time.sleep(5e-4)

    def __exit__(self, *error):
        self.done.set()
        self.thread.join()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def small(data: str, name: str, rng) -> tuple[np.ndarray, np.ndarray]:
    """A little data of the same kind."""
    if data == "images":
        return images(rng, 8, 16)[:2]
    X = rng.normal(size=(60, 3))
    return X, X[:, :2] > 0 if name == "logistic" else X[:, :2]


def main(data: str, name: str, how: str) -> None:
    rng = np.random.default_rng(0)
    X, y, parameters = DATA[data](rng)
    if name == "logistic":
        y = (y > 0).astype(y.dtype)
    if name == "missing":
        y = np.where(rng.random(y.shape) < 0.3, np.nan, y)
    warnings.simplefilter("ignore")
    model_of(name, {}).fit(*small(data, name, rng))  # loads and compiles what a first fit does
    model, bytes_of_data = model_of(name, parameters), size_of(X) + y.nbytes
    if how == "resident":
        with Watch() as watch:
            model.fit(X, y)
        extra = watch.peak - watch.before
    else:
        tracemalloc.start()
        model.fit(X, y)
        extra = tracemalloc.get_traced_memory()[1]
    print(json.dumps({"data_mb": bytes_of_data / MB, "extra_mb": extra / MB}))


if __name__ == "__main__":
    main(*sys.argv[1:])
