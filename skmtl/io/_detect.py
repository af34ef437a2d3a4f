"""Which format a path holds, from names and the first bytes."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

from ._files import list_files
from ._problems import FormatError

_HEAD = 1 << 16
_SUFFIXES = (".json", ".xml", ".txt", ".yaml", ".yml")


def detect_format(path) -> str:
    """The name of the format that a file, folder or list of files is in.

    Parameters
    ----------
    path : path or list of paths

    Returns
    -------
    str
        One of ``"coco"``, ``"coco_results"``, ``"voc"``, ``"yolo"``, ``"labelme"``, ``"cvat"``,
        ``"label-studio"``.

    Raises
    ------
    FormatError
        Where it is none of them, or there is no such file. Only the first 64 KB of one file are looked at.
    """
    if not isinstance(path, (list, tuple)):
        if not Path(path).exists():
            raise FormatError(path, "", "no such file or folder")
        found = _of_folder(Path(path)) if Path(path).is_dir() else None
        if found:
            return found
    for file in list_files(path, _SUFFIXES):
        found = _of_file(file)
        if found:
            return found
    raise FormatError(path, "", "no annotation format that is known; say which with format=")


def _of_folder(path: Path) -> str | None:
    """Layouts that are told by their names."""
    if (path / "Annotations").is_dir():
        return "voc"
    yolo = ("data.yaml", "obj.names", "classes.txt", "labels")
    return "yolo" if any((path / name).exists() for name in yolo) else None


def _of_file(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix in (".txt", ".yaml", ".yml"):
        return "yolo"
    if not path.is_file():
        raise FormatError(path, "", "no such file")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return _of_xml(head) if suffix == ".xml" else _of_json(head)


def _of_xml(head: bytes) -> str | None:
    """By the name of the root."""
    names: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attrib: names.append(name)
    try:
        parser.Parse(head, False)
    except (expat.ExpatError, LookupError, ValueError):
        pass
    return {"annotation": "voc", "annotations": "cvat"}.get(names[0]) if names else None


def _of_json(head: bytes) -> str | None:
    """By the first bracket and the keys near the beginning."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    rules = _ARRAY_KEYS if text.startswith(b"[") else _OBJECT_KEYS if text.startswith(b"{") else ()
    return next((name for name, keys in rules if any(b'"%s"' % key in text for key in keys)), None)


_ARRAY_KEYS = (("coco_results", (b"image_id",)), ("label-studio", (b"data", b"annotations", b"predictions")))
_OBJECT_KEYS = (
    ("labelme", (b"shapes", b"imagePath", b"imageData")),
    ("coco", (b"images", b"categories", b"annotations", b"licenses", b"image_id")),
)
