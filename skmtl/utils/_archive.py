"""Values in a zip file of JSON and arrays: data alone, nothing in it is run when it is read."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

_VALUES = "values.json"
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the same value gives the same bytes
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def pack(
    value: Any,
    name_of: Callable[[type], str | None] = lambda kind: None,
    left_out: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> bytes:
    """``value`` as the bytes of a file that `unpack` reads.

    Parameters
    ----------
    value : None, bool, int, float, str, array without Python objects, numpy scalar, or list, tuple, dict,
        Counter or object of these
    name_of : callable
        The name under which a class is known, or None: its objects cannot be stored.
    left_out : mapping of str to sequence of str
        Of the classes of these names the attributes that are not stored.

    Raises
    ------
    ValueError
        What cannot be stored, and where in ``value`` it stands.
    """
    writer = _Writer(name_of, left_out)
    try:
        text = json.dumps(writer.plain(value, "value"), ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError("the value holds itself, or is nested too deeply to be stored") from None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(zipfile.ZipInfo(_VALUES, _MOMENT), text.encode("utf-8", "surrogatepass"))
        for number, array in enumerate(writer.arrays):
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            file.writestr(zipfile.ZipInfo(_place(number), _MOMENT), content.getvalue())
    return buffer.getvalue()


def unpack(path, make: Callable[[str, Any], Any] | None = None) -> Any:
    """The value in a file that `pack` has made.

    Nothing is larger in memory than in the file; what the file says of itself is checked before it is used.

    Parameters
    ----------
    path : path
    make : callable, optional
        ``make(name, state)`` gives the object of a named class; ``state`` is a dict, or a tuple for a tuple.

    Raises
    ------
    OSError
        The file cannot be opened.
    ValueError
        It is cut short, damaged, or not such a file.
    """
    with Path(path).open("rb") as raw:
        try:
            with zipfile.ZipFile(raw) as file:
                return _Reader(file, make).whole()
        except RecursionError:
            raise ValueError(f"{path} cannot be read: it is nested too deeply") from None
        except _DAMAGE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"{path} cannot be read: {reason:.300}") from error


#: What reading a damaged or forged file raises; of an encrypted one RuntimeError.
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)


def _place(number: int) -> str:
    return f"arrays/{number}.npy"


class _Writer:
    """Values as JSON; arrays go into a list, each once, and are named by their place in it."""

    def __init__(self, name_of: Callable, left_out: Mapping[str, Sequence[str]]):
        self.name_of, self.left_out = name_of, left_out
        self.arrays: list[np.ndarray] = []
        self.places: dict[int, int] = {}

    def plain(self, value: Any, where: str) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if kind is list:
            return [self.plain(one, f"{where}[{i}]") for i, one in enumerate(value)]
        if isinstance(value, (np.ndarray, np.generic)):
            return self.array(value, where)
        if kind is tuple:
            return {"tuple": self.plain(list(value), where)}
        if kind in (dict, Counter):
            pairs = [[self.plain(k, where), self.plain(v, f"{where}[{k!r}]")] for k, v in value.items()]
            return {"counter" if kind is Counter else "dict": pairs}
        return self.thing(value, where)

    def array(self, value, where: str) -> dict:
        if value.dtype.hasobject:
            raise ValueError(f"{where} is an array of Python objects, which cannot be stored")
        if id(value) not in self.places:
            self.places[id(value)] = len(self.arrays)
            self.arrays.append(value)  # held here: its id stays its own
        return {"array" if isinstance(value, np.ndarray) else "scalar": self.places[id(value)]}

    def thing(self, value, where: str) -> dict:
        name = self.name_of(type(value))
        if name is None:
            kind = type(value)
            raise ValueError(f"{where} is a {kind.__module__}.{kind.__qualname__}, which cannot be stored")
        if isinstance(value, tuple):
            return {"object": name, "state": self.plain(tuple(value), where)}
        kept = {key: one for key, one in vars(value).items() if key not in self.left_out.get(name, ())}
        state = [[key, self.plain(one, f"{where}.{key}")] for key, one in kept.items()]
        return {"object": name, "state": {"dict": state}}


class _Reader:
    """JSON as the values that it stands for."""

    def __init__(self, file: zipfile.ZipFile, make: Callable | None):
        self.file, self.make = file, make
        entries = file.infolist()
        size = file.fp.seek(0, io.SEEK_END)
        packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
        if packed or sum(entry.file_size for entry in entries) > size:
            raise ValueError("its entries do not fit into its size")
        self.arrays: dict[int, np.ndarray] = {}
        self.scalars: dict[int, np.generic] = {}
        self.kinds: dict[str, Callable] = {
            "array": self._array,
            "counter": lambda pairs: Counter(self._dict(pairs)),
            "dict": self._dict,
            "float": float,
            "scalar": self._scalar,
            "tuple": lambda items: tuple(self.value(items)),
        }

    def whole(self) -> Any:
        return self.value(json.loads(self.file.read(_VALUES).decode("utf-8", "surrogatepass")))

    def value(self, item: Any) -> Any:
        if isinstance(item, list):
            return [self.value(one) for one in item]
        if not isinstance(item, dict):
            return item
        if "object" in item:
            if self.make is None:
                raise ValueError("it holds an object")
            return self.make(item["object"], self.value(item["state"]))
        ((kind, content),) = item.items()
        return self.kinds[kind](content)

    def _dict(self, pairs: list) -> dict:
        return {self.value(key): self.value(one) for key, one in pairs}

    def _scalar(self, number: int) -> np.generic:
        return self.scalars.setdefault(number, self._array(number)[()])

    def _array(self, number: int) -> np.ndarray:
        if number not in self.arrays:
            self.arrays[number] = _array_of(self.file.read(_place(number)))
        return self.arrays[number]


def _array_of(content: bytes) -> np.ndarray:
    """The array of an .npy file that is as long as it says."""
    buffer = io.BytesIO(content)
    shape, _, dtype = _HEADERS[np.lib.format.read_magic(buffer)](buffer)
    stated = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or min(shape, default=0) < 0 or stated != len(content) - buffer.tell():
        raise ValueError(f"an array {shape} of {dtype} is not what it says")
    buffer.seek(0)
    return np.lib.format.read_array(buffer, allow_pickle=False)
