"""Training that is killed, that reads from the disk, and that looks at all samples at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from _asserts import SAME_BITS, assert_close

from skmtl import MultiHeadNetwork, make_targets
from skmtl.balancers import MGDA
from skmtl.heads import MaskHead
from skmtl.neural_network import Augment, ConvTrunk, DenseTrunk

# ---------------------------------------------------------------------------------- killed

# Run by a process of its own and, for the rest, by the test: the same data, network and seed in both.
LONG_FIT = """
import sys
import numpy as np
from skmtl import MultiHeadNetwork, make_targets
from skmtl.balancers import FAMO
from skmtl.neural_network import Augment, ConvTrunk, CrossStitchTrunk

rng = np.random.default_rng(0)
X = rng.integers(0, 255, size=(40, 10, 10)).astype(np.uint8)
y = make_targets(side=(X[:, :, 5:].mean(axis=(1, 2)) > 127).astype(int), mask=(X > 127).astype(np.uint8))
model = MultiHeadNetwork(
    trunk=CrossStitchTrunk(ConvTrunk((4,), (8,), batch_norm=True, dropout=0.2)), augment=Augment(flip="both"),
    balancer=FAMO(), max_iter=20, tol=0, n_iter_no_change=20, batch_size=9, early_stopping=True,
    random_state=0,
)
"""


def test_a_process_killed_while_training_goes_on_to_the_same_bits(tmp_path):
    path = tmp_path / "run.npz"
    run = f"{LONG_FIT}\nmodel.set_params(checkpoint={str(path)!r}).fit(X, y)"
    killed = 0
    for stop in (1, 3):
        process = subprocess.Popen([sys.executable, "-c", run], env=_paths())
        _wait_for_epochs(path, stop, process)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed == 2, "the fit was over before it was killed: make it longer"
    namespace: dict = {}
    exec(LONG_FIT, namespace)
    model, X, y = (namespace[name] for name in ("model", "X", "y"))
    straight = model.fit(X, y)
    expected, curve = straight.params_, straight.loss_curve_
    resumed = model.set_params(checkpoint=path).fit(X, y)
    assert_close(resumed.loss_curve_, curve, SAME_BITS)
    for name, value in expected.items():
        assert_close(resumed.params_[name], value, SAME_BITS, name)


def _paths() -> dict:
    root = Path(__file__).resolve().parents[2]
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}


def _wait_for_epochs(path: Path, n: int, process) -> None:
    """Until the file was written ``n`` times more, each time anew, by a process that still runs."""
    seen, last = 0, _written(path)
    while seen < n and process.poll() is None:
        now = _written(path)
        seen, last = seen + (now != last), now
        time.sleep(0.001)


def _written(path: Path):
    return path.stat().st_mtime_ns if path.exists() else None


# ------------------------------------------------------------------------------- from the disk


def test_images_on_disk_are_not_read_as_a_whole(tmp_path, rng):
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.uint8, (1200, 96, 96))
    for block in np.array_split(np.arange(len(X)), 20):
        X[block] = rng.integers(0, 255, size=(len(block), 96, 96))
    X.flush()
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    label = make_targets(label=np.arange(1200) % 2)
    model = MultiHeadNetwork(
        trunk=ConvTrunk((2,), (4,)), max_iter=1, batch_size=8, augment=Augment(), random_state=0
    )
    model.fit(X[:8], label[:8])
    tracemalloc.start()
    try:
        model.fit(X, label)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.6 * X.nbytes, f"{peak / 2**20:.1f} MiB for {X.nbytes / 2**20:.1f} MiB of images"


def test_images_on_disk_give_the_same_bits(tmp_path, rng):
    X, y = rng.integers(0, 255, size=(40, 8, 8)).astype(np.uint8), make_targets(label=np.arange(40) % 2)
    np.save(tmp_path / "X.npy", X)
    model = MultiHeadNetwork(trunk=ConvTrunk((4,), (4,)), max_iter=2, random_state=0)
    expected = model.fit(X, y).params_
    for name, value in model.fit(np.load(tmp_path / "X.npy", mmap_mode="r"), y).params_.items():
        assert_close(value, expected[name], SAME_BITS, name)


def test_encoding_masks_takes_little_more_than_the_masks(rng):
    masks = rng.integers(0, 2, size=(400, 64, 64)).astype(np.uint8)
    head = MaskHead()
    spec = head.learn(masks[:10], "f")
    tracemalloc.start()
    try:
        codes = head.encode(masks, spec)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_close(codes, masks, SAME_BITS)
    assert peak < 4 * masks.nbytes


# --------------------------------------------------------------------------- all at once


def few(rng, n=60):
    X = rng.normal(size=(n, 4))
    return X, make_targets(kind=(X[:, 0] > 0).astype(int), size=X[:, 1] * X[:, 2])


@pytest.mark.parametrize("trunk", [DenseTrunk((16,), activation="gelu"), None])
def test_few_samples_are_learned_by_lbfgs_better_than_by_batches(trunk, rng):
    X, y = few(rng)
    losses = {}
    for solver in ("lbfgs", "adam"):
        model = MultiHeadNetwork(trunk=trunk, solver=solver, max_iter=100, tol=1e-8, random_state=0)
        losses[solver] = model.fit(X, y).loss_curve_[-1].sum()
    assert losses["lbfgs"] < 0.1 * losses["adam"]


def test_few_images_are_learned_by_lbfgs(rng):
    X = rng.normal(size=(30, 8, 8))
    y = make_targets(kind=(X[:, :, :4].mean(axis=(1, 2)) > 0).astype(int), mask=(X > 0).astype(np.uint8))
    trunk = ConvTrunk((4,), (8,), batch_norm=True, activation="gelu")
    model = MultiHeadNetwork(trunk=trunk, solver="lbfgs", max_iter=60, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9
    assert (np.diff(model.loss_curve_.sum(axis=1)) < 1e-3).all()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"trunk": DenseTrunk(dropout=0.1)}, "cannot take trunk=DenseTrunk"),
        ({"balancer": MGDA()}, r"cannot take balancer=MGDA\(\)"),
        ({"early_stopping": True}, "cannot take early_stopping=True"),
        ({"checkpoint": "run.npz"}, "cannot take checkpoint='run.npz'"),
    ],
)
def test_lbfgs_refuses_what_changes_its_function(options, message, rng):
    with pytest.raises(ValueError, match=f"solver='lbfgs' minimises one fixed function and {message}"):
        MultiHeadNetwork(solver="lbfgs", random_state=0, **options).fit(*few(rng))
