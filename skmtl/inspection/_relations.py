"""What a fitted model has learned of its tasks' relations, as a picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ._heatmap import draw_matrix


def draw_relations(model, *, title: str = "", digits: int = 2) -> Image.Image:
    """A heat map of the correlations between the tasks of a fitted model.

    Parameters
    ----------
    model : fitted estimator with ``task_covariance_``
        Such as ``TaskRelationRegressor``, or a linear model with a quadratic coupling.
    title : str, default=""
        Written above the map.
    digits : int, default=2
        Decimals of the written values.

    Returns
    -------
    picture : PIL.Image.Image
        RGB picture; `save_picture` writes it. Grey cells: a task without any variance.

    Raises
    ------
    ValueError
        If the model has no task covariance.
    """
    covariance = getattr(model, "task_covariance_", None)
    if covariance is None:
        raise ValueError(
            f"{type(model).__name__} has no task_covariance_ to draw: fit it first, with a quadratic "
            "coupling such as LearnedRelation"
        )
    size = np.sqrt(np.diag(covariance))
    scale = np.outer(size, size)
    correlation = np.divide(covariance, scale, out=np.full(scale.shape, np.nan), where=scale > 0)
    names = [str(name) for name in model.task_names_in_.tolist()]
    return draw_matrix(correlation, names, title=title, limit=1.0, digits=digits)
