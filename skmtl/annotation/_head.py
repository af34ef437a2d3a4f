"""What an annotation head is: how a kind of annotation becomes numbers for rows, and rows become it again."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..component import Component
from ..heads import Head, LabelHead

#: The code of a row of which nobody said what it is.
UNKNOWN = -1


class Clue(NamedTuple):
    """What a head found in an image: the ``box`` (4,) of the one thing that it shows, None where images may
    show several; and ``numbers`` (k,), such as how many there are."""

    box: np.ndarray | None
    numbers: np.ndarray


class AnnotationHead(Component):
    """One kind of annotation: a value with parameters that holds no fitted state.

    An annotator sees an image as rows of one ``level``: the "image" itself, its "cell"s, "pixel"s or
    "region"s. From the trunk's features of a row one network tells something for every head of the level.

    Notes
    -----
    The annotator calls, in this order: `read` on every annotation, which checks it; `learn` on all that were
    read, which returns ``spec``, a dict with all that must be remembered; `moved` for copies of images;
    `fields`, what the network is to tell of a row; `targets`, the same as numbers; `counts`, how many rows to
    learn from; heads of pixels `weigh`, when the network has learned; and on what the network tells `decode`,
    `probabilities` and `uncertainty`.

    ``fine`` says of heads of pixels that what they tell may be one pixel wide.

    A field called "kind" holds codes 0, 1, ..., of which ``spec["n_codes"]`` are possible and `UNKNOWN` is
    not known. Rows are drawn by their kind; what the network tells of it is set right for the shares that
    were drawn, and reaches `decode` as probabilities (rows, n_codes).
    """

    level: ClassVar[str] = "pixel"
    fine: ClassVar[bool] = False

    def read(self, annotation: Any, shape: tuple[int, ...], where: str) -> Any:
        """The annotation of an image of ``shape`` (h, w, ...) in the form that `learn` and `targets` take.

        None stays None: nobody annotated this. Raises ValueError that begins with ``where``.
        """
        raise NotImplementedError

    def learn(self, known: list, name: str) -> dict:
        """What must be remembered of all annotations that are ``known``, none of them None."""
        raise NotImplementedError

    def fields(self, spec: dict) -> dict[str, Head]:
        """What the network tells of each row: names and heads."""
        raise NotImplementedError

    def targets(self, one: Any, frame, spec: dict) -> dict[str, np.ndarray]:
        """A value of each field for each row of ``frame``: codes, or floats with NaN where unknown."""
        raise NotImplementedError

    def moved(self, one: Any, moves, spec: dict) -> Any:
        """What `read` gave of an image, of a copy that was moved by ``moves`` and lit differently.

        By default maps of codes (h, w), that which was read or the first part of it, are moved; of numbers,
        which may tell of sizes or of light, nothing is known: None.
        """
        parts = one if isinstance(one, tuple) else (one,)
        if not isinstance(parts[0], np.ndarray) or parts[0].dtype.kind not in "iu":
            return None
        codes = moves.pixels(parts[0][None])[0]
        return (codes, *parts[1:]) if isinstance(one, tuple) else codes

    def extents(self, one: Any) -> np.ndarray:
        """How large the things are in pixels that `read` found in an image, one number for each; by default
        none are."""
        return np.zeros(0)

    def counts(self, there: np.ndarray, most: int) -> np.ndarray:
        """Of ``there`` (n_codes,) rows of each kind, how many to learn from, at most ``most`` together.

        As many of every kind, as far as there are.
        """
        return np.minimum(there, even_shares(there, most))

    def weigh(self, kinds: np.ndarray, weight: np.ndarray, spec: dict) -> None:
        """Remember in ``spec`` what `decode` needs to know of the network: the probabilities (m, n_codes)
        that it tells of the rows it has learned from, each of which stands for ``weight`` (m,) rows; of heads
        with a field "kind"."""

    def decode(self, told: dict[str, np.ndarray], frame, spec: dict) -> Any:
        """The annotation that the rows' values mean."""
        raise NotImplementedError

    def probabilities(self, told: dict[str, np.ndarray], frame, spec: dict) -> Any:
        """How sure the annotation is, in the form the kind has; by default the annotation itself."""
        return self.decode(told, frame, spec)

    def uncertainty(self, told: dict[str, np.ndarray], frame, spec: dict) -> float:
        """How unsure the annotation of an image is, from 0 to 1: the mean entropy of what its rows are."""
        return mean_entropy(told["kind"])

    def clue(self, told: dict[str, np.ndarray], frame, spec: dict) -> Clue | None:
        """What heads of whole images may go by; None for nothing, in every image."""
        return None

    def score(self, truth: list, found: list, spec: dict) -> float:
        """How good the decoded annotations are, greater is better; NaN where nothing is known.

        ``truth`` holds what `read` gave, None for unknown.
        """
        raise NotImplementedError


def kind_field() -> Head:
    """The head of a field of codes."""
    return LabelHead(missing_label=UNKNOWN)


def even_shares(there: np.ndarray, most: int) -> int:
    """The largest number that, taken of each kind as far as there are so many, stays within ``most``."""
    left, kinds = most, len(there)
    for n in np.sort(there):
        if n * kinds > left:
            return left // kinds
        left, kinds = left - n, kinds - 1
    return int(there.max(initial=0))


def mean_entropy(probability: np.ndarray) -> float:
    """The mean entropy of rows of probabilities (n, k), as a share of the largest possible one."""
    if probability.shape[1] < 2 or not len(probability):
        return 0.0
    logs = np.log(np.maximum(probability, 1e-12))
    return float(-(probability * logs).sum(axis=1).mean() / np.log(probability.shape[1]))


def one_kind_only(name: str, what: str) -> ValueError:
    """A network cannot learn to tell a single thing."""
    return ValueError(f"{name}: every labelled place is {what}; at least two kinds are needed to learn from")


def amounts(found: dict, classes: np.ndarray) -> np.ndarray:
    """Logarithms of 1 + the expected number of objects of each class, (k,)."""
    return np.log1p([found["scores"][found["labels"] == one].sum() for one in classes])
