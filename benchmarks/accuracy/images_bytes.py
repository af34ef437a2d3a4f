"""Filters rounded to integers that multiply bytes, ``arithmetic="bytes"``, beside the same as float32.

cifar10_small: 6,000 colour images of 32 x 32 to learn from, 1,200 to be judged on, filters 6 x 6, 2 x 2
cells. mnist15k: 5,000 and 10,000 digits of 28 x 28, 6 x 6, 2 x 2 cells. Fashion-MNIST: 10,000 of the
training images and the 10,000 test images, 28 x 28, 5 x 5, 4 x 4 cells; its four files lie in the folder
``fashion-mnist`` of the data, without which it is left out. 128 k-means filters, otherwise
default parameters; features are standardised, and a ridge classifier has its penalty by leave-one-out. A
split is a seed of the filters, which both have in common. error: root mean square of the change in the test
images' features over their standard deviation, in percent. cpu s: features of all images, 1 thread.
"""

from __future__ import annotations

import time
from pathlib import Path

import image_data
import numpy as np
from comparison import Scores
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skmtl import ConvFeatureExtractor

ALPHAS = np.logspace(-1, 5, 13)


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Accuracy of both arithmetics, for all sets."""
    sets = {
        "cifar10_small": (image_data.cifar(data, 0, validate=False), {"kernel_size": 6, "grid": 2}),
        "mnist15k": (image_data.mnist(data, 0, validate=False), {"kernel_size": 6, "grid": 2}),
    }
    if (folder := data / "fashion-mnist").exists():
        split = image_data.fashion(folder, 0, validate=False)
        sets["Fashion-MNIST, 10,000 images"] = split, {"kernel_size": 5, "grid": 4}
    tables = []
    with threadpool_limits(1):
        for title, (split, parameters) in sets.items():
            tables.append(Scores(title))
            for seed in range(splits):
                _compare(tables[-1], split, seed, parameters)
            print(tables[-1].table("float"), flush=True)
    return tables, ["Differences are paired over splits, with 95 % intervals."]


def _compare(table: Scores, split: image_data.Split, seed: int, parameters: dict) -> None:
    X, y = split.X[:10000], split.y[:10000]
    extractor = ConvFeatureExtractor(n_filters=128, random_state=seed, **parameters).fit(X)
    exact = None
    for arithmetic in ("float", "bytes"):
        extractor.set_params(arithmetic=arithmetic).transform(X[:2])
        began = time.process_time()
        features, others = extractor.transform(X), extractor.transform(split.X_test)
        seconds = time.process_time() - began
        exact = others if exact is None else exact
        change = np.sqrt(np.square(others - exact).mean() / others.var(axis=0).mean())
        head = make_pipeline(StandardScaler(), RidgeClassifierCV(ALPHAS)).fit(features, y)
        accuracy = head.score(others, split.y_test)
        table.add(arithmetic, {"accuracy": accuracy, "error": 100 * change, "cpu s": seconds})
