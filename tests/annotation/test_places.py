"""Rows see where they lie where that tells what they are."""

import numpy as np
import pytest
from annotation._toys import SMALL, small_trunk

from skmtl.annotation import ImageAnnotator, MapHead, ObjectsHead, PixelsHead, RegionsHead
from skmtl.annotation._cells import grid_of
from skmtl.annotation._places import place_planes, place_tells, spread
from skmtl.annotation._rows import Segments

SHAPE = (24, 32)


def skies(n=8, seed=0):
    """Noise, and masks that are 1 in the upper half or so."""
    rng = np.random.default_rng(seed)
    images = rng.normal(100, 5, (n, *SHAPE))
    horizon = rng.integers(10, 14, (n, 1, 1))
    return images, (np.arange(SHAPE[0])[:, None] < horizon).astype(int) * np.ones(SHAPE, int)


def of_mask(mask, name="kind"):
    rows, columns = np.indices(mask.shape)
    places = place_planes(rows, columns, mask.shape).reshape(2, -1).T
    return spread({name: mask.ravel()}, places, 2)


def test_places_run_from_0_to_1_in_images_of_any_size():
    rows, columns = np.array([0, 9]), np.array([0, 19])
    np.testing.assert_allclose(place_planes(rows, columns, (10, 20)), [[0.05, 0.95], [0.025, 0.975]])
    np.testing.assert_allclose(place_planes(np.array([4]), np.array([9]), (10, 20), step=2), [[0.9], [0.95]])
    grid = grid_of((10, 20), 4)
    np.testing.assert_allclose(grid.places(), grid.centres()[:, ::-1] / [10, 20], rtol=1e-6)
    halves = Segments(np.repeat([[0, 1]], 4, axis=0).repeat(3, axis=1).astype(np.int32), 2)
    np.testing.assert_allclose(halves.places(), [[0.5, 0.25], [0.5, 0.75]], rtol=1e-6)


@pytest.mark.parametrize("name", ["kind", "value"])
def test_places_tell_where_other_images_say_so(name):
    skies_of, rng = [of_mask(mask, name) for mask in skies()[1]], np.random.default_rng(0)
    assert place_tells(skies_of)
    assert not place_tells(skies_of[:4])  # too few to know
    blobs = (rng.random((20, 3, 4)) < 0.3).repeat(8, axis=1).repeat(8, axis=2)
    assert not place_tells([of_mask(mask.astype(int), name) for mask in blobs])
    noise = [of_mask(rng.integers(0, 2, SHAPE), name) for _ in range(20)]
    assert not place_tells(noise)
    tops = rng.integers(0, 2, (20, *SHAPE)) * (np.arange(SHAPE[0])[:, None] < 12)
    assert place_tells([of_mask(mask, name) for mask in tops])


def test_what_nobody_judged_says_nothing_of_places():
    masks = np.where(np.arange(SHAPE[1]) < 8, -1, skies()[1])
    known = [of_mask(mask) for mask in masks]
    assert known[0].known.reshape(8, 8)[:, :2].sum() == 0
    assert place_tells([*known, of_mask(np.full(SHAPE, -1))])
    values = of_mask(np.where(masks[0] < 0, np.nan, masks[0]), "value")
    np.testing.assert_array_equal(values.known, known[0].known)
    np.testing.assert_allclose(values.sums[:, 0], known[0].sums[:, 1])
    assert values.squares == (masks[0] == 1).sum() and known[0].squares is None


def test_of_noise_annotators_learn_places_alone():
    images, masks = skies(20)
    heads = [("sky", PixelsHead()), ("height", MapHead()), ("parts", RegionsHead())]
    y = [{"sky": mask, "height": mask * 2.0, "parts": mask} for mask in masks]
    annotator = ImageAnnotator(heads, n_regions=24, **SMALL).fit(images[:14], y[:14])
    assert [level.placed for level in annotator.levels_] == [True, True]
    scores = annotator.score_heads(images[14:], y[14:])
    assert scores["sky"] > 0.75 and scores["height"] > 0.6 and scores["parts"] > 0.8
    tall = np.random.default_rng(1).normal(100, 5, (60, 40))
    found = annotator.predict([tall])[0]["sky"]
    assert found[:20].mean() > 0.9 and found[40:].mean() < 0.2


def test_of_two_alike_the_place_says_which_is_which():
    rng = np.random.default_rng(0)
    images, y = rng.normal(100, 4, (26, 40, 30)), []
    for image in images:
        x, high, low = (int(rng.integers(*span)) for span in ((2, 18), (1, 8), (22, 29)))
        for top in (high, low):
            image[top : top + 9, x : x + 9] += 60
        boxes = np.array([[x, top, x + 9, top + 9] for top in (high, low)], float)
        y.append({"squares": {"boxes": boxes, "labels": np.array(["upper", "lower"])}})
    annotator = ImageAnnotator([("squares", ObjectsHead())], small_trunk(), cell=3, **SMALL)
    annotator.fit(images[:20], y[:20])
    assert annotator.levels_[0].placed
    found = [one["squares"] for one in annotator.predict(images[20:])]
    best = [one["scores"].argmax() for one in found]
    above = np.array([one["boxes"][k, 1] < 15 for k, one in zip(best, found, strict=True)])
    labels = np.array([one["labels"][k] for k, one in zip(best, found, strict=True)])
    assert (labels == np.where(above, "upper", "lower")).mean() > 0.8
