"""The rules of the source code, each a function from one parsed file to a list of complaints."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# The rows of the design, from 0 upwards; the version stands below them and the command line, which
# starts the demo, above.
ROWS = (
    ("_version",),
    ("utils", "datasets"),
    ("component", "targets", "design", "kernels"),
    ("losses", "couplings", "solvers", "nn", "metrics", "io"),
    ("heads", "balancers", "fitting", "model_selection", "inspection"),
    ("linear_model", "neural_network", "feature_extraction", "baseline", "compose"),
    ("annotation", "export", "demo"),
    ("persistence",),
    ("cli",),
    ("__init__", "__main__"),
)
ROW = {unit: number for number, units in enumerate(ROWS, start=-1) for unit in units}

MAX_LINES = 400
MAX_COMPLEXITY = 10
MAX_POSITIONAL = 7
FORBIDDEN_NAMES = {"prange", "jitclass"}
FORBIDDEN_OPTIONS = {"parallel", "fastmath"}
COMPARISONS = {"allclose", "array_equal", "array_equiv", "isclose"}


@dataclass(frozen=True)
class Source:
    """One Python file: where it is, seen from the folder that holds ``skmtl``, and what it says."""

    path: Path
    text: str

    @property
    def module(self) -> tuple[str, ...]:
        return self.path.with_suffix("").parts

    @property
    def unit(self) -> str:
        """The part of the package that the file belongs to: ``skmtl/losses/_x.py`` -> ``losses``."""
        return self.module[1]

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))


def imported_modules(source: Source, home: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Every import of the file as (line, absolute dotted name), wherever in the file it stands.

    ``home`` says where the lazy names of ``skmtl`` live: ``from skmtl import PooledTasks`` is an
    import of ``skmtl.baseline``.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, source)
            for alias in node.names:
                yield node.lineno, _where(base, alias.name, home)
        elif isinstance(node, ast.Call) and _name(node.func) in ("import_module", "__import__"):
            if node.args and isinstance(node.args[0], ast.Constant):
                yield node.lineno, str(node.args[0].value)


def _absolute(node: ast.ImportFrom, source: Source) -> str:
    if not node.level:
        return node.module or ""
    package = source.module[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _where(base: str, name: str, home: dict[str, str]) -> str:
    if base != "skmtl":
        return base if not base.startswith("skmtl") else f"{base}.{name}"
    return f"skmtl.{ {'__version__': '_version', **home}.get(name, name) }"


def wrong_rows(source: Source, home: dict[str, str] | None = None) -> list[str]:
    """Imports that do not go to a strictly lower row."""
    if source.unit not in ROW:
        return [_unknown(source.unit, source.path)]
    complaints = []
    for line, name in imported_modules(source, home or {}):
        parts = name.split(".")
        if parts[0] != "skmtl":
            continue
        other = parts[1] if len(parts) > 1 else "__init__"
        if other not in ROW:
            complaints.append(_unknown(other, source.path))
        elif other != source.unit and ROW[other] >= ROW[source.unit]:
            complaints.append(
                f"{source.path}:{line}: {source.unit} (row {ROW[source.unit]}) imports {other} (row "
                f"{ROW[other]}); a module imports from strictly lower rows only"
            )
    return complaints


def _unknown(unit: str, path: Path) -> str:
    return f"{path}: skmtl.{unit} has no row yet; give it a row in ROWS of tests/_architecture.py"


def numba_outside_kernels(source: Source, home: dict[str, str] | None = None) -> list[str]:
    """Imports of numba or llvmlite anywhere but below ``skmtl/kernels``."""
    if source.unit == "kernels":
        return []
    return [
        f"{source.path}:{line}: {name} is imported outside skmtl/kernels"
        for line, name in imported_modules(source, home or {})
        if name.split(".")[0] in ("numba", "llvmlite")
    ]


def matplotlib_at_module_level(source: Source) -> list[str]:
    """Imports of matplotlib that run when the module is imported."""
    return [
        f"{source.path}:{node.lineno}: matplotlib is imported at module level; import it in the function"
        for node in _runs_at_import(source.tree)
        if "matplotlib" in _top_names(node)
    ]


def _runs_at_import(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from _runs_at_import(child)


def _top_names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and not node.level:
        return {(node.module or "").split(".")[0]}
    return set()


def too_long(source: Source) -> list[str]:
    """Files of more than ``MAX_LINES`` lines."""
    lines = len(source.text.splitlines())
    return [f"{source.path}: {lines} lines, at most {MAX_LINES}"] if lines > MAX_LINES else []


def _functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def too_complex(source: Source) -> list[str]:
    """Functions with more independent paths than ``MAX_COMPLEXITY`` (McCabe)."""
    counts = ((node, complexity(node)) for node in _functions(source))
    return [
        f"{source.path}:{node.lineno}: {node.name} has complexity {count}, at most {MAX_COMPLEXITY}"
        for node, count in counts
        if count > MAX_COMPLEXITY
    ]


_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef)


def complexity(function: ast.AST) -> int:
    """One, and one more for each branch, loop, handler, case, loop's ``else`` and nested function."""
    count = 1
    for node in ast.walk(function):
        count += isinstance(node, _BRANCHES) or (isinstance(node, _NESTED) and node is not function)
        count += isinstance(node, (ast.For, ast.AsyncFor, ast.While, ast.Try)) and bool(node.orelse)
    return count


def too_many_positional(source: Source) -> list[str]:
    """Functions that take more than ``MAX_POSITIONAL`` arguments by position.

    What the caller does not pass is not counted: self, cls, and the context that numba hands to an
    ``@intrinsic``.
    """
    complaints = []
    for node in _functions(source):
        names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
        implied = names[:1] in (["self"], ["cls"]) or "intrinsic" in map(_name, node.decorator_list)
        count = len(names) - implied
        if count > MAX_POSITIONAL:
            complaints.append(
                f"{source.path}:{node.lineno}: {node.name} takes {count} positional arguments, at most "
                f"{MAX_POSITIONAL}; put a * before the rest"
            )
    return complaints


def unsafe_numba(source: Source) -> list[str]:
    """``parallel=True``, ``fastmath=True`` (as argument or in a dict), ``prange`` and ``jitclass``."""
    return [
        f"{source.path}:{getattr(node, 'lineno', '?')}: {word} is not used in this package"
        for node in ast.walk(source.tree)
        for word in _unsafe_words(node)
    ]


def _unsafe_words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.keyword) and node.arg in FORBIDDEN_OPTIONS and _is_true(node.value):
        yield f"{node.arg}=True"
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in FORBIDDEN_OPTIONS and _is_true(value):
                yield f"{key.value}=True"
    elif _name(node) in FORBIDDEN_NAMES:
        yield _name(node)


def bare_comparisons(source: Source) -> list[str]:
    """In tests: a comparison whose result nobody reads, or an ``allclose`` without named tolerances."""
    complaints = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr) and _is_comparison(node.value):
            complaints.append(f"{source.path}:{node.lineno}: a comparison whose result is thrown away")
        elif isinstance(node, ast.Call) and _name(node.func) == "allclose":
            if {"rtol", "atol"} - {keyword.arg for keyword in node.keywords}:
                complaints.append(f"{source.path}:{node.lineno}: allclose without rtol= and atol=")
    return complaints


def _is_comparison(node: ast.AST) -> bool:
    called = isinstance(node, ast.Call) and _name(node.func) in COMPARISONS
    return called or isinstance(node, ast.Compare)


def _is_true(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.alias):
        return node.name.split(".")[-1]
    return getattr(node, "attr", None) or getattr(node, "id", "")
