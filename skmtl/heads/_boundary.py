"""Lines in an image."""

from __future__ import annotations

from typing import Any

from skmtl.metrics import boundary_f1

from ._base import field_error
from ._mask import IGNORE, MaskHead


class BoundaryHead(MaskHead):
    """Drawn lines: (n_samples, h, w) of integers, 0 beside the lines, 255 where nobody looked.

    Learned as a mask is, and judged as a line: a pixel is right where a line of the other map is near.

    Parameters
    ----------
    tolerance : float
        Distance in pixels up to which a pixel has found its line.
    estimator : classifier with ``predict_proba``, optional
        Learns pixels, not images.

    Notes
    -----
    Metric: :func:`skmtl.metrics.boundary_f1` with ``lines=True``, the mean over images and classes.
    """

    def __init__(self, tolerance: float = 2.0, estimator: Any = None):
        super().__init__(estimator)
        self.tolerance = tolerance

    def learn(self, target, name, image_shape=None):
        if not self.tolerance >= 0:
            raise field_error(name, f"tolerance must be >= 0 pixels, got {self.tolerance!r}.")
        spec = super().learn(target, name, image_shape)
        if spec["classes"][0] != 0:
            raise field_error(name, f"pixels beside the lines are 0, but the classes are {spec['classes']}.")
        return spec

    def score(self, target, predicted, spec):
        truth, guess = self.encode(target, spec), self.encode(predicted, spec)
        classes = range(1, len(spec["classes"]))
        return boundary_f1(truth, guess, self.tolerance, lines=True, classes=classes, ignore=IGNORE)
