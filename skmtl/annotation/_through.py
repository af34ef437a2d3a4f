"""A fitted network behind a linear map of its inputs: the map becomes part of its first layer."""

from __future__ import annotations

import numpy as np

from ..neural_network import MultiHeadNetwork
from ..neural_network._codings import read_outputs
from ..neural_network._trunks import hidden_sizes
from ..nn import Run

#: Rows at once: what the hidden layer says of them stays in the cache.
ROWS = 2048


class Through:
    """A `MultiHeadNetwork` of dense layers that takes Z, where it learned from X.

    The first columns of X are ``Z[:, :f] @ matrix + shift``, for a matrix (f, p); the others stand in Z as
    they are. That and the standardising of X go into the weights: ``((Z M + s) - mean) / scale @ W + b`` is
    one product with Z.
    """

    def __init__(self, network: MultiHeadNetwork, matrix: np.ndarray, shift: np.ndarray):
        params = dict(network.params_)
        heads = [f"head.{name}.out" for name in network.heads_]
        mean, p = np.array(network._scaling["shift"]), len(shift)
        mean[:p] -= shift
        for name in ["trunk.dense0"] if hidden_sizes(network.trunk_) else heads:
            weights = params[f"{name}.W"] / network._scaling["scale"][:, None]
            params[f"{name}.b"] = params[f"{name}.b"] - mean @ weights
            params[f"{name}.W"] = np.concatenate([matrix @ weights[:p], weights[p:]])
        self.params = {name: value.astype(np.float32) for name, value in params.items()}
        self.network, self.codings = network._network(), network._codings
        self.run = Run(statistics=network._statistics)

    def __call__(self, maps: np.ndarray) -> dict[str, np.ndarray]:
        """What each head's codec decodes of the columns of maps (f, n), (n, k) each."""
        n = maps.shape[1]
        parts = [self._told(maps[:, start : start + ROWS].T) for start in range(0, n, ROWS)]
        return {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(self.codings)}

    def _told(self, Z: np.ndarray) -> list[np.ndarray]:
        H = self.network.trunk.forward(self.params, Z, self.run)[0]
        told = [task.head.forward(self.params, H, self.run)[0] for task in self.network.tasks]
        return [read_outputs(coding, z) for coding, z in zip(self.codings.values(), told, strict=True)]
