"""Contact sheets: what was asked for is drawn where it belongs, and nothing is drawn otherwise."""

import os

import numpy as np
import pytest
from PIL import Image

from skmtl.inspection import draw_annotations, save_picture
from skmtl.inspection._canvas import MARGIN, MASK, PAPER, PLAIN, POINTS, RIGHT, TRUTH, WRONG
from skmtl.inspection._marks import read_images

GREY = np.full((5, 20, 30), 90, np.uint8)
SCALE, GAP = 4, 10
# Lines are drawn twice too large and reduced, so their colour is met only nearly.
NEAR = 60


def pixels(picture):
    return np.asarray(picture).astype(int)


def tile(picture, i, columns=3, legend=True, strip=0):
    """The pixels of image ``i`` of a sheet of 20 x 30 images."""
    top = MARGIN + 28 * legend + i // columns * (20 * SCALE + strip + GAP)
    left = MARGIN + i % columns * (30 * SCALE + GAP)
    return pixels(picture)[top : top + 20 * SCALE, left : left + 30 * SCALE]


def near(part, colour):
    return np.abs(part - np.array(colour)).sum(axis=-1) < NEAR


def test_size_and_mode_of_a_plain_sheet():
    sheet = draw_annotations(GREY, columns=3, scale=SCALE)
    assert sheet.mode == "RGB"
    assert sheet.size == (2 * MARGIN + 3 * 120 + 2 * GAP, 2 * MARGIN + 2 * 80 + GAP)
    for i in range(5):
        assert (tile(sheet, i, legend=False) == 90).all()
    assert (tile(sheet, 5, legend=False) == PAPER).all()


def test_columns_are_no_more_than_images_and_text_makes_room():
    plain = draw_annotations(GREY[:2])
    assert plain.width == draw_annotations(GREY[:2], columns=2).width
    texts = draw_annotations(GREY[:2], labels=[1, 2], notes=["a", "b"], title="Title")
    assert texts.height == plain.height + 22 + 18 + 32


def test_a_box_changes_the_pixels_under_its_lines_and_no_others():
    boxes = np.tile([5.0, 4.0, 20.0, 15.0], (5, 1))
    part = tile(draw_annotations(GREY, boxes=boxes, columns=3, scale=SCALE), 4)
    changed = (part != 90).any(axis=-1)
    rows, columns = np.nonzero(changed)
    assert abs(rows.min() - 16) <= 1 and abs(rows.max() - 60) <= 1
    assert abs(columns.min() - 20) <= 1 and abs(columns.max() - 80) <= 1
    assert not changed[20:56, 24:76].any()
    assert near(part[16:62, 20:82], PLAIN).sum() > 150


def test_boxes_are_green_from_half_overlap_on_else_red():
    true = np.tile([5.0, 4.0, 25.0, 14.0], (3, 1))
    boxes = np.array([[5, 4, 25, 14], [5, 4, 16, 14], [5, 4, 14, 14]], float)
    sheet = draw_annotations(GREY[:3], boxes=boxes, true_boxes=true, columns=3, scale=SCALE)
    for i, (seen, missing) in enumerate([(RIGHT, WRONG), (RIGHT, WRONG), (WRONG, RIGHT)]):
        part = tile(sheet, i)
        assert near(part, seen).any() and not near(part, missing).any()
    assert near(tile(sheet, 2), TRUTH).sum() > 60


def test_a_box_without_area_matches_nothing():
    boxes = np.array([[25.0, 14.0, 5.0, 4.0]])
    part = tile(draw_annotations(GREY[:1], boxes=boxes, true_boxes=boxes[:, [2, 3, 0, 1]]), 0, columns=1)
    assert near(part, WRONG).any() and not near(part, RIGHT).any()


def test_points_have_their_colours_and_nan_is_left_out():
    points = np.array([[[6.0, 5.0], [20.0, 15.0]], [[6.0, 5.0], [np.nan, np.nan]]])
    sheet = draw_annotations(GREY[:2], points=points, columns=2, scale=SCALE, point_names=["top", "bottom"])
    both, one = tile(sheet, 0, 2), tile(sheet, 1, 2)
    assert near(both[20, 24], POINTS[0]) and near(both[60, 80], POINTS[1])
    assert near(one[20, 24], POINTS[0]) and (one[40:] == 90).all()


def test_true_points_are_white_crosses():
    truth = np.array([[[10.0, 10.0]]])
    part = tile(draw_annotations(GREY[:1], true_points=truth), 0, columns=1)
    assert near(part[40, 37:43], TRUTH).sum() >= 4 and (part[:30] == 90).all()


def test_masks_are_tinted_inside_and_outlined():
    mask = np.zeros((1, 20, 30), np.uint8)
    mask[:, 5:15, 10:20] = 255
    part = tile(draw_annotations(GREY[:1], masks=mask), 0, columns=1)
    tinted = 90 + 0.3 * (np.array(MASK) - 90)
    assert np.abs(part[40, 60] - tinted).max() <= 2
    assert (part[:16] == 90).all() and (part[:, :36] == 90).all()
    assert (part[40, 36:46, 2] > tinted[2] + 30).any()


def test_true_masks_are_outlined_only():
    mask = np.zeros((1, 20, 30), bool)
    mask[:, 5:15, 10:20] = True
    part = tile(draw_annotations(GREY[:1], true_masks=mask), 0, columns=1)
    assert (part[40, 60] == 90).all()
    assert (part[40, 36:46] > 200).any()


def below(labels, true_labels):
    sheet = pixels(draw_annotations(GREY[:1], labels=labels, true_labels=true_labels))
    return sheet[MARGIN + 80 : MARGIN + 102]


def test_labels_are_green_when_right_red_when_wrong_dark_without_truth():
    right, wrong, plain = below(["seven"], ["seven"]), below([7], [1]), below(["seven"], None)
    assert (right[..., 1] - right[..., 0]).max() > 60 and (right[..., 0] - right[..., 1]).max() < 20
    assert (wrong[..., 0] - wrong[..., 1]).max() > 60 and (wrong[..., 1] - wrong[..., 0]).max() < 20
    assert plain.min() < 60 and np.ptp(plain, axis=-1).max() < 20


def test_a_wrong_label_names_the_truth():
    assert (below(["seven"], ["one"]) != 255).sum() > 1.3 * (below(["seven"], ["seven"]) != 255).sum()


def test_long_texts_stay_in_their_column():
    wide = ["W" * 80] * 2
    sheet = pixels(draw_annotations(GREY[:2], labels=wide, notes=wide, title="W" * 300))
    assert (sheet[MARGIN + 32 + 80 :, MARGIN + 120 : MARGIN + 120 + GAP] == 255).all()
    assert (sheet[:, -MARGIN:] == 255).all()


def test_images_of_every_kind_give_the_same_pixels():
    levels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4) * 10
    colour = np.stack([levels] * 3, axis=-1)
    for images in (levels, levels[..., None], colour, levels / 255, levels.astype(int)):
        np.testing.assert_array_equal(read_images(images), colour)


def test_inputs_are_left_as_they_were():
    boxes = np.array([[5.0, 4.0, 20.0, 15.0]])
    images, before = GREY[:1].copy(), boxes.copy()
    for array in (images, boxes):
        array.flags.writeable = False
    draw_annotations(images, boxes=boxes, points=np.ones((1, 2, 2)), masks=images)
    np.testing.assert_array_equal(boxes, before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"boxes": np.zeros((4, 4))}, r"boxes must have shape \(5, 4\) to fit images, got \(4, 4\)"),
        ({"true_boxes": np.zeros((5, 2))}, r"true_boxes must have shape \(5, 4\)"),
        ({"points": np.zeros((5, 4))}, r"points must have shape \(5, 'n_points', 2\)"),
        ({"masks": np.zeros((5, 20, 31))}, r"masks must have shape \(5, 20, 30\)"),
        ({"labels": [1, 2]}, "labels must have one entry for each of the 5 images, got 2"),
        ({"notes": "ab"}, "notes must have one entry for each of the 5 images, got 2"),
        ({"true_labels": [1] * 5}, "true_labels was given without labels"),
        ({"points": np.zeros((5, 2, 2)), "true_points": np.zeros((5, 3, 2))}, "must have one shape"),
        ({"points": np.zeros((5, 2, 2)), "point_names": ["a"]}, "point_names has 1 names for 2 points"),
        ({"scale": 0}, "scale must be an integer of at least 1, got 0"),
        ({"columns": 1.5}, "columns must be an integer of at least 1, got 1.5"),
    ],
)
def test_what_does_not_fit_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_annotations(GREY, **arguments)


@pytest.mark.parametrize(
    "images", [GREY[0], np.zeros((2, 4, 4, 2)), np.zeros((0, 4, 4)), np.full((1, 4, 4), 7.5)]
)
def test_images_that_are_none(images):
    with pytest.raises(ValueError, match="images must"):
        draw_annotations(images)


def test_save_picture_writes_the_whole_file_and_leaves_nothing_else(tmp_path):
    path = save_picture(draw_annotations(GREY), tmp_path / "new" / "sheet.png")
    with Image.open(path) as read:
        np.testing.assert_array_equal(pixels(read), pixels(draw_annotations(GREY)))
    assert os.listdir(path.parent) == ["sheet.png"]


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = save_picture(draw_annotations(GREY), tmp_path / "sheet.png")
    before = path.read_bytes()
    with pytest.raises(OSError):
        save_picture(Image.new("RGBA", (4, 4)).convert("HSV"), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["sheet.png"]


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match="path must end in a picture format"):
        save_picture(Image.new("RGB", (4, 4)), tmp_path / "sheet.what")
    assert os.listdir(tmp_path) == []
