"""The demo, whole but small: its table, its pictures, and that the verdicts come from the scores."""

import numpy as np
import pytest
from PIL import Image

from skmtl.cli import main
from skmtl.demo import _annotation, _cameras
from skmtl.demo._rows import HEADER, report_rows
from skmtl.inspection import SharingReport


@pytest.fixture
def small(monkeypatch):
    """A demo of a few seconds: fewer scenes, repeats and pixels; the code is the same."""
    for module, name, value in [
        (_annotation, "REPEATS", 2),
        (_annotation, "N_TRAIN", 60),
        (_annotation, "N_TEST", 20),
        (_annotation, "FOLDS", 2),
        (_annotation, "N_PIXELS", 600),
        (_cameras, "REPEATS", 2),
        (_cameras, "PER_CAMERA", 20),
        (_cameras, "N_TEST", 200),
    ]:
        monkeypatch.setattr(module, name, value)


def test_the_demo_prints_its_table_and_writes_its_pictures(small, tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "shown"), "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines[0].split()[:3] == ["task", "metric", "separate"]
    for task in ("scene: box", "camera, digit: wall", "camera, top end: all", "nuclei: count"):
        (line,) = (line for line in lines if line.startswith(task))
        assert any(verdict in line for verdict in ("helps", "hurts", "cannot tell"))
    for name in ("scenes", "cameras", "nuclei"):
        path = tmp_path / "shown" / f"{name}.png"
        assert f"picture: {path}" in lines
        with Image.open(path) as picture:
            assert min(picture.size) > 200 and len(np.unique(np.asarray(picture))) > 20


def test_rows_say_what_the_report_says():
    scores = {
        "separate": np.array([[0.5, 0.9], [0.52, 0.88], [0.48, 0.92]]),
        "joint": np.array([[0.7, 0.6], [0.71, 0.59], [0.69, 0.61]]),
    }
    report = SharingReport(["a", "b"], scores, {"separate": 1.0, "joint": 2.0}, ["joint"], 1 / 3)
    first, second, both = report_rows(report, "part", {"a": "IoU", "b": "R2"})
    assert first[:5] == ("part: a", "IoU", "0.500", "-", "0.700") and first.verdict == "helps"
    assert second.metric == "R2" and second.verdict == "hurts" and second.gain.startswith("-0.300")
    assert both.task == "part: all" and both.seconds == "2.0" and both.verdict == "hurts"
    assert len(HEADER) == len(first)


def test_cameras_never_share_scenes_between_repeats():
    rng = np.random.default_rng(0)
    camera = rng.integers(0, 6, 2000)
    splits = _cameras._splits(camera, 1600, seed=0)
    seen = np.concatenate([np.concatenate(split) for split in splits])
    assert len(np.unique(seen)) == len(seen)
    for train, test in splits:
        assert len(set(np.bincount(camera[train]))) == 1 and len(set(np.bincount(camera[test]))) == 1
        assert train.max() < 1600 <= test.min()
