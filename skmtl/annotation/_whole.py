"""What is said of an image as a whole: a class, tags, numbers, one box, points."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from ..heads import BoxHead, Head, NumberHead
from ..heads._auto import choose_head
from ..io import ImageRecord
from ..targets._fields import as_column
from ..utils._parallel import run_blocks
from ._derivatives import quarters
from ._head import AnnotationHead, mean_entropy
from ._levels import Examples, Settings, learn_network
from ._moved import boxes_after, points_after
from ._points import read_points
from ._records import read_objects
from ._tags import learn_tags, tag_value, tags_of

#: Numbers are predicted within the range seen at fit, and this share of it beyond: from few images a
#: network's numbers, and above all the exponentials of its logarithms of counts, are anything beyond.
BEYOND = 0.25


class ImageHead(AnnotationHead):
    """A head of `skmtl.heads` for whole images.

    Parameters
    ----------
    head : Head, optional
        None: by the type and shape of the annotations. `LabelHead`, `TagsHead`, `NumberHead`, `CountHead`,
        `BoxHead` or `PointsHead`. Where images differ in size, coordinates are learned as shares of the
        image, and judged in pixels of the first one.

    Notes
    -----
    An annotation is an image's entry of the field that ``head`` describes; None, or NaN, where it is not
    known. Numbers and counts are predicted within the range seen at fit, and a quarter of it beyond.

    Of an `skmtl.io.ImageRecord` it is the tags; an image without any was not judged. They are a class where
    ``head`` is a `LabelHead`, or is None and in every image one tag holds. Else they are 0 or 1 for each of
    the tags that occur, ``specs["tag_names"]``. A tag that an image lacks is 0 - but unknown where a tag of
    any image is stated not to hold (``present=False``): there nothing goes without saying.
    """

    level = "image"

    def __init__(self, head: Head | None = None):
        self.head = head

    def read(self, annotation, shape, where):
        """The value, and the size (w, h) of its image."""
        if isinstance(annotation, ImageRecord):
            annotation = self._tags_of(annotation, where)
        if annotation is None or (isinstance(annotation, float) and np.isnan(annotation)):
            return None
        if self.head is not None and self.head.in_image:
            _check_places(annotation, shape, where, isinstance(self.head, BoxHead))
        return annotation, np.array(shape[1::-1], dtype=np.float64)

    def _tags_of(self, image: ImageRecord, where: str) -> dict[str, bool] | None:
        tags, task = tags_of(image), None if self.head is None else self.head.task
        if task not in (None, "multiclass", "binary"):
            raise ValueError(f"{where} ({image.file_name}): tags are no values of {self.head!r}")
        held = [tag for tag, holds in (tags or {}).items() if holds]
        if len(held) > 1 and task == "multiclass":
            raise ValueError(f"{where} ({image.file_name}) has {len(held)} tags, {held}: a class is one")
        return tags

    def learn(self, known, name):
        if not known:
            raise ValueError(f"{name}: no image is labelled")
        values, tags = [one for one, _ in known], None
        if isinstance(values[0], dict):
            tags = learn_tags(values, None if self.head is None else self.head.task == "multiclass")
            values = [tag_value(one, tags, name) for one in values]
        head = self.head or choose_head(name, as_column(name, values))
        spec = {"name": name, "head": head, "blank": _blank(head, values), "size": known[0][1]}
        if tags is not None:
            spec |= tags
        if isinstance(head, NumberHead):
            spec["range"] = _range(self.column(known, spec))
        return spec

    def moved(self, one, moves, spec):
        value, head = one[0], spec["head"]
        if head.task in ("multiclass", "binary"):
            return one
        if not head.in_image:
            return None
        value = np.array(value, dtype=np.float64)
        if value.ndim == 1:
            return boxes_after(moves, value[None])[0], one[1]
        value[:, :2] = points_after(moves, value[:, :2])
        return value, one[1]

    def column(self, known: list, spec: dict) -> np.ndarray:
        """The annotations of all images as one array."""
        rows = [spec["blank"] if one is None else self._scaled(*one, spec) for one in known]
        return as_column(spec["name"], rows)

    def _scaled(self, value, size, spec, back: bool = False):
        """Coordinates of an image of ``size`` in pixels of the first one, or the other way round; tags as
        the class or the numbers that they stand for."""
        if isinstance(value, dict):
            return tag_value(value, spec, spec["name"])
        if not spec["head"].in_image or (size == spec["size"]).all():
            return value
        scale = size / spec["size"] if back else spec["size"] / size
        value = np.array(value, dtype=np.float64)
        if value.ndim == 1:  # a box
            return value * np.tile(scale, 2)
        value[:, :2] *= scale
        return value

    def decode(self, told, frame, spec):
        value = told["head"].decode(told["value"], told["spec"])[0]
        if "range" in spec:
            value = np.clip(value, *spec["range"]).astype(np.asarray(value).dtype)[()]
        return self._scaled(value, frame, spec, back=True)

    def probabilities(self, told, frame, spec):
        found = told["head"].probabilities(told["value"], told["spec"])
        return self.decode(told, frame, spec) if found is None else found[0]

    def uncertainty(self, told, frame, spec):
        """The entropy of the class, or the mean one of the tags, from 0 to 1; NaN for numbers."""
        if spec["head"].task == "multiclass":
            return mean_entropy(told["value"])
        if spec["head"].task == "binary":
            yes = told["value"].ravel()
            return mean_entropy(np.stack([yes, 1 - yes], axis=1))
        return float("nan")

    def score(self, truth, found, spec):
        known = [i for i, one in enumerate(truth) if one is not None]
        column = self.column([truth[i] for i in known], spec)
        told = self.column([(found[i], truth[i][1]) for i in known], spec)
        return _inner(spec).score(column, told, spec["inner"])


def _check_places(value, shape, where: str, box: bool) -> None:
    """Raise ValueError for what is no box, or no points, of an image of ``shape``."""
    try:
        places = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{where} must be numbers, got {value!r:.80}") from None
    if box:
        if places.shape != (4,):
            raise ValueError(f"{where}: a box is 4 numbers x1, y1, x2, y2, got the shape {places.shape}")
        if np.isfinite(places).all():
            read_objects({"boxes": places[None], "labels": [0]}, shape, where)
    elif places.ndim != 2 or places.shape[1] not in (2, 3):
        raise ValueError(f"{where}: points are (K, 2) or (K, 3), got the shape {places.shape}")
    else:
        read_points(places, shape, where)


def _blank(head: Head, values: list):
    """What stands for "unknown" in a column of such values."""
    if head.task != "multiclass":
        return np.full(np.shape(values[0]), np.nan)
    if isinstance(values[0], str):
        return ""
    given = getattr(head, "missing_label", None)
    return int(min(values)) - 1 if given is None else given


def _inner(spec: dict) -> Head:
    """The head that the network learns by."""
    if spec["head"].task == "multiclass" and not isinstance(spec["blank"], str):
        return clone(spec["head"]).set_params(missing_label=spec["blank"])
    return spec["head"]


def _range(column: np.ndarray) -> tuple:
    """The lowest and highest number of each column, and a quarter of what is between them beyond."""
    low, high = np.nanmin(column, axis=0), np.nanmax(column, axis=0)
    return low - BEYOND * (high - low), high + BEYOND * (high - low)


class ImageLevel:
    """Heads of whole images, on the trunk's pooled features."""

    def __init__(self, heads: dict[str, ImageHead]):
        self.heads = heads

    def fit(self, examples: Examples, settings: Settings, seed: int) -> ImageLevel:
        self.specs = examples.learn(self.heads)
        fields = {
            name: head.column(examples.known[name], self.specs[name]) for name, head in self.heads.items()
        }
        parts = run_blocks(
            lambda i: pooled(examples.trunk, examples.images[i]), range(len(examples.images)), settings.n_jobs
        )
        heads = [(name, _inner(self.specs[name])) for name, head in self.heads.items()]
        self.network = learn_network(heads, np.concatenate(parts), fields, settings, seed)
        for name, spec in self.specs.items():
            spec["inner"] = self.network.specs_[name]
        return self

    def tell(self, trunk, image: np.ndarray):
        """The size (w, h) of an image and, for each head, its output and what decodes it."""
        outputs = self.network._outputs(pooled(trunk, image))
        told = {
            name: {"value": value, "head": self.network.heads_[name], "spec": self.network.specs_[name]}
            for name, value in outputs.items()
        }
        return np.array(image.shape[1::-1], dtype=np.float64), told


def pooled(trunk, image: np.ndarray) -> np.ndarray:
    """The trunk's features (1, p) of a whole image, each as the root of its size with its sign; and its
    colours.

    F. Perronnin, J. Sanchez, T. Mensink, "Improving the Fisher kernel for large-scale image classification",
    ECCV 2010: the root tames the few large features that a patch seen all over an image makes.
    """
    features = np.asarray(trunk.transform(image[None])).astype(np.float32, copy=False)
    return np.concatenate([np.sign(features) * np.sqrt(np.abs(features)), quarters(image)[None]], axis=1)
