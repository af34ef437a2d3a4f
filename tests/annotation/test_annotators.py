"""The annotators: what they find, what is missing or bad, any number of threads."""

import pickle

import numpy as np
import pytest
from annotation._toys import SMALL, numbered, records, small_trunk, squares

from skmtl.annotation import (
    ImageAnnotator,
    ImageTagger,
    InstanceSegmenter,
    LinesHead,
    MapHead,
    ObjectDetector,
    ObjectsHead,
    PixelAnnotator,
    PixelsHead,
    PoseEstimator,
    RegionAnnotator,
)
from skmtl.heads import BoxHead, LabelHead, NumberHead
from skmtl.io import AnnotationSet, ImageRecord, ObjectRecord


@pytest.fixture(scope="module")
def scene():
    images, boxes = squares(24)
    numbers = [numbered(one) for one in boxes]
    return images, boxes, numbers


def small(cls, *given, **options):
    return cls(*given, trunk=small_trunk(), **SMALL, **options)


def test_objects_are_found(scene):
    images, boxes, _ = scene
    model = small(ObjectDetector).fit(images[:16], records(boxes[:16]))
    assert model.score(images[16:], records(boxes[16:])) > 0.8
    assert model.classes_.tolist() == ["square"]


def test_an_annotation_file_is_as_good_as_records(scene):
    images, boxes, _ = scene
    files = [
        ImageRecord(f"{i}.png", 30, 34, [ObjectRecord("square", tuple(box)) for box in one])
        for i, one in enumerate(boxes)
    ]
    by_file = small(ObjectDetector).fit(images[:16], AnnotationSet(files)[:16]).predict(images[16:])
    by_record = small(ObjectDetector).fit(images[:16], records(boxes[:16])).predict(images[16:])
    for one, other in zip(by_file, by_record, strict=True):
        np.testing.assert_array_equal(one["boxes"], other["boxes"])


def test_instances_and_pixels_and_lines(scene):
    images, _, numbers = scene
    model = small(InstanceSegmenter).fit(images[:16], numbers[:16])
    assert model.score(images[16:], numbers[16:]) > 0.8
    masks = np.stack(numbers) > 0
    pixels = small(PixelAnnotator).fit(images[:16], masks[:16])
    assert pixels.score(images[16:], masks[16:]) > 0.9
    assert pixels.predict(images[16:]).shape == (8, 30, 34)
    proba = pixels.predict_proba(images[16:])
    np.testing.assert_allclose(proba.sum(axis=3), 1, rtol=1e-5)
    np.testing.assert_array_equal(pixels.classes_[proba.argmax(axis=3)], pixels.predict(images[16:]))


def test_a_few_strokes_make_whole_masks(scene):
    images, _, numbers = scene
    strokes = np.zeros((4, 30, 34), int)
    for stroke, number in zip(strokes, numbers, strict=False):
        inside = np.argwhere(number > 0)[::9]
        stroke[tuple(inside.T)] = 2
        stroke[tuple(np.argwhere(number == 0)[::40].T)] = 1
    model = small(PixelAnnotator, unlabelled=0).fit(images[:4], strokes)
    truth = np.where(np.stack(numbers[16:]) > 0, 2, 1)
    assert model.score(images[16:], truth) > 0.85


def test_pixels_are_looked_at_twice_where_there_are_many(scene):
    images, _, numbers = scene
    masks = np.stack(numbers) > 0
    many = PixelAnnotator(hidden_layer_sizes=8, max_samples=2000, random_state=0).fit(images[:4], masks[:4])
    few = PixelAnnotator(hidden_layer_sizes=8, max_samples=1999, random_state=0).fit(images[:4], masks[:4])
    assert [len(one.levels_[0].networks) for one in (many, few)] == [2, 1]


def test_a_second_look_sees_few_maps_of_many_classes():
    images, boxes = squares(8)
    masks = np.stack([np.minimum(numbered(one) * 9 + np.arange(34) // 4, 9 + 8) for one in boxes])
    model = PixelAnnotator(hidden_layer_sizes=8, random_state=0).fit(images, masks)
    (level,) = model.levels_
    assert len(model.classes_) > 9 and level.condense.matrix.shape == (len(model.classes_), 8)
    first, second = (network.n_features_in_ for network in level.networks)
    assert second - first == 8 * 41 and model.predict(images).shape == masks.shape


def test_points_are_found(scene):
    images, boxes, _ = scene
    points = np.stack([np.stack([one[0, :2], one[0, 2:]]) for one in boxes])
    single = [i for i, one in enumerate(boxes) if len(one) == 1]
    model = small(PoseEstimator, share=0.08).fit(images[single[:6]], points[single[:6]])
    assert model.score(images[single[6:]], points[single[6:]]) > 0.7
    assert model.predict(images).shape == (24, 2, 3)


def test_regions_are_labelled(scene):
    images, _, numbers = scene
    masks = np.stack(numbers) > 0
    model = small(RegionAnnotator, n_regions=60).fit(images[:16], masks[:16])
    assert model.score(images[16:], masks[16:]) > 0.9
    found = model.predict(images[16:17])[0]
    assert found["regions"].max() + 1 == len(found["labels"]) == len(found["scores"])


def test_whole_images_are_told_apart():
    images, boxes = squares(90)
    kinds = np.array(["one", "two"])[[len(one) - 1 for one in boxes]]

    def tagger():
        return ImageTagger(small_trunk(), hidden_layer_sizes=64, random_state=0)

    model = tagger().fit(images[:60], kinds[:60])
    assert model.score(images[60:], kinds[60:]) >= 0.8
    assert model.classes_.tolist() == ["one", "two"] and model.predict(images).shape == (90,)
    tags = np.stack([kinds == "two", kinds == "one"], axis=1).astype(float)
    tags[0, 0] = np.nan
    tags_told = tagger().fit(images[:60], tags[:60])
    assert tags_told.predict_proba(images).shape == (90, 2) and tags_told.score(images[60:], tags[60:]) >= 0.8
    numbers = tagger().fit(images[:60], tags[:60] * 3.5 + 1)
    one = [i for i in range(90) if len(boxes[i]) == 1]
    corners = np.stack([boxes[i][0] for i in one])
    box = ImageTagger(small_trunk(), head=BoxHead(), random_state=0).fit(images[one[:30]], corners[:30])
    assert box.score(images[one[30:]], corners[30:]) > 0.2
    assert numbers.predict(images).dtype == float and numbers.score(images[60:], tags[60:] * 3.5 + 1) > 0.5


HEADS = [
    ("objects", ObjectsHead()),
    ("mask", PixelsHead()),
    ("lines", LinesHead()),
    ("depth", MapHead()),
    ("kind", LabelHead()),
    ("size", NumberHead()),
]


def scene_records(scene):
    images, boxes, numbers = scene
    return [
        {
            "objects": records([one])[0],
            "mask": (number > 0).astype(int),
            "lines": (number > 0).astype(int),
            "depth": image / 100,
            "kind": len(one),
            "size": float(one[0, 2] - one[0, 0]),
        }
        for image, one, number in zip(images, boxes, numbers, strict=True)
    ]


def same(one, other):
    """Whether two annotations are equal bit for bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return np.array_equal(one, other)


def test_several_kinds_together_for_any_number_of_threads(scene):
    images, y = scene[0], scene_records(scene)
    told = []
    for n_jobs in (1, 3):
        model = small(ImageAnnotator, HEADS, n_jobs=n_jobs, max_iter=1).fit(images[:16], y[:16])
        told.append(model.predict(images[16:]))
    assert all(map(same, *told))
    scores = model.score_heads(images[16:], y[16:])
    assert list(scores) != [] and set(scores) == {name for name, _ in HEADS}
    assert scores["mask"] > 0.9 and scores["depth"] > 0.7
    assert model.score(images[16:], y[16:]) == pytest.approx(np.mean(list(scores.values())))


def test_what_an_image_lacks_costs_nothing_for_the_other_kinds(scene):
    images, y = scene[0], [{name: one[name] for name in ("mask", "depth")} for one in scene_records(scene)]
    heads = [("mask", PixelsHead()), ("depth", MapHead())]
    fewer = [{**one, "depth": None} if i else one for i, one in enumerate(y[:12])]
    model = small(ImageAnnotator, heads, max_iter=1).fit([*images[:12], images[12]], [*fewer, None])
    # Half of the samples are for each head: of twelve images for the mask, all of one for the depth.
    assert model.levels_[0].shares["depth"][0] > 0.7
    assert (model.levels_[0].shares["mask"] < 0.7).all()
    assert model.score(images[16:], [{"mask": one["mask"]} for one in y[16:]]) > 0.9
    assert np.isnan(model.score_heads(images[16:], [{"mask": one["mask"]} for one in y[16:]])["depth"])
    assert model.score_heads(images[16:], y[16:])["depth"] > 0.5


def test_images_of_several_sizes(scene):
    images, _, numbers = scene
    cut = [(image[: 30 - i % 3, : 34 - i % 4], number[: 30 - i % 3, : 34 - i % 4] > 0)
           for i, (image, number) in enumerate(zip(images, numbers, strict=True))]  # fmt: skip
    X, y = zip(*cut, strict=True)
    model = small(PixelAnnotator).fit(list(X[:16]), list(y[:16]))
    assert [one.shape for one in model.predict(list(X[16:]))] == [one.shape for one in X[16:]]
    assert model.score(list(X[16:]), list(y[16:])) > 0.9


def test_unsure_images_come_first(scene):
    images, _, numbers = scene
    masks = np.stack(numbers) > 0
    model = small(PixelAnnotator).fit(images[:16], masks[:16])
    blurred = 0.5 * images[16:] + 0.5 * images[16:].mean()
    mixed = np.concatenate([images[16:], blurred])
    unsure = model.uncertainty(mixed)
    assert ((unsure >= 0) & (unsure <= 1)).all()
    assert unsure[8:].mean() > unsure[:8].mean()
    np.testing.assert_array_equal(unsure[model.order_to_label(mixed)], np.sort(unsure)[::-1])


def test_an_image_is_most_like_itself(scene):
    images, boxes, _ = scene
    model = small(ImageTagger).fit(images, [len(one) for one in boxes])
    distances, numbers = model.kneighbors(images[3:5], images, n_neighbors=2)
    np.testing.assert_array_equal(numbers[:, 0], [3, 4])
    assert (distances[:, 0] < 1e-5).all() and (distances[:, 1] > 1e-5).all()


def test_a_trunk_that_no_head_needs_is_learned_for_neighbours_alone(scene):
    images, _, numbers = scene
    model = PixelAnnotator(**SMALL | {"max_iter": 1}).fit(images[:4], np.stack(numbers[:4]) > 0)
    assert model.trunk_ is None
    again = pickle.loads(pickle.dumps(model))
    distances, nearest = model.kneighbors(images[2:5], images[:16], n_neighbors=2)
    np.testing.assert_array_equal(nearest[:, 0], [2, 3, 4])
    np.testing.assert_array_equal(again.kneighbors(images[2:5], images[:16], n_neighbors=2)[0], distances)
    assert model.trunk_ is None


def test_bad_images_and_annotations_are_counted_or_refused(scene):
    images, boxes, _ = scene
    X, y = list(images[:16]), records(boxes[:16])
    X[2], X[5] = None, np.full((30, 34), np.nan)
    y[7] = {"boxes": [[99, 99, 120, 120]], "labels": ["square"]}
    with pytest.raises(ValueError, match=r"X\[2\] is None"):
        small(ObjectDetector).fit(X, y)
    with pytest.raises(ValueError, match=r"y\[7\]: box 0"):
        small(ObjectDetector).fit(images[:16], y)
    model = small(ObjectDetector, on_error="skip", max_iter=1)
    with pytest.warns(UserWarning, match="left out"):
        model.fit(X, y)
    assert dict(model.report_.skipped) == {"image": 2, "annotation": 1}
    with pytest.warns(UserWarning, match="left out"):
        found = model.predict(X[:4])
    assert found[2] is None and found[3] is not None
    with pytest.warns(UserWarning, match="1 x annotation(.|\n)*2 x image|2 x image(.|\n)*1 x annotation"):
        skipped = model.score(X, y)
    kept = [i for i in range(16) if i not in (2, 5, 7)]
    assert skipped == model.score([X[i] for i in kept], [y[i] for i in kept])


@pytest.mark.parametrize(
    "X, message",
    [
        (np.zeros((3, 5)), "X must be images"),
        ([], "X holds no image"),
        ([np.zeros((5, 5)), np.zeros((5, 5, 3))], r"X\[1\] has the shape"),
        ([["a.png"]], r"X\[0\] must be numbers"),
        (["a.png"], "a.png: no such file"),
        ([np.full((5, 5), np.inf)], "NaN or infinite"),
    ],
)
def test_what_is_no_image_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        PixelAnnotator().fit(X, [None] * len(X))


def test_lengths_names_and_nothing_at_all_are_refused(scene):
    images, y = scene[0], scene_records(scene)
    with pytest.raises(ValueError, match="X has 24 images, but y has 3"):
        PixelAnnotator().fit(images, y[:3])
    model = small(ImageAnnotator, [("mask", PixelsHead())])
    with pytest.raises(ValueError, match="has a field 'objects' that no head is for"):
        model.fit(images, y)
    with pytest.raises(ValueError, match="no annotation of any image"):
        model.fit(images, [None] * 24)
    with pytest.raises(TypeError, match="pairs of a name and a head"):
        small(ImageAnnotator, [("mask", 3)]).fit(images, y)
    with pytest.raises(ValueError, match="distinct names"):
        small(ImageAnnotator, []).fit(images, y)


def test_other_channels_are_refused_at_predict(scene):
    images, _, numbers = scene
    model = small(PixelAnnotator, max_iter=1).fit(images[:4], [one > 0 for one in numbers[:4]])
    with pytest.raises(ValueError, match=r"X\[0\] has the shape \(30, 34, 3\)"):
        model.predict(np.zeros((1, 30, 34, 3)))


def test_an_interrupted_fit_leaves_the_model_as_it_was(scene, monkeypatch):
    images, _, numbers = scene
    masks = np.stack(numbers) > 0
    model = small(PixelAnnotator, max_iter=1).fit(images[:4], masks[:4])
    before = model.predict(images[:2])

    def interrupt(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr("skmtl.annotation._levels.learn_network", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(images[4:8], masks[4:8])
    np.testing.assert_array_equal(model.predict(images[:2]), before)
