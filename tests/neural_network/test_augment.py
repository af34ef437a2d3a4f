"""Moved images: boxes, points and pixels go where the image goes."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import ROUNDING, ROUNDING_32, SAME_BITS, Tolerance, assert_close

from skmtl import MultiHeadNetwork, make_targets
from skmtl.heads import LabelHead, MapHead, PointsHead
from skmtl.neural_network import Augment, ConvTrunk, DenseTrunk
from skmtl.neural_network._moves import Moves

SIZE = (20, 24)
STILL = {"shift": 0.0, "zoom": 0.0, "contrast": 0.0, "brightness": 0.0}


def scene(n=30):
    """A 6 x 4 block: its image, mask, box and two corners, as encoded fields."""
    rng = np.random.default_rng(2)
    x, y = rng.integers(6, 12, n), rng.integers(5, 10, n)
    mask = np.zeros((n, *SIZE), np.uint8)
    for image, left, top in zip(mask, x, y, strict=True):
        image[top : top + 4, left : left + 6] = 1
    box = np.column_stack([x, y, x + 6, y + 4]).astype(float)
    return mask, box


def every(n):
    return np.ones(n, bool)


def test_a_still_image_stays_as_it_is(rng):
    mask, box = scene()
    moves = Augment(**STILL).draw(rng, every(len(mask)), SIZE)
    assert_close(moves.field("mask", mask), mask, SAME_BITS)
    assert_close(moves.field("box", box), box, ROUNDING)
    X = rng.normal(size=(2, 3, 4, 1)).astype(np.float32)
    assert_close(Augment(**STILL).light(X, rng, every(2)), X, SAME_BITS)


def test_a_mirror_and_a_shift_are_those_of_numpy():
    image = np.arange(20.0).reshape(1, 4, 5)
    mirror = Moves(np.array([[4.0], [5.0]]), np.array([[-1.0], [-1.0]]), (4, 5))
    assert_close(mirror.pixels(image), image[:, ::-1, ::-1], SAME_BITS)
    assert_close(mirror.points(np.array([[1.0, 0.5]])), [[4.0, 3.5]], ROUNDING)
    assert_close(mirror.boxes(np.array([[1.0, 0.0, 2.0, 3.0]])), [[3.0, 1.0, 4.0, 4.0]], ROUNDING)
    right = Moves(np.array([[0.0], [-2.0]]), np.ones((2, 1)), (4, 5))
    assert_close(right.pixels(image, np.nan)[0, :, 2:], image[0, :, :3], SAME_BITS)
    assert np.isnan(right.pixels(image, np.nan)[0, :, :2]).all()
    assert_close(right.pixels(image)[0, :, 0], image[0, :, 0], SAME_BITS)
    assert_close(right.points(np.array([[1.0, 2.0, 4.0, 2.0]])), [[3.0, 2.0, np.nan, np.nan]], ROUNDING)
    assert_close(right.boxes(np.array([[2.0, 0.0, 4.0, 1.0]])), [[4.0, 0.0, 5.0, 1.0]], ROUNDING)
    assert np.isnan(right.boxes(np.array([[3.0, 0.0, 4.0, 1.0]]))).all()


@pytest.mark.parametrize("flip", ["none", "horizontal", "both"])
def test_boxes_points_and_maps_follow_the_mask(flip, rng):
    mask, box = scene(200)
    moves = Augment(flip=flip, shift=0.1, zoom=0.2).draw(rng, every(len(mask)), SIZE)
    moved, corners = moves.field("mask", mask), moves.field("box", box)
    points, height = moves.field("points", box), moves.field("map", 3.0 * mask[..., None])
    for i in range(len(mask)):
        rows, columns = np.nonzero(moved[i] == 1)
        seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        assert np.abs(seen - corners[i]).max() <= 0.5 + 1e-9
        assert_close(np.sort(points[i].reshape(2, 2), axis=0).ravel(), corners[i], ROUNDING)
    outside = moved == 255
    assert_close(np.isnan(height[..., 0]), outside, SAME_BITS)
    assert_close(height[..., 0][~outside], 3.0 * moved[~outside], SAME_BITS)
    assert_close(moves.field("numbers", box), box, SAME_BITS)
    assert not np.array_equal(moved, mask)


def test_what_is_not_observed_stays_so(rng):
    mask, box = scene(5)
    box[1] = np.nan
    points = np.array([[1.0, 1.0, np.nan, np.nan]] * 5)
    moves = Augment(flip="both").draw(rng, every(5), SIZE)
    assert_close(np.isnan(moves.field("box", box)).all(axis=1), [False, True, False, False, False], SAME_BITS)
    assert np.isnan(moves.field("heat maps", points)[:, 2:]).all()
    assert (moves.field("mask", np.full_like(mask, 255)) == 255).all()


def test_light_is_drawn_for_each_image(rng):
    X = np.ones((2000, 2, 2, 1))
    lit = Augment(contrast=0.3, brightness=0.2).light(X, rng, every(2000))
    assert_close(lit, np.broadcast_to(lit[:, :1, :1], lit.shape), SAME_BITS)
    assert 0.5 < lit.min() < 0.6 and 1.4 < lit.max() < 1.5
    assert_close(lit.mean(), 1.0, Tolerance("a mean over 2,000 draws", atol=0.02))


def test_a_share_of_the_images_is_altered_and_numbers_are_learned_from_the_others(rng):
    augment, mask, box = Augment(flip="both", share=0.4, numbers=False), *scene(25)
    altered = augment.chosen(rng, 25)
    assert altered.sum() == 10
    moves = augment.draw(rng, altered, SIZE)
    assert_close(moves.field("mask", mask)[~altered], mask[~altered], SAME_BITS)
    assert_close(moves.field("box", box)[~altered], box[~altered], ROUNDING)
    X = rng.normal(size=(25, 3, 4, 1)).astype(np.float32)
    lit = augment.light(X, rng, altered)
    assert_close(lit[~altered], X[~altered], SAME_BITS)
    assert (lit[altered] != X[altered]).any(axis=(1, 2, 3)).all()
    assert_close(augment.trust("tags", altered), np.ones(25), SAME_BITS)
    assert_close(augment.trust("numbers", altered), np.where(altered, 0, 1 / 0.6), ROUNDING)
    alone = [augment.chosen(rng, 1)[0] for _ in range(2000)]
    assert_close(np.mean(alone), 0.4, Tolerance("a mean over 2,000 draws", atol=0.04))


def test_labels_of_numbers_in_altered_images_do_not_matter(rng):
    X, y = crosses(rng, 24)
    still = Augment(**STILL, share=0.5, numbers=False)
    model = MultiHeadNetwork(trunk=ConvTrunk((4,), (8,)), max_iter=1, batch_size=24, random_state=0)
    targets = make_targets(left=y["left"], x=y["middle"][:, 0, 0])
    curve = model.set_params(augment=still).fit(X, targets).loss_curve_
    whole = model.set_params(augment=None).fit(X, targets).loss_curve_
    assert_close(curve[0, 0], whole[0, 0], ROUNDING_32)  # the first losses are of the same images
    assert abs(curve[0, 1] - whole[0, 1]) > 1e-3  # and of half of the numbers


def crosses(rng, n):
    """Where the bar of a faint cross is, on a noisy ground: its middle, and left or right half."""
    middle = rng.integers(4, 12, size=(n, 2))
    X = rng.normal(0, 1.0, size=(n, 16, 16))
    for image, (x, y) in zip(X, middle, strict=True):
        image[y - 2 : y + 3, x] += 3
        image[y, x - 2 : x + 3] += 3
    return X, make_targets(
        middle=(middle + 0.5)[:, None, :], left=(middle[:, 0] < 8).astype(int), light=np.abs(X)
    )


def test_moved_images_are_as_good_as_more_images(rng):
    X, y = crosses(rng, 260)
    errors = {}
    for augment in (None, Augment(shift=0.2, zoom=0.0)):
        model = MultiHeadNetwork(
            [("middle", PointsHead(metric="neg_distance"))], trunk=ConvTrunk((8, 8), (32,)), augment=augment,
            learning_rate=0.01, max_iter=60, batch_size=20, n_iter_no_change=60, random_state=0,
        )  # fmt: skip
        model.fit(X[:60], make_targets(middle=y["middle"][:60]))
        errors[augment] = -model.score(X[60:], make_targets(middle=y["middle"][60:]))
    plain, moved = errors.values()
    assert moved < 0.95 * plain


def test_a_seed_gives_the_same_bits_and_judges_see_images_as_they_are(rng):
    X, y = crosses(rng, 60)
    heads = [("middle", PointsHead()), ("left", LabelHead()), ("light", MapHead())]
    model = MultiHeadNetwork(
        heads, trunk=ConvTrunk((4,), (8,)), augment=Augment(rotate=20), max_iter=2, early_stopping=True,
        random_state=0,
    )  # fmt: skip
    told = [model.fit(X, y).params_ for _ in range(2)]
    for name in told[0]:
        assert_close(told[1][name], told[0][name], SAME_BITS)
    plain = model.set_params(augment=None).fit(X, y).params_
    assert not np.array_equal(plain["trunk.conv0.W"], told[0]["trunk.conv0.W"])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"flip": "vertical"}, "flip must be one of .*got 'vertical'"),
        ({"shift": 1.0}, "shift must be a number >= 0 and below 1, got 1.0"),
        ({"zoom": -0.1}, "zoom must be a number >= 0 and below 1, got -0.1"),
        ({"rotate": 181}, "rotate must be degrees from 0 to 180, got 181"),
        ({"rotate": -5.0}, "rotate must be degrees from 0 to 180, got -5.0"),
        ({"rotate": "some"}, "rotate must be degrees from 0 to 180, got 'some'"),
        ({"rotate": float("nan")}, "rotate must be degrees from 0 to 180, got nan"),
        ({"share": 0.0}, r"share must be a number in \(0, 1\], got 0.0"),
        ({"numbers": "no"}, "numbers must be True or False, got 'no'"),
        ({"numbers": False}, "numbers=False needs images to learn numbers from: share below 1"),
        ({"brightness": float("inf")}, "brightness must be a number >= 0 and below inf, got inf"),
    ],
)
def test_what_does_not_fit_is_refused(options, message, rng):
    X, y = crosses(rng, 10)
    with pytest.raises(ValueError, match=f"Augment: {message}"):
        MultiHeadNetwork("auto", augment=Augment(**options)).fit(X, make_targets(left=y["left"]))


def test_rows_of_numbers_do_not_move(rng):
    X, y = crosses(rng, 10)
    model = MultiHeadNetwork(trunk=DenseTrunk(), augment=Augment())
    with pytest.raises(ValueError, match="augment moves images, but the trunk takes X as rows of numbers"):
        model.fit(X.reshape(10, -1), make_targets(left=y["left"]))
