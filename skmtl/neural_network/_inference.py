"""How a fitted ``MultiHeadNetwork`` predicts: what it takes is made once, and nothing kept to learn by."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from ..nn import Levels, Run
from ..utils._kept import KEPT_PIXELS, Kept
from ..utils._plain import is_plain, refuse_not_finite
from ._codings import read_outputs
from ._conv_trunk import ConvTrunk
from ._inputs import Scaling

#: Numbers of a block of samples, about: those of images, or of the largest maps of the blocks below.
BLOCK, MAPS = 2**18, 2**18

_kept = Kept()


def predicted(model, X, dtype) -> dict[str, np.ndarray]:
    """What each head's codec decodes; layers whose kernels do not say otherwise work in ``dtype``."""
    X = _checked(model, X)
    predictor = _predictor_of(model, dtype)
    X = X.reshape(len(X), *predictor.shape)
    parts = [predictor(X[first : first + predictor.rows]) for first in range(0, len(X), predictor.rows)]
    whole = parts[0] if len(parts) == 1 else [np.concatenate(own) for own in zip(*parts, strict=True)]
    return dict(zip(model._codings, whole, strict=True))


def _checked(model, X) -> np.ndarray:
    if is_plain(model, X):
        refuse_not_finite(model, X)
    else:
        check_is_fitted(model)
        X = validate_data(model, X, allow_nd=True, dtype="numeric", reset=False)
    model._need_shape(X)
    return X


def _predictor_of(model, dtype) -> _Predictor:
    arrays = (*model.params_.values(), *model._statistics.values())
    values = dtype, model.n_jobs
    predictor = _kept.get(model, values, arrays)
    if predictor is None:
        predictor = _Predictor(model, dtype)
        if int(np.prod(predictor.shape[:2])) <= KEPT_PIXELS:
            _kept.put(model, values, arrays, predictor)
    return predictor


class _Predictor:
    """A network with its parameters in one floating type, for samples of its one ``shape``."""

    def __init__(self, model, dtype):
        self.network, self.codings = model._network(), list(model._codings.values())
        self.params = {
            name: _laid_out(value.astype(dtype, copy=False)) for name, value in model.params_.items()
        }
        self.run, self.shape = Run(statistics=model._statistics, n_jobs=model.n_jobs), tuple(model._shape)
        self.scaling, self.dtype = Scaling(**model._scaling), dtype
        self.blocks, self.rows = None, max(BLOCK // int(np.prod(self.shape[:2])), 1)
        if type(model.trunk_) is ConvTrunk and model.trunk_.fuses():
            # Learned in float32, unless by L-BFGS: then more digits mean nothing.
            learned = np.float64 if model.solver == "lbfgs" else np.float32
            self.blocks = _Blocks(model.trunk_, self.params, self.scaling, self.shape, learned)
            self.rows = self.blocks.rows

    def __call__(self, X: np.ndarray) -> list[np.ndarray]:
        """What each head's codec decodes."""
        H = self._levels(X)
        Z = [task.head.forward(self.params, H, self.run)[0] for task in self.network.tasks]
        return [read_outputs(coding, z) for coding, z in zip(self.codings, Z, strict=True)]

    def _levels(self, X):
        if self.blocks is not None:
            return self.blocks.levels(X, self.params, self.run)
        return self.network.trunk.forward(self.params, self.scaling.apply(X, self.dtype), self.run)[0]


class _Blocks:
    """The stages of a ``ConvTrunk`` whose blocks are convolution, ReLU and pooling in one.

    The maps of one block are written into a frame of zeros, ready for the next. Samples have the same bits
    alone and in a batch.
    """

    def __init__(self, trunk: ConvTrunk, params, scaling: Scaling, shape, dtype):
        from ..kernels.conv import RELU, Rule  # numba: only who has such layers waits for it
        from ..kernels.layers import Form, plan_layer, run_layer
        from ..kernels.windows import Window

        self.framed, self.dtype, self.run_layer = _framed(shape), dtype, run_layer
        # For each number of a sample, so that numpy has one long loop and not one for each pixel.
        self.shift, self.scale = (
            np.broadcast_to(a.astype(dtype), shape).ravel() for a in (scaling.shift, scaling.scale)
        )
        self.layers, shape = [], self.framed
        names = [f"trunk.conv{i}" for i in range(trunk.n_maps() - 1)]
        for name in names:
            form = Form(Window((3, 3)), 2, (1, 1) if name != names[-1] else (0, 0))
            filters = np.ascontiguousarray(params[f"{name}.W"].transpose(3, 0, 1, 2))
            rule = Rule(RELU, True)
            self.layers.append(plan_layer(filters, params[f"{name}.b"], rule, form, shape, dtype))
            shape = self.layers[-1].shape
        self.rest = trunk.stages()[len(names) :]
        self.rows = max(MAPS // max(int(np.prod(layer.shape)) for layer in self.layers), 1)

    def levels(self, X: np.ndarray, params, run: Run) -> Levels:
        """X (n, h, w, c), scaled, and the outputs of all stages."""
        maps = self._scaled(X)
        levels = [maps[:, 1:-1, 1:-1]]
        for layer in self.layers:
            maps = self.run_layer(layer, maps)  # so fast that threads cost more than they save
            levels.append(maps[:, 1:-1, 1:-1] if layer.framed else maps)
        for stage in self.rest:
            levels.append(stage.forward(params, levels[-1], run)[0])
        return Levels(levels)

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        """X as ``Scaling`` scales it, in a frame of zeros."""
        out = np.zeros((len(X), *self.framed), self.dtype)
        scaled = X.astype(self.dtype, copy=False).reshape(len(X), -1) - self.shift
        scaled /= self.scale
        out[:, 1:-1, 1:-1] = scaled.reshape(X.shape)
        return out


def _laid_out(value: np.ndarray) -> np.ndarray:
    """Weights of few outputs by columns: a product with one row takes two thirds of the time."""
    return np.asfortranarray(value) if value.ndim == 2 and value.shape[1] <= 32 else value


def _framed(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    height, width, channels = shape
    return height + 2, width + 2, channels
