"""The linear map from weights to raw predictions, for a shared X and for tasks that own their rows."""

from ._families import Family, Question, output_families, tasks_of_columns
from ._grams import WeightedProducts
from ._own_rows import OwnRowsDesign
from ._shared import SharedDesign, weighted_mean

__all__ = [
    "Family",
    "OwnRowsDesign",
    "Question",
    "SharedDesign",
    "WeightedProducts",
    "output_families",
    "tasks_of_columns",
    "weighted_mean",
]
