"""The parameters of ``ConvFeatureExtractor``, which its docstring describes."""

from __future__ import annotations

from numbers import Integral, Real

from sklearn.base import BaseEstimator, TransformerMixin

from skmtl.utils._sklearn import Interval, StrOptions

from ._layers import CONVOLUTION_CONSTRAINTS, ConvLayer

MEGABYTE = 2**20


class ExtractorParameters(TransformerMixin, BaseEstimator):
    """Stores them, and says what may be given."""

    _parameter_constraints = {
        **CONVOLUTION_CONSTRAINTS,
        "hidden_layers": [tuple, list],
        "pooling": [StrOptions({"mean", "sum", "max", "power", "ppv"})],
        "power": [Interval(Real, 0, None, closed="neither")],
        "grid": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "scales": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "image_shape": [tuple, list, None],
        "arithmetic": [StrOptions({"float", "bytes"})],
        "sparse_output": ["boolean"],
        "memory": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(  # noqa: PLR0913 - scikit-learn's way: every choice is a parameter of its own
        self,
        filters=None,
        *,
        hidden_layers=(),
        n_filters=64,
        kernel_size=6,
        stride=1,
        dilation=1,
        padding="valid",
        activation="two-sided",
        threshold=0.25,
        per_channel=False,
        pooling="mean",
        power=2.0,
        grid=2,
        scales=(1, 2),
        image_shape=None,
        arithmetic="float",
        sparse_output=False,
        memory=1.0,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.filters = filters
        self.hidden_layers = hidden_layers
        self.n_filters = n_filters
        self.kernel_size = kernel_size
        self.stride = stride
        self.dilation = dilation
        self.padding = padding
        self.activation = activation
        self.threshold = threshold
        self.per_channel = per_channel
        self.pooling = pooling
        self.power = power
        self.grid = grid
        self.scales = scales
        self.image_shape = image_shape
        self.arithmetic = arithmetic
        self.sparse_output = sparse_output
        self.memory = memory
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _last(self) -> ConvLayer:
        """The settings of the extractor's own layer."""
        own = {name: getattr(self, name) for name in CONVOLUTION_CONSTRAINTS}
        return ConvLayer(**own, pooling=None)

    def _bytes(self) -> float:
        """What a block of images may take."""
        return self.memory * MEGABYTE
