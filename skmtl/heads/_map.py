"""Numbers for every pixel."""

from __future__ import annotations

import numpy as np

from ._base import Head, field_error, mean_observed, same_shape
from ._number import r2


class MapHead(Head):
    """Numbers for every pixel: (n_samples, h, w) or (n_samples, h, w, k), NaN where not observed.

    Depth, density, or another image of the same size. Learned by networks with a ``ConvTrunk``.

    Parameters
    ----------
    metric : {"r2", "neg_mae"}
        R2 over all observed pixels, or minus the mean absolute error; the mean over the k numbers.
    loss : {"squared", "huber"}
        Of standardised numbers.
    """

    reads = "pixels"
    needs_network = True

    def __init__(self, metric: str = "r2", loss: str = "squared"):
        super().__init__()
        self.metric = metric
        self.loss = loss

    @property
    def kind(self):
        return "map" if self.loss == "squared" else "huber map"

    def learn(self, target, name, image_shape=None):
        for key, known in (("metric", ("r2", "neg_mae")), ("loss", ("squared", "huber"))):
            if getattr(self, key) not in known:
                raise field_error(name, f"{key} must be one of {known}, got {getattr(self, key)!r}.")
        if target.ndim not in (3, 4) or target.dtype.kind not in "biuf":
            raise field_error(
                name, f"maps are numbers (n, h, w) or (n, h, w, k), got {target.dtype} {target.shape}."
            )
        if image_shape is not None and target.shape[1:3] != tuple(image_shape):
            raise field_error(name, f"maps are {target.shape[1:3]}, but images are {tuple(image_shape)}.")
        spec = {"name": name, "shape": list(target.shape[1:]), "dtype": target.dtype.str}
        empty = np.isnan(self.encode(target, spec)).all(axis=(0, 1, 2))
        if empty.any():
            raise field_error(name, f"no value is observed in channel {int(empty.argmax())}.")
        return spec

    def encode(self, target, spec):
        """(n, h, w, k) float32."""
        same_shape(target, spec)
        values = target.reshape(*target.shape[:3], -1).astype(np.float32)
        if np.isinf(values).any():
            raise field_error(spec, "infinite values; a missing number is NaN.")
        return values

    def decode(self, output, spec):
        values, dtype = output.reshape(len(output), *spec["shape"]), np.dtype(spec["dtype"])
        if dtype.kind == "f":
            return values.astype(dtype)
        limits = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        return np.rint(np.clip(values, *limits)).astype(dtype)

    def score(self, target, predicted, spec):
        maps = [self.encode(values, spec) for values in (target, predicted)]
        columns = [values.reshape(-1, values.shape[-1]).T for values in maps]
        return mean_observed(np.array([self._judge(y, p) for y, p in zip(*columns, strict=True)]))

    def _judge(self, truth: np.ndarray, guess: np.ndarray) -> float:
        truth, guess = truth.astype(np.float64), guess.astype(np.float64)
        return r2(truth, guess) if self.metric == "r2" else -mean_observed(np.abs(truth - guess))


class ReconstructionHead(MapHead):
    """An image that the trunk must be able to paint again, from its deepest maps alone.

    Give the images themselves as a field, ``make_targets(again=images, label=...)``: images without any other
    label then teach the trunk too. Not from X itself, which is an image already.
    """

    @property
    def kind(self):
        return "reconstruction" if self.loss == "squared" else "huber reconstruction"
