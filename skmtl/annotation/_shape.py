"""The shape of a body: how its points lie to each other, and where they are, all of them together.

P. Felzenszwalb, D. Huttenlocher, "Pictorial structures for object recognition", IJCV 2005: a tree of Gaussian
offsets, over which sums over all shapes are exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from ._cells import Grid
from ._points import SAY

#: Bodies that must show both ends of a joint before it says anything.
ENOUGH = 3
#: The standard deviations of offsets are taken to be so many times as wide as those seen. With 1 the share of
#: a turning mouse's points found fell from 0.950 to 0.925, over two splits; with 2 or 3 it rose to 0.966.
WIDER = 2.0
#: The share of bodies of which a joint says nothing; and how many bodies of a round spread, at least a pixel
#: wide, stand beside those seen.
ODD, ROUND = 0.05, 2
#: The surest cells of each point that are asked: with 200 points were found as well, in five times the time.
CANDIDATES = 64
#: Odds are kept between these: networks are too sure, and a point may be hidden.
LEAST, MOST = 1e-3, 1e6


class Joint(NamedTuple):
    """Point ``far`` lies ``offset`` (2,) pixels from point ``near``, give or take a covariance ``spread``
    (2, 2)."""

    near: int
    far: int
    offset: np.ndarray
    spread: np.ndarray

    def logs(self, near: np.ndarray, far: np.ndarray, frame: Grid) -> np.ndarray:
        """Logarithms (m, n) of the density of places ``far`` (n, 2), given ``near`` (m, 2)."""
        away = (far - near[:, None]) / frame.scale - self.offset
        far_off = np.einsum("mni,ij,mnj->mn", away, np.linalg.inv(self.spread), away)
        peak = 2 * np.pi * np.sqrt(np.linalg.det(self.spread))
        area = frame.shape[0] * frame.shape[1] / frame.scale**2
        return np.log((1 - ODD) * np.exp(-far_off / 2) / peak + ODD / area)


def learn_joints(bodies: list[np.ndarray]) -> list[Joint]:
    """The tree of points (K, 2) whose joints vary least, the near end of each before its far one.

    It is the minimum spanning tree by the entropies of Gaussian offsets. Points that no two others were seen
    with often enough stand alone.
    """
    points = np.array(bodies)
    pairs = [
        joint
        for near in range(points.shape[1])
        for far in range(points.shape[1])
        if near != far and (joint := _joint(points, near, far)) is not None
    ]
    pairs.sort(key=lambda joint: np.linalg.det(joint.spread))
    joints: list[Joint] = []
    for first in range(points.shape[1]):
        reached = {first, *(joint.far for joint in joints), *(joint.near for joint in joints)}
        while True:
            ready = [one for one in pairs if one.near in reached and one.far not in reached]
            if not ready:
                break
            joints.append(ready[0])
            reached.add(ready[0].far)
    return joints


def _joint(points: np.ndarray, near: int, far: int) -> Joint | None:
    offsets = points[:, far] - points[:, near]
    offsets = offsets[np.isfinite(offsets).all(axis=1)]
    n = len(offsets)
    if n < ENOUGH:
        return None
    mean = offsets.mean(axis=0)
    scatter = (offsets - mean).T @ (offsets - mean)
    scatter += ROUND * (scatter.trace() / (2 * n) + 1) * np.eye(2)
    return Joint(near, far, mean, WIDER**2 * scatter / (n - 1 + ROUND))


def points_told(sure: np.ndarray, ways: np.ndarray, joints: list[Joint], frame: Grid) -> np.ndarray:
    """Points (K, 3) as x, y and the probability of the surest cell there.

    For each point cells are ``sure`` (cells, K) and tell ``ways`` (cells, K, 2) to it, in cells. The
    probability of a shape is in proportion to the product, over points, of the odds of a cell and, over
    joints, of the density of their offset. What that makes of each point by itself (sum-product) says which
    cell is surest; the point lies at the mean of what it and the cells next to it tell.
    """
    cells = [np.argsort(-own, kind="stable")[:CANDIDATES] for own in sure.T]
    edges = frame.shape[::-1]
    places = [
        np.clip(frame.centres()[own] + ways[own, k] * frame.size, 0, edges) for k, own in enumerate(cells)
    ]
    sure = [sure[own, k] for k, own in enumerate(cells)]
    found = np.empty((len(cells), 3))
    for k, log in enumerate(_beliefs(sure, places, joints, frame)):
        best, weight = log.argmax(), np.exp(log - log.max())
        weight[np.hypot(*(places[k] - places[k][best]).T) > SAY * frame.size] = 0
        found[k] = *(weight @ places[k] / weight.sum()), sure[k][best]
    return found


def _beliefs(sure: list, places: list, joints: list[Joint], frame: Grid) -> list[np.ndarray]:
    """The logarithm, up to a constant, of the probability that a point lies at each of its places."""
    beliefs = [np.log(np.clip(own / np.maximum(1 - own, 1 / MOST), LEAST, MOST)) for own in sure]
    logs = [joint.logs(places[joint.near], places[joint.far], frame) for joint in joints]
    inward = []
    for joint, log in zip(joints[::-1], logs[::-1], strict=True):
        inward.append(logsumexp(log + beliefs[joint.far], axis=1))
        beliefs[joint.near] = beliefs[joint.near] + inward[-1]
    for joint, log, said in zip(joints, logs, inward[::-1], strict=True):
        rest = beliefs[joint.near] - said
        beliefs[joint.far] = beliefs[joint.far] + logsumexp(log + rest[:, None], axis=0)
    return beliefs
