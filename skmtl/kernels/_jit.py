"""The one decorator through which every kernel is compiled: serial, without the GIL, safely cached."""

from __future__ import annotations

import glob
import hashlib
import os
import pickle
import uuid
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numba
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

# Everything that lets the compiler reorder and fuse, without nnan and ninf: with those it may
# delete a test for NaN, and NaN is how a missing label is spelled.
FASTMATH = frozenset({"contract", "reassoc", "nsz", "arcp", "afn"})


def kernel(**options) -> Callable[[Callable], Callable]:
    """Decorate a leaf function: ``numba.njit`` with nogil, a safe cache and NaN-preserving fast math.

    Parameters
    ----------
    **options
        Any option of ``numba.njit``; they override ``nogil=True``, ``cache=True``,
        ``error_model="numpy"`` and the fast-math set ``FASTMATH``.

    Notes
    -----
    Decorating never fails for lack of a writable cache directory: such a kernel is compiled anew
    in each process. ``SKMTL_NUMBA_CACHE=0`` switches the cache off.
    """
    cached = options.pop("cache", True) and os.environ.get("SKMTL_NUMBA_CACHE", "1") != "0"
    options = {"nogil": True, "error_model": "numpy", "fastmath": set(FASTMATH), **options}

    def decorate(function: Callable) -> Callable:
        compiled = numba.njit(**options)(function)
        if cached and not numba.config.DISABLE_JIT:
            _enable_cache(compiled, function)
        return compiled

    return decorate


def _enable_cache(dispatcher, function: Callable) -> None:
    try:
        dispatcher._cache = _KernelCache(function)
    except (RuntimeError, OSError, AttributeError, TypeError):
        # No directory can be written (a read-only container), or numba moved this private part:
        # the kernel still works, it is only compiled in every process.
        pass


@lru_cache(maxsize=1)
def _package_stamp() -> str:
    """Digest of the sources of all kernels: numba alone looks at the decorated file only, and would
    serve the old machine code of a caller after a helper in another file has changed."""
    here = Path(__file__).resolve().parent
    digest = hashlib.sha256(f"numba {numba.__version__}".encode())
    for path in sorted(here.rglob("*.py")):
        digest.update(f"\0{path.relative_to(here).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


class _KernelCache(FunctionCache):
    """numba's cache of one function, with one file a signature instead of an index beside numbered files.

    The index is where processes race: after an upgrade it already names a file that still holds the old
    code, and two processes that compile different signatures at once take the same number.
    """

    def __init__(self, function: Callable):
        super().__init__(function)
        sources = hashlib.sha256(repr((_package_stamp(), self._impl.locator.get_source_stamp())).encode())
        self._cache_file = _SignatureFiles(
            Path(self.cache_path), self._impl.filename_base, sources.hexdigest()[:16]
        )

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except OSError:
            return None

    def save_overload(self, sig, data) -> None:
        try:
            super().save_overload(sig, data)
        except OSError:  # a full disk, or a directory that has become read-only since the import
            pass


class _SignatureFiles:
    """What ``FunctionCache`` asks of its store (``load``, ``save``, ``flush``), one file a key."""

    def __init__(self, folder: Path, base: str, sources: str):
        self.folder, self.base, self.sources = folder, base, sources

    def load(self, key):
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        checksum, payload = content[:32], content[32:]
        if hashlib.sha256(payload).digest() != checksum:  # cut short by a crash or a full disk
            return None
        return pickle.loads(payload)

    def save(self, key, data) -> None:
        payload = dumps(data)
        path = self._path(key)
        draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            draft.write_bytes(hashlib.sha256(payload).digest() + payload)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        self._remove(lambda name: not name.startswith(f"{self.base}.{self.sources}."))

    def flush(self) -> None:
        self._remove(lambda name: True)

    def _remove(self, doomed: Callable[[str], bool]) -> None:
        for path in self.folder.glob(f"{glob.escape(self.base)}.*.nbc"):
            if doomed(path.name):
                path.unlink(missing_ok=True)

    def _path(self, key) -> Path:
        # Options that change the code but not numba's own key: a cache filled without bounds
        # checks must not be served to a run that asks for them, nor the other way round.
        modes = (numba.config.BOUNDSCHECK, numba.config.OPT, numba.config.DEBUGINFO_DEFAULT)
        name = hashlib.sha256(repr((modes, key)).encode()).hexdigest()[:16]
        return self.folder / f"{self.base}.{self.sources}.{name}.nbc"
