"""Pictures of the gallery page on features: filters, what they respond to, accuracy beside CPU time.

``python docs/examples/plot_features.py [FOLDER]`` draws them with matplotlib into FOLDER, ``docs/images`` by
default. The photographs come with scikit-learn, the curves from ``benchmarks/results``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_sample_images

from skmtl.feature_extraction import (
    ConvFeatureExtractor,
    GaborFilters,
    KMeansFilters,
    PatchFilters,
    PCAFilters,
    RandomFilters,
    WaveletFilters,
    filter_images,
)

DOCS = Path(__file__).resolve().parent.parent
RESULTS = DOCS.parent / "benchmarks" / "results"
SHOWN = 16
KINDS = {
    "KMeansFilters()": KMeansFilters(),
    'KMeansFilters(algorithm="spherical")': KMeansFilters(algorithm="spherical", max_iter=10),
    "PatchFilters()": PatchFilters(),
    "PCAFilters()": PCAFilters(),
    "RandomFilters()": RandomFilters(),
    'RandomFilters(kind="rocket")': RandomFilters(kind="rocket"),
    "GaborFilters()": GaborFilters(),
    "WaveletFilters()": WaveletFilters(),
}
STUDIES = {"cifar": "6,000 images of CIFAR-10", "fashion": "Fashion-MNIST, all 60,000"}


def main(folder: Path) -> None:
    """Draw every picture."""
    photos = np.stack([_half(photo) for photo in load_sample_images().images])
    fitted = {
        name: ConvFeatureExtractor(kind, n_filters=64, kernel_size=8, random_state=0).fit(photos)
        for name, kind in KINDS.items()
    }
    for name, figure in (
        ("features-filters", draw_filters(fitted)),
        ("features-responses", draw_responses(fitted["KMeansFilters()"], photos[0])),
        ("features-accuracy", draw_accuracy()),
    ):
        path = folder / f"{name}.png"
        figure.savefig(path, dpi=80)
        plt.close(figure)
        print(path)


def _half(photo: np.ndarray) -> np.ndarray:
    """Means over 2 x 2 pixels: the blocks of the JPEG file would be learned otherwise."""
    rows, columns = (length // 2 for length in photo.shape[:2])
    cells = photo[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, 3)
    return cells.mean(axis=(1, 3)).astype(np.uint8)


def draw_filters(fitted: dict) -> plt.Figure:
    """A row for each kind: as many of its filters as fit, evenly spaced."""
    figure, rows = plt.subplots(
        len(fitted), SHOWN, figsize=(11, 0.95 * len(fitted)), gridspec_kw={"hspace": 0.45, "wspace": 0.1}
    )
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.96)
    for axes, (name, extractor) in zip(rows, fitted.items(), strict=True):
        pictures = filter_images(extractor.patterns_)
        chosen = np.linspace(0, len(pictures) - 1, min(SHOWN, len(pictures))).astype(int)
        for axis in axes:
            axis.axis("off")
        for axis, i in zip(axes, chosen, strict=False):
            axis.imshow(pictures[i], interpolation="nearest")
        axes[0].set_title(name, loc="left", fontsize=10).set_in_layout(False)
    return figure


def draw_responses(extractor: ConvFeatureExtractor, photo: np.ndarray) -> plt.Figure:
    """The photograph, and beside some filters the places where they respond."""
    extractor = clone(extractor).set_params(scales=1, activation="relu").fit(photo[None])
    maps = extractor.transform_dense(photo[None])[0]
    pictures, strength = filter_images(extractor.patterns_), maps.std(axis=(0, 1))
    chosen = _different(extractor.patterns_, strength, 5)
    figure, axes = plt.subplots(2, 6, figsize=(13, 2.6), layout="constrained", height_ratios=[1, 2.4])
    axes[0, 0].axis("off")
    axes[1, 0].imshow(photo)
    for i, filter_axis, map_axis in zip(chosen, axes[0, 1:], axes[1, 1:], strict=True):
        filter_axis.imshow(pictures[i], interpolation="nearest")
        map_axis.imshow(maps[:, :, i], cmap="gray_r", vmax=np.quantile(maps[:, :, i], 0.995))
    for axis in axes.flat:
        axis.axis("off")
    return figure


def _different(patterns: np.ndarray, strength: np.ndarray, count: int) -> list[int]:
    """The strongest filter, and one after the other those least like the ones chosen before."""
    flat = patterns.reshape(len(patterns), -1)
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    chosen = [int(strength.argmax())]
    strong = strength >= np.quantile(strength, 0.75)
    while len(chosen) < count:
        likeness = np.abs(flat @ flat[chosen].T).max(axis=1)
        chosen.append(int(np.where(strong, likeness, np.inf).argmin()))
    return chosen


def draw_accuracy() -> plt.Figure:
    """A panel for each study: one numbered point a row of its table."""
    figure, axes = plt.subplots(1, len(STUDIES), figsize=(12, 5.6), layout="constrained")
    for axis, (study, title) in zip(axes, STUDIES.items(), strict=True):
        rows = json.loads((RESULTS / f"accuracy_images_{study}.json").read_text(encoding="utf-8"))["rows"]
        for number, (name, row) in enumerate(rows.items(), start=1):
            place = row["cpu_s"], row["accuracy"]
            axis.plot(*place, "o", markersize=13, color="tab:blue", label=f"{number}  {name}")
            axis.annotate(str(number), place, color="white", fontsize=8, ha="center", va="center")
        axis.set(title=title, xlabel="CPU seconds, fit and predict", ylabel="accuracy, %", xscale="log")
        axis.margins(x=0.12, y=0.12)
        axis.grid(alpha=0.3, which="both")
        axis.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.14), handlelength=0, markerscale=0, frameon=False
        )
    return figure


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "images")
