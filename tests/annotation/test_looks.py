"""Pixels are looked at twice: by tiles, in windows, and through the weights of a first layer."""

import numpy as np
import pytest
from annotation._toys import Shown, Tiled, squares

from skmtl import MultiHeadNetwork, make_targets
from skmtl.annotation import _sight as sight_module
from skmtl.annotation._sight import Sight, Told, everywhere
from skmtl.annotation._through import Through
from skmtl.neural_network import DenseTrunk


def tell(sight, area):
    """Something smooth of an area of the squares of an image."""
    row, column = np.meshgrid(*(np.arange(part.start, part.stop) for part in area), indexing="ij")
    planes = np.stack([np.sin(row / 3) + column / 9, np.cos(column / 2)]).astype(np.float32)
    return Told(planes, (area[0].start, area[1].start), sight.grain)


def everything(sight, told):
    """Numbers of all pixels and what is seen there as features, (n, f)."""
    numbers, maps = (np.concatenate(one, axis=-1) for one in zip(*sight.tiles(told), strict=True))
    return numbers, np.concatenate([sight.light.features(maps[:20].T), maps[20:].T], axis=1)


@pytest.mark.parametrize("trunk", [None, Shown(), Tiled()])
@pytest.mark.parametrize(("twice", "grain", "placed"), [(False, 2, False), (True, 2, True), (True, 1, False)])
def test_pixels_by_tiles_are_those_chosen(monkeypatch, trunk, twice, grain, placed):
    monkeypatch.setattr(sight_module, "TILE", 8)
    sight = Sight(squares(1)[0][0], trunk, grain, placed)
    told = tell(sight, everywhere(sight.coarse)) if twice else None
    numbers, X = everything(sight, told)
    np.testing.assert_array_equal(np.sort(numbers), np.arange(sight.size))
    X = X[np.argsort(numbers)]
    assert X.shape[1] == 41 + 40 * twice + (0 if trunk is None else 4) + 2 * placed
    some = np.array([3, 400, sight.size - 1])
    chosen = sight.second_at(*np.divmod(some, sight.shape[1]), tell if twice else None)
    np.testing.assert_array_equal(chosen, X[some])


def test_the_first_look_is_at_squares_of_two_by_two():
    sight = Sight(squares(1)[0][0])
    fine, first = sight.pyramid.box(*everywhere(sight.shape)), sight.first(everywhere(sight.coarse))
    np.testing.assert_allclose(first[:4], fine[:4].reshape(4, 15, 2, 17, 2).mean(axis=(2, 4)), atol=1e-4)
    row, column = np.array([0, 7, 29]), np.array([5, 20, 33])
    expected = sight.light.features(first[:, row // 2, column // 2].T)
    np.testing.assert_array_equal(sight.first_at(row, column), expected)
    placed = Sight(squares(1)[0][0], placed=True)
    np.testing.assert_array_equal(placed.first_at(row, column)[:, :-2], expected)
    where = np.stack([(row // 2 + 0.5) / 15, (column // 2 + 0.5) / 17], axis=1)
    np.testing.assert_allclose(placed.first_at(row, column)[:, -2:], where, rtol=1e-6)
    np.testing.assert_allclose(
        placed.first(everywhere(placed.coarse))[-2:, row // 2, column // 2].T, where, rtol=1e-6
    )
    every = Sight(squares(1)[0][0], grain=1)
    np.testing.assert_array_equal(every.first(everywhere(every.coarse)), fine)
    np.testing.assert_array_equal(every.first_at(row, column), every.light.features(fine[:, row, column].T))


def test_of_few_pixels_in_a_large_image_windows_are_told():
    sight, areas = Sight(np.random.default_rng(0).normal(size=(700, 900))), []

    def noted(sight, area):
        areas.append(area)
        return tell(sight, area)

    row, column = np.array([5, 640, 644]), np.array([6, 700, 710])
    X = sight.second_at(row, column, noted)
    assert len(areas) == 2 and max(part.stop - part.start for area in areas for part in area) < 128
    assert all(part.start % 16 == 0 for area in areas for part in area)
    whole = tell(sight, everywhere(sight.coarse))
    # Two levels reach no further than a window does; coarser ones see its edge.
    for own, at in zip(X, zip(row, column, strict=True), strict=True):
        expected = whole.box(tuple(slice(i, i + 1) for i in at))[:16, 0, 0]
        np.testing.assert_allclose(own[41 : 41 + 16], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("hidden", [(), (7, 5)])
def test_a_network_behind_a_linear_map(monkeypatch, hidden):
    monkeypatch.setattr("skmtl.annotation._through.ROWS", 9)
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(60, 6)).astype(np.float32)
    matrix, shift = rng.normal(size=(4, 9)), rng.normal(size=9)
    X = np.concatenate([Z[:, :4] @ matrix + shift, Z[:, 4:]], axis=1).astype(np.float32)
    y = make_targets(kind=(Z[:, 0] > 0).astype(int), value=Z[:, 5])
    network = MultiHeadNetwork(trunk=DenseTrunk(hidden), max_iter=3, random_state=0).fit(X, y)
    told, expected = (
        Through(network, matrix, shift)(np.ascontiguousarray(Z.T)),
        network._outputs(X, np.float32),
    )
    assert list(told) == ["kind", "value"]
    for name, values in expected.items():
        np.testing.assert_allclose(told[name], values, rtol=0, atol=1e-5)
