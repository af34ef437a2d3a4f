"""The shape of a body, against all the shapes that it could have."""

from itertools import product

import numpy as np
import pytest

from skmtl.annotation import PoseHead
from skmtl.annotation._cells import Grid, grid_of
from skmtl.annotation._shape import LEAST, MOST, Joint, _beliefs, learn_joints, points_told

FRAME = grid_of((40, 60), 4)


def bodies(n=40, seed=0):
    """Four points: 1 stands beside 0, 3 beside 1, and 2 anywhere near 3."""
    rng = np.random.default_rng(seed)
    first = rng.uniform(15, 25, (n, 2))
    steps = [[6, 0], [0, 5], [4, 4]] + rng.normal(size=(n, 3, 2)) * np.array([[0.5], [0.8], [3]])
    beside = first + steps[:, 0]
    third = beside + steps[:, 1]
    return np.stack([first, beside, third + steps[:, 2], third], axis=1)


def test_the_tree_has_the_joints_that_vary_least():
    joints = learn_joints(list(bodies()))
    assert [(one.near, one.far) for one in joints] == [(0, 1), (1, 3), (3, 2)]
    np.testing.assert_allclose(joints[0].offset, (bodies()[:, 1] - bodies()[:, 0]).mean(axis=0))
    np.testing.assert_allclose(np.sqrt(np.diag(joints[2].spread)), 6, rtol=0.25)  # twice as wide as drawn


def test_unknown_points_and_few_bodies_have_fewer_joints():
    points = bodies()
    points[2:, 2] = np.nan
    assert [(one.near, one.far) for one in learn_joints(list(points))] == [(0, 1), (1, 3)]
    points[::2, :2] = np.nan
    points[1::2, 3] = np.nan
    assert [(one.near, one.far) for one in learn_joints(list(points))] == [(0, 1)]
    assert learn_joints(list(bodies(2))) == [] and learn_joints(list(bodies()[:, :1])) == []


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_beliefs_are_sums_over_all_shapes(scale):
    frame, rng = Grid(10, 15, 4 * scale, (40, 60), scale), np.random.default_rng(1)
    joints = learn_joints(list(bodies()))
    sure = [rng.uniform(0, 1, 5 + k) for k in range(4)]
    places = [rng.uniform(10, 40, (5 + k, 2)) for k in range(4)]
    logs = [one.logs(places[one.near], places[one.far], frame) for one in joints]
    odds = [np.clip(own / (1 - own), LEAST, MOST) for own in sure]
    sums = [np.zeros(len(own)) for own in sure]
    for cells in product(*(range(len(own)) for own in sure)):
        weight = np.prod([own[cell] for own, cell in zip(odds, cells, strict=True)])
        weight *= np.exp(
            sum(log[cells[one.near], cells[one.far]] for one, log in zip(joints, logs, strict=True))
        )
        for k, cell in enumerate(cells):
            sums[k][cell] += weight
    for told, one in zip(_beliefs(sure, places, joints, frame), sums, strict=True):
        np.testing.assert_allclose(np.exp(told - told.max()), one / one.max(), rtol=1e-8)


def test_a_joint_is_a_gaussian_and_a_share_of_anywhere():
    joint = Joint(0, 1, np.array([3.0, 1.0]), np.diag([4.0, 9.0]))
    row, column = np.mgrid[-100:100, -100:100]
    places = np.stack([column, row], axis=2).reshape(-1, 2) * 1.0
    frame = grid_of((200, 200), 1)
    density = np.exp(joint.logs(np.zeros((1, 2)), places, frame))[0]
    assert density.sum() == pytest.approx(1, abs=1e-6)
    assert density @ places == pytest.approx(0.95 * joint.offset - 0.05 * 0.5, abs=1e-3)


def told_of(points, wrong):
    """What a network tells that knows the points, but is surer of point 0 at a ``wrong`` place."""
    head = PoseHead()
    spec = head.learn([(one, 60) for one in bodies()], "y")
    targets = head.targets((points, 60), FRAME, spec)
    kind = np.full((len(FRAME), 5), 0.01)
    kind[np.arange(len(FRAME)), targets["kind"]] = 0.6
    kind[np.hypot(*(FRAME.centres() - wrong).T) < 5, 1] = 0.9
    return {"kind": kind, "way": np.nan_to_num(targets["way"])}, spec


def test_a_point_is_where_the_others_say():
    points, wrong = bodies(1, seed=3)[0], np.array([50.0, 6.0])
    told, spec = told_of(points, wrong)
    found = PoseHead().decode(told, FRAME, spec)
    np.testing.assert_allclose(found[:, :2], points, atol=1)
    np.testing.assert_allclose(found[:, 2], 0.6)
    alone = PoseHead().decode(told, FRAME, spec | {"joints": []})
    assert np.hypot(*(alone[0, :2] - wrong)) < 4 and alone[0, 2] == 0.9
    assert PoseHead().uncertainty(told, FRAME, spec) == pytest.approx(0.4)


def test_a_shape_that_was_never_seen_is_found_where_cells_are_sure():
    points = bodies(1, seed=3)[0]
    points[0] = [50, 30]
    told, spec = told_of(points, points[0])
    told["kind"][:, 1] = np.where(told["kind"][:, 1] > 0.5, 0.99, 1e-4)
    np.testing.assert_allclose(PoseHead().decode(told, FRAME, spec)[0, :2], points[0], atol=1)


def test_points_stay_inside_the_image():
    sure, ways = np.full((len(FRAME), 1), 0.5), np.full((len(FRAME), 1, 2), 100.0)
    np.testing.assert_allclose(points_told(sure, ways, [], FRAME), [[60, 40, 0.5]])


def test_whole_images_go_by_the_shape_whatever_its_place_and_size():
    head, spec = PoseHead(), {"joints": []}

    def clue(points):
        targets = head.targets((points, 60), FRAME, {})
        kind = np.eye(len(points) + 1)[targets["kind"]]
        return head.clue({"kind": kind, "way": np.nan_to_num(targets["way"])}, FRAME, spec)

    points = np.array([[10.0, 10], [20, 10], [15, 18]])
    first, second = clue(points), clue(1.5 * points + [4, 2])
    np.testing.assert_allclose(first.numbers, second.numbers, atol=1e-9)
    shape = first.numbers.reshape(3, 2)
    np.testing.assert_allclose(shape.mean(axis=0), 0, atol=1e-9)
    assert (shape**2).sum() == pytest.approx(3)
    np.testing.assert_allclose(second.box, np.tile([4, 2], 2) + 1.5 * first.box, atol=1e-9)
    assert len(clue(points[:1]).numbers) == 0


def test_empty_cells_are_a_quarter_of_all_or_three_for_a_full_one():
    np.testing.assert_array_equal(PoseHead().counts(np.array([10**6, 100, 50]), 8000), [2000, 100, 50])
    np.testing.assert_array_equal(PoseHead().counts(np.array([10**6, 900, 100]), 8000), [3000, 900, 100])
    np.testing.assert_array_equal(PoseHead().counts(np.array([10, 900, 100]), 8000), [10, 900, 100])
