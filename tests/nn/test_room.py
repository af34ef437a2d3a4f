"""Memory that is lent again: never what somebody still looks at, and never with other results."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import SAME_BITS, assert_close

from skmtl import nn
from skmtl.nn._room import SMALL


def test_memory_is_lent_again_when_nobody_holds_it():
    room = nn.Room()
    first = room.empty((SMALL,), np.float32)
    place, view = first.ctypes.data, first[3:].reshape(-1, 1)
    del first
    second = room.empty((SMALL,), np.float32)
    assert not np.shares_memory(view, second)
    del view
    smaller = room.empty((2, SMALL // 4), np.float64)
    assert smaller.ctypes.data == place and place % 64 == 0
    assert smaller.shape == (2, SMALL // 4) and smaller.dtype == np.float64 and smaller.flags.writeable


def test_the_smallest_that_is_large_enough_is_lent_and_small_arrays_are_new():
    room = nn.Room()
    places = {size: room.empty((size,), np.uint8).ctypes.data for size in (4 * SMALL, SMALL)}
    assert list(places.values())[0] == list(places.values())[1]  # the second stands where the first did
    large, fitting = room.empty((4 * SMALL,), np.uint8), room.empty((SMALL,), np.uint8)
    assert not np.shares_memory(large, fitting)
    place = fitting.ctypes.data
    del large, fitting
    assert room.empty((SMALL - 1,), np.uint8).ctypes.data != place  # too small to be kept
    assert room.empty((SMALL,), np.uint8).ctypes.data == place


@pytest.mark.parametrize("block", [
    lambda name, k: nn.conv_pool(name, k),
    lambda name, k: nn.chain(nn.conv(name, k, stride=4), nn.norm_pool(f"{name}.norm")),
    lambda name, k: nn.chain(nn.conv(name, k), nn.batch_norm(f"{name}.norm"), nn.max_pool(3)),
], ids=["conv_pool", "norm_pool", "parts"])  # fmt: skip
def test_steps_in_one_room_have_the_bits_of_steps_in_new_memory(block, rng, monkeypatch):
    monkeypatch.setattr(nn._room, "SMALL", 1)
    net = nn.chain(block("a", 4), nn.flatten(), nn.dense("c", 2))
    params, _ = net.init(rng, (17, 16, 2), np.dtype(np.float32))
    X = rng.normal(size=(2, 5, 17, 16, 2)).astype(np.float32)
    room = nn.Room()
    for batch in (X[0], X[1, :4], X[1]):
        passes = []
        for given in (None, room):
            Y, back = net.forward(params, batch, nn.Run(rng, n_jobs=2, room=given))
            dX, gradients = back(np.sin(Y))
            passes.append({"Y": Y, "dX": dX, **back(Y)[1]} | {f"first {n}": g for n, g in gradients.items()})
        for name, value in passes[0].items():
            assert_close(passes[1][name], value, SAME_BITS, name)
