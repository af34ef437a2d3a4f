"""Each head: its targets mean its annotation, the unknown stays unknown, bad annotations are refused."""

import numpy as np
import pytest
from annotation._toys import numbered, records, squares

from skmtl.annotation import (
    ImageHead,
    InstancesHead,
    LinesHead,
    MapHead,
    ObjectsHead,
    PixelsHead,
    PoseHead,
    RegionsHead,
)
from skmtl.annotation._cells import grid_of
from skmtl.annotation._head import UNKNOWN, even_shares, mean_entropy
from skmtl.annotation._instances import Masks, depths
from skmtl.annotation._rows import Segments
from skmtl.annotation._whole import _inner
from skmtl.heads import BoxHead, CountHead, LabelHead, OrdinalHead, PointsHead
from skmtl.io import RLE, ImageRecord, LabelMap, ObjectRecord

SHAPE = (30, 34)


def told_by(targets, n_codes):
    """What a network would tell that knows the targets; 0 where a number is unknown."""
    told = {field: np.nan_to_num(values, nan=0.0) for field, values in targets.items()}
    if "kind" in told:
        told["kind"] = np.eye(n_codes)[np.maximum(targets["kind"], 0)]
    return told


def round_trip(head, annotation, frame, shape=SHAPE):
    known = head.read(annotation, shape, "y[0]")
    spec = head.learn([known], "y")
    told = told_by(head.targets(known, frame, spec), spec.get("n_codes"))
    return head.decode(told, frame, spec), known, spec


@pytest.mark.parametrize("size", [1, 2, 3])
def test_objects(size):
    for boxes in squares()[1]:
        found, known, spec = round_trip(ObjectsHead(), records([boxes])[0], grid_of(SHAPE, size))
        order = np.argsort(boxes[:, 0])
        np.testing.assert_allclose(found["boxes"][np.argsort(found["boxes"][:, 0])], boxes[order], atol=1e-6)
        np.testing.assert_array_equal(found["labels"], ["square"] * len(boxes))
        assert ObjectsHead().score([known], [found], spec) == pytest.approx(1)


def test_cells_in_a_crowd_are_unknown():
    head, boxes = ObjectsHead(), np.array([[2.0, 2, 8, 8], [10, 0, 20, 10]])
    known = head.read({"boxes": boxes, "labels": [4, 4], "crowd": [False, True]}, SHAPE, "y[0]")
    spec = head.learn([known], "y")
    kind = head.targets(known, grid_of(SHAPE, 1), spec)["kind"].reshape(SHAPE)
    assert (kind[:10, 10:20] == UNKNOWN).all() and kind[5, 5] == 1 and (kind[12:] == 0).all()


def test_objects_draw_three_empty_cells_for_a_full_one():
    np.testing.assert_array_equal(
        ObjectsHead().counts(np.array([10**6, 3000, 1000]), 40_000), [12_000, 3000, 1000]
    )
    np.testing.assert_array_equal(ObjectsHead().counts(np.array([10**6, 30_000, 3]), 4000), [3000, 999, 1])
    np.testing.assert_array_equal(ObjectsHead().counts(np.array([5000, 2, 0]), 4000), [1000, 2, 0])


def test_instances():
    for boxes in squares()[1]:
        numbers = numbered(boxes)
        found, known, spec = round_trip(InstancesHead(smoothing=0.05), numbers, grid_of(SHAPE, 1))
        assert len(found["masks"]) == len(boxes)
        assert {mask.tobytes() for mask in found["masks"]} == {
            (numbers == i).tobytes() for i in range(1, len(boxes) + 1)
        }
        assert {tuple(box) for box in found["boxes"]} == {tuple(box) for box in boxes}
        assert InstancesHead().score([known], [found], spec) == pytest.approx(1)


def test_masks_are_those_of_their_numbers():
    numbers = np.array([[0, 2, 2], [1, 0, 2]], np.int32)
    masks = Masks(numbers, 2)
    whole = np.stack([numbers == 1, numbers == 2])
    np.testing.assert_array_equal(masks, whole)
    np.testing.assert_array_equal(masks[1], whole[1])
    np.testing.assert_array_equal(masks[[True, False]], whole[:1])
    np.testing.assert_array_equal(np.stack(list(masks)), whole)
    assert masks.shape == whole.shape and len(masks) == 2 and np.asarray(masks).dtype == bool
    assert Masks(numbers * 0, 0)[:].shape == (0, 2, 3)


def test_depths_in_an_object():
    numbers = np.zeros((9, 9), int)
    numbers[2:7, 1:6] = 3
    told = depths(numbers)
    assert told[4, 3] == 1 and told[2, 1] == pytest.approx(1 / 3)
    assert np.isnan(told[numbers == 0]).all() and np.isfinite(told[numbers == 3]).all()


@pytest.mark.parametrize("relief, n", [(0.03, 1), (0.1, 2)])
def test_a_shallow_pass_does_not_cut_an_object(relief, n):
    depth = np.tile(np.interp(np.arange(21), [0, 5, 10, 15, 20], [0.1, 0.9, 0.9 - relief, 0.9, 0.1]), (5, 1))
    told = {"kind": np.full((105, 2), [0.1, 0.9]), "depth": depth.reshape(-1, 1)}
    spec = {"classes": np.array([1]), "side": 1.0}
    found = InstancesHead(smoothing=0).decode(told, grid_of((5, 21), 1), spec)
    assert len(found["masks"]) == n and np.asarray(found["masks"]).any(axis=0).all()


def test_instances_of_masks_and_of_files_are_those_of_maps():
    numbers = numbered(np.array([[2.0, 2, 8, 8], [10, 3, 20, 10]]))
    masks = np.stack([numbers == 1, numbers == 2])
    head, labels = InstancesHead(), np.array(["a", "b"])
    of_masks = head.read({"masks": masks, "labels": labels}, SHAPE, "y[0]")
    objects = [ObjectRecord(name, mask=RLE.encode(mask)) for name, mask in zip(labels, masks, strict=True)]
    objects.append(ObjectRecord("a", polygons=[[[20, 20], [26, 20], [26, 26], [20, 26]]]))
    of_file = head.read(ImageRecord("a.png", *SHAPE, objects), SHAPE, "y[0]")
    np.testing.assert_array_equal(of_masks[0], numbers)
    np.testing.assert_array_equal(of_file[0][:15], numbers[:15])
    np.testing.assert_array_equal(np.argwhere(of_file[0] == 3)[[0, -1]], [[20, 20], [25, 25]])
    np.testing.assert_array_equal(of_file[1], ["a", "b", "a"])
    np.testing.assert_array_equal(of_masks[1], labels)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pose(size):
    points = np.array([[3.0, 5.5], [np.nan, 2.0], [20.0, 11.0]])
    head, frame = PoseHead(), grid_of(SHAPE, size)
    other = head.read(np.array([[3, 5, 2], [9, 9, 1], [1, 1, 0.0]]), SHAPE, "y[1]")
    known = head.read(points, SHAPE, "y[0]")
    spec = head.learn([known, other], "y")
    targets = head.targets(known, frame, spec)
    assert not (targets["kind"] == 0).any() and (targets["kind"] == UNKNOWN).any()
    told = head.decode(told_by(targets, 4), frame, spec)
    np.testing.assert_allclose(told[[0, 2], :2], points[[0, 2]], atol=1e-9)
    np.testing.assert_array_equal(told[[0, 2], 2], 1)
    assert head.score([known, None], [told, told], spec) == 1
    assert head.score([known], [told + [[0, 0, 0], [0, 0, 0], [9, 0, 0]]], spec) == 0.5


def test_pixels_and_what_is_ignored():
    mask = np.full(SHAPE, 7)
    mask[4:9], mask[20:] = 2, 255
    found, known, spec = round_trip(PixelsHead(), mask, grid_of(SHAPE, 1))
    np.testing.assert_array_equal(spec["classes"], [2, 7])
    np.testing.assert_array_equal(found[:20], mask[:20])
    assert PixelsHead().score([known, None], [found, found], spec) == 1
    found[:20] = 7
    assert PixelsHead().score([known], [found], spec) == pytest.approx(0.5 * 15 / 20)


def test_scribbles():
    mask = np.zeros(SHAPE, int)
    mask[3, 3:9], mask[9, 3:9] = 1, 2
    head = PixelsHead(unlabelled=0)
    _, known, spec = round_trip(head, mask, grid_of(SHAPE, 1))
    np.testing.assert_array_equal(spec["classes"], [1, 2])
    assert (head.targets(known, grid_of(SHAPE, 1), spec)["kind"] >= 0).sum() == 12


def test_pixels_of_a_file():
    numbers = np.zeros(SHAPE, np.uint8)
    numbers[5:9] = 1
    image = ImageRecord("a.png", *SHAPE, label_map=LabelMap.encode(numbers))
    np.testing.assert_array_equal(PixelsHead().read(image, SHAPE, "y[0]"), numbers)
    np.testing.assert_array_equal(RegionsHead().read(image, SHAPE, "y[0]")[0], numbers)


def test_lines():
    mask = np.zeros(SHAPE, np.uint8)
    mask[:, 10] = 1
    found, known, spec = round_trip(LinesHead(), mask, grid_of(SHAPE, 1))
    np.testing.assert_array_equal(found, mask)
    assert LinesHead().score([known], [np.roll(found, 2, axis=1)], spec) == 1
    assert LinesHead().score([known], [np.roll(found, 3, axis=1)], spec) == 0
    with pytest.raises(ValueError, match="a mask of lines holds 0 and 1"):
        LinesHead().learn([mask * 3], "y")


@pytest.mark.parametrize("tail", [(), (1,), (3,)])
def test_maps(tail):
    values = np.random.default_rng(0).normal(size=(*SHAPE, *tail)).astype(np.float32)
    values[3:9] = np.nan
    found, known, spec = round_trip(MapHead(), values, grid_of(SHAPE, 1))
    np.testing.assert_array_equal(found, np.nan_to_num(values))
    assert MapHead().score([known], [found], spec) == pytest.approx(1)
    assert np.isnan(MapHead().uncertainty({}, None, spec))


def test_regions_have_the_label_of_most_of_their_judged_pixels():
    frame = Segments(np.repeat(np.arange(3, dtype=np.int32), 10)[:, None] * np.ones((1, 34), np.int32), 3)
    mask = np.full(SHAPE, 255)
    mask[:6], mask[6:9], mask[10:14], mask[14:18] = 1, 4, 1, 4
    head = RegionsHead()
    known = head.read(mask, SHAPE, "y[0]")
    spec = head.learn([known], "y")
    np.testing.assert_array_equal(head.targets(known, frame, spec)["kind"], [0, UNKNOWN, UNKNOWN])
    drawn = {"regions": frame.labels, "labels": np.array(["sky", "", "sea"])}
    known = head.read(drawn, SHAPE, "y[0]")
    spec = head.learn([known], "y")
    np.testing.assert_array_equal(head.targets(known, frame, spec)["kind"], [1, UNKNOWN, 0])
    found = {"regions": frame.labels, "labels": np.array(["sky", "sky", "sky"])}
    assert head.score([known], [found], spec) == 0.5


def test_whole_images_of_several_sizes():
    head = ImageHead(PointsHead())
    known = [head.read([[4.0, 6.0]], shape, "y") for shape in [(10, 20), (20, 60)]] + [None]
    spec = head.learn(known[:2], "y")
    np.testing.assert_allclose(head.column(known, spec), [[[4, 6]], [[4 / 3, 3]], [[np.nan, np.nan]]])
    inner = PointsHead()
    told = {"value": np.array([[4 / 3, 3.0]]), "head": inner, "spec": inner.learn(np.ones((1, 1, 2)), "y")}
    np.testing.assert_allclose(head.decode(told, known[1][1], spec), [[4, 6]])


@pytest.mark.parametrize("labels", [[3, 5, None], ["a", "b", None], [0, 2, float("nan")]])
def test_a_missing_label_is_none(labels):
    head = ImageHead(LabelHead())
    known = [head.read(one, SHAPE, "y") for one in labels]
    assert known[2] is None
    column = head.column(known, head.learn(known[:2], "y"))
    assert column[:2].tolist() == labels[:2] and column[2] not in labels[:2]


def test_counts_stay_in_reach_of_those_seen():
    head = ImageHead(CountHead())
    known = [head.read(n, SHAPE, "y") for n in (2.0, 10.0)]
    spec = head.learn(known, "y")
    inner = CountHead()
    told = {"value": np.array([[9.0]]), "head": inner, "spec": inner.learn(np.array([2.0, 10.0]), "y")}
    assert head.decode(told, known[0][1], spec) == 12.0


BAD = [
    (ObjectsHead(), {"boxes": [[0, 0, 4, 4]]}, "y\\[7\\] has no 'labels'"),
    (
        ObjectsHead(),
        {"boxes": [[0, 0, 4, 4]], "labels": [1, 2]},
        "y\\[7\\]: labels must be one for each of its 1",
    ),
    (
        ObjectsHead(),
        {"boxes": [[40, 0, 44, 4]], "labels": [1]},
        "y\\[7\\]: box 0 is .* no area inside its image",
    ),
    (ObjectsHead(), {"boxes": [[4, 4, 4, 9]], "labels": [1]}, "no area inside its image of 34 x 30"),
    (ObjectsHead(), {"boxes": [[0, np.nan, 4, 4]], "labels": [1]}, "y\\[7\\]: boxes"),
    (ObjectsHead(), {"boxes": [[0, 0, 4, 4]], "labels": [1.5]}, "labels must be integers or texts"),
    (ObjectsHead(), ImageRecord("b.png", 9, 9), "b.png.* the file says 9 x 9 pixels"),
    (ObjectsHead(), ImageRecord("b.png", *SHAPE, [ObjectRecord("a")]), "b.png.* has no box or outline"),
    (InstancesHead(), np.zeros((4, 4), int), "y\\[7\\] must be a mask of integers of the image's shape"),
    (InstancesHead(), {"masks": np.ones((1, 4, 4))}, "y\\[7\\]: masks have the shape"),
    (InstancesHead(), {"masks": np.zeros((1, *SHAPE))}, "mask 0 has no pixel"),
    (
        InstancesHead(),
        ImageRecord("b.png", *SHAPE, [ObjectRecord("a", box=(0, 0, 1, 1))]),
        "neither a mask nor",
    ),
    (PixelsHead(), np.zeros(SHAPE), "must be a mask of integers"),
    (PixelsHead(), ImageRecord("b.png", *SHAPE), "has no label map"),
    (PoseHead(), [[50.0, 2.0]], "y\\[7\\]: point 0 is .* outside its image"),
    (PoseHead(), [1.0, 2.0], "points are \\(K, 2\\) or \\(K, 3\\)"),
    (PoseHead(), ImageRecord("b.png", *SHAPE), "a pose is the key points of one object, but 0"),
    (ImageHead(BoxHead()), [1, 2, 3, 4, 5.0], "y\\[7\\]: a box is 4 numbers x1, y1, x2, y2, got the shape"),
    (ImageHead(BoxHead()), [40.0, 2, 50, 9], "box 0 is .* no area inside its image of 34 x 30"),
    (ImageHead(BoxHead()), "left", "y\\[7\\] must be numbers, got 'left'"),
    (ImageHead(PointsHead()), [1.0, 2], "points are \\(K, 2\\) or \\(K, 3\\), got the shape \\(2,\\)"),
    (ImageHead(PointsHead()), [[50.0, 2]], "y\\[7\\]: point 0 is .* outside its image"),
    (MapHead(), np.zeros((4, 4)), "must be numbers of the image's shape"),
    (MapHead(), np.full(SHAPE, np.inf), "infinite"),
    (
        RegionsHead(),
        {"regions": np.full(SHAPE, 2), "labels": ["a"]},
        "numbered 2..2, but there are labels for 0..0",
    ),
]


@pytest.mark.parametrize("head, annotation, message", BAD)
def test_bad_annotations_are_refused(head, annotation, message):
    with pytest.raises(ValueError, match=message):
        head.read(annotation, SHAPE, "y[7]")


NOTHING = [
    (ObjectsHead(), {"boxes": np.empty((0, 4)), "labels": []}, "there is no object in any labelled image"),
    (InstancesHead(), np.zeros(SHAPE, int), "there is no object in any labelled image"),
    (PixelsHead(), np.full(SHAPE, 3), "every labelled place is of class 3"),
    (PixelsHead(), np.full(SHAPE, 255), "every labelled place is not judged"),
    (PoseHead(), [[1, 1], [np.nan, 2]], "point 1 is known in no image"),
    (MapHead(), np.full(SHAPE, np.nan), "no value is known"),
    (RegionsHead(), np.full(SHAPE, 3), "at least two kinds are needed"),
]


@pytest.mark.parametrize("head, annotation, message", NOTHING)
def test_nothing_to_learn_from_is_refused(head, annotation, message):
    with pytest.raises(ValueError, match=message):
        head.learn([head.read(annotation, SHAPE, "y[0]")], "nuclei")


def test_labels_of_two_types_are_refused():
    boxes = np.array([[0.0, 0, 4, 4]])
    known = [ObjectsHead().read({"boxes": boxes, "labels": [label]}, SHAPE, "y") for label in (1, "a")]
    with pytest.raises(ValueError, match="numbers in some images and texts in others"):
        ObjectsHead().learn(known, "y")


def test_classes_not_seen_at_fit_are_missed():
    truth = np.arange(30)[:, None] % 2 * np.ones((1, 34), int)
    regions = Segments(truth.astype(np.int32), 2)
    for head, frame in ((PixelsHead(), grid_of(SHAPE, 1)), (RegionsHead(), regions)):
        found, _, spec = round_trip(head, truth, frame)
        other = truth.copy()
        other[:15] = 5  # half of the pixels, of each class seen a half is left
        score = head.score([head.read(other, SHAPE, "y")], [found], spec)
        assert score == pytest.approx(1 / 3 if isinstance(head, PixelsHead) else 1 / 2)


def test_a_grade_keeps_its_order():
    head = ImageHead(OrdinalHead(order=[2, 1, 3], metric="neg_mae"))
    spec = head.learn([head.read(grade, SHAPE, "y") for grade in (1, 2, 3)], "y")
    assert _inner(spec).get_params() == OrdinalHead([2, 1, 3], "neg_mae", missing_label=0).get_params()


def test_masks_of_0_and_255_are_explained():
    with pytest.raises(ValueError, match="of class 0; 255 stands for a pixel that nobody judged"):
        PixelsHead().learn([np.where(np.eye(4), 255, 0)], "y")


@pytest.mark.parametrize("there", [[3, 50, 1000], [1, 1, 1], [0, 0, 5], [100, 100, 100]])
@pytest.mark.parametrize("most", [7, 60, 400])
def test_even_shares(there, most):
    share = even_shares(np.array(there), most)
    assert np.minimum(there, share).sum() <= most
    assert np.minimum(there, share + 1).sum() > most or share >= max(there)


def test_entropy():
    assert mean_entropy(np.array([[0.5, 0.5], [1.0, 0.0]])) == pytest.approx(0.5)
    assert mean_entropy(np.ones((3, 1))) == 0 == mean_entropy(np.empty((0, 2)))
