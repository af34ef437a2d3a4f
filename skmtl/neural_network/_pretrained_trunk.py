"""The trunk of a network that has been fitted before."""

from __future__ import annotations

import numpy as np

from ..nn import Layer, Params, Run, remembered
from ._tell import cast
from ._trunks import Trunk


class PretrainedTrunk(Trunk):
    """The trunk of a fitted ``MultiHeadNetwork``, with its parameters, for other heads or other data.

    X is scaled as it was for that network, and must have the same shape per sample. ``clone`` keeps the
    fitted network.

    Parameters
    ----------
    network : MultiHeadNetwork
        Fitted, with a trunk that its heads share whole.
    frozen : bool, default False
        Learn the heads alone; else its parameters are where learning begins. What was dropped while the
        network learned is dropped again only where the trunk is not frozen.
    """

    is_hard = False

    def __init__(self, network, frozen=False):
        self.network = network
        self.frozen = frozen

    def __sklearn_clone__(self):
        return type(self)(self.network, self.frozen)

    def check(self):
        trunk = getattr(self.network, "trunk_", None)
        if trunk is None:
            raise ValueError(f"PretrainedTrunk needs a fitted MultiHeadNetwork, got {self.network!r}")
        if not (trunk.is_hard or isinstance(trunk, PretrainedTrunk)):
            raise ValueError(f"PretrainedTrunk needs a trunk that its heads share whole, got {trunk!r}")

    def _origin(self) -> tuple[Trunk, Params, Params]:
        """The trunk as a value, its parameters, and what its layers have gathered."""
        trunk, params, gathered = self.network.trunk_, self.network.params_, self.network._statistics
        if isinstance(trunk, PretrainedTrunk):
            first = trunk._origin()
            if trunk.frozen:
                return first
            trunk = first[0]
        return trunk, _trunks_own(params), _trunks_own(gathered)

    def n_maps(self):
        return self._origin()[0].n_maps()

    def stages(self, name="trunk"):
        return self._origin()[0].stages(name)

    def samples(self, X):
        fitted = tuple(self.network.input_shape_)
        if X.shape[1:] != fitted:
            raise ValueError(f"PretrainedTrunk: samples of X are {X.shape[1:]}, but {fitted} was fitted")
        return self._origin()[0].samples(X)

    def scaling(self):
        return self.network._scaling

    def statistics(self):
        return {} if self.frozen else self._origin()[2]

    def layers(self, n_tasks):
        trunk, params, gathered = self._origin()
        layer = trunk.layers(n_tasks)

        def begin(rng, shape, dtype):
            shape = layer.init(np.random.default_rng(0), shape, dtype)[1]
            return {} if self.frozen else cast(params, dtype), shape

        if self.frozen:
            return given(layer, params, gathered)._replace(init=begin)
        return layer._replace(init=begin)


def _trunks_own(arrays: Params) -> Params:
    return {name: value for name, value in arrays.items() if name.startswith("trunk.")}


@remembered
def given(layer: Layer, params: Params, statistics: Params) -> Layer:
    """``layer`` as it predicts with these parameters, whatever it is given."""
    known: dict = {}

    def forward(_, X, run: Run):
        if X.dtype not in known:
            known[X.dtype] = cast(params, X.dtype), cast(statistics, X.dtype)
        own, gathered = known[X.dtype]
        Y, back = layer.forward(own, X, Run(statistics=gathered))

        def go_back(dY, need_input=True):
            return (back(dY)[0] if need_input else None), {}

        return Y, go_back

    return Layer(layer.init, forward)
