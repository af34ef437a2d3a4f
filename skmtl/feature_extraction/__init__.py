"""Features of images for the models that learn from them."""

from ._extractor import ConvFeatureExtractor
from ._layers import ConvLayer
from ._scattering import WaveletScattering
from ._warmup import warmup
from .filters import (
    Filters,
    FixedFilters,
    GaborFilters,
    KMeansFilters,
    LearnedFilters,
    NetworkFilters,
    PatchFilters,
    PCAFilters,
    RandomFilters,
    WaveletFilters,
    filter_images,
)

__all__ = [
    "ConvFeatureExtractor",
    "ConvLayer",
    "Filters",
    "FixedFilters",
    "GaborFilters",
    "KMeansFilters",
    "LearnedFilters",
    "NetworkFilters",
    "PCAFilters",
    "PatchFilters",
    "RandomFilters",
    "WaveletFilters",
    "WaveletScattering",
    "filter_images",
    "warmup",
]
