"""Where a head looks: the slope of its output in every pixel, and what it loses where pixels are covered."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..utils._progress import Progress


class Output(NamedTuple):
    """Which of the values (n, ..., k) that a head ``told`` is looked at: ``columns`` (n,)."""

    columns: np.ndarray
    told: np.ndarray

    def of(self, told: np.ndarray) -> np.ndarray:
        """The number of each sample, of pixels their mean."""
        picked = told[np.arange(len(told)), ..., self.columns]
        return picked.reshape(len(told), -1).mean(axis=1)


def gradient_map(model, X, head: str | None = None, output=None, *, times_input: bool = False) -> np.ndarray:
    r"""The slope of a head's output in every number of X: where a small change would move it most.

    For one output z of a network, :math:`g = \partial z / \partial x` (Simonyan, Vedaldi & Zisserman 2014,
    section 3), or with ``times_input`` :math:`g \odot (x - \bar x)`, where the mean of each channel over the
    training images is what the network takes as nothing; in a linear network these add up to
    :math:`z(x) - z(\bar x)`. z is what stands before the softmax of classes and the sigmoid of tags; numbers
    in their own units, rates and counts as logarithms; of classes in order the one score that they share; of
    masks and maps the mean over the pixels.

    Parameters
    ----------
    model : MultiHeadNetwork
        Fitted.
    X : array (n, h, w), (n, h, w, c) or (n, p)
        As ``predict`` takes it.
    head : str, optional
        Name of the field; not needed where there is one alone.
    output : label or int, optional
        Of heads with classes, the class: by default the one that is predicted for each sample, the highest
        of masks. Of others the number of the column, needed where there are several.
    times_input : bool, default False

    Returns
    -------
    slopes : ndarray of the shape of X, float64

    Raises
    ------
    ValueError
        No such head or output; a head of points that are found in heat maps, whose places have no slope.
    TypeError
        A model without slopes.
    """
    if not hasattr(model, "input_slopes"):
        raise TypeError(f"gradient_map needs a MultiHeadNetwork, got {type(model).__name__}")
    name = _head_of(model, head)
    asked = _asked(model, X, name, output)
    return model.input_slopes(X, name, asked.columns, times_input=times_input)


def occlusion_map(
    model, X, head: str | None = None, output=None, *, size=4, stride=None, fill=None, verbose=False
) -> np.ndarray:
    """What a head's output loses where a square of the image is covered.

    At each place a square of ``size`` x ``size`` pixels is filled; a pixel of the map is the mean of
    ``f(x) - f(x covered)`` over the squares that cover it (Zeiler & Fergus 2014, section 4.2). f is a
    probability, or a number in its own units, counts as logarithms; of pixels their mean.

    Parameters
    ----------
    model : MultiHeadNetwork
        Fitted.
    X : array (n, h, w) or (n, h, w, c)
    head, output : as of ``gradient_map``
    size : int, default 4
        Side of the square, in pixels.
    stride : int, optional
        Pixels from one square to the next, at most ``size``; by default half of it. The model predicts all
        images once for each of about ``(h / stride) (w / stride)`` squares.
    fill : float or array (c,), optional
        What covers the image; by default the mean of each channel of X.
    verbose : bool, default False
        Show a progress bar.

    Returns
    -------
    drops : ndarray (n, h, w), float64
        In probabilities, or units of the number; below 0 where covering makes the output larger.

    Raises
    ------
    ValueError
        No such head or output; no images; a size or stride that does not fit.
    """
    check_is_fitted(model)
    X = np.asarray(X)
    if X.ndim not in (3, 4):
        raise ValueError(f"occlusion_map takes images (n, h, w[, c]), got X of shape {X.shape}")
    stride = max(size // 2, 1) if stride is None else stride
    if not (1 <= size <= min(X.shape[1:3]) and 1 <= stride <= size):
        raise ValueError(
            f"size must lie between 1 and the images' side {min(X.shape[1:3])}, and stride between 1 and "
            f"size, got size={size}, stride={stride}"
        )
    name = _head_of(model, head)
    asked = _asked(model, X, name, output)
    whole = asked.of(asked.told)
    fill = X.mean(axis=(0, 1, 2)) if fill is None else np.asarray(fill)
    total, count = np.zeros(X.shape[:3]), np.zeros(X.shape[1:3])
    rows, columns = (_starts(side, size, stride) for side in X.shape[1:3])
    with Progress(len(rows) * len(columns), "occlusion", enabled=verbose) as bar:
        for place in [np.s_[:, r : r + size, c : c + size] for r in rows for c in columns]:
            covered = X.copy()
            covered[place] = fill
            total[place] += (whole - asked.of(model._outputs(covered)[name]))[:, None, None]
            count[place[1:]] += 1
            bar.step()
    return total / count


def _starts(side: int, size: int, stride: int) -> list[int]:
    """Where squares begin, so that the last ends where the image ends."""
    return sorted({*range(0, side - size, stride), side - size})


def _head_of(model, head: str | None) -> str:
    check_is_fitted(model)
    if head is None and len(model.heads_) == 1:
        return next(iter(model.heads_))
    if head not in model.heads_:
        raise ValueError(f"head must be one of {list(model.heads_)}, got {head!r}")
    return head


def _asked(model, X, name: str, output) -> Output:
    """The columns that ``output`` means for each sample, and what the head says of X."""
    told, classes = model._outputs(X)[name], model.specs_[name].get("classes")
    n, width = len(told), told.shape[-1]
    if classes is None:
        if output is None and width > 1:
            raise ValueError(f"output must be a column of head {name!r}, 0 to {width - 1}")
        column = 0 if output is None else output
        if not (isinstance(column, int | np.integer) and 0 <= column < width):
            raise ValueError(f"output must be a column of head {name!r}, 0 to {width - 1}, got {output!r}")
        return Output(np.full(n, column), told)
    if output is None:
        return Output(told.argmax(axis=1) if told.ndim == 2 else np.full(n, width - 1), told)
    found = np.flatnonzero(classes == output)
    if not len(found):
        raise ValueError(
            f"output must be a class of head {name!r}, one of {classes.tolist()}, got {output!r}"
        )
    return Output(np.full(n, found[0]), told)
