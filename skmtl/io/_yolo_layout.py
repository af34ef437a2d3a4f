"""Where a YOLO data set keeps its labels, images, names and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from . import _checks as check
from . import _yaml as yaml
from ._context import Reading
from ._image_size import SUFFIXES, size_of
from ._problems import Bad, FormatError
from ._records import ClassRecord

SUBSETS = ("train", "val", "test")
_NAME_FILES = ("classes.txt", "obj.names", "names.txt")
_OWN_KEYS = ("names", "nc", "kpt_shape", "kpt_names", "path", *SUBSETS)


class Labels(NamedTuple):
    """One image of the data set; ``file`` is None where it has no labels, ``image`` where it is absent."""

    name: str
    subset: str | None
    file: Path | None
    image: Path | None


class YoloFolder:
    """The files of a data set and what they say about all of its images."""

    def __init__(self, path, reading: Reading, class_names: Sequence[str] | None, point_shape):
        self.reading = reading
        self.files = [Path(one) for one in path] if isinstance(path, (list, tuple)) else None
        path = Path(self.files[0].parent if self.files else path) if self.files != [] else Path()
        if not path.exists():
            raise FormatError(path, "", "no such file or folder")
        self.yaml = path if path.suffix in (".yaml", ".yml") else _yaml_of(path)
        self.root = path if path.is_dir() else path.parent
        if path.is_file() and path.suffix == ".txt":
            self.files = [path]
        self.sections = self._sections()
        self.names = dict(enumerate(class_names)) if class_names is not None else self._names()
        self.point_shape = self._point_shape(point_shape)
        self.seen: set[int] = set()

    def _sections(self) -> dict[str, list[str]]:
        if self.yaml is None:
            return {}
        return self._yaml_value(lambda: yaml.sections(self.reading.text(self.yaml)))

    def _yaml_value(self, make):
        try:
            return make()
        except Bad as bad:
            raise self.reading.guard(self.yaml).error("", bad) from None

    def _key(self, key: str):
        lines = self.sections.get(key)
        return None if lines is None else self._yaml_value(lambda: yaml.value(lines))

    def _names(self) -> dict[int, str]:
        names = self._key("names")
        if isinstance(names, list):
            names = dict(enumerate(names))
        if names is not None:
            if not isinstance(names, dict) or not all(type(key) is int and key >= 0 for key in names):
                raise FormatError(self.yaml, "names", "expected a list of names, or a map from numbers")
            return {key: str(name) for key, name in names.items()}
        for folder in (self.root, self.root.parent):
            for file in (folder / name for name in _NAME_FILES):
                if file.is_file():
                    lines = self.reading.text(file).splitlines()
                    return dict(enumerate(line.strip() for line in lines if line.strip()))
        return {}

    def _point_shape(self, given) -> tuple[int, int] | None:
        shape = given if given is not None else self._key("kpt_shape")
        if shape is None:
            return None
        try:
            n_points, n_numbers = (check.integer(one, "", 1, 10_000) for one in shape)
            check.integer(n_numbers, "", 2, 3)
        except (Bad, TypeError, ValueError):
            raise ValueError(f"point_shape is (points, 2 or 3), got {check.short(shape)}") from None
        return n_points, n_numbers

    def label(self, number: int) -> str:
        """The name of a class."""
        self.seen.add(number)
        if self.names and number not in self.names:
            raise Bad(f"class {number} has no name; there are {len(self.names)} names")
        return self.names.get(number, str(number))

    def classes(self) -> list[ClassRecord]:
        """All classes, by number."""
        names = self.names or {number: str(number) for number in sorted(self.seen)}
        points = self._key("kpt_names") or {}
        points = dict(enumerate(points)) if isinstance(points, list) else points
        return [
            ClassRecord(name, number, point_names=tuple(map(str, points.get(number) or ())))
            for number, name in sorted(names.items())
        ]

    def extra(self) -> dict:
        """What the yaml file says besides."""
        extra = {"yaml": {k: lines for k, lines in self.sections.items() if k not in _OWN_KEYS}}
        if self.point_shape:
            extra["point_shape"] = self.point_shape
        return {key: value for key, value in extra.items() if value}

    def labels(self) -> Iterator[Labels]:
        """Every image that has labels, is listed, or lies in ``images``; sorted by name."""
        found: dict[tuple, Labels] = {}
        if self.files is not None:
            for file in self.files:
                image = _image_beside(file)
                yield Labels(image.name if image else f"{file.stem}.jpg", None, file, image)
            return
        for subset, one in (*self._from_labels(), *self._from_images(), *self._from_lists()):
            key = (one.subset or "", str(PurePosixPath(one.name).with_suffix("")))
            one = one._replace(subset=one.subset or subset)
            found[key] = _joined(found[key], one) if key in found else one
        if not found:
            raise FormatError(self.root, "", "holds no YOLO labels: no text file and no image")
        yield from (found[key] for key in sorted(found))

    def _label_folder(self) -> Path:
        return self.root / "labels" if (self.root / "labels").is_dir() else self.root

    def _from_labels(self) -> Iterator[tuple[None, Labels]]:
        folder = self._label_folder()
        skipped = {*_NAME_FILES, "README.txt", "images.txt", *(f"{subset}.txt" for subset in SUBSETS)}
        files = [p for p in sorted(folder.rglob("*.txt")) if not (p.parent == folder and p.name in skipped)]
        base = folder if folder != self.root else _common_folder(files, folder)
        for file in files:
            inner = PurePosixPath(file.relative_to(base).as_posix())
            image = self._image_of(inner) or _image_beside(file)
            suffix = image.suffix if image else ".jpg"
            yield None, _named(inner.with_suffix(suffix), file, image)

    def _image_of(self, inner: PurePosixPath) -> Path | None:
        folder = self.root / "images"
        return _image_beside(folder / inner) if folder.is_dir() else None

    def _from_images(self) -> Iterator[tuple[None, Labels]]:
        folder = self.root / "images"
        for image in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if image.suffix.lower() in SUFFIXES:
                yield None, _named(PurePosixPath(image.relative_to(folder).as_posix()), None, image)

    def _from_lists(self) -> Iterator[tuple[str | None, Labels]]:
        for subset in (None, *SUBSETS):
            file = self.root / f"{subset or 'images'}.txt"
            for line in self.reading.text(file).splitlines() if file.is_file() else ():
                parts = PurePosixPath(line.strip().replace("\\", "/")).parts
                cut = parts.index("images") + 1 if "images" in parts else max(0, len(parts) - 1)
                inner = PurePosixPath(*parts[cut:])
                if inner.name and ".." not in inner.parts:
                    yield subset, _named(inner, None, None)

    def size_of(self, labels: Labels, sizes) -> tuple[int, int]:
        """(height, width) of the image, from ``image_sizes`` or from the image itself."""
        given = sizes
        if isinstance(sizes, Mapping):
            stem = PurePosixPath(labels.name).stem
            given = next((sizes[key] for key in (labels.name, stem) if key in sizes), None)
        if given is not None:
            return check.image_size(*given, self.reading.max_pixels, "image_sizes")
        if labels.image is None:
            raise Bad(f"the size of {labels.name!r} is not known: there is no such image; give image_sizes=")
        return size_of(labels.image, self.reading.max_pixels)


def _joined(old: Labels, new: Labels) -> Labels:
    """What two sources say of one image; a list knows the suffix of an image that is not there."""
    name = new.name if old.image is None else old.name
    return Labels(name, old.subset or new.subset, old.file or new.file, old.image or new.image)


def _named(inner: PurePosixPath, file: Path | None, image: Path | None) -> Labels:
    """Split a leading train, val or test off the name."""
    if len(inner.parts) > 1 and inner.parts[0] in SUBSETS:
        return Labels(str(PurePosixPath(*inner.parts[1:])), inner.parts[0], file, image)
    return Labels(str(inner), None, file, image)


def _yaml_of(path: Path) -> Path | None:
    """data.yaml, or the only yaml file of the folder."""
    if not path.is_dir():
        return None
    files = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
    named = [file for file in files if file.stem in ("data", "dataset")]
    return named[0] if named else files[0] if len(files) == 1 else None


def _image_beside(file: Path) -> Path | None:
    found = (file.with_suffix(end) for suffix in SUFFIXES for end in (suffix, suffix.upper()))
    return next((one for one in found if one.is_file()), None)


def _common_folder(files: list[Path], root: Path) -> Path:
    """The deepest folder that holds all label files, where it is not one of a subset."""
    folders = {file.parent for file in files}
    if len(folders) != 1:
        return root
    folder = folders.pop()
    return folder.parent if folder.name in SUBSETS and folder != root else folder
