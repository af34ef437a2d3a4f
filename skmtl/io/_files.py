"""Files: read within bounds, written whole or not at all, and never outside their folder."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

from ._problems import Bad, FormatError

MAX_BYTES = 1 << 30


def read_bytes(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The content of a regular file of at most ``max_bytes`` bytes."""
    path = Path(path)
    if not path.is_file():
        why = "no such file" if not path.exists() else "not a regular file"
        raise FormatError(path, "", why)
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise FormatError(path, "", f"larger than max_bytes={max_bytes}; raise max_bytes if you trust it")
    return data


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """The content of a UTF-8 file, with or without a byte order mark."""
    data = read_bytes(path, max_bytes)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(path, f"line {line}", "not UTF-8 text") from None


def load_json(path: Path, max_bytes: int = MAX_BYTES):
    """Parse a JSON file; NaN, Infinity and numbers of thousands of digits are refused."""
    content = read_text(path, max_bytes)
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise FormatError(path, place, f"not JSON: {error.msg}") from None
    except Bad as bad:
        raise FormatError(path, "", bad.problem) from None
    except RecursionError:
        raise FormatError(path, "", "JSON nested too deeply") from None
    except ValueError as error:
        raise FormatError(path, "", f"not JSON that can be read: {error}") from None


def _refuse_constant(name: str):
    raise Bad(f"holds {name}, which is not JSON")


def dump_json(content, indent: int | None = None) -> bytes:
    """UTF-8 JSON; a value that JSON cannot hold is an error."""
    try:
        return (json.dumps(content, ensure_ascii=False, allow_nan=False, indent=indent) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(content, allow_nan=False, indent=indent) + "\n").encode()


def write_atomic(path: Path, data: bytes) -> Path:
    """Write the whole file or leave what was there: a temporary file beside it, then a rename."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def inner_path(name: str, where: str = ".file_name") -> PurePosixPath:
    """A file name from an annotation file as a path below a folder.

    Raises Bad for an absolute path, a drive, ``..``, a control character or nothing at all: such a
    name would lead out of the folder that it is joined to.
    """
    if not isinstance(name, str) or any(ord(c) < 32 for c in name):
        raise Bad(f"not a file name: {name!r:.80}", where)
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts:
        raise Bad(f"the file name {name!r:.80} leads out of its folder", where)
    if not path.name:
        raise Bad("the file name is empty", where)
    return path


def safe_join(folder: Path, name: str) -> Path:
    """``folder / name`` for a name from an annotation file; also refuses symbolic links that lead out."""
    path = Path(folder) / inner_path(name)
    if not path.resolve().is_relative_to(Path(folder).resolve()):
        raise Bad(f"the file name {name!r:.80} leads out of its folder", ".file_name")
    return path


def list_files(path, suffixes: Iterable[str]) -> list[Path]:
    """The files meant by a path: itself, all below a folder with one of the suffixes, or a list."""
    if isinstance(path, (str, os.PathLike)):
        path = Path(path)
        if not path.is_dir():
            return [path]
        found = (p for p in path.rglob("*") if p.suffix.lower() in tuple(suffixes) and p.is_file())
        return sorted(found)
    return [Path(p) for p in path]
