"""What a user would build from scikit-image and scikit-learn for each kind of annotation."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.feature import hog, multiscale_basic_features, peak_local_max
from skimage.measure import regionprops
from skimage.segmentation import watershed
from skimage.transform import resize
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skmtl.metrics import pairwise_box_iou

#: Pixels that a forest learns from.
PIXELS = 10_000


class Forest:
    """scikit-image's features of pixels and a random forest, as its TrainableSegmenter does."""

    def __init__(self, seed: int):
        self.seed = seed

    def learn(self, images, codes) -> None:
        """Codes (h, w) of classes of pixels; negative ones are not known."""
        rng, rows, labels = np.random.default_rng(self.seed), [], []
        for image, code in zip(images, codes, strict=True):
            flat = code.ravel()
            chosen = rng.permutation(np.flatnonzero(flat >= 0))[: PIXELS // len(images)]
            rare = rng.permutation(np.flatnonzero(flat > 0))[: PIXELS // len(images) // 4]
            chosen = np.unique(np.concatenate([chosen, rare]))
            rows.append(_pixel_features(image).reshape(flat.size, -1)[chosen])
            labels.append(flat[chosen])
        self.forest = RandomForestClassifier(
            n_estimators=100, max_depth=16, min_samples_leaf=2, max_samples=0.5, random_state=self.seed
        )
        self.forest.fit(np.concatenate(rows), np.concatenate(labels))

    def probability(self, image) -> np.ndarray:
        """(h, w, classes)."""
        features = _pixel_features(image)
        told = self.forest.predict_proba(features.reshape(-1, features.shape[2]))
        return told.reshape(*image.shape[:2], -1)


def _pixel_features(image) -> np.ndarray:
    return multiscale_basic_features(image, channel_axis=-1 if image.ndim == 3 else None)


class Lines(Forest):
    """A line where it has the probability at which ours is one."""

    def fit(self, images, truth):
        self.learn(images, truth)

    def predict(self, images):
        return [(self.probability(image)[:, :, 1] >= 0.3).astype(np.uint8) for image in images]


class Instances(Forest):
    """Pixels of objects; a watershed of the distance to the rim cuts what touches."""

    def fit(self, images, truth):
        areas = np.concatenate([np.bincount(numbers.ravel())[1:] for numbers in truth])
        self.side = np.sqrt(np.median(areas[areas > 0]))
        self.learn(images, [(numbers > 0).astype(int) for numbers in truth])

    def predict(self, images):
        return [self._objects(self.probability(image)[:, :, 1]) for image in images]

    def _objects(self, told):
        inside = told > 0.5
        depth = gaussian_filter(distance_transform_edt(inside), 1)
        peaks = peak_local_max(depth, min_distance=max(int(self.side / 3), 1), labels=inside.astype(int))
        markers = np.zeros(inside.shape, int)
        markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        return with_scores(watershed(-depth, markers, mask=inside), told)


class NamedInstances(Instances):
    """What it finds is named by HOG of its box and logistic regression."""

    def fit(self, images, truth):
        numbers = [np.tensordot(range(1, len(one["masks"]) + 1), one["masks"], 1) for one in truth]
        super().fit(images, numbers)
        pairs = zip(images, truth, strict=True)
        X = np.concatenate([_windows(image, one["masks"]) for image, one in pairs])
        labels = np.concatenate([one["labels"] for one in truth])
        self.names = LogisticRegression(max_iter=500).fit(X, labels)

    def predict(self, images):
        return [self._named(*pair) for pair in zip(images, super().predict(images), strict=True)]

    def _named(self, image, found):
        if not len(found["masks"]):
            return found
        told = self.names.predict_proba(_windows(image, found["masks"]))
        labels = self.names.classes_[told.argmax(axis=1)]
        return found | {"labels": labels, "scores": found["scores"] * told.max(axis=1)}


def _windows(image, masks) -> np.ndarray:
    boxes = [regionprops(mask.astype(np.uint8))[0].bbox for mask in masks]
    return np.stack([_window(image, np.take(box, [1, 0, 3, 2])) for box in boxes])


def with_scores(numbers: np.ndarray, told: np.ndarray) -> dict:
    """The objects of a map, each as sure as the mean probability of its pixels."""
    masks = [numbers == part.label for part in regionprops(numbers) if part.area >= 10]
    return {
        "masks": np.array(masks, bool).reshape(-1, *numbers.shape),
        "labels": np.ones(len(masks), int),
        "scores": np.array([told[mask].mean() for mask in masks]),
    }


class Points(Forest):
    """Pixels near each point against the rest; a point lies where its smoothed probability is highest."""

    def fit(self, images, truth):
        self.radius = max(images[0].shape[:2]) / 40
        codes = []
        for image, points in zip(images, truth, strict=True):
            rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
            away = np.hypot(columns - points[:, 0, None, None], rows - points[:, 1, None, None])
            away = np.nan_to_num(away, nan=np.inf)
            codes.append(np.where(away.min(axis=0) < self.radius, away.argmin(axis=0) + 1, 0))
        self.learn(images, codes)

    def predict(self, images):
        return [self._places(self.probability(image)[:, :, 1:]) for image in images]

    def _places(self, told):
        smooth = self._smooth(told)
        flat = smooth.reshape(-1, smooth.shape[2]).argmax(axis=0)
        row, column = np.divmod(flat, told.shape[1])
        return np.stack([column + 0.5, row + 0.5], axis=1)

    def _smooth(self, told):
        return gaussian_filter(told, (self.radius, self.radius, 0))


class Bodies(Points):
    """Every peak of the first point is a body, and the nearest peaks of the others are its other points."""

    def fit(self, images, truth):
        longest = [np.hypot(*np.ptp(body, axis=0)) for one in truth for body in one]
        self.length = max(longest)
        width, self.n_points = max(len(one) for one in truth), truth[0].shape[1]
        rows = [np.concatenate([one, np.full((width - len(one), *one.shape[1:]), np.nan)]) for one in truth]
        super().fit(images, [one.reshape(-1, 2) for one in rows])

    def learn(self, images, codes):
        super().learn(images, [np.where(code > 0, (code - 1) % self.n_points + 1, 0) for code in codes])

    def _places(self, told):
        maps = np.moveaxis(self._smooth(told), 2, 0)
        peaks = [peak_local_max(one, min_distance=3, threshold_abs=0.05) for one in maps]
        bodies = []
        for first in peaks[0]:
            own = [(first, maps[0][tuple(first)])]
            for one, rest in zip(maps[1:], peaks[1:], strict=True):
                away = np.hypot(*(rest - first).T) if len(rest) else np.array([np.inf])
                near = rest[away.argmin()] if away.min() <= self.length else None
                own.append((first, 0.0) if near is None else (near, one[tuple(near)]))
            bodies.append([[*(place[::-1] + 0.5), sure] for place, sure in own])
        points = np.array(bodies).reshape(-1, len(maps), 3)
        scores = points[:, :, 2].mean(axis=1)
        return {"points": points, "labels": np.ones(len(points), int), "scores": scores}


class Whole:
    """HOG and a histogram of each channel; ridge or logistic regression, its strength by cross-validation."""

    def __init__(self, seed: int):
        pass

    def fit(self, images, truth):
        text = isinstance(truth[0], str)
        options = {"l1_ratios": (0,), "use_legacy_attributes": False, "scoring": "neg_log_loss"}
        last = LogisticRegressionCV(Cs=5, cv=KFold(3), max_iter=500, **options)
        model = last if text else RidgeCV(np.logspace(-1, 5, 13))
        self.model = make_pipeline(StandardScaler(), model).fit(np.stack([*map(_whole, images)]), truth)

    def predict(self, images):
        return self.model.predict(np.stack([*map(_whole, images)])).tolist()


def _whole(image) -> np.ndarray:
    channels = image if image.ndim == 3 else image[:, :, None]
    bins = [np.histogram(channels[:, :, c], 16, (0, 256), density=True)[0] for c in range(channels.shape[2])]
    edges = hog(resize(image, (64, 64)), channel_axis=-1 if image.ndim == 3 else None)
    return np.concatenate([edges, *bins])


class Boxes:
    """Windows slid over an image at several sizes: HOG, a linear SVM for each class, hard negatives once."""

    CELL, CELLS, SIZES, NEGATIVES, HARD = 4, 8, 4, 40, 20

    def __init__(self, seed: int):
        self.seed = seed

    def fit(self, images, truth):
        self.classes = np.unique(np.concatenate([one["labels"] for one in truth]))
        self.models = {label: self._learn(images, truth, label) for label in self.classes}

    def predict(self, images):
        return [self._found(image) for image in images]

    def _learn(self, images, truth, label):
        boxes = [one["boxes"][one["labels"] == label].astype(float) for one in truth]
        every = np.concatenate(boxes)
        sides = every[:, 2:] - every[:, :2]
        aspect = np.exp(np.median(np.log(sides[:, 1] / sides[:, 0])))
        low, high = np.quantile(np.sqrt(sides.prod(axis=1)), [0.1, 0.9])
        sizes = np.geomspace(low, max(high, low * 1.01), self.SIZES if high > 1.3 * low else 2)
        shape = [(s / np.sqrt(aspect), s * np.sqrt(aspect)) for s in sizes]
        rng, good, bad = np.random.default_rng(self.seed), [], []
        for image, own in zip(images, boxes, strict=True):
            good += [_window(image, box) for box in own]
            bad += [_window(image, box) for box in self._elsewhere(image, own, shape, rng)]
        model = self._svm(good, bad)
        hard = []
        for image, own in list(zip(images, boxes, strict=True))[: self.HARD]:
            found, scores, windows = self._slide(image, model, shape, features=True)
            away = pairwise_box_iou(found, own).max(axis=1, initial=0) < 0.3
            hard += list(windows[away][np.argsort(-scores[away])[:10]])
        return self._svm(good, bad + hard), shape

    def _elsewhere(self, image, own, shape, rng):
        """Random windows that cover no object."""
        size = np.array(shape)[rng.integers(len(shape), size=self.NEGATIVES)]
        corner = rng.uniform(size=size.shape) * np.maximum(np.array(image.shape[1::-1]) - size, 0)
        boxes = np.concatenate([corner, corner + size], axis=1)
        clear = pairwise_box_iou(boxes, own).max(axis=1, initial=0) < 0.3
        return boxes[clear][: self.NEGATIVES // 4]

    def _svm(self, good, bad):
        X = np.stack([*good, *bad])
        return LinearSVC(C=0.01, class_weight="balanced").fit(X, [1] * len(good) + [0] * len(bad))

    def _slide(self, image, model, shape, features=False):
        boxes, scores, windows = [np.zeros((0, 4))], [np.zeros(0)], []
        side, n = self.CELL * self.CELLS, self.CELLS - 1
        for width, height in shape:
            scale = side / height, side / width
            size = [max(round(length * s), side) for length, s in zip(image.shape, scale, strict=False)]
            blocks = _hog(resize(image, size), vector=False)
            view = np.lib.stride_tricks.sliding_window_view(blocks, (n, n), axis=(0, 1))
            flat = np.moveaxis(view, (-2, -1), (2, 3)).reshape(*view.shape[:2], -1)
            row, column = np.indices(view.shape[:2]).reshape(2, -1) * self.CELL
            x, y = column / scale[1], row / scale[0]
            boxes.append(np.stack([x, y, x + width, y + height], axis=1))
            flat = flat.reshape(len(x), -1)
            scores.append(model.decision_function(flat))
            windows.append(flat)
        told = np.concatenate(boxes), np.concatenate(scores)
        return (*told, np.concatenate(windows)) if features else told

    def _found(self, image):
        boxes, scores, labels = [], [], []
        for label, (model, shape) in self.models.items():
            own, score = self._slide(image, model, shape)
            kept = _apart(own, score)
            boxes.append(own[kept])
            scores.append(1 / (1 + np.exp(-score[kept])))
            labels += [label] * len(kept)
        boxes = np.clip(np.concatenate(boxes), 0, [*image.shape[1::-1]] * 2)
        return {"boxes": boxes, "labels": np.array(labels), "scores": np.concatenate(scores)}


def _window(image, box) -> np.ndarray:
    """HOG of what lies in a box."""
    side = Boxes.CELL * Boxes.CELLS
    x0, y0, x1, y1 = np.round(box).astype(int)
    part = image[max(y0, 0) : max(y1, y0 + 2), max(x0, 0) : max(x1, x0 + 2)]
    return _hog(resize(part, (side, side)))


def _hog(image, vector=True) -> np.ndarray:
    return hog(
        image,
        orientations=8,
        pixels_per_cell=(Boxes.CELL, Boxes.CELL),
        cells_per_block=(2, 2),
        channel_axis=-1 if image.ndim == 3 else None,
        feature_vector=vector,
    )


def _apart(boxes, scores, overlap=0.3, most=50) -> list[int]:
    """Non-maximum suppression."""
    order, kept = np.argsort(-scores)[:400], []
    while len(order) and len(kept) < most:
        kept.append(order[0])
        order = order[1:][pairwise_box_iou(boxes[order[:1]], boxes[order[1:]])[0] < overlap]
    return kept


PEERS = {
    "boxes": ("HOG, linear SVM", Boxes),
    "instances": ("forest, watershed", Instances),
    "masks": ("forest, HOG", NamedInstances),
    "lines": ("forest", Lines),
    "points": ("forest", Points),
    "bodies": ("forest, nearest", Bodies),
    "count": ("HOG, ridge", Whole),
    "class": ("HOG, logistic", Whole),
}
