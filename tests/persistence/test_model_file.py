"""Model files: the same predictions to the bit, and nothing but a clear error from a file that is not one."""

import json
import zipfile

import numpy as np
import pytest
from annotation._toys import SMALL, few_steps, numbered, records, small_trunk, squares
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from skmtl import (
    ConvFeatureExtractor,
    ImageAnnotator,
    ImageTagger,
    InstanceSegmenter,
    MultiHeadEstimator,
    MultiHeadNetwork,
    MultiPoseEstimator,
    MultiTaskLogisticRegression,
    ObjectDetector,
    PixelAnnotator,
    PoseEstimator,
    RegionAnnotator,
    load_model,
    make_targets,
    save_model,
)
from skmtl.annotation import LinesHead, MapHead, ObjectsHead
from skmtl.heads import CountHead, LabelHead, MaskHead
from skmtl.persistence import model_info
from skmtl.utils._archive import pack, unpack

IMAGES, BOXES = squares(12)
NUMBERS = [numbered(one) for one in BOXES]
MASKS = np.stack(NUMBERS) > 0
COUNTS = np.array([len(one) for one in BOXES])
KINDS = np.array(["", "one", "two"])[COUNTS]
QUICK = SMALL | {"max_samples": 300, "max_iter": 1}


def several():
    heads = [("objects", ObjectsHead()), ("kind", LabelHead()), ("n", CountHead())]
    return ImageAnnotator([*heads, ("lines", LinesHead()), ("map", MapHead())], small_trunk(), **QUICK)


def all_kinds():
    columns = {"objects": records(BOXES), "kind": KINDS, "n": COUNTS, "lines": MASKS, "map": IMAGES}
    return [{name: column[i] for name, column in columns.items()} for i in range(len(IMAGES))]


def mixed():
    return make_targets(kind=KINDS, n=COUNTS.astype(float), mask=MASKS.astype(np.uint8))


MODELS = {
    "ObjectDetector": lambda: ObjectDetector(small_trunk(), **QUICK).fit(IMAGES, records(BOXES)),
    "InstanceSegmenter": lambda: InstanceSegmenter(**QUICK).fit(IMAGES, NUMBERS),
    "PixelAnnotator": lambda: PixelAnnotator(small_trunk(), **QUICK).fit(IMAGES, MASKS),
    "RegionAnnotator": lambda: RegionAnnotator(n_regions=30, **QUICK).fit(IMAGES, MASKS),
    "PoseEstimator": lambda: PoseEstimator(small_trunk(), **QUICK).fit(
        IMAGES, np.stack([one[0].reshape(2, 2) for one in BOXES])
    ),
    "MultiPoseEstimator": lambda: MultiPoseEstimator(small_trunk(), **QUICK).fit(
        IMAGES, [one.reshape(-1, 2, 2) for one in BOXES]
    ),
    "ImageTagger": lambda: ImageTagger(small_trunk(), **QUICK).fit(IMAGES, KINDS),
    "ImageAnnotator": lambda: several().fit(IMAGES, all_kinds()),
    "MultiHeadEstimator": lambda: MultiHeadEstimator(
        [("kind", LabelHead()), ("n", CountHead()), ("mask", MaskHead())],
        ConvFeatureExtractor(n_filters=6, kernel_size=3, random_state=0),
        n_pixels=600,
        random_state=0,
    ).fit(IMAGES, mixed()),
    "MultiHeadNetwork": lambda: MultiHeadNetwork(max_iter=1, random_state=0).fit(
        IMAGES, mixed()[["kind", "n"]]
    ),
    "MultiTaskLogisticRegression": lambda: MultiTaskLogisticRegression().fit(
        IMAGES.reshape(12, -1), COUNTS > 1
    ),
}


def same(one, other):
    """Equal to the bit, in whatever they are nested."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            same(one[key], other[key])
    elif isinstance(one, list):
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        one, other = np.asarray(one), np.asarray(other)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_to_the_bit(name, tmp_path, monkeypatch):
    few_steps(monkeypatch)
    model = MODELS[name]()
    X = IMAGES.reshape(12, -1) if name == "MultiTaskLogisticRegression" else IMAGES
    path = save_model(model, tmp_path / "a.skmtl")
    again = load_model(path)
    assert type(again) is type(model) and repr(again) == repr(model)
    same(again.predict(X), model.predict(X))
    assert save_model(again, tmp_path / "b.skmtl").read_bytes() == path.read_bytes()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = MultiTaskLogisticRegression().fit(np.eye(6), np.array([0, 1] * 3))
    return save_model(model, tmp_path_factory.mktemp("model") / "m.skmtl", about={"classes": ["a", "b"]})


def test_what_a_file_says_of_itself(saved):
    said = model_info(saved)
    assert said["class"] == "linear_model.MultiTaskLogisticRegression"
    assert said["about"] == {"classes": ["a", "b"]} and said["version"] == 1


def test_every_file_that_is_cut_short_is_refused(saved, tmp_path):
    whole, cut = saved.read_bytes(), tmp_path / "cut.skmtl"
    for length in range(0, len(whole), 97):
        cut.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="cut.skmtl cannot be read"):
            load_model(cut)


def test_a_byte_changed_anywhere_is_refused_or_changes_nothing(saved, tmp_path):
    whole, path = saved.read_bytes(), tmp_path / "changed.skmtl"
    model = load_model(saved)
    for place in range(0, len(whole), 61):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            again = load_model(path)
        except ValueError as error:
            assert str(error).startswith(str(path))
        else:
            np.testing.assert_array_equal(again.coef_, model.coef_)


def forged(saved, path, change=lambda values: values, arrays=None, packing=zipfile.ZIP_STORED):
    """A file like the saved one, with other values or arrays."""
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w", packing) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "values.json":
                content = json.dumps(change(json.loads(content))).encode()
            elif arrays is not None:
                content = arrays
            new.writestr(name, content)
    return path


def with_value(name, value):
    """A change of one value at the top."""
    return lambda values: {"dict": [[k, value if k == name else v] for k, v in values["dict"]]}


FORGED = {
    "another version": (with_value("version", 99), "version 99 .* update skmtl"),
    "no model file": (with_value("kind", "x"), "is no model file"),
    "no model": (with_value("model", 3), "holds no model"),
    "about is no dict": (with_value("about", 3), "no whole model file"),
    "a function": (with_value("model", {"object": "os.system", "state": {"dict": []}}), "no part of a model"),
    "a function of skmtl": (
        with_value("model", {"object": "annotation.to_annotations", "state": {"dict": []}}),
        "no part of a model",
    ),
    "a class of scikit-learn": (
        with_value("model", {"object": "sklearn.SVC", "state": {"dict": []}}),
        "no part of a model",
    ),
    "no parameters": (
        with_value("model", {"object": "annotation.ImageAnnotator", "state": {"dict": []}}),
        "without 'heads'.* fit the model anew",
    ),
    "not fitted": (
        with_value("model", {"object": "annotation.PixelAnnotator", "state": {"dict": []}}),
        "holds a model that has learned nothing",
    ),
    "no such array": (with_value("about", {"array": 700}), "cannot be read"),
    "an unknown kind": (with_value("about", {"eval": "1"}), "cannot be read"),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_values_are_refused(name, saved, tmp_path):
    change, message = FORGED[name]
    with pytest.raises(ValueError, match=f"forged.skmtl.*{message}"):
        load_model(forged(saved, tmp_path / "forged.skmtl", change))


def test_a_parameter_that_the_writer_did_not_have_gets_its_default(saved, tmp_path):
    def older(values):
        (model,) = (v for k, v in values["dict"] if k == "model")
        model["state"]["dict"] = [pair for pair in model["state"]["dict"] if pair[0] != "max_iter"]
        return values

    model = load_model(forged(saved, tmp_path / "older.skmtl", older))
    assert model.max_iter == MultiTaskLogisticRegression().max_iter
    np.testing.assert_array_equal(model.predict(np.eye(6)), load_model(saved).predict(np.eye(6)))


def test_values_nested_beyond_reason_are_refused(saved, tmp_path):
    path = tmp_path / "deep.skmtl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("values.json", "[" * 100_000 + "]" * 100_000)
    with pytest.raises(ValueError, match=r"deep.skmtl cannot be read: it is nested too deeply"):
        load_model(path)


def npy(text):
    """An .npy file whose header says ``text``."""
    header = text.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -3)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "__import__('os').abort()",
    ],
)
def test_forged_arrays_are_refused(header, saved, tmp_path):
    path = forged(saved, tmp_path / "forged.skmtl", arrays=npy(header))
    with pytest.raises(ValueError, match="forged.skmtl cannot be read"):
        load_model(path)


def test_packed_files_are_refused(saved, tmp_path):
    path = forged(saved, tmp_path / "packed.skmtl", packing=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="its entries do not fit into its size"):
        load_model(path)


def test_models_that_cannot_be_saved_are_refused(tmp_path):
    path = tmp_path / "m.skmtl"
    with pytest.raises(NotFittedError):
        save_model(ObjectDetector(), path)
    with pytest.raises(ValueError, match="must be a public estimator of skmtl, got a LinearRegression"):
        save_model(LinearRegression().fit(np.eye(3), np.arange(3)), path)
    model = MultiHeadNetwork(max_iter=1, random_state=np.random.RandomState(0)).fit(np.eye(6), np.arange(6.0))
    with pytest.raises(ValueError, match=r"value\['model'\].random_state is a numpy.random.*RandomState"):
        save_model(model, path)
    assert not path.exists()


def test_values_come_back_exactly(tmp_path):
    given = {
        "floats": [0.1, -0.0, float("inf"), 1e-310, 3.0],
        ("a", 1): (None, True, "\udc80 \u72d7", 2**80),
        "arrays": (np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(["a", "bc"])),
        "scalar": np.float32(0.1),
    }
    path = tmp_path / "values"
    path.write_bytes(pack(given))
    back = unpack(path)
    assert repr(back) == repr(given)
    assert back["arrays"][0].flags.f_contiguous and type(back["scalar"]) is np.float32
    with pytest.raises(ValueError, match=r"value\['a'\]\[0\] is an array of Python objects"):
        pack({"a": [np.array([None])]})
