"""A class for every pixel."""

from __future__ import annotations

import numpy as np

from ._base import Head, field_error, mean_observed

IGNORE = 255
#: The code of a class that was not seen at fit; so at most 254 classes can be learned.
UNSEEN = 254


class MaskHead(Head):
    """A mask per image: (n_samples, h, w) of integers, 255 where nobody looked ("ignore").

    The lowest observed value is the background; with two values the other one is the foreground.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``, optional
        Learns pixels, not images.

    Notes
    -----
    Metric: intersection over union of the foreground, over all observed pixels of all images; with
    more than two classes the mean over all but the background (NaN-free: a class that is neither
    there nor predicted is left out). Classes that were not seen at fit count as one that is never
    predicted.
    """

    task = "dense"
    kind = "mask"
    reads = "pixels"

    def learn(self, target, name, image_shape=None):
        if target.ndim != 3 or target.dtype.kind not in "biu":
            raise field_error(
                name, f"MaskHead needs integers (n_samples, h, w), got {target.dtype} {target.shape}."
            )
        if image_shape is not None and target.shape[1:] != tuple(image_shape):
            raise field_error(name, f"masks are {target.shape[1:]}, but images are {tuple(image_shape)}.")
        values = np.unique(target)
        if len(values) and not 0 <= values[0] <= values[-1] <= IGNORE:
            raise field_error(name, f"classes are 0 to 254, got {values[0]} to {values[-1]}.")
        classes = values[values != IGNORE]
        if len(classes) > UNSEEN:
            raise field_error(name, f"{len(classes)} classes; at most {UNSEEN} can be told apart.")
        if len(classes) < 2:
            seen = f"only the class {classes[0]} is" if len(classes) else "no pixel is"
            hint = " (255 means that nobody looked; mask > 0 makes classes of 0 and 255)"
            hint = hint if len(values) > len(classes) else ""
            raise field_error(name, f"{seen} observed{hint}; at least two classes are needed.")
        return {"name": name, "classes": classes, "shape": list(target.shape[1:]), "dtype": target.dtype.str}

    def encode(self, target, spec):
        """(n, h, w) uint8 codes, 255 where not observed."""
        codes = self._codes(target, spec)
        unknown = codes == UNSEEN
        if unknown.any():
            raise field_error(
                spec, f"class {target[unknown][0]} was not seen at fit; known: {spec['classes']}."
            )
        return codes

    def _codes(self, target, spec):
        """As `encode`, and UNSEEN for a class that is none of the known ones."""
        if target.shape[1:] != tuple(spec["shape"]):
            raise field_error(spec, f"masks are {target.shape[1:]}, but {tuple(spec['shape'])} was fitted.")
        classes = spec["classes"].astype(int)
        table = np.full(256, UNSEEN, np.uint8)
        table[classes], table[IGNORE] = np.arange(len(classes)), IGNORE
        if target.size and not 0 <= target.min() <= target.max() <= IGNORE:
            raise field_error(spec, f"classes are 0 to 254, got {target.min()} to {target.max()}.")
        return table[target.astype(np.uint8, copy=False)]

    def decode(self, output, spec):
        return spec["classes"][output.argmax(axis=-1)]

    def probabilities(self, output, spec):
        """(n, h, w) of the foreground, or (n, h, w, n_classes), float32."""
        return output[..., 1] if output.shape[-1] == 2 else output

    def summarise(self, output, spec):
        """Foreground as a coarse grid and as profiles: see :func:`mask_summary`."""
        return np.concatenate([mask_summary(output[..., c]) for c in range(1, output.shape[-1])], axis=1)

    def score(self, target, predicted, spec):
        truth, guess = self._codes(target, spec), self.encode(predicted, spec)
        guess = np.where(truth == IGNORE, IGNORE, guess)
        per_class = []
        for c in (*range(1, len(spec["classes"])), UNSEEN):
            union = ((truth == c) | (guess == c)).sum()
            per_class.append(((truth == c) & (guess == c)).sum() / union if union else np.nan)
        return mean_observed(np.array(per_class))


def mask_summary(probability: np.ndarray, grid: int = 16) -> np.ndarray:
    """(n, h, w) probabilities as (n, k) floats from which a linear model reads places and extents.

    A grid of at most ``grid`` x ``grid`` block means, and the running maximum of the largest
    probability per column and per row, from either side. The sum of the running maximum from the left
    is the number of columns right of the object's left edge, so an edge is a *linear* function of it.
    """
    n, h, w = probability.shape
    parts = [_block_means(probability, min(grid, h), min(grid, w)).reshape(n, -1)]
    for profile in (probability.max(axis=1), probability.max(axis=2)):
        parts.append(np.maximum.accumulate(profile, axis=1))
        parts.append(np.maximum.accumulate(profile[:, ::-1], axis=1))
    return np.concatenate(parts, axis=1).astype(np.float64)


def _block_means(maps: np.ndarray, rows: int, columns: int) -> np.ndarray:
    top = np.arange(rows) * maps.shape[1] // rows
    left = np.arange(columns) * maps.shape[2] // columns
    sums = np.add.reduceat(np.add.reduceat(maps, top, axis=1), left, axis=2)
    high = np.diff(np.append(top, maps.shape[1]))
    wide = np.diff(np.append(left, maps.shape[2]))
    return sums / (high[:, None] * wide)
