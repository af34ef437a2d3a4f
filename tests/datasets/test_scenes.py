"""Digit scenes: the annotations agree with the pictures, the splits are apart, the cameras differ."""

import socket

import numpy as np
import pytest
from scipy.ndimage import binary_dilation
from sklearn.datasets import load_digits

from skmtl.datasets import make_digit_scenes
from skmtl.datasets._cameras import CAMERAS
from skmtl.datasets._digits import glyphs, split_digits
from skmtl.datasets._ink import Poses, ink_box, ink_ends, render_ink
from skmtl.datasets._photos import crop, photo

# Spline sums in another order differ in their last digits.
ROUNDING = 1e-10
ARRAYS = ("images", "label", "tags", "box", "points", "mask", "camera", "digit_index")


@pytest.fixture(scope="module")
def scenes():
    return make_digit_scenes(180, random_state=0)


def of_camera(scenes, name):
    return scenes.camera == scenes.camera_names.index(name)


def test_shapes_and_dtypes(scenes):
    expected = {
        "images": ((180, 48, 48), np.uint8),
        "label": ((180,), np.int64),
        "tags": ((180, 4), np.uint8),
        "box": ((180, 4), np.float32),
        "points": ((180, 2, 2), np.float32),
        "mask": ((180, 48, 48), np.uint8),
        "camera": ((180,), np.int64),
        "digit_index": ((180,), np.int64),
    }
    assert {name: (scenes[name].shape, scenes[name].dtype) for name in ARRAYS} == expected
    assert scenes.tag_names == ["even", "at_least_five", "has_loop", "straight"]
    assert scenes.point_names == ["top", "bottom"]
    assert "180 grey images of 48 x 48" in scenes.DESCR and "train split" in scenes.DESCR


def test_same_seed_same_bits_and_another_seed_others(scenes):
    again = make_digit_scenes(180, random_state=0)
    for name in ARRAYS:
        np.testing.assert_array_equal(again[name], scenes[name])
    other = make_digit_scenes(180, random_state=1)
    assert (other.images != scenes.images).mean() > 0.5


def test_a_random_state_instance_moves_on():
    rng = np.random.RandomState(3)
    first, second = (make_digit_scenes(6, random_state=rng).images for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(make_digit_scenes(6, random_state=np.random.RandomState(3)).images, first)


def test_train_and_test_digits_are_apart_and_complete():
    train, test = split_digits("train"), split_digits("test")
    assert not set(train) & set(test)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(1797))
    share = np.bincount(glyphs().label[test]) / np.bincount(glyphs().label)
    assert share.min() > 0.3 and share.max() < 0.36


def test_scenes_take_the_digits_of_their_split_and_their_labels(scenes):
    test = make_digit_scenes(60, split="test", random_state=0)
    assert set(scenes.digit_index) <= set(split_digits("train"))
    assert set(test.digit_index) <= set(split_digits("test"))
    np.testing.assert_array_equal(test.label, load_digits().target[test.digit_index])
    assert "test split" in test.DESCR


def test_no_digit_comes_twice_before_every_digit_came_once():
    scenes = make_digit_scenes(620, split="test", image_size=24, random_state=0)
    times = np.bincount(scenes.digit_index, minlength=1797)[split_digits("test")]
    assert times.min() == 1 and times.max() == 2


def test_train_and_test_crops_come_from_different_parts(monkeypatch):
    width = photo("brick.png").width
    columns = np.tile(np.linspace(0, 255, width), (width, 1)).astype(np.uint8)
    from PIL import Image

    monkeypatch.setattr("skmtl.datasets._photos.photo", lambda name: Image.fromarray(columns))
    ends = np.array([[x, 0.5, zoom] for x in (0.0, 0.999) for zoom in (0.0, 0.999)])
    train = np.stack([crop("any", "train", 48, where) for where in ends])
    test = np.stack([crop("any", "test", 48, where) for where in ends])
    assert train.max() < test.min()


def test_box_is_tight_around_the_mask(scenes):
    for mask, (x1, y1, x2, y2) in zip(scenes.mask, scenes.box.astype(int), strict=True):
        assert mask[y1:y2, x1:x2].sum() == mask.sum() > 0
        for side in (mask[y1, :], mask[y2 - 1, :], mask[:, x1], mask[:, x2 - 1]):
            assert side.any()


def test_points_lie_on_the_ink_upper_end_first(scenes):
    x, y = np.floor(scenes.points).astype(int).transpose(2, 0, 1)
    assert scenes.mask[np.arange(180)[:, None], y, x].all()
    assert (y[:, 0] < y[:, 1]).all()
    height = scenes.box[:, 3] - scenes.box[:, 1]
    assert (scenes.points[:, 0, 1] - scenes.box[:, 1] <= height / 8 + 1).all()
    assert (scenes.box[:, 3] - scenes.points[:, 1, 1] <= height / 8 + 1).all()


def test_geometry_of_a_mask_drawn_by_hand():
    mask = np.zeros((12, 12), np.uint8)
    mask[2, 3:8] = mask[2:10, 5] = 1
    np.testing.assert_array_equal(ink_box(mask), [3, 2, 8, 10])
    np.testing.assert_array_equal(ink_ends(mask), [[5.5, 2.5], [5.5, 9.5]])


def test_tags_follow_from_the_label(scenes):
    label = scenes.label
    expected = [label % 2 == 0, label >= 5, np.isin(label, [0, 6, 8, 9]), np.isin(label, [1, 4, 7])]
    np.testing.assert_array_equal(scenes.tags, np.stack(expected, axis=1))


def test_digits_have_the_size_asked_for_and_stay_inside():
    for low, high in ((0.45, 0.5), (0.8, 0.85)):
        scenes = make_digit_scenes(90, digit_size=(low, high), drift=1.0, random_state=0)
        side = (scenes.box[:, 2:] - scenes.box[:, :2]).max(axis=1) / 48
        # The pen's thickness and the pixel grid move the outline by up to three pixels.
        assert low - 0.06 < side.min() and side.max() < high + 0.06
        # No ink on the border: nothing was cut off.
        assert scenes.box.min() >= 1 and scenes.box.max() <= 47


def test_drift_leaves_the_place_to_chance():
    spread = [
        np.ptp(make_digit_scenes(40, cameras=["desk"], drift=drift, random_state=0).box[:, 0])
        for drift in (0.0, 1.0)
    ]
    assert spread[1] > 1.4 * spread[0]


def test_ink_covers_the_cells_of_the_digit():
    upright = Poses(6 * np.eye(2)[None], np.zeros((1, 2)), np.array([6.0]), np.array([0.62]))
    for which in range(0, 1797, 60):
        cover = render_ink(which, upright, 0, 48).reshape(8, 6, 8, 6).mean(axis=(1, 3))
        # The outline is smooth, so it cuts some of the cells on the edge the other way.
        assert ((cover > 0.5) == glyphs().cells[which]).mean() > 0.9


def test_ink_turns_slants_and_moves_with_its_pose():
    which, size = 0, 60
    upright = Poses(6 * np.eye(2)[None], np.array([[6.0, 6.0]]), np.array([6.0]), np.array([0.62]))
    quarter = upright._replace(forward=np.array([[[0.0, -6.0], [6.0, 0.0]]]), shift=np.array([[54.0, 6.0]]))
    plain = render_ink(which, upright, 0, size)
    np.testing.assert_allclose(render_ink(which, quarter, 0, size), np.rot90(plain, -1), atol=ROUNDING)
    moved = upright._replace(shift=np.array([[9.0, 4.0]]))
    np.testing.assert_allclose(
        render_ink(which, moved, 0, size), np.roll(plain, (-2, 3), axis=(0, 1)), atol=ROUNDING
    )


def test_cameras_take_turns(scenes):
    assert scenes.camera_names == ["wall", "path", "night", "desk", "garden", "lab"]
    assert scenes.camera_groups == ["light ink"] * 3 + ["dark ink"] * 3
    np.testing.assert_array_equal(np.bincount(scenes.camera), [30] * 6)


def test_polarity_is_that_of_the_camera(scenes):
    for camera in CAMERAS:
        chosen = of_camera(scenes, camera.name)
        step = [ink_step(i, m) for i, m in zip(scenes.images[chosen], scenes.mask[chosen], strict=True)]
        agree = np.mean((np.array(step) > 0) == camera.light_ink)
        assert agree > 0.95, camera.name


def ink_step(image, mask):
    """Mean grey level of the ink minus that of the ground around it."""
    ink = mask.astype(bool)
    around = binary_dilation(ink, iterations=5) & ~binary_dilation(ink, iterations=2)
    return image[ink].mean() - image[around].mean()


def noise_level(images):
    """Spread of second differences in the calmest blocks: there only noise is left."""
    pixels = images.astype(float)
    twice = pixels[:, :-2, :-2] - pixels[:, :-2, 2:] - pixels[:, 2:, :-2] + pixels[:, 2:, 2:]
    blocks = twice[:, :45, :45].reshape(len(images), 5, 9, 5, 9).std(axis=(2, 4))
    return np.percentile(blocks, 10)


def edge_width(scenes, name):
    """Ink step over the steepest slope across outlines: about the width of an edge in pixels."""
    widths = []
    for i in np.flatnonzero(of_camera(scenes, name)):
        rows, columns = np.nonzero(np.diff(scenes.mask[i].astype(int), axis=1))
        slope = np.abs(np.diff(scenes.images[i].astype(float), axis=1))[rows, columns].mean()
        widths.append(abs(ink_step(scenes.images[i], scenes.mask[i])) / slope)
    return np.median(widths)


@pytest.mark.parametrize(("sharp", "soft"), [("wall", "night"), ("desk", "lab")])
def test_the_last_camera_of_each_group_is_blurred_and_noisy(scenes, sharp, soft):
    assert edge_width(scenes, soft) > 1.3 * edge_width(scenes, sharp)
    noise = [noise_level(scenes.images[of_camera(scenes, name)]) for name in (sharp, soft)]
    assert noise[1] > 1.5 * noise[0]


def test_cameras_differ_in_brightness_and_lean(scenes):
    level = {name: scenes.images[of_camera(scenes, name)].mean() for name in scenes.camera_names}
    assert level["night"] < level["path"] < level["wall"] < level["garden"] < level["desk"]
    across, down = (scenes.points[:, 1] - scenes.points[:, 0]).T
    light = scenes.camera < 3
    # Tangents: the light group leans 13 degrees to the left on average, the dark one to the right.
    assert np.median(across[light] / down[light]) > 0.08
    assert np.median(across[~light] / down[~light]) < -0.08


def test_chosen_cameras():
    pair = make_digit_scenes(8, n_cameras=2, random_state=0)
    assert pair.camera_names == ["wall", "desk"] and pair.camera_groups == ["light ink", "dark ink"]
    one = make_digit_scenes(8, cameras=["lab", "wall"], random_state=0)
    assert one.camera_names == ["lab", "wall"]
    np.testing.assert_array_equal(np.bincount(one.camera), [4, 4])
    assert one.images[one.camera == 0].mean() > one.images[one.camera == 1].mean() + 30


def test_other_image_sizes():
    scenes = make_digit_scenes(4, image_size=64, random_state=0)
    assert scenes.images.shape == scenes.mask.shape == (4, 64, 64)
    assert scenes.box.max() > 40


def test_nothing_is_downloaded(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("The network was used.")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    photo.cache_clear()
    used = {name for camera in CAMERAS for name in camera.photos}
    assert all(photo(name).mode == "L" for name in used)
    assert photo.cache_info().misses == len(used)
    make_digit_scenes(12, random_state=0)


def test_a_missing_photograph_is_named():
    with pytest.raises(FileNotFoundError, match="no-such.png"):
        photo("no-such.png")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be an integer of at least 1, got 0"),
        ({"n_samples": 2.5}, "n_samples .* got 2.5"),
        ({"n_samples": True}, "n_samples .* got True"),
        ({"image_size": 16}, "image_size must be an integer of at least 24, got 16"),
        ({"split": "valid"}, 'split must be "train" or "test", got \'valid\''),
        ({"n_cameras": 7}, "n_cameras must be an integer from 1 to 6, got 7"),
        ({"cameras": ["moon"]}, r"cameras must be distinct names out of .*got \['moon'\]"),
        ({"cameras": ["lab", "lab"]}, "cameras must be distinct"),
        ({"cameras": []}, "cameras must be distinct"),
        ({"cameras": ["lab"], "n_cameras": 2}, "n_cameras=2 contradicts"),
        ({"digit_size": (0.9, 0.5)}, "digit_size must be a rising pair"),
        ({"digit_size": 0.5}, "digit_size must be a rising pair"),
        ({"drift": 1.5}, "drift must be a number from 0 to 1, got 1.5"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_digit_scenes(**{"n_samples": 3, "random_state": 0, **arguments})
