"""Tags of images as files hold them: a class, or yes or no each."""

import numpy as np
import pytest
from annotation._toys import SMALL, small_trunk, squares

from skmtl.annotation import ImageHead, ImageTagger, to_annotations
from skmtl.heads import CountHead, LabelHead, TagsHead
from skmtl.io import AnnotationSet, ImageRecord, Tag

SHAPE = (10, 20)


def images(*tags):
    """A record for each dict of tag -> whether it holds."""
    return [ImageRecord(f"{i}.png", tags=[Tag(*one) for one in own.items()]) for i, own in enumerate(tags)]


def column(head, *tags):
    known = [head.read(image, SHAPE, "y") for image in images(*tags)]
    spec = head.learn([one for one in known if one is not None], "y")
    return head.column(known, spec), spec


def test_one_tag_an_image_is_its_class():
    values, _ = column(ImageHead(), {"cat": True}, {"dog": True}, {})
    assert values.tolist() == ["cat", "dog", ""]
    values, _ = column(ImageHead(), {"cat": True, "dog": False}, {"cat": False, "dog": True})
    assert values.tolist() == ["cat", "dog"]
    values, _ = column(ImageHead(LabelHead()), {"cat": True}, {"dog": True}, {"dog": False})
    assert values.tolist() == ["cat", "dog", ""]


def test_several_tags_are_yes_or_no_each():
    values, spec = column(ImageHead(), {"wet": True, "far": True}, {"wet": True}, {"dim": True}, {})
    assert spec["tag_names"] == ["dim", "far", "wet"] and isinstance(spec["head"], TagsHead)
    np.testing.assert_array_equal(values, [[0, 1, 1], [0, 0, 1], [1, 0, 0], [np.nan] * 3])


def test_where_no_is_said_silence_is_no_answer():
    values, _ = column(ImageHead(), {"a": True, "b": True}, {"a": False}, {"b": False})
    np.testing.assert_array_equal(values, [[1, 1], [0, np.nan], [np.nan, 0]])


def test_tags_that_cannot_be_a_class_or_were_not_seen():
    with pytest.raises(ValueError, match=r"y \(0.png\) has 2 tags, .*: a class is one"):
        column(ImageHead(LabelHead()), {"cat": True, "dog": True})
    with pytest.raises(ValueError, match=r"y \(0.png\): tags are no values of CountHead"):
        column(ImageHead(CountHead()), {"cat": True})
    head = ImageHead()
    known = [head.read(image, SHAPE, "y") for image in images({"a": True, "b": True}, {"a": True})]
    spec = head.learn(known, "y")
    with pytest.raises(ValueError, match="y: tag 'c' was not seen at fit"):
        head.column([head.read(images({"c": True})[0], SHAPE, "y")], spec)


def test_tags_of_a_file_are_learned_and_written():
    pictures, boxes = squares(30)
    bright = np.arange(30) % 2 == 0
    pictures[bright] += 150
    tags = [{"two": len(own) == 2, "light": bool(light)} for own, light in zip(boxes, bright, strict=True)]
    y = AnnotationSet(images(*tags))
    model = ImageTagger(small_trunk(), **SMALL).fit(pictures[:24], y[:24])
    names = model.levels_[0].specs["y"]["tag_names"]
    assert names == ["light", "two"] and model.score(pictures[24:], y[24:]) > 0.7
    sizes, files = [(30, 34)] * 6, [image.file_name for image in y[24:]]
    told = model.predict(pictures[24:])
    made = to_annotations(told, files, sizes, tag_names=names)
    held = [[any(tag.name == name for tag in image.tags) for name in names] for image in made]
    np.testing.assert_array_equal(held, told)
