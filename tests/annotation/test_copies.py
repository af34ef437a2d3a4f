"""Copies of images: what is marked in them lies where it is seen, what they cannot tell is unknown."""

import numpy as np
import pytest
from annotation._toys import SMALL, few_steps, numbered, records, small_trunk, squares

from skmtl.annotation import (
    ImageAnnotator,
    ImageHead,
    InstancesHead,
    LinesHead,
    MapHead,
    MultiPoseHead,
    ObjectDetector,
    ObjectsHead,
    OneBoxHead,
    PixelsHead,
    PoseHead,
    RegionsHead,
)
from skmtl.annotation._copies import COPIES, WithCopies, relit, with_copies
from skmtl.annotation._inputs import Refusals, read_images
from skmtl.annotation._levels import Examples
from skmtl.heads import CountHead, LabelHead, TagsHead
from skmtl.neural_network import Augment

SHAPE = (40, 50)
MOVING = Augment(flip="both", shift=0.15, zoom=0.2, contrast=0.2, brightness=0.5)


def copied(head, annotations, images, augment=MOVING):
    """Images and what is known of them, with their copies."""
    known = [head.read(one, SHAPE, "y") for one in annotations]
    examples = Examples(None, read_images(images, Refusals("raise")), {"y": known}, None, None)
    more = with_copies(examples, {"y": head}, augment, seed=3)
    return list(more.images), more.known["y"]


@pytest.fixture(scope="module")
def scene():
    images, boxes = squares(6, SHAPE)
    return np.rint(images).astype(np.uint8), boxes


def seen(image, box):
    """Whether the box, and only a pixel more at most, is bright in its image."""
    x0, y0, x1, y1 = box
    light = image.astype(float) > (image.min() + float(image.max())) / 2
    inside = light[int(np.ceil(y0)) : int(y1), int(np.ceil(x0)) : int(x1)]
    rim = light.copy()
    rim[max(int(y0) - 1, 0) : int(y1) + 2, max(int(x0) - 1, 0) : int(x1) + 2] = False
    return inside.all(), rim


def test_boxes_and_corners_move_with_the_image(scene):
    images, boxes = scene
    shown, found = copied(ObjectsHead(), records(boxes), images)
    corners = [one.reshape(-1, 2, 2) for one in boxes]
    _, bodies = copied(MultiPoseHead(), corners, images)
    assert len(shown) == len(found) == (1 + COPIES) * 6
    for image, one, pairs in zip(shown, found, bodies, strict=True):
        assert image.shape == SHAPE and image.dtype == np.uint8
        left = np.ones(SHAPE, bool)
        for box in one.boxes:
            inside, rim = seen(image, box)
            assert inside
            left &= rim
        assert not left.any()  # nothing else is bright
        spans = np.sort(pairs.points, axis=1).reshape(-1, 4)
        whole = spans[np.isfinite(spans).all(axis=1)]
        for span in whole:
            assert np.abs(one.boxes - span).max(axis=1).min() < 1e-9
    assert any(
        len(a.boxes) and not np.array_equal(a.boxes, b) for a, b in zip(found[6:], boxes * 3, strict=True)
    )


def test_maps_of_codes_move_with_the_image(scene):
    images, boxes = scene
    numbers = [numbered(one, SHAPE) for one in boxes]
    for head, part in ((InstancesHead(), 0), (PixelsHead(), None), (RegionsHead(), 0)):
        masks = numbers if part == 0 else [(one > 0).astype(int) for one in numbers]
        shown, known = copied(head, masks, images, Augment(flip="both", brightness=0, contrast=0))
        for image, one in zip(shown, known, strict=True):
            codes = one if part is None else one[part]
            np.testing.assert_array_equal(codes > 0, image > 130)


def discs(n=4, shape=SHAPE):
    """Images with two bright discs, maps of their numbers, their boxes and their middles as points."""
    y, x = np.indices(shape) + 0.5
    rng = np.random.default_rng(1)
    images, numbers, boxes, points = [], [], [], []
    for _ in range(n):
        own = np.column_stack([rng.uniform(15, 17, 2), [18, 32]])
        radii = rng.uniform(4, 6, 2)
        number = sum(
            k * (np.hypot(y - b, x - a) < r) for k, (b, a), r in zip((1, 2), own, radii, strict=True)
        )
        images.append(np.where(number > 0, 200, 100).astype(np.uint8))
        numbers.append(number)
        points.append(own[:, ::-1].copy())
        boxes.append(np.concatenate([own[:, ::-1] - radii[:, None], own[:, ::-1] + radii[:, None]], axis=1))
    return np.stack(images), numbers, boxes, points


def test_all_that_is_marked_turns_with_the_image():
    images, numbers, boxes, points = discs()
    augment = Augment(flip="both", shift=0.05, zoom=0.1, rotate=180, contrast=0, brightness=0)
    classes = [(one > 0).astype(int) for one in numbers]
    kinds = {
        "instances": (InstancesHead(), numbers), "pixels": (PixelsHead(), classes),
        "lines": (LinesHead(), classes), "regions": (RegionsHead(), classes),
        "boxes": (ObjectsHead(), records(boxes)), "one": (OneBoxHead(), [one[0] for one in boxes]),
        "pose": (PoseHead(), points), "bodies": (MultiPoseHead(), [one[:, None] for one in points]),
    }  # fmt: skip
    told = {name: copied(head, known, images, augment) for name, (head, known) in kinds.items()}
    shown = told["instances"][0]
    assert all(np.array_equal(told[name][0], shown) for name in told)
    whole = 0
    for i in range(len(images), len(shown)):
        codes, _ = told["instances"][1][i]
        assert ((codes > 0) != (shown[i] > 150)).mean() < 0.01  # of bilinear pixels some at rims differ
        for name in ("pixels", "lines", "regions"):
            one = told[name][1][i]
            np.testing.assert_array_equal(one[0] if isinstance(one, tuple) else one, codes > 0)
        pose, bodies = told["pose"][1][i][0], told["bodies"][1][i].points[:, 0]
        rims = [codes[0], codes[-1], codes[:, 0], codes[:, -1]]
        for k in (1, 2):
            if any((rim == k).any() for rim in rims) or not (codes == k).any():
                continue
            whole += 1
            rows, columns = np.nonzero(codes == k)
            around = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert np.abs(told["boxes"][1][i].boxes - around).max(axis=1).min() < 1.5  # pixels
            middle = np.array([columns.mean(), rows.mean()]) + 0.5
            assert np.abs(pose[k - 1] - middle).max() < 0.3
            assert np.abs(bodies - middle).max(axis=1).min() < 0.3
            if k == 1:
                assert np.abs(told["one"][1][i].boxes[0] - around).max() < 1.5
    assert whole > 15


def test_a_turned_image_keeps_its_type():
    rng, augment = np.random.default_rng(0), Augment(rotate=45)
    for image in (
        rng.random((9, 12)) > 0.5,
        rng.integers(0, 255, (9, 12, 3)).astype(np.uint8),
        rng.random((9, 12)),
    ):
        copies = list(WithCopies(read_images([image], Refusals("raise")), augment, 0))
        assert all(one.dtype == image.dtype and one.shape == image.shape for one in copies)
        assert not np.array_equal(copies[1], image)
        if image.dtype == bool:
            assert 0.2 < np.mean(copies[1:]) < 0.8


def test_what_a_copy_cannot_tell_is_unknown(scene):
    images, boxes = scene
    points = np.array([[2.0, 3], [20, 20]])
    for head, annotations, kept in [
        (MapHead(), list(images.astype(float)), 0),
        (ImageHead(CountHead()), [1.0, 2, 3, 4, 5, 6], 0),
        (ImageHead(), [1.5, 2.5, 3.5, 4, 5, 6], 0),
        (ImageHead(LabelHead()), list("abcabc"), COPIES * 6),
        (ImageHead(TagsHead()), [np.array([1.0, 0])] * 5 + [np.array([0.0, 1])], COPIES * 6),
        (OneBoxHead(), [one[0] for one in boxes], COPIES * 6),
    ]:
        _, known = copied(head, annotations, images)
        assert sum(one is not None for one in known[6:]) == kept, head
    _, known = copied(PoseHead(), [points, None] * 3, images, Augment(shift=0.3, zoom=0))
    assert [one is None for one in known] == [False, True] * (3 * (1 + COPIES))
    first = [one[0][0] for one in known[::2]]
    assert np.isnan(first).any() and np.isfinite(np.array(known[::2], dtype=object)[:, 0].tolist()).any()


def test_light_stays_in_the_type_of_pixels():
    rng = np.random.default_rng(0)
    for image in (np.full((5, 6, 3), 255, np.uint8), rng.random((5, 6)), np.ones((5, 6), bool)):
        lit = relit(image, MOVING, rng, image.dtype)
        assert lit.dtype == image.dtype and lit.shape == image.shape
    image = rng.integers(0, 256, (30, 30, 3)).astype(np.uint8)
    assert relit(image, Augment(contrast=0, brightness=0), rng, image.dtype).tolist() == image.tolist()
    assert np.corrcoef(relit(image, MOVING, rng, image.dtype).ravel(), image.ravel())[0, 1] > 0.95


def test_copies_are_the_same_whenever_they_are_asked_for(scene):
    images = WithCopies(read_images(scene[0], Refusals("raise")), MOVING, 1)
    np.testing.assert_array_equal(images[13], images[13])
    assert not np.array_equal(images[13], images[7]) and not np.array_equal(images[13], images[19])


def test_all_kinds_learn_from_copies(monkeypatch):
    few_steps(monkeypatch)
    images, boxes = squares(6)
    heads = [("where", ObjectsHead()), ("n", CountHead()), ("mask", PixelsHead())]
    y = [
        {"where": record, "n": len(own), "mask": (numbered(own) > 0).astype(int)}
        for record, own in zip(records(boxes), boxes, strict=True)
    ]
    y[2] = {"where": None, "n": 2, "mask": None}
    quick = SMALL | {"max_iter": 1}
    plain, more = (
        ImageAnnotator(heads, small_trunk(), augment=augment, **quick).fit(images, y)
        for augment in (None, Augment(flip="both"))
    )
    assert more.trunk_.filters_.tolist() == plain.trunk_.filters_.tolist()
    assert more.levels_[0].shares["where"][1] == 1  # of more cells with objects all are learned from
    assert set(more.predict(images[:1])[0]) == {"where", "n", "mask"}


def test_bad_values_are_refused():
    images, boxes = squares(4)
    with pytest.raises(ValueError, match="Augment: shift must be a number >= 0 and below 1, got 2"):
        ObjectDetector(small_trunk(), augment=Augment(shift=2), **SMALL).fit(images, records(boxes))
    with pytest.raises(ValueError, match="'augment' parameter of ObjectDetector must be an instance of"):
        ObjectDetector(augment="auto").fit(images, records(boxes))
