"""What is said of an image as a whole: a class, tags, numbers."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from ..heads import Head, NumberHead
from ..heads._auto import choose_head
from ..io import ImageRecord
from ..targets._fields import as_column
from ..utils._parallel import run_blocks
from ._cut_outs import CELLS, cut_outs
from ._derivatives import quarters
from ._head import AnnotationHead, Clue, mean_entropy
from ._inputs import Images, Refusals, read_images
from ._levels import Examples, Settings, learn_network
from ._tags import learn_tags, tag_value, tags_of

#: Numbers are predicted within the range seen at fit, and this share of it beyond: from few images a
#: network's numbers, and above all the exponentials of its logarithms of counts, are anything beyond.
BEYOND = 0.25
#: The heads that tell where something is.
PLACES = "see ObjectsHead, OneBoxHead and PoseHead"
#: How often numbers of other heads stand among hundreds of features. The mean errors of counts of nuclei, two
#: splits of 40 images: 6.3 and 8.2 without them, 5.6 and 7.9 with them once, 4.7 and 6.7 so often.
WEIGHT = 16


class ImageHead(AnnotationHead):
    """A head of `skmtl.heads` for whole images.

    Parameters
    ----------
    head : Head, optional
        None: by the type and shape of the annotations. `LabelHead`, `TagsHead`, `NumberHead`, `CountHead` or
        `OrdinalHead`.

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
        if isinstance(annotation, ImageRecord):
            annotation = self._tags_of(annotation, where)
        if annotation is None or (isinstance(annotation, float) and np.isnan(annotation)):
            return None
        return annotation

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
        values, tags = known, None
        if isinstance(values[0], dict):
            tags = learn_tags(values, None if self.head is None else self.head.task == "multiclass")
            values = [tag_value(one, tags, name) for one in values]
        head = self.head or choose_head(name, as_column(name, values))
        if head.in_image:
            raise ValueError(f"{name}: {head!r} tells where something is, which is asked of cells: {PLACES}")
        spec = {"name": name, "head": head, "blank": _blank(head, values)}
        if tags is not None:
            spec |= tags
        if isinstance(head, NumberHead):
            spec["range"] = _range(self.column(known, spec))
        return spec

    def moved(self, one, moves, spec):
        """What an image is called stays; a number may depend on where things are."""
        return one if spec["head"].task in ("multiclass", "binary") else None

    def column(self, known: list, spec: dict) -> np.ndarray:
        """The annotations of all images as one array."""
        rows = [spec["blank"] if one is None else _plain(one, spec) for one in known]
        return as_column(spec["name"], rows)

    def decode(self, told, frame, spec):
        value = told["head"].decode(told["value"], told["spec"])[0]
        if "range" in spec:
            return np.clip(value, *spec["range"]).astype(np.asarray(value).dtype)[()]
        return value

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
        told = self.column([found[i] for i in known], spec)
        return _inner(spec).score(column, told, spec["inner"])


def _plain(value, spec: dict):
    """An annotation as the head takes it: tags as the class or the numbers that they stand for."""
    return tag_value(value, spec, spec["name"]) if isinstance(value, dict) else value


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
    """Heads of whole images, on the trunk's pooled features.

    They also go by what heads of other levels find: how many objects there are; and where each image shows
    one thing, by what is there, cut out and seen by a trunk of its own (`closer`, by the name of the head).
    """

    def __init__(self, heads: dict[str, ImageHead]):
        self.heads = heads

    def fit(self, examples: Examples, settings: Settings, seed: int) -> ImageLevel:
        self.specs = examples.learn(self.heads)
        fields = {
            name: head.column(examples.known[name], self.specs[name]) for name, head in self.heads.items()
        }
        images, clues = examples.images, examples.clues(examples.images)
        self.closer = {
            name: examples.new_trunk(_cuts(images, [one[name].box for one in clues]), CELLS)
            for name, clue in clues[0].items()
            if clue.box is not None
        }
        parts = run_blocks(
            lambda i: self._features(examples.trunk, images[i], clues[i]), range(len(images)), settings.n_jobs
        )
        heads = [(name, _inner(self.specs[name])) for name, head in self.heads.items()]
        self.network = learn_network(heads, np.concatenate(parts), fields, settings, seed)
        for name, spec in self.specs.items():
            spec["inner"] = self.network.specs_[name]
        return self

    def _features(self, trunk, image: np.ndarray, clues: dict[str, Clue | None]) -> np.ndarray:
        parts = [pooled(own, cut_outs(image, clues[name].box[None])) for name, own in self.closer.items()]
        numbers = [np.tile(clue.numbers, (1, WEIGHT)) for clue in clues.values() if clue is not None]
        return np.concatenate([pooled(trunk, image[None]), *parts, *numbers], axis=1, dtype=np.float32)

    def tell(self, trunk, image: np.ndarray, clues: dict[str, Clue | None]):
        """No frame and, for each head, its output and what decodes it."""
        outputs = self.network._outputs(self._features(trunk, image, clues))
        told = {
            name: {"value": value, "head": self.network.heads_[name], "spec": self.network.specs_[name]}
            for name, value in outputs.items()
        }
        return None, told


def _cuts(images, boxes: list[np.ndarray]) -> Images:
    cuts = np.concatenate([cut_outs(images[i], box[None]) for i, box in enumerate(boxes)])
    return read_images(cuts, Refusals("raise"))


def pooled(trunk, images: np.ndarray) -> np.ndarray:
    """The trunk's features (n, p) of whole images, each as the root of its size with its sign; and their
    colours.

    F. Perronnin, J. Sanchez, T. Mensink, "Improving the Fisher kernel for large-scale image classification",
    ECCV 2010: the root tames the few large features that a patch seen all over an image makes.
    """
    features = np.asarray(trunk.transform(images)).astype(np.float32, copy=False)
    colours = np.stack([quarters(image) for image in images])
    return np.concatenate([np.sign(features) * np.sqrt(np.abs(features)), colours], axis=1)
