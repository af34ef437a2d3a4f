"""One box per image."""

from __future__ import annotations

import numpy as np

from ._base import Head, field_error, mean_observed, numeric


class BoxHead(Head):
    """The box of the one object in an image: (n_samples, 4) as x1, y1, x2, y2.

    Pixel edges: a box around the single pixel in the top left corner is 0, 0, 1, 1. A row of four NaN
    is an image whose box was not drawn. Predicted boxes are finite, have x1 <= x2 and y1 <= y2 and lie
    inside the image (where its size is known; else inside the range of the training boxes).

    Notes
    -----
    Metric: mean over observed boxes of intersection over union.
    """

    in_image = True
    kind = "box"

    def learn(self, target, name, image_shape=None):
        if target.ndim != 2 or target.shape[1] != 4:
            raise field_error(name, f"BoxHead needs (n_samples, 4) as x1, y1, x2, y2, got {target.shape}.")
        spec = {"name": name, "shape": [4], "dtype": target.dtype.str}
        boxes = self.encode(target, spec)
        seen = boxes[~np.isnan(boxes[:, 0])]
        if len(seen) == 0:
            raise field_error(name, "no box is observed.")
        lowest, highest = seen[:, :2].min(axis=0), seen[:, 2:].max(axis=0)
        if image_shape is not None:
            lowest, highest = np.zeros(2), np.array(image_shape[::-1], float)
        return spec | {"lowest": lowest, "highest": highest}

    def encode(self, target, spec):
        if target.shape[1:] != (4,):
            raise field_error(spec, f"boxes have shape (n_samples, 4), got {target.shape}.")
        boxes = numeric(target, spec["name"])
        gaps = np.isnan(boxes).sum(axis=1)
        if ((gaps > 0) & (gaps < 4)).any():
            row = int(((gaps > 0) & (gaps < 4)).argmax())
            raise field_error(spec, f"row {row} is finite in part: {boxes[row]}; give 4 numbers or 4 NaN.")
        turned = (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
        if turned.any():
            row = int(turned.argmax())
            raise field_error(spec, f"row {row} is {boxes[row]}, but x1 <= x2 and y1 <= y2 are needed.")
        return boxes

    def decode(self, output, spec):
        corners = np.sort(output.reshape(-1, 2, 2), axis=1)
        corners = np.clip(corners, spec["lowest"], spec["highest"]).reshape(-1, 4)
        dtype = np.dtype(spec["dtype"])
        return corners.astype(dtype) if dtype.kind == "f" else np.rint(corners).astype(dtype)

    def score(self, target, predicted, spec):
        return mean_observed(box_iou(self.encode(target, spec), np.asarray(predicted, np.float64)))


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes row by row, (n,); 0 for two empty boxes, NaN where one is NaN."""
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    union = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1) - shared
    return np.where(union == 0, 0.0, shared / np.where(union == 0, 1.0, union))
