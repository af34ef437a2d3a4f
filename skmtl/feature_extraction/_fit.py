"""How ``ConvFeatureExtractor`` learns: from all images at once, or from a stream of them."""

from __future__ import annotations

from copy import deepcopy

from sklearn.utils import check_random_state

from skmtl.utils._atomic import all_or_nothing
from skmtl.utils._callbacks import CallbackSupport, FitSteps, with_callbacks
from skmtl.utils._sklearn import fit_context

from ._bytes import check_pixels, to_bytes
from ._images import first_images, more_images, shapes
from ._layers import SIGNS, FittedLayer, channels_after, check_layers, geometry_of, positions_of
from ._learning import Source, learn_layer, learn_layers, settings_of
from ._parameters import ExtractorParameters
from ._shapes import grid_levels, numbers
from .filters import LearnedFilters

# Where the fields of LearnedFilters are kept.
_LEARNED = ("filters_", "bias_", "contrast_", "_coordinates", "patterns_")


class ExtractorFit(CallbackSupport, ExtractorParameters):
    """``fit`` and ``partial_fit``, and the fitted layers."""

    @all_or_nothing
    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the filters of every layer, the first one first.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), or list of arrays (h, w[, c])
            Images.
        y : ignored
            For the sake of pipelines.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the images are smaller than a filter or than the grid, have no contrast, or do not
            match ``image_shape`` or the filters given; if a layer leaves nothing of them; if a pixel is not
            finite; if the filters are more than the component can make of the patches there are; with
            ``arithmetic="bytes"``, if pixels are not uint8 or it cannot serve the first layer.
        """
        images, shape, guessed = first_images(self, X)
        rng = check_random_state(self.random_state)
        with FitSteps(self, len(self.hidden_layers) + 1, X=X, verbose=self.verbose) as steps:
            self._learn(images, shape, guessed, rng, steps)
            steps.done()
        vars(self).pop("_stream", None)
        return self

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Learn from more images of a stream.

        What is kept of the images is a uniform sample of ``n_patches`` (a parameter of the component behind
        ``filters``) of all patches that have been seen. The filters are learned from it anew in every call,
        starting from those there are where the component can; the first call gives what `fit` gives. Layers
        before the last are learned in the first call and kept: the last one's patches are taken of their
        maps. After `fit` a new stream begins.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), or list of arrays (h, w[, c])
            The next images, of the size and channels of the first ones.
        y : ignored
            For the sake of pipelines.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `fit`, and if the images do not go with those of the first call.
        """
        stream = vars(self).get("_stream")
        if stream is None:
            images, shape, guessed = first_images(self, X)
            rng = deepcopy(check_random_state(self.random_state))
            sample = self._learn(images, shape, guessed, rng, FitSteps(None, 0))
        else:
            images, (sample, rng) = more_images(self, X), deepcopy(stream)
            check_pixels(self.arithmetic, images)
            *before, last = self._layers()
            source = Source(images, before, self._bytes(), self.n_jobs)
            stream = sample, last.learned
            layer, sample = learn_layer(source, last.settings, last.geometry, rng, stream=stream)
            self._keep(layer)
        self._stream = sample, rng
        return self

    def _learn(self, images, shape, guessed: bool, rng, steps: FitSteps):
        """Learn all layers; return the sample of patches that the last one was learned from."""
        check_pixels(self.arithmetic, images)
        source = Source(images, [], self._bytes(), self.n_jobs)
        settings = settings_of(self.hidden_layers, self._last())
        numbers(self.scales, "scales")
        layers, sample = learn_layers(source, settings, guessed, rng, steps, self._first)
        positions = min((positions_of(layers, one) for one in shapes(images)), key=min)
        self.image_shape_, self.grid_ = shape, grid_levels(self.grid, positions, clip=guessed)
        self.hidden_layers_ = layers[:-1]
        self._keep(layers[-1])
        return sample

    def _keep(self, last: FittedLayer) -> None:
        self._lock(last.learned)
        channels = self._channels()
        self.n_features_out_ = len(channels) * sum(cells * cells for cells in self.grid_)

    def _lock(self, learned: LearnedFilters) -> None:
        """Remember what the last layer has learned; its arrays, and the hidden layers', are read-only."""
        vars(self).update(zip(_LEARNED, learned.locked(), strict=True))
        self.hidden_layers_ = [
            layer._replace(learned=layer.learned.locked()) for layer in self.hidden_layers_
        ]

    def __setstate__(self, state):
        super().__setstate__(state)
        if hasattr(self, "filters_"):
            self._lock(self._learned())

    def _learned(self) -> LearnedFilters:
        return LearnedFilters(*(getattr(self, name) for name in _LEARNED))

    def _channels(self) -> list[str]:
        """Names of the channels of the last layer's maps."""
        count = len(self.filters_) // (2 if self.activation == "modulus" else 1)
        names = [f"filter{f}_{sign}" for sign in SIGNS[self.activation] for f in range(count)]
        if not self.per_channel:
            return names
        inputs = channels_after(self.hidden_layers_, self.image_shape_[2])
        return [f"channel{c}_{name}" for c in range(inputs) for name in names]

    def _layers(self) -> list[FittedLayer]:
        learned, settings = self._learned(), self._last()
        last = FittedLayer(learned, geometry_of(settings, learned.filters.shape[1:3], ""), settings)
        layers = [*self.hidden_layers_, last if self.hidden_layers_ else self._first(last)]
        check_layers(layers, self.image_shape_[2])
        return layers

    def _first(self, layer: FittedLayer) -> FittedLayer:
        """``layer`` as the first one, which looks at pixels."""
        return to_bytes(layer) if self.arithmetic == "bytes" else layer
