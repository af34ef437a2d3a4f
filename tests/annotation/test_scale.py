"""Images looked at in other pixels than their own: which are, and all that is told is in their own."""

import numpy as np
import pytest
from annotation._toys import SMALL, few_steps, small_trunk, squares
from annotation.test_heads import told_by
from PIL import Image

from skmtl import load_model, save_model
from skmtl.annotation import ImageAnnotator, MultiPoseHead, ObjectsHead, OneBoxHead, PoseHead
from skmtl.annotation import _resample as resample_module
from skmtl.annotation._cells import Grid, grid_of
from skmtl.annotation._head import AnnotationHead
from skmtl.annotation._resample import resampled
from skmtl.annotation._scale import LEAST, SIDE, Scale, cell_level, seen_at
from skmtl.heads import LabelHead
from skmtl.neural_network import Augment


@pytest.mark.parametrize("factor", [2.0, 2.5, 7.5, 0.5])
def test_fewer_pixels_are_those_of_pillow(factor, monkeypatch):
    monkeypatch.setattr(resample_module, "BAND", 3)
    image = np.random.default_rng(0).random((30, 60)).astype(np.float32)
    size = tuple(int(length / factor) for length in image.shape[::-1])
    expected = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))
    np.testing.assert_allclose(resampled(image, factor), expected, atol=1e-5)


def test_pixels_keep_their_type_and_those_beyond_the_edge_are_those_inside():
    for image in (np.full((11, 17, 3), 255, np.uint8), np.full((11, 17), 1e9), np.ones((11, 17), bool)):
        for factor in (3.3, 0.7):
            found = resampled(image, factor)
            assert found.shape == (np.ceil(11 / factor), np.ceil(17 / factor), *image.shape[2:])
            assert found.dtype == (np.float32 if image.dtype == bool else image.dtype)
            np.testing.assert_allclose(found, image.max(), rtol=1e-6)
    colours = np.random.default_rng(0).integers(0, 256, (20, 22, 3)).astype(np.uint8)
    np.testing.assert_array_equal(resampled(colours, 1.0), colours)
    for k in range(3):
        np.testing.assert_array_equal(resampled(colours, 2.2)[:, :, k], resampled(colours[:, :, k], 2.2))


def shapes_of(n, seed=0):
    return [tuple(shape) for shape in np.random.default_rng(seed).integers(60, 400, (n, 2)).tolist()]


def boxes_in(shapes, side):
    """A box of about ``side(shape)`` pixels in each image, as `OneBoxHead` reads it."""
    rng, head = np.random.default_rng(1), OneBoxHead()
    sides = [side(shape) * rng.uniform(0.8, 1.2) for shape in shapes]
    boxes = [[5, 5, 5 + own, 5 + own] for own in sides]
    return [head.read(box, shape, "y") for box, shape in zip(boxes, shapes, strict=True)]


def level_of(shapes, side, cell=None, head=None):
    return cell_level({"box": head or OneBoxHead()}, {"box": boxes_in(shapes, side)}, shapes, cell, 2)


def share(shape):
    return 0.3 * np.sqrt(shape[0] * shape[1])


def test_images_are_looked_at_in_one_size_where_that_makes_things_alike():
    shapes = shapes_of(30)
    level = level_of(shapes, share)
    sides = {round(np.sqrt(h * w) / level.scale.of((h, w))) for h, w in shapes}
    assert level.rows.size == SIDE and len(sides) == 1
    assert 0.3 * sides.pop() / 4 == pytest.approx(SIDE, rel=0.25)


@pytest.mark.parametrize(
    "shapes, side, cell",
    [
        (shapes_of(30), lambda shape: 40.0, None),
        (shapes_of(9), share, None),
        ([(200, 300)] * 30, share, None),
        (shapes_of(30), share, 7),
    ],
    ids=["one size in pixels", "few images", "images of one size", "a cell that was given"],
)
def test_images_are_looked_at_as_they_are(shapes, side, cell):
    level = level_of(shapes, side, cell)
    asked = OneBoxHead().cell_size(boxes_in(shapes, side))
    assert level.scale == Scale() and level.rows.size == (cell or np.clip(round(asked), 2, 16))


class Fixed(OneBoxHead):
    """A head that does not say how its annotations move."""

    moved = AnnotationHead.moved


def test_a_head_whose_annotations_do_not_move_sees_images_as_they_are():
    assert level_of(shapes_of(30), share, head=Fixed()).scale == Scale()


def test_large_photographs_of_one_thing_are_looked_at_smaller():
    shapes = [(3000, 4000)] * 3
    level = level_of(shapes, lambda shape: 800.0)
    assert level.scale.side is None and level.rows.size == SIDE
    assert level.scale.factor == pytest.approx(200 / SIDE, rel=0.3)
    assert level_of(shapes, lambda shape: 75.0).scale == Scale()
    small = level_of([(700, 800)] * 3, lambda shape: 600.0)
    assert 700 / LEAST <= small.scale.factor <= 800 / LEAST


BODY = np.array([[60.0, 30.0], [90.0, 80.0], [40.0, 99.0]])


@pytest.mark.parametrize("factor", [2.0, 3.7, 0.6])
@pytest.mark.parametrize(
    "head, annotation",
    [
        (OneBoxHead(), [10.5, 20, 70, 60]),
        (ObjectsHead(), {"boxes": [[10.5, 20, 70, 60], [80, 70, 129, 100]], "labels": [4, 9]}),
        (PoseHead(), BODY),
        (MultiPoseHead(), [BODY, BODY + [20, 0]][:1]),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, AnnotationHead) else "",
)
def test_what_is_told_is_in_the_pixels_of_the_image(head, annotation, factor):
    shape = (101, 131)
    known = [head.read(annotation, shape, "y")]
    seen = seen_at(Scale(factor), {"y": head}, {"y": known}, [shape])["y"][0]
    spec = head.learn([seen], "y")
    small = grid_of(resampled(np.zeros(shape), factor).shape, 4)
    told = told_by(head.targets(seen, small, spec), spec["n_codes"])
    found = head.decode(told, Grid(small.rows, small.columns, 4 * factor, shape, factor), spec)
    parts = {"points": found, "boxes": found} if isinstance(found, np.ndarray) else found
    if isinstance(annotation, dict):
        order = np.argsort(found["boxes"][:, 0])
        np.testing.assert_allclose(found["boxes"][order], annotation["boxes"], atol=1e-6)
        np.testing.assert_array_equal(found["labels"][order], annotation["labels"])
    elif isinstance(head, OneBoxHead):
        np.testing.assert_allclose(found, annotation, atol=1e-6)
    else:
        np.testing.assert_allclose(np.reshape(parts["points"], (-1, 3))[:, :2], BODY, atol=1e-6)


def photographs(n=14):
    """Images of different sizes, each with one bright square of the same share of it, and its box."""
    rng, images, boxes = np.random.default_rng(0), [], []
    for _ in range(n):
        side = int(rng.integers(30, 120))
        image, own = rng.normal(100, 4, (side, side + 6)), side // 3
        x, y = rng.integers(1, side - own, 2)
        image[y : y + own, x : x + own] += 60
        images.append(image)
        boxes.append(np.array([x, y, x + own, y + own], float))
    return images, boxes


def test_photographs_of_any_size(tmp_path, monkeypatch):
    images, boxes = photographs()
    model = ImageAnnotator([("box", OneBoxHead())], small_trunk(), **SMALL).fit(
        images, [{"box": box} for box in boxes]
    )
    assert model.levels_[0].scale.side is not None
    assert model.score(images, [{"box": box} for box in boxes]) > 0.75
    save_model(model, tmp_path / "model.skmtl")
    again = load_model(tmp_path / "model.skmtl")
    np.testing.assert_array_equal(again.predict(images[:1])[0]["box"], model.predict(images[:1])[0]["box"])
    few_steps(monkeypatch)
    heads = [("box", OneBoxHead()), ("middle", PoseHead()), ("wide", LabelHead())]
    y = [{"box": b, "middle": (b[:2] + b[2:])[None] / 2, "wide": b[2] - b[0] > 25} for b in boxes]
    more = ImageAnnotator(heads, small_trunk(), augment=Augment(), **SMALL | {"max_iter": 1}).fit(images, y)
    assert more.levels_[0].scale.side is not None
    told = more.predict(images[:1])[0]
    assert set(told) == {"box", "middle", "wide"} and told["middle"].shape == (1, 3)
    assert 0 <= more.uncertainty(images[:1])[0] <= 1


def test_images_of_one_size_are_seen_as_they_are():
    images, boxes = squares(12)
    y = [{"box": one[0]} for one in boxes]
    model = ImageAnnotator([("box", OneBoxHead())], small_trunk(), **SMALL | {"max_iter": 1}).fit(images, y)
    assert model.levels_[0].scale == Scale()
