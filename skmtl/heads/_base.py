"""What a head is: a codec between a field of the target and what an estimator learns, with a metric."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..component import Component


class Head(Component):
    """A value that knows one kind of target; it holds no fitted state and no model.

    Parameters
    ----------
    estimator : scikit-learn estimator, optional
        What learns the encoded target. ``None``: the model that fits the kind, chosen by the estimator
        that uses the head.

    Notes
    -----
    A trainer calls, in this order: :meth:`learn` once on the training field, which validates it and
    returns ``spec``, a dict of arrays and primitives that is all the fitted state of the codec;
    :meth:`encode`; then, on what its model puts out, :meth:`decode`, :meth:`probabilities` and
    :meth:`summarise`; and :meth:`score`.

    ``task`` names the kind of problem: ``"multiclass"`` (one column of class codes; the output is
    (n, n_classes) probabilities), ``"binary"`` (columns of 0/1; probabilities of 1), ``"regression"``
    (columns of floats) or ``"dense"`` (a code a pixel; the output is (n, h, w, n_classes)
    probabilities). In an encoded target NaN is "not observed"; in a dense one, 255.
    ``in_image`` says that the encoded columns are x, y pairs in pixels of the image. ``kind`` names what a
    network minimises and how it is told, ``loss_options`` that loss's parameters; ``needs_network`` says
    that nothing else can learn what the head asks for.
    """

    task: ClassVar[str] = "regression"
    reads: ClassVar[str] = "image"
    in_image: ClassVar[bool] = False
    kind: str = "numbers"
    needs_network: bool = False

    def __init__(self, estimator: Any = None):
        self.estimator = estimator

    def loss_options(self) -> dict:
        """Parameters of the loss that ``kind`` names."""
        return {}

    def in_network(self, maps: bool) -> Head:
        """The head as a network takes it, whose trunk makes ``maps`` of images or does not."""
        return self

    def learn(self, target: np.ndarray, name: str, image_shape: tuple[int, int] | None = None) -> dict:
        """Validate the training field ``name`` and return what the codec must remember."""
        raise NotImplementedError

    def encode(self, target: np.ndarray, spec: dict) -> np.ndarray:
        """The field as (n, q) float64 with NaN where nothing was observed."""
        raise NotImplementedError

    def decode(self, output: np.ndarray, spec: dict) -> np.ndarray:
        """Model output as values of the field."""
        raise NotImplementedError

    def probabilities(self, output: np.ndarray, spec: dict) -> np.ndarray | None:
        """Probabilities for the user, or None where the kind has none."""
        return None

    def summarise(self, output: np.ndarray, spec: dict) -> np.ndarray:
        """Model output as (n, k) floats that other heads can read."""
        return output

    def score(self, target: np.ndarray, predicted: np.ndarray, spec: dict) -> float:
        """The metric over observed entries, greater is better; NaN where nothing was observed."""
        raise NotImplementedError


def field_error(spec_or_name: dict | str, message: str) -> ValueError:
    """A ValueError that begins with the field's name."""
    name = spec_or_name if isinstance(spec_or_name, str) else spec_or_name["name"]
    return ValueError(f"field {name!r}: {message}")


def numeric(target: np.ndarray, name: str) -> np.ndarray:
    """``target`` as float64, refused when it holds strings."""
    if target.dtype.kind not in "biuf":
        raise field_error(name, f"numbers are needed, got dtype {target.dtype}.")
    values = target.astype(np.float64)
    if np.isinf(values).any():
        raise field_error(name, "infinite values; a missing number is NaN.")
    return values


def same_shape(target: np.ndarray, spec: dict) -> None:
    """Refuse a field whose shape per sample is another than at fit."""
    if target.shape[1:] != tuple(spec["shape"]):
        raise field_error(
            spec, f"shape per sample is {target.shape[1:]}, but {tuple(spec['shape'])} was fitted."
        )


def mean_observed(values: np.ndarray) -> float:
    """Mean over entries that are not NaN; NaN when there are none."""
    seen = values[~np.isnan(values)]
    return float(seen.mean()) if seen.size else float("nan")
