"""Model files: fitted models as data that any later process can read, and that can run nothing."""

from ._model_file import load_model, model_info, save_model

__all__ = ["load_model", "model_info", "save_model"]
