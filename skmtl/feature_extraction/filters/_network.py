"""Filters that a network has learned."""

from __future__ import annotations

import re

import numpy as np

from ._base import Filters, finite_array
from ._fixed import given_filters

_NORM = ("gamma", "beta", "mean", "variance")


class NetworkFilters(Filters):
    """Filters of a convolutional layer of a fitted network, as the network applies them to pixels.

    The scaling of the network's input is folded into the filters of its first layer, and batch normalisation
    into those of any layer, so that a response is what the network's activation sees (away from the
    borders, where the network pads with zeros).

    Parameters
    ----------
    network : estimator
        Fitted, with ``params_`` holding ``trunk.conv0.W`` (kh, kw, c, k), ``trunk.conv0.b`` (k,) and so on,
        such as a `MultiHeadNetwork` with a `ConvTrunk`. For filters in arrays there is `FixedFilters`.
    layer : int, default=0
        Number of the convolution. Filters beyond the first take the feature maps of the layer before as
        their channels.
    contrast : float or None, default=None
        As in `FixedFilters`.

    Raises
    ------
    ValueError
        When learning, if the network is not fitted or has no such layer, or if the channels differ.
    """

    n_patches = 5000

    def __init__(self, network, layer=0, contrast=None):
        self.network = network
        self.layer = layer
        self.contrast = contrast

    def kernel_shape(self, requested):
        return self._layer()[0].shape[1:3]

    def _learn(self, patches, n_filters, rng, previous):
        return given_filters(self, *self._layer(), patches)

    def _layer(self) -> tuple[np.ndarray, np.ndarray]:
        """Filters (k, kh, kw, c) and biases (k,)."""
        params = self._params()
        name = f"trunk.conv{self.layer}"
        filters = finite_array(params[f"{name}.W"], f"NetworkFilters: {name}.W").transpose(3, 0, 1, 2)
        bias = finite_array(params[f"{name}.b"], f"NetworkFilters: {name}.b")
        if self.layer == 0:
            filters, bias = _fold_scaling(filters, bias, vars(self.network).get("_scaling"))
        if f"{name}.norm.gamma" in params:
            filters, bias = _fold_norm(filters, bias, params, vars(self.network)["_statistics"], name)
        return filters, bias

    def _params(self) -> dict[str, np.ndarray]:
        params = getattr(self.network, "params_", None)
        if params is None:
            raise ValueError(
                f"NetworkFilters: network={self.network!r} is not fitted (it has no params_); fit it first, "
                "or give arrays to FixedFilters"
            )
        found = (re.fullmatch(r"trunk\.conv(\d+)\.W", name) for name in params)
        layers = sorted(int(one[1]) for one in found if one)
        if self.layer not in layers:
            raise ValueError(
                f"NetworkFilters: layer={self.layer!r} is not a convolution of the network, which has "
                + (f"{len(layers)} of them: {layers}" if layers else "none: its trunk must be a ConvTrunk")
            )
        return params


def _fold_scaling(filters, bias, scaling: dict | None):
    """Filters of pixels X that respond as ``filters`` do to ``(X - shift) / scale``."""
    if scaling is None:
        return filters, bias
    filters = filters / scaling["scale"]
    return filters, bias - (filters * scaling["shift"]).sum(axis=(1, 2, 3))


def _fold_norm(filters, bias, params: dict, statistics: dict, name: str, epsilon: float = 1e-5):
    """Batch normalisation as it predicts: ``epsilon`` is that of ``nn.batch_norm``."""
    norm = {key: params.get(f"{name}.norm.{key}", statistics.get(f"{name}.norm.{key}")) for key in _NORM}
    gain = norm["gamma"] / np.sqrt(norm["variance"] + epsilon)
    return filters * gain[:, None, None, None], (bias - norm["mean"]) * gain + norm["beta"]
