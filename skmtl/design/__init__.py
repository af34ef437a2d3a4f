"""The linear map from weights to raw predictions, for a shared X and for tasks that own their rows."""

from ._families import Family, output_families, tasks_of_columns
from ._own_rows import OwnRowsDesign
from ._shared import SharedDesign

__all__ = ["Family", "OwnRowsDesign", "SharedDesign", "output_families", "tasks_of_columns"]
