"""A trunk that has learned already: of a fitted network, of a feature extractor, or from a file."""

from __future__ import annotations

import os
from weakref import WeakKeyDictionary

from ..nn import Layer, Params, Run, remembered
from ._origin import Blank, Origin, need_shapes
from ._tell import cast
from ._trunks import Trunk

#: The layers of trunks that have been asked for them: functions, which no file and no pickle holds.
_PARTS: WeakKeyDictionary = WeakKeyDictionary()


class PretrainedTrunk(Trunk):
    """Layers with parameters that have been learned before, for other heads or other data.

    X is scaled as it was for those layers, and must have the same shape per sample. ``clone`` keeps a fitted
    source; a file is read at each ``fit``, and not needed after it.

    Parameters
    ----------
    source : MultiHeadNetwork, ConvFeatureExtractor or path
        A fitted network, with a trunk that its heads share whole; or a fitted extractor of images of one
        size, whose filters become convolutions, and the means over its grid what heads see; or a file:

        - ".npz", written by ``MultiHeadNetwork.save_trunk``;
        - ".onnx", written by ``to_onnx`` or another program, with one input of a known shape. Operators: Conv
          (square, of all channels), MaxPool, AveragePool, GlobalAveragePool, Relu, Erf, BatchNormalization,
          Gemm, Flatten, Reshape to rows, Transpose of channels, Dropout, Identity, and Add, Sub, Mul and Div
          with a constant; Add and Mul of two values. Images are given with the channels last, (n, h, w, c),
          whatever the file says.
    frozen : bool, default False
        Leave the layers of the source as they are; else their parameters are where learning begins. What was
        dropped while a network learned is dropped again only where it is not frozen.
    then : Trunk, optional
        Further layers, drawn anew, on the deepest map of the source, or on its vector if it has no maps.
    output : str, optional
        Of an ONNX file, the name of the value up to which it is taken: the last features, where the file
        itself goes on to classes. None: the end of the trunk in a file of ``to_onnx``, else the first output.
        Maps are averaged over the image.

    Notes
    -----
    Mask heads read the maps of the source: all of a network's, those of each layer of an extractor, of an
    ONNX file the last of each size that everything after it is made of.
    """

    is_hard = False

    def __init__(self, source, frozen=False, *, then=None, output=None):
        self.source = source
        self.frozen = frozen
        self.then = then
        self.output = output

    def __sklearn_clone__(self):
        return type(self)(self.source, self.frozen, then=self.then, output=self.output)

    def check(self):
        if self.then is not None:
            if not isinstance(self.then, Trunk) or not self.then.is_hard:
                raise ValueError(
                    f"PretrainedTrunk: then takes a trunk that tasks share whole, got {self.then!r}"
                )
            self.then.check()
        if self._is_file() or hasattr(self.source, "filters_"):
            return
        trunk = getattr(self.source, "trunk_", None)
        if trunk is None:
            raise ValueError(
                "PretrainedTrunk needs a fitted MultiHeadNetwork or ConvFeatureExtractor, or the path of a "
                f"file; got {self.source!r}"
            )
        if not (trunk.is_hard or isinstance(trunk, PretrainedTrunk)):
            raise ValueError(f"PretrainedTrunk needs a trunk that its heads share whole, got {trunk!r}")

    def named(self, names):
        """This trunk with the content of its file."""
        if self._is_file():
            from ._trunk_file import load_source

            self._content = load_source(self.source)
        return self

    def _is_file(self) -> bool:
        return isinstance(self.source, str | os.PathLike)

    def _given(self) -> Origin:
        """The source, without what follows it."""
        # Readers of files, and what they are made of, are loaded by those who have one.
        if self._is_file():
            from ._trunk_file import load_source, origin_of_file

            content = vars(self).get("_content")
            content = load_source(self.source) if content is None else content
            return origin_of_file(self.source, content, self.output)
        if hasattr(self.source, "trunk_"):
            return origin_of(self.source)
        from ._extractor_origin import origin_of_extractor

        return origin_of_extractor(self.source)

    def _parts(self) -> tuple[Origin, int]:
        """All layers, and how many stages are the source's."""
        known = _PARTS.get(self)
        if known is None:
            whole = self._given()
            kept = len(whole.stages)
            if self.then is not None:
                taken = {name.split(".")[1] for name in whole.params}
                name = next(name for i in range(len(taken) + 1) if (name := f"then{i}") not in taken)
                n_new = len(self.then.stages())
                whole = whole.followed_by(self.then.stages(f"trunk.{name}"), self.then.n_maps())
                kept = len(whole.stages) - n_new
            known = _PARTS[self] = whole, kept
        return known

    def origin(self) -> Origin:
        """All layers, with the parameters that they begin with."""
        return self._parts()[0]

    def n_maps(self):
        return self.origin().n_maps

    def stages(self, name="trunk"):
        whole, kept = self._parts()
        hold, held = given if self.frozen else beginning, Held(whole.params, whole.statistics)
        return [*(hold(stage, held) for stage in whole.stages[:kept]), *whole.stages[kept:]]

    def samples(self, X):
        return self.origin().samples(X)

    def scaling(self):
        return self.origin().scaling

    def statistics(self):
        return {} if self.frozen else self.origin().statistics


def origin_of(network) -> Origin:
    """The trunk of a fitted ``MultiHeadNetwork`` as it is now."""
    trunk, shape = network._ground()
    params, gathered = _trunks_own(network.params_), _trunks_own(network._statistics)
    if isinstance(trunk, PretrainedTrunk):
        before = trunk.origin()
        return before._replace(params=before.params | params, statistics=before.statistics | gathered)
    return Origin(trunk.stages(), trunk.n_maps(), params, gathered, network._scaling, tuple(shape))


def _trunks_own(arrays: Params) -> Params:
    return {name: value for name, value in arrays.items() if name.startswith("trunk.")}


class Held:
    """Parameters and statistics that stay as they are, in the types that they are asked for."""

    def __init__(self, params: Params, statistics: Params):
        self.params, self.statistics = params, statistics
        self._cast: dict = {}

    def at(self, dtype) -> tuple[Params, Params]:
        if dtype not in self._cast:
            self._cast[dtype] = cast(self.params, dtype), cast(self.statistics, dtype)
        return self._cast[dtype]

    def of(self, layer: Layer, shape, dtype) -> tuple[Params, tuple[int, ...]]:
        """A layer's own parameters, and the shape of what it makes."""
        largest = max((value.size for value in self.params.values()), default=0)
        drawn, shape = layer.init(Blank(largest), shape, dtype)
        need_shapes(drawn, self.params)
        return cast({name: self.params[name] for name in drawn}, dtype), shape


def beginning(layer: Layer, held: Held) -> Layer:
    """``layer`` that begins with these parameters."""
    return layer._replace(init=lambda rng, shape, dtype: held.of(layer, shape, dtype))


@remembered
def given(layer: Layer, held: Held) -> Layer:
    """``layer`` as it predicts with these parameters, whatever it is given."""

    def init(rng, shape, dtype):
        return {}, held.of(layer, shape, dtype)[1]

    def forward(_, X, run: Run):
        own, gathered = held.at(X.dtype)
        Y, back = layer.forward(own, X, Run(statistics=gathered))

        def go_back(dY, need_input=True):
            return (back(dY)[0] if need_input else None), {}

        return Y, go_back

    return Layer(init, forward)
