"""Features of images for the models that learn from them."""

from ._extractor import ConvFeatureExtractor
from ._filters import FixedFilters, KMeansFilters, RandomFilters
from ._layers import ConvLayer
from ._warmup import warmup

__all__ = ["ConvFeatureExtractor", "ConvLayer", "FixedFilters", "KMeansFilters", "RandomFilters", "warmup"]
