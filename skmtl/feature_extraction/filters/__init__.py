"""Where the filters of a convolution come from: learned, drawn, given by a formula, an array or a network."""

from ._base import Filters, LearnedFilters
from ._fixed import FixedFilters
from ._kmeans import KMeansFilters
from ._network import NetworkFilters
from ._patches import PatchFilters, PCAFilters
from ._pictures import filter_images
from ._random import RandomFilters
from ._waves import GaborFilters, WaveletFilters

__all__ = [
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
    "filter_images",
]
