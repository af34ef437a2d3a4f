"""Several bodies an image: what cells tell of them, what is unknown, what is found, what files hold."""

import numpy as np
import pytest
from annotation._toys import SMALL, small_trunk, squares

from skmtl import MultiPoseEstimator
from skmtl.annotation import MultiPoseHead, score_annotations, to_annotations
from skmtl.annotation._cells import grid_of
from skmtl.annotation._head import UNKNOWN
from skmtl.annotation._points import cells_around
from skmtl.io import ClassRecord, ImageRecord, ObjectRecord, read_annotations, write_annotations

SHAPE = (30, 34)
PAIR = np.array([[[4.0, 6], [9, 6], [7, 12]], [[20, 8], [26.5, 9], [22, 16]]])


def decoded(head, annotation, size, others=()):
    """What a network would tell that knows the targets, and these."""
    known = head.read(annotation, SHAPE, "y[0]")
    spec = head.learn([known, *others], "y")
    frame = grid_of(SHAPE, size)
    targets = head.targets(known, frame, spec)
    told = {name: np.nan_to_num(values) for name, values in targets.items()}
    told["kind"] = np.eye(spec["n_codes"])[np.maximum(targets["kind"], 0)]
    return head.decode(told, frame, spec), known, spec, targets["kind"].reshape(frame.rows, -1)


def by_place(found):
    return found["points"][np.argsort(found["points"][:, 0, 0])]


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("boxed", [False, True])
def test_bodies_are_what_their_cells_tell(size, boxed):
    boxes = np.array([[2.0, 4, 11, 14], [18, 6, 29, 18]])
    given = {"points": PAIR, "boxes": boxes, "labels": ["cat", "cat"]} if boxed else PAIR
    head = MultiPoseHead()
    found, known, spec, _ = decoded(head, given, size)
    np.testing.assert_allclose(
        by_place(found)[:, :, :2], PAIR, atol=0.05
    )  # the far cells of a point doubt it
    hulls = np.concatenate([found["points"].min(axis=1), found["points"].max(axis=1)], axis=1)
    want = boxes if boxed else hulls[:, [0, 1, 3, 4]]
    np.testing.assert_allclose(np.sort(found["boxes"], axis=0), np.sort(want, axis=0), atol=1e-9)
    assert found["labels"].tolist() == (["cat"] * 2 if boxed else [1, 1])
    assert head.score([known, None], [found, found], spec) == 1
    assert head.score([known], [found | {"points": found["points"] + [9, 0, 0]}], spec) == 0


def test_bodies_of_one_point_are_told_apart():
    dots = np.array([[[4.0, 6]], [[9, 6]], [[20, 20]]])
    found, *_ = decoded(MultiPoseHead(), dots, 2)
    np.testing.assert_allclose(by_place(found)[:, :, :2], dots, atol=1e-9)


def test_around_unknown_points_no_cell_is_empty():
    points = PAIR.copy()
    points[:, 2] = np.nan
    full = MultiPoseHead().read(PAIR, SHAPE, "y[1]")
    given = {"points": points, "boxes": [[1, 1, 14, 20], [16, 5, 30, 14]]}
    found, _, _, kind = decoded(MultiPoseHead(), given, 1, [full])
    assert (kind[1:20, 1:14] != 0).all() and (kind[12:14, 5:9] == UNKNOWN).all()
    assert (kind[21:] == 0).all() and (kind[:, 31:] == 0).all()
    np.testing.assert_allclose(by_place(found)[:, :2, :2], points[:, :2], atol=0.05)
    *_, kind = decoded(MultiPoseHead(), points, 1, [full])  # without boxes: half as far again
    assert kind[6, 12] == 0 and kind[7, 7] == UNKNOWN


def test_files_hold_bodies_and_bodies_without_points():
    marks = [np.column_stack([one, np.full(3, 2)]) for one in PAIR]
    image = ImageRecord(
        "a.png",
        *SHAPE,
        [
            ObjectRecord("cat", (2, 4, 11, 14), points=marks[0]),
            ObjectRecord("cat", points=marks[1]),
            ObjectRecord("cat", (12, 20, 18, 28), points=marks[0] * 0),
            ObjectRecord("cat", (0, 20, 8, 28), crowd=True),
            ObjectRecord("ball", (28, 20, 32, 24)),
        ],
    )
    head = MultiPoseHead()
    found, known, spec, kind = decoded(head, image, 1)
    np.testing.assert_array_equal(known.points, PAIR)
    np.testing.assert_array_equal(known.boxes, [[2, 4, 11, 14], [np.nan] * 4])
    assert (kind[21:27, 13:17] == UNKNOWN).all() and (kind[21:27, 1:7] == UNKNOWN).all()
    assert (kind[20:24, 28:32] == 0).all() and spec["classes"].tolist() == ["cat"]
    extra = {name: np.concatenate([found[name], found[name][:1]]) for name in found}
    extra["points"][2, :, :2] = [[13, 21], [16, 22], [14, 26]]  # where nobody marked points
    assert head.score([known], [extra], spec) == 1


BAD = [
    ([[[50.0, 2.0]]], "y\\[7\\]: point 0 of body 0 is .* outside its image"),
    ([[1.0, 2.0]], "points of bodies are \\(m, K, 2\\) or \\(m, K, 3\\)"),
    ([[[1, 2]], [[1, 2], [3, 4]]], "the same number of points"),
    ([[[np.nan, 2.0]]], "no point of body 0 is known"),
    ({"points": PAIR, "boxes": [[0, 0, 4, 4]]}, "boxes must be one for each of its 2 bodies, got 1"),
    ({"points": PAIR, "labels": ["a", "b"]}, "bodies are of one kind"),
    ({"boxes": [[0, 0, 4, 4]]}, "y\\[7\\] has no 'points'"),
    (ImageRecord("b.png", 9, 9), "b.png.* the file says 9 x 9 pixels"),
]


@pytest.mark.parametrize("annotation, message", BAD)
def test_bad_bodies_are_refused(annotation, message):
    with pytest.raises(ValueError, match=message):
        MultiPoseHead().read(annotation, SHAPE, "y[7]")


def test_what_cannot_be_learned_is_refused():
    head, none = MultiPoseHead(), np.zeros((0, 3, 2))
    read = [head.read(one, SHAPE, "y") for one in (none, PAIR, PAIR[:, :2])]
    with pytest.raises(ValueError, match="pose: there is no body in any labelled image"):
        head.learn(read[:1], "pose")
    with pytest.raises(ValueError, match="the same points, got \\[2, 3\\]"):
        head.learn(read, "pose")
    with pytest.raises(ValueError, match="point 1 is known in no image"):
        head.learn([head.read([[[1, 1], [np.nan, 2]]], SHAPE, "y")], "pose")
    spec = head.learn(read[:2], "pose")
    frame = grid_of(SHAPE, 2)
    assert (head.targets(read[0], frame, spec)["kind"] == 0).all()
    nothing = {"points": none, "labels": [], "scores": []}
    assert np.isnan(head.score([read[0]], [nothing], spec)) and head.score([read[1]], [nothing], spec) == 0


def test_bodies_are_found():
    images, boxes = squares(24)
    points = [one.reshape(-1, 2, 2) for one in boxes]
    model = MultiPoseEstimator(small_trunk(), sigmas=0.15, **SMALL).fit(images[:16], points[:16])
    assert model.score(images[16:], points[16:]) > 0.8 and model.classes_.tolist() == [1]
    found = model.predict(images[16:])
    assert {one["points"].shape[1:] for one in found} == {(2, 3)}
    sure = [(one["scores"] > 0.5).sum() for one in found]
    assert np.mean(np.equal(sure, [len(one) for one in points[16:]])) >= 0.75
    assert (0 <= model.uncertainty(images[16:])).all()


def test_bodies_go_to_a_file_and_back(tmp_path):
    cat = ClassRecord("cat", point_names=("nose", "ear", "tail"))
    found = {
        "points": np.concatenate([PAIR, np.full((2, 3, 1), 0.7)], axis=2),
        "boxes": np.array([[2.0, 4, 11, 14], [18, 6, 29, 18]]),
        "labels": np.array(["cat", "cat"]),
        "scores": np.array([0.9, 0.7]),
    }
    seen = {"boxes": np.array([[17.0, 6, 28, 18]]), "labels": np.array(["cat"]), "scores": np.array([0.8])}
    both = {"points": found, "boxes": seen}  # heads may be called anything
    made = to_annotations([found, both], ["a.png", "b.png"], [SHAPE] * 2, classes=[cat])
    write_annotations(made, tmp_path / "found.json", "coco")
    alone, joined = read_annotations(tmp_path / "found.json")
    for one, want in zip(alone.objects, PAIR, strict=True):
        np.testing.assert_array_equal(one.points[:, :2], want)
    assert [one.bounds for one in joined.objects] == [(17, 6, 28, 18), (2, 4, 11, 14)]
    np.testing.assert_array_equal([one.points[:, :2] for one in joined.objects], PAIR[::-1])
    truth = [alone, joined]
    scores = score_annotations(truth, truth)["bodies"]
    assert scores == dict.fromkeys(["AP", "AP50", "AP75", "AR20"], pytest.approx(1))
    assert score_annotations(truth, [alone, ImageRecord("b.png", *SHAPE)])["bodies"]["AR20"] == 0.5
    assert to_annotations([found], ["a.png"], [SHAPE])[0].objects[0].label == "cat"


def test_cells_around_a_place():
    for size, place, radius in [(1, (3.3, 7.8), 4.0), (3, (34.0, 0.0), 6.5), (4, (11.0, 29.0), 30.0)]:
        frame = grid_of(SHAPE, size)
        away = np.hypot(*(frame.centres() - place).T)
        cells, told = cells_around(frame, np.array(place), radius)
        np.testing.assert_array_equal(cells, np.flatnonzero(away <= radius))
        np.testing.assert_allclose(told, away[cells], rtol=1e-12)
