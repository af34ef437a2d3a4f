"""What MultiHeadNetwork gives with no parameter set, on few images of several kinds.

``before``: 30 epochs of batches of 64, a learning rate of 1e-3 that falls along a cosine, three blocks,
images as they are. Fields of masks are left out; ``network_numbers`` has sets with numbers. A split draws the
images and the first parameters.
"""

from __future__ import annotations

import time
from pathlib import Path

import network_data as data
from comparison import Scores

from skmtl import MultiHeadNetwork, make_targets
from skmtl.neural_network import ConvTrunk

SETS = {
    "cells of blood": (data.cells, 150),
    "nuclei": (data.nuclei, 150),
    "digits in scenes": (data.scenes, 150),
    "photographs": (data.photographs, 500),
}

MODELS = {
    "before": {
        "trunk": ConvTrunk(),
        "augment": None,
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "batch_size": 64,
        "max_iter": 30,
    },
    "defaults": {},
    "defaults, images as they are": {"augment": None},
}


def run(folder: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores and CPU seconds of learning for each set."""
    return compared(SETS, MODELS, folder, splits)


def compared(sets: dict, models: dict, folder: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """A table for each of ``sets`` (how to load it, and how many to learn from), of models as parameters; the
    others are compared with the first."""
    tables = []
    for name, (load, n) in sets.items():
        scores = Scores(f"{name}, {n} to learn from")
        for seed in range(splits):
            examples = load(folder, n, seed)
            for model, options in models.items():
                scores.add(model, _judged(examples, seed, options))
        tables.append(scores)
        print(scores.table(next(iter(models))), flush=True)
    return tables, ["Differences are paired over splits, with 95 % intervals."]


def _judged(examples: data.Examples, seed: int, options: dict) -> dict[str, float]:
    """Scores on the test part, and CPU seconds, of a network with these parameters."""
    y, y_test = (
        make_targets(**{name: field for name, field in fields.items() if name != "mask"})
        for fields in (examples.fields, examples.fields_test)
    )
    began = time.process_time()
    model = MultiHeadNetwork(random_state=seed, **options).fit(examples.X, y)
    seconds = time.process_time() - began
    return model.score_heads(examples.X_test, y_test) | {"CPU s": seconds}
