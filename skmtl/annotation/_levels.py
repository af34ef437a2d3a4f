"""All heads that speak of the same rows, and the joint network that tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..neural_network import DenseTrunk, MultiHeadNetwork
from ..targets import make_targets
from ..utils._parallel import run_blocks
from ._head import UNKNOWN, AnnotationHead, Clue
from ._places import Spread, place_tells, spread
from ._rows import Part
from ._sampling import codes, count, draw, quotas
from ._told import set_right

#: Penalty of the network, a hundred times that of MultiHeadNetwork: rows of one image are alike.
ALPHA = 1e-2
#: Rows of a step at most, of few rows a thirtieth; and the learning rate of such steps. Larger batches take
#: fewer steps of that much more.
BATCH, RATE = 128, 2e-3
#: Steps at least, where a level asks for no other number.
STEPS = 600


@dataclass(frozen=True)
class Settings:
    """What the network is made of, how many rows it learns from and in how many steps at least: few rows are
    gone through more often."""

    hidden_layer_sizes: Any
    max_samples: int
    max_iter: int
    n_jobs: int | None
    verbose: bool = False
    least_steps: int | None = None
    batch: int = BATCH


@dataclass(frozen=True)
class Examples:
    """Fitted trunk, images, and for each head what is known of each image, None where nothing is.

    ``new_trunk`` fits another trunk to images, to be pooled over a number of cells a side; ``clues`` gives of
    each of some images those of heads that were fitted before.
    """

    trunk: Any
    images: list[np.ndarray]
    known: dict[str, list]
    new_trunk: Callable[[Any, int], Any]
    clues: Callable[[Any], list[dict[str, Clue]]]

    def learn(self, heads: dict[str, AnnotationHead]) -> dict[str, dict]:
        """What each head remembers."""
        return {
            name: head.learn([one for one in self.known[name] if one is not None], name)
            for name, head in heads.items()
        }


def learn_network(
    heads: list, X: np.ndarray, fields: dict, settings: Settings, seed: int
) -> MultiHeadNetwork:
    """The joint network of several fields of the rows X."""
    growth = settings.batch / BATCH
    batch = int(np.clip(growth * len(X) / 30, 16, settings.batch))
    return MultiHeadNetwork(
        heads,
        DenseTrunk(settings.hidden_layer_sizes, dropout=0.3),
        alpha=ALPHA,
        learning_rate=RATE * growth,
        schedule="cosine",
        batch_size=batch,
        max_iter=max(settings.max_iter, -(-(settings.least_steps or STEPS) * batch // len(X))),
        random_state=seed,
        verbose=settings.verbose,
    ).fit(X, make_targets(**fields))


class Drawn(NamedTuple):
    """The rows drawn of an image by their numbers, their fields, and how many of each kind they are for each
    head."""

    image: int
    rows: np.ndarray
    fields: dict[str, np.ndarray]
    drawn: dict[str, np.ndarray]


class PlaceLevel:
    """Heads of cells or of regions.

    ``shares`` holds, for each head, the share of each kind's rows that was drawn to learn from. Rows see
    where in the image they lie if ``placed``: where that tells what they are.
    """

    def __init__(self, rows, heads: dict[str, AnnotationHead]):
        self.rows, self.heads = rows, heads

    def fit(self, examples: Examples, settings: Settings, seed: int) -> PlaceLevel:
        self.specs = examples.learn(self.heads)
        there, spreads = self._count(examples, settings)
        self.placed = any(place_tells(own) for own in spreads.values())
        wanted = {
            name: head.counts(there[name].sum(axis=0), settings.max_samples)
            for name, head in self.heads.items()
        }
        quota = {name: quotas(there[name], wanted[name]) for name in self.heads}
        parts = run_blocks(
            lambda i: self._draw(examples, i, quota, seed), range(len(examples.images)), settings.n_jobs
        )
        parts = [part for part in parts if part is not None]
        drawn = {name: sum(part.drawn[name] for part in parts) for name in self.heads}
        self.shares = {name: drawn[name] / np.maximum(there[name].sum(axis=0), 1) for name in self.heads}
        fields = _joined([(len(part.rows), part.fields) for part in parts])
        self._learn(examples, parts, fields, settings, seed)
        return self

    def _learn(self, examples: Examples, parts: list[Drawn], fields, settings: Settings, seed: int) -> None:
        """The network, from the rows drawn and their fields."""
        self.rows.learn(examples.trunk, examples.images)

        def work(part: Drawn) -> np.ndarray:
            image = examples.images[part.image]
            seen = self._seen(examples.trunk, image, self._frame(image), part.rows)
            return np.concatenate([X for _, X in seen])

        X = np.concatenate(run_blocks(work, parts, settings.n_jobs)).astype(np.float32, copy=False)
        self.network = learn_network(self._fields(), X, fields, settings, seed)

    def _frame(self, image):
        """The rows of an image."""
        return self.rows.frame(image)

    def _fields(self) -> list:
        """What the network tells: names and heads."""
        return [
            (field_name(name, field), one)
            for name, head in self.heads.items()
            for field, one in head.fields(self.specs[name]).items()
        ]

    def _count(self, examples: Examples, settings: Settings) -> tuple[dict, dict]:
        """For each head, how many rows of each kind there are, (n_images, n_codes), and what lies where in
        the images of which something is known."""

        def work(i: int) -> dict[str, tuple[np.ndarray, Spread]]:
            frame = self._frame(examples.images[i])
            targets, places = self._targets(examples, i, frame), frame.places()
            return {
                name: (count(codes(told), n_codes[name]), spread(told, places, n_codes[name]))
                for name, told in targets.items()
            }

        n_codes = {name: self.specs[name]["n_codes"] for name in self.heads}
        found = run_blocks(work, range(len(examples.images)), settings.n_jobs)
        nothing = {name: np.zeros(n, np.int64) for name, n in n_codes.items()}
        there = {
            name: np.stack([one[name][0] if name in one else nothing[name] for one in found])
            for name in self.heads
        }
        return there, {name: [one[name][1] for one in found if name in one] for name in self.heads}

    def _targets(self, examples: Examples, i: int, frame) -> dict[str, dict]:
        return {
            name: head.targets(examples.known[name][i], frame, self.specs[name])
            for name, head in self.heads.items()
            if examples.known[name][i] is not None
        }

    def _draw(self, examples: Examples, i: int, quota: dict, seed: int) -> Drawn | None:
        image = examples.images[i]
        frame = self._frame(image)
        targets = self._targets(examples, i, frame)
        keys = np.random.default_rng([seed, i]).random(len(frame), np.float32)
        own = {name: draw(codes(told), quota[name][i], keys) for name, told in targets.items()}
        rows = np.unique(np.concatenate([np.zeros(0, np.int64), *own.values()]))
        if not len(rows):
            return None
        # What a head did not draw itself it does not learn: of its kinds others draw what is no fair sample.
        fields = {
            field_name(name, field): _known_at(rows, own[name], values)
            for name, told in targets.items()
            for field, values in told.items()
        }
        drawn = {
            name: count(codes(targets[name])[own[name]], self.specs[name]["n_codes"]) if name in own else 0
            for name in self.heads
        }
        return Drawn(i, rows, fields, drawn)

    def tell(self, trunk, image: np.ndarray, clues=None) -> tuple[Any, dict[str, dict[str, np.ndarray]]]:
        """The frame of an image and, for each head, what the network tells of its rows.

        ``clues`` matter to heads of whole images alone.
        """
        frame = self._frame(image)
        parts = self._seen(trunk, image, frame)
        told = ((numbers, self.network._outputs(X, np.float32)) for numbers, X in parts)
        return frame, self._by_head(self.network, gathered(told, len(frame)))

    def _seen(self, trunk, image: np.ndarray, frame, wanted=None) -> Iterator[Part]:
        """Numbers and features of rows, part by part."""
        places = frame.places() if self.placed else None
        for numbers, X in self.rows.parts(trunk, image, frame, wanted):
            yield numbers, X if places is None else np.concatenate([X, places[numbers]], axis=1)

    def _by_head(self, network: MultiHeadNetwork, whole: dict) -> dict[str, dict[str, np.ndarray]]:
        return {name: self._of_head(network, name, whole) for name in self.heads}

    def _of_head(self, network, name: str, whole: dict) -> dict[str, np.ndarray]:
        told = {field: whole[field_name(name, field)] for field in self.heads[name].fields(self.specs[name])}
        if "kind" in told:
            seen = network.specs_[field_name(name, "kind")]["classes"]
            told["kind"] = set_right(told["kind"], seen, self.shares[name])
        return told


def gathered(parts: Iterable[tuple[np.ndarray, dict[str, np.ndarray]]], n: int) -> dict[str, np.ndarray]:
    """For each field the values (n, k) of all rows, from numbers of rows and the values of each field."""
    whole: dict[str, np.ndarray] = {}
    for numbers, told in parts:
        for field, values in told.items():
            if field not in whole:
                whole[field] = np.zeros((n, values.shape[1]), np.float32)
            whole[field][numbers] = values
    return whole


def field_name(name: str, field: str) -> str:
    return f"{name}_{field}"


def _joined(parts: list[tuple[int, dict[str, np.ndarray]]]) -> dict[str, np.ndarray]:
    """The fields of all images, UNKNOWN or NaN where an image lacks one."""
    first = {field: values for _, fields in parts for field, values in fields.items()}
    return {
        field: np.concatenate(
            [fields[field] if field in fields else _unknown(n, like) for n, fields in parts]
        )
        for field, like in first.items()
    }


def _known_at(rows: np.ndarray, own: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values of ``rows``, known at ``own`` ones alone."""
    out = _unknown(len(rows), values)
    out[np.searchsorted(rows, own)] = values[own]
    return out


def _unknown(n: int, like: np.ndarray) -> np.ndarray:
    return np.full((n, *like.shape[1:]), UNKNOWN if like.dtype.kind == "i" else np.nan, like.dtype)
