"""Heads of whole images look closer at the one thing that other heads find."""

import pickle

import numpy as np
import pytest
from annotation._toys import SMALL, records, small_trunk, squares

from skmtl.annotation import ImageAnnotator, ImageHead, ObjectsHead, OneBoxHead
from skmtl.annotation._cells import grid_of
from skmtl.annotation._head import amounts
from skmtl.heads import BoxHead, LabelHead, PointsHead, TagsHead
from skmtl.io import ImageRecord, ObjectRecord

SHAPE = (30, 34)


def faces(n):
    """Images with one bright square, in which there may be a dark dot, among dots that mean nothing."""
    rng = np.random.default_rng(0)
    images, boxes, dotted = rng.normal(60, 4, (n, 48, 56)), [], rng.random(n) < 0.5
    for image, one in zip(images, dotted, strict=True):
        for _ in range(6):
            y, x = rng.integers(0, 44, 2)
            image[y : y + 4, x : x + 4] -= 50
        (x, y), side = rng.integers(2, 26, 2), rng.integers(16, 20)
        image[y : y + side, x : x + side] = rng.normal(120, 4, (side, side))
        if one:
            image[y + 6 : y + 10, x + 6 : x + 10] -= 50
        boxes.append([x, y, x + side, y + side])
    return images, np.array(boxes, dtype=float), dotted.astype(int)


@pytest.fixture(scope="module")
def dots():
    return faces(120)


def fitted(heads, images, fields):
    y = [dict(zip(fields, values, strict=True)) for values in zip(*fields.values(), strict=True)]
    return ImageAnnotator(heads, small_trunk(), **SMALL | {"max_samples": 4000}).fit(images[:80], y[:80]), y[
        80:
    ]


def test_a_class_is_told_by_what_is_in_the_box(dots):
    images, boxes, dotted = dots
    alone, y = fitted([("dot", LabelHead())], images, {"dot": dotted})
    among_all = alone.score(images[80:], y)
    model, y = fitted([("dot", LabelHead()), ("box", BoxHead())], images, {"dot": dotted, "box": boxes})
    scores = model.score_heads(images[80:], y)
    assert scores["box"] > 0.8 and scores["dot"] > max(0.85, among_all + 0.1)
    assert list(model.levels_[-1].closer) == ["box"]
    told = model.predict(images[80:84])
    assert list(told[0]) == ["dot", "box"] and told[0]["box"].shape == (4,)
    assert pickle.loads(pickle.dumps(model)).predict(images[80:84])[3]["dot"] == told[3]["dot"]
    assert 0 <= model.uncertainty(images[80:81])[0] <= 1


def test_points_say_where_to_look_and_many_objects_do_not(dots):
    images, boxes, dotted = dots
    points = np.array([[0.75, 0.25], [0.25, 0.75]]) @ boxes.reshape(-1, 2, 2)
    heads = [("points", PointsHead()), ("dot", TagsHead())]
    model, y = fitted(heads, images, {"points": points, "dot": dotted[:, None].astype(float)})
    scores = model.score_heads(images[80:], y)
    assert scores["points"] > 0.9 and scores["dot"] > 0.7
    several, many = squares(6)
    y = [{"many": record, "n": len(own)} for record, own in zip(records(many), many, strict=True)]
    model = ImageAnnotator([("many", ObjectsHead()), ("n", LabelHead())], small_trunk(), **SMALL)
    assert model.fit(several, y).levels_[-1].closer == {}
    level = model.levels_[0]
    frame, told = level.tell(model.trunk_, several[0])
    clue = level.heads["many"].clue(told["many"], frame, level.specs["many"])
    assert clue.box is None and clue.numbers > 0


def test_how_many_there_are():
    found = {"labels": np.array(["a", "b", "a"]), "scores": np.array([0.5, 1, 0.25])}
    np.testing.assert_allclose(np.expm1(amounts(found, np.array(["a", "b", "c"]))), [0.75, 1, 0])


def test_one_box():
    head, frame = OneBoxHead(), grid_of(SHAPE, 2)
    box = np.array([4.0, 6, 15, 20])
    known = head.read(box, SHAPE, "y[0]")
    spec = head.learn([known], "y")
    told = head.targets(known, frame, spec)
    told = {"kind": np.eye(2)[told["kind"]], "place": np.nan_to_num(told["place"])}
    np.testing.assert_allclose(head.decode(told, frame, spec), box)
    assert head.score([known, None], [box, box], spec) == 1
    assert head.score([known], [np.array([4.0, 6, 15, 13])], spec) == 0.5
    assert head.uncertainty(told, frame, spec) == 0
    np.testing.assert_allclose(head.clue(told, frame, spec).box, box)
    assert head.read(np.full(4, np.nan), SHAPE, "y[0]") is None
    record = ImageRecord("a.png", *SHAPE, [ObjectRecord("face", tuple(box))])
    np.testing.assert_array_equal(head.read(record, SHAPE, "y[0]").boxes, [box])


@pytest.mark.parametrize(
    ("annotation", "told"),
    [
        ([1.0, 2, 3], "y\\[7\\]: a box is \\(4,\\) as x1, y1, x2, y2, got the shape \\(3,\\)"),
        ("left", "y\\[7\\] must be numbers, got 'left'"),
        ([1.0, 2, np.nan, 4], "y\\[7\\]: boxes"),
        ([4.0, 4, 4, 9], "y\\[7\\]: box 0 is .* no area"),
        (ImageRecord("b.png", *SHAPE), "b.png\\) has 0 objects, not one"),
    ],
)
def test_bad_boxes(annotation, told):
    with pytest.raises(ValueError, match=told):
        OneBoxHead().read(annotation, SHAPE, "y[7]")


def test_places_are_not_asked_of_whole_images():
    with pytest.raises(ValueError, match="box: BoxHead\\(\\) tells where something is.*OneBoxHead"):
        ImageHead(BoxHead()).learn([np.array([1.0, 2, 3, 4])], "box")
    for head in (PointsHead(metric="neg_distance"), PointsHead(heatmap=False)):
        with pytest.raises(ValueError, match="head 'points': an annotator tells points by cells.*'pck'"):
            ImageAnnotator([("points", head)]).fit(np.zeros((2, 9, 9)), [{}, {}])
    with pytest.raises(ValueError, match="head 'box' has estimator=3, which an annotator cannot use"):
        ImageAnnotator([("box", BoxHead(estimator=3))]).fit(np.zeros((2, 9, 9)), [{}, {}])
