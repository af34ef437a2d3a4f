"""Train, annotate, evaluate, convert and look at files from the command line."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from _photographed import QUICK, SIDE, N, answer, content, refusal, train, write_scenes
from annotation._toys import few_steps
from skimage.io import imread, imsave

from skmtl.cli import main
from skmtl.cli._labeller import Labeller
from skmtl.io import AnnotationSet, ClassRecord, ImageRecord, read_annotations, write_annotations
from skmtl.persistence import load_model

SUFFIX = {"coco": ".json", "label-studio": ".json", "cvat": ".xml"}
READ = {"label-studio": {"source": "predictions"}, "yolo": {"image_sizes": (SIDE, SIDE)}}
FORMATS = ("coco", "cvat", "label-studio", "labelme", "voc", "yolo")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A folder with images, annotations and two models: of all kinds, and of objects."""
    folder = tmp_path_factory.mktemp("scenes")
    with pytest.MonkeyPatch.context() as patch:
        few_steps(patch, 20)
        write_scenes(folder)
        train(folder, "all.skmtl", "--kinds", "instances,points,tags")
        train(folder, "objects.skmtl", "--kinds", "objects")
    return folder


def annotate(scenes, out, format, *more, model="all.skmtl", quiet=("--quiet",)):
    given = [scenes / "images", "--model", scenes / model, "--out", out, "--format", format]
    return ["annotate", *map(str, given), "--min-score", "0.01", *more, *quiet]


def stop_at(monkeypatch, number):
    """Ctrl-C while image ``number`` is annotated."""
    tell, told = Labeller.tell, []

    def stopped(self, name, pixels):
        told.append(name)
        if len(told) == number:
            raise KeyboardInterrupt
        return tell(self, name, pixels)

    monkeypatch.setattr(Labeller, "tell", stopped)
    return told


@pytest.mark.parametrize("format", FORMATS)
def test_an_interrupted_run_ends_with_the_same_bytes(format, scenes, tmp_path, monkeypatch, capsys):
    whole, other = (tmp_path / f"{name}{SUFFIX.get(format, '')}" for name in ("whole", "other"))
    assert main(annotate(scenes, whole, format)) == 0
    journal = other.with_name(f"{other.name}.journal")
    with monkeypatch.context() as patch:
        stop_at(patch, 5)
        assert main(annotate(scenes, other, format)) == 130
    assert "interrupted: 4 images are done; the same command goes on" in capsys.readouterr().err
    before = {name: one for name, one in content(other).items()} if other.exists() else {}
    assert all(content(whole)[name] == one for name, one in before.items())  # what is written is good
    assert bool(before) == (format not in SUFFIX)
    with journal.open("ab") as file:
        file.write(b'{"name": "half a li')  # as a machine that stops leaves it
    with monkeypatch.context() as patch:
        told = stop_at(patch, 0)
        assert main(annotate(scenes, other, format)) == 0
    assert len(told) == N - 4 and not journal.exists()
    assert {name: one.replace(b"other", b"whole") for name, one in content(other).items()} == content(whole)
    found = read_annotations(whole, format, **READ.get(format, {}))
    assert len(found) == N and sum(len(image.objects) for image in found) >= N


def test_a_process_that_is_killed_goes_on(scenes, tmp_path):
    out = tmp_path / "found.json"
    command = [sys.executable, "-m", "skmtl", *annotate(scenes, out, "coco", quiet=())]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "found.json.journal"
    while child.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 3):
        time.sleep(0.02)
    child.kill()
    child.communicate()
    assert main(annotate(scenes, out, "coco")) == 0
    assert main(annotate(scenes, tmp_path / "whole.json", "coco")) == 0
    assert content(out) == content(tmp_path / "whole.json")


def test_a_run_of_another_task_is_not_mixed_in(scenes, tmp_path, monkeypatch, capsys):
    out = tmp_path / "found.json"
    with monkeypatch.context() as patch:
        stop_at(patch, 3)
        assert main(annotate(scenes, out, "coco")) == 130
    capsys.readouterr()
    said = refusal(capsys, *annotate(scenes, out, "coco", model="objects.skmtl"))
    assert "found.json.journal is of a run with another model" in said and "delete the file" in said
    journal = tmp_path / "found.json.journal"
    journal.write_bytes(journal.read_bytes().replace(b'"name"', b'"nom"'))
    assert "is damaged" in refusal(capsys, *annotate(scenes, out, "coco"))


def test_what_the_files_hold(scenes, tmp_path):
    assert main(annotate(scenes, tmp_path / "a.json", "coco", "--jobs", "2")) == 0
    found = read_annotations(tmp_path / "a.json")
    assert [image.file_name for image in found][:2] == ["01.png", "02.png"]
    assert {one.id for one in found.classes if one.name == "digit"} == {7}  # the numbers of the truth
    assert all(one.mask is not None for image in found for one in image.objects if one.points is None)
    assert all(sum(one.points is not None for one in image.objects) == 1 for image in found)
    assert {tag.name for image in found for tag in image.tags} <= {"wall", "desk"}


def test_models_of_pixels_write_maps_masks_or_polygons(scenes, tmp_path, capsys):
    model = tmp_path / "pixels.skmtl"
    given = ["--annotations", scenes / "voc", "--format", "voc", "--kinds", "pixels", "--max-samples", "300"]
    facts = answer(capsys, "train", scenes / "images", *given, "--out", model, "--quiet")
    assert facts["kinds"] == ["pixels"] and facts["images"] == N
    images = ["annotate", scenes / "images", "--model", model, "--quiet"]
    for format in ("voc", "coco", "yolo"):
        out = tmp_path / f"{format}.json" if format == "coco" else tmp_path / format
        answer(capsys, *images, "--format", format, "--out", out)
    yolo = read_annotations(tmp_path / "yolo", image_sizes=(SIDE, SIDE))
    coco, voc = read_annotations(tmp_path / "coco.json"), read_annotations(tmp_path / "voc")
    for maps, masks, polygons in zip(voc, coco, yolo, strict=True):
        np.testing.assert_array_equal(maps.label_map.decode() == 1, masks.objects[0].mask.decode())
        assert masks.objects[0].label == "digit" and polygons.objects[0].polygons


def test_unsure_images_are_listed_first(scenes, tmp_path):
    table = tmp_path / "unsure.csv"
    assert main(annotate(scenes, tmp_path / "a.json", "coco", "--uncertainty", str(table))) == 0
    rows = list(csv.DictReader(table.read_text().splitlines()))
    values = [float(row["uncertainty"]) for row in rows]
    assert len(rows) == N and values == sorted(values, reverse=True)
    labeller = Labeller.load(scenes / "all.skmtl")
    from skmtl.cli._images import ImageFile

    pixels = labeller.read(ImageFile(scenes / "images" / rows[0]["file"], ""))
    assert labeller.model.uncertainty([pixels])[0] == values[0]


def test_scores_of_a_model_and_of_its_files_are_the_same(scenes, tmp_path, capsys):
    out, truth = tmp_path / "a.json", scenes / "truth.json"
    answer(capsys, *annotate(scenes, out, "coco", "--min-score", "0"))
    by_model = answer(
        capsys,
        "evaluate",
        scenes / "images",
        "--model",
        scenes / "all.skmtl",
        "--annotations",
        truth,
        "--quiet",
    )
    by_file = answer(capsys, "evaluate", "--predictions", out, "--annotations", truth)
    for kind, scores in by_file["scores"].items():
        assert by_model["scores"][kind] == pytest.approx(scores, rel=1e-12)  # sums in another order
    assert (
        set(by_file["scores"]) == set(by_model["scores"]) == {"boxes", "masks", "counts", "points", "class"}
    )
    perfect = answer(capsys, "evaluate", "--predictions", truth, "--annotations", truth)["scores"]
    assert perfect["masks"]["AP"] == perfect["boxes"]["AP"] == perfect["points"]["PCK"] == 1.0
    assert perfect["class"]["accuracy"] == 1.0 and perfect["counts"]["MAE"] == 0.0
    assert main(["evaluate", "--predictions", str(truth), "--annotations", str(truth)]) == 0
    assert "masks" in capsys.readouterr().out


def test_predictions_of_other_images_than_the_truth(scenes, tmp_path, capsys):
    truth = read_annotations(scenes / "truth.json")
    write_annotations(truth[:6], tmp_path / "some.json", "coco")
    files = ["--predictions", tmp_path / "some.json", "--annotations", scenes / "truth.json"]
    scores = answer(capsys, "evaluate", *files)["scores"]
    assert scores["counts"]["MAE"] == pytest.approx(3 / N)
    assert scores["boxes"]["AR100"] == pytest.approx(6 / N)
    assert main(["evaluate", *map(str, files)]) == 0
    assert "3 annotated images have no predictions" in capsys.readouterr().err


def test_images_held_back_are_scored(scenes, tmp_path, monkeypatch, capsys):
    few_steps(monkeypatch)
    given = [scenes / "images", "--annotations", scenes / "truth.json", "--test-share", "0.25"]
    quick = ["--kinds", "objects", "--max-iter", "1", "--max-samples", "300", "--filters", "4", "--quiet"]
    out = tmp_path / "m.skmtl"
    facts = answer(capsys, "train", *given, *quick, "--out", out)
    assert (facts["images"], facts["held_back"]) == (7, 2) and set(facts["scores"]) == {"boxes", "counts"}
    said = answer(capsys, "info", out)
    assert (
        said["scores"] == facts["scores"] and said["kinds"] == ["objects"] and said["classes"][0] == "digit"
    )
    again = tmp_path / "again.skmtl"
    assert answer(capsys, "train", *given, *quick, "--out", again)["scores"] == facts["scores"]
    assert again.read_bytes() == out.read_bytes()


def test_annotations_go_to_another_format_and_back(scenes, tmp_path, capsys):
    cvat, coco = tmp_path / "a.xml", tmp_path / "back.json"
    facts = answer(capsys, "convert", scenes / "truth.json", "--to", "cvat", "--out", cvat)
    assert (facts["images"], facts["objects"]) == (N, N)
    answer(capsys, "convert", cvat, "--from", "cvat", "--to", "label-studio", "--out", tmp_path / "b.json")
    answer(capsys, "convert", tmp_path / "b.json", "--to", "coco", "--out", coco)
    truth, back = read_annotations(scenes / "truth.json"), read_annotations(coco)
    for one, other in zip(truth, back, strict=True):
        assert one.file_name == other.file_name and one.tags[0].name == other.tags[0].name
        masks = [part.mask for part in other.objects if part.mask is not None]
        assert masks == [one.objects[0].mask]
    voc = ["convert", scenes / "truth.json", "--to", "voc", "--out", tmp_path / "voc"]
    answer(capsys, *voc, "--write-option", "corners=edges")
    assert "has no option 'corner'" in refusal(capsys, *voc, "--write-option", "corner=edges")


def test_what_a_file_holds(scenes, tmp_path, capsys):
    said = answer(capsys, "info", scenes / "truth.json")
    assert (said["annotations"], said["images"], said["objects"]) == ("coco", N, {"digit": N})
    assert said["shapes"] == {"box": N, "points": N, "mask": N} and said["problems"] == {}
    assert sum(said["tags"].values()) == N and said["image sizes"].startswith(f"{SIDE} x {SIDE}")
    text = (scenes / "truth.json").read_text().replace('"image_id": 1,', '"image_id": 99,')
    (tmp_path / "bad.json").write_text(text)
    said = answer(capsys, "info", tmp_path / "bad.json")
    assert said["problems"] == {"annotation": 2} and "no image has the id 99" in said["first problems"][0]
    assert main(["info", str(scenes / "all.skmtl")]) == 0
    shown = capsys.readouterr().out
    assert "annotation.ImageAnnotator" in shown and "instances, points, tags" in shown


@pytest.fixture
def damaged(scenes, tmp_path):
    """A folder with an image that is sound, one that is cut short, and one of another type."""
    whole = sorted((scenes / "images").glob("*.png"))[0]
    (tmp_path / "a.png").write_bytes(whole.read_bytes())
    (tmp_path / "b.png").write_bytes(whole.read_bytes()[:60])
    imsave(tmp_path / "c.png", np.zeros((SIDE, SIDE), np.uint16), check_contrast=False)
    imsave(tmp_path / "d.png", np.full((SIDE, SIDE, 4), 90, np.uint8), check_contrast=False)
    return tmp_path


def test_images_that_cannot_be_used_stop_the_run_or_are_counted(scenes, damaged, capsys):
    given = ["annotate", damaged, "--model", scenes / "all.skmtl", "--format", "coco", "--quiet"]
    given += ["--out", damaged / "a.json"]
    said = refusal(capsys, *given)
    assert "b.png cannot be read as an image" in said and "--on-error skip" in said
    facts = answer(capsys, *given, "--on-error", "skip")
    assert sorted(facts["skipped"]) == ["b.png", "c.png"] and facts["images"] == 2
    assert "uint16, but the model has learned uint8" in facts["skipped"]["c.png"]
    assert [image.file_name for image in read_annotations(damaged / "a.json")] == ["a.png", "d.png"]


def test_annotations_that_cannot_be_used_stop_the_run_or_are_counted(scenes, tmp_path, monkeypatch, capsys):
    few_steps(monkeypatch)
    truth = tmp_path / "truth.json"
    text = (scenes / "truth.json").read_text()
    truth.write_text(text.replace(f'"height": {SIDE}', f'"height": {SIDE + 1}', 1))
    given = ["train", scenes / "images", "--annotations", truth, "--out", tmp_path / "m.skmtl", "--quiet"]
    given += ["--kinds", "objects", "--filters", "4", "--max-iter", "1", "--max-samples", "300"]
    assert "a mask of (32, 32) in an image of (33, 32)" in refusal(capsys, *given)
    facts = answer(capsys, *given, "--on-error", "skip")
    assert facts["images"] == N - 1  # without its mask the image still has another size than its file
    assert facts["left_out"] == {"annotation in the annotation file": 1, "image that cannot be used": 1}
    assert main([*map(str, given), "--on-error", "skip"]) == 0
    assert "left out: 1 x image that cannot be used" in capsys.readouterr().out


REFUSED = {
    "no such folder": (["{s}/nowhere"], "no such file or folder; give a folder"),
    "a folder without images": (["{s}/voc/Annotations"], "holds no image"),
    "no model": (["--model", "{s}/truth.json"], "truth.json cannot be read"),
    "no such model": (["--model", "{s}/none.skmtl"], "none.skmtl"),
    "a folder for a file": (["--out", "{s}/voc"], "path must be a file for format 'coco'"),
    "an option it does not have": (["--option", "corners=edges"], "has no option 'corners'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_annotate_cannot_do_is_one_line(name, scenes, tmp_path, capsys):
    more, line = REFUSED[name]
    more = [one.format(s=scenes) for one in more]
    images = [] if more[0].startswith("--") else [more.pop(0)]
    given = {"--model": scenes / "all.skmtl", "--out": tmp_path / "a.json", "--format": "coco"}
    given |= dict(zip(more[::2], more[1::2], strict=True))
    flat = [one for pair in given.items() for one in pair]
    assert line in refusal(capsys, "annotate", *(images or [scenes / "images"]), *flat, "--quiet")


TRAINING = {
    "kinds": (["--kinds", "boxes"], "--kinds: 'boxes' is none of objects"),
    "absent kinds": (["--kinds", "pixels"], "--kinds: the annotations hold no pixels"),
    "rivals": (["--kinds", "objects,instances"], "tell the same thing; choose one"),
    "all held back": (["--test-share", "1"], "leaves none to learn from"),
    "other names": (["--annotations", "{s}/other.json"], "no image has a name that the annotations know"),
    "no annotations": (["--annotations", "{s}/none.json"], "no such file"),
    "nothing to turn": (["--rotate", "20"], "--rotate turns copies of the images: it needs --augment"),
}


@pytest.mark.parametrize("name", TRAINING)
def test_what_train_cannot_do_is_one_line(name, scenes, tmp_path, capsys):
    more, line = TRAINING[name]
    (scenes / "other.json").write_text((scenes / "truth.json").read_text().replace(".png", "x.png"))
    more = [one.format(s=scenes) for one in more]
    given = ["train", scenes / "images", "--annotations", scenes / "truth.json", "--out", tmp_path / "m"]
    assert line in refusal(capsys, *given, *more, "--quiet")


@pytest.mark.parametrize(
    "more, line",
    [
        ([], "give either --model and images, or --predictions"),
        (["--model", "{s}/all.skmtl"], "give the images"),
        (["--predictions", "{s}/all.skmtl"], "all.skmtl"),
    ],
)
def test_what_evaluate_cannot_do_is_one_line(more, line, scenes, capsys):
    more = [one.format(s=scenes) for one in more]
    assert line in refusal(capsys, "evaluate", "--annotations", scenes / "truth.json", *more)


def test_images_by_pattern_and_by_list(scenes, tmp_path, capsys):
    (tmp_path / "list.txt").write_text(f"# two\n{scenes}/images/01.png\n{scenes}/images/more/03.png\n")
    for images, names in (
        (scenes / "images" / "*.png", 6),
        (scenes / "images" / "**" / "*.png", N),
        (tmp_path / "list.txt", 2),
        (scenes / "images" / "01.png", 1),
    ):
        given = ["annotate", images, "--model", scenes / "all.skmtl", "--format", "coco", "--quiet"]
        assert answer(capsys, *given, "--out", tmp_path / "a.json")["images"] == names
    assert read_annotations(tmp_path / "a.json")[0].file_name == "01.png"


def test_several_bodies_an_image(scenes, tmp_path, monkeypatch, capsys):
    """Of a COCO file with points, through a model, into one again."""
    few_steps(monkeypatch, 20)
    images = tmp_path / "pairs"
    images.mkdir()
    records = []
    for i, image in enumerate(read_annotations(scenes / "truth.json")):
        pixels, (one,) = imread(scenes / "images" / image.file_name), image.objects
        imsave(images / f"{i}.png", np.hstack([pixels, pixels]), check_contrast=False)
        beside = replace(
            one, mask=None, box=tuple(np.add(one.box, [SIDE, 0] * 2)), points=one.points + [SIDE, 0, 0]
        )
        records.append(ImageRecord(f"{i}.png", SIDE, 2 * SIDE, [replace(one, mask=None), beside]))
    truth, out = tmp_path / "pairs.json", tmp_path / "found.json"
    classes = [ClassRecord("digit", 7, point_names=("top", "bottom"))]
    write_annotations(AnnotationSet(records, classes), truth, "coco")
    model = tmp_path / "pairs.skmtl"
    learned = answer(capsys, "train", images, "--annotations", truth, "--out", model, *QUICK)
    assert learned["kinds"] == ["objects", "bodies"]
    more = [*QUICK, "--kinds", "bodies", "--augment", "horizontal", "--rotate", "30"]
    answer(capsys, "train", images, "--annotations", truth, "--out", model, *more)
    assert load_model(model).augment.get_params()["rotate"] == 30
    given = [images, "--model", model, "--out", out, "--format", "coco", "--min-score", "0"]
    answer(capsys, "annotate", *given, "--quiet")
    found = read_annotations(out)
    assert max(len(image.objects) for image in found) > 1
    assert all(one.points.shape == (2, 3) for image in found for one in image.objects)
    assert found.classes[0].point_names == ("top", "bottom") and found.classes[0].id == 7
    scores = answer(capsys, "evaluate", "--predictions", out, "--annotations", truth)["scores"]
    assert set(scores["bodies"]) == {"AP", "AP50", "AP75", "AR20"} and "points" not in scores
    same = answer(capsys, "evaluate", "--predictions", truth, "--annotations", truth)["scores"]["bodies"]
    assert same["AP"] == pytest.approx(1)
    yolo = tmp_path / "yolo"
    answer(capsys, "annotate", *given[:3], "--format", "yolo", "--out", yolo, "--min-score", "0", "--quiet")
    back = read_annotations(yolo, image_sizes=(SIDE, 2 * SIDE))
    assert sum(len(image.objects) for image in back) == sum(len(image.objects) for image in found)
