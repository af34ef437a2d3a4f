"""XML without its dangers: no document types, no entities, bounded depth; every element knows its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from ._files import read_bytes
from ._problems import Bad, FormatError

_MAX_DEPTH = 40
_CHUNK = 1 << 16


@dataclass
class Node:
    """An element: its name, attributes, text and children; ``line`` is where it began in the file."""

    tag: str
    attrib: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)
    line: int = field(default=0, compare=False, repr=False)

    def find(self, tag: str) -> Node | None:
        """The first child of that name."""
        return next((child for child in self.children if child.tag == tag), None)

    def all(self, tag: str) -> list[Node]:
        """All children of that name."""
        return [child for child in self.children if child.tag == tag]

    def value(self, tag: str, default: str | None = None) -> str | None:
        """The text of the first child of that name."""
        child = self.find(tag)
        return default if child is None else child.text

    def need(self, tag: str) -> Node:
        """The first child of that name, or a complaint."""
        child = self.find(tag)
        if child is None:
            raise Bad(f"<{self.tag}> has no <{tag}>")
        return child

    def attribute(self, name: str) -> str:
        """An attribute, or a complaint."""
        if name not in self.attrib:
            raise Bad(f"<{self.tag}> has no attribute {name!r}")
        return self.attrib[name]


class _Builder:
    """Builds nodes; gives each finished child of the root to ``take`` and forgets it."""

    def __init__(self, root: str, take: Callable[[Node], None]):
        self.root, self.take = root, take
        self.stack: list[Node] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse

    def _refuse(self, *args) -> None:
        raise Bad("document types and entities are not read: they can hide an attack")

    def _start(self, tag: str, attrib: dict[str, str]) -> None:
        if not self.stack and tag != self.root:
            raise Bad(f"expected the element <{self.root}>, got <{tag[:60]}>")
        if len(self.stack) >= _MAX_DEPTH:
            raise Bad(f"elements nested more than {_MAX_DEPTH} deep")
        self.stack.append(Node(tag, attrib, line=self.parser.CurrentLineNumber))

    def _text(self, data: str) -> None:
        self.stack[-1].text += data

    def _end(self, tag: str) -> None:
        node = self.stack.pop()
        if node.children or "\n" in node.text:
            node.text = node.text.strip()
        if len(self.stack) == 1:
            self.take(node)
        elif self.stack:
            self.stack[-1].children.append(node)


def read_children(path: Path, root: str, take: Callable[[Node], None], max_bytes: int) -> None:
    """Parse a file piece by piece and hand over each child of the root element as it ends.

    Raises
    ------
    FormatError
        Where the file is not well-formed XML, has another root, or declares a document type.
    """
    builder = _Builder(root, take)
    for chunk, last in _chunks(Path(path), max_bytes):
        try:
            builder.parser.Parse(chunk, last)
        except expat.ExpatError as error:
            place = f"line {error.lineno} column {error.offset + 1}"
            raise FormatError(path, place, f"not well-formed XML: {expat.ErrorString(error.code)}") from None
        except Bad as bad:
            raise FormatError(path, f"line {builder.parser.CurrentLineNumber}", bad.problem) from None
        except (LookupError, ValueError) as error:
            raise FormatError(path, "", f"not XML that can be read: {error}") from None


def _chunks(path: Path, max_bytes: int) -> Iterator[tuple[bytes, bool]]:
    if not path.is_file() or path.stat().st_size > max_bytes:
        read_bytes(path, max_bytes)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk, False
    yield b"", True


def read_tree(path: Path, root: str, max_bytes: int) -> Node:
    """The whole file as one node."""
    whole = Node(root, line=1)
    read_children(path, root, whole.children.append, max_bytes)
    return whole


def leaf(tag: str, text) -> Node:
    """An element that holds only text."""
    return Node(tag, text=str(text))


def to_bytes(root: Node) -> bytes:
    """An indented UTF-8 document. Raises ValueError for characters that XML cannot hold."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', *_lines(root, "")]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _lines(node: Node, indent: str) -> Iterator[str]:
    opening = f"{indent}<{node.tag}{_attributes(node.attrib)}"
    if not node.children:
        yield f"{opening}>{_escape(node.text)}</{node.tag}>" if node.text else f"{opening}/>"
        return
    yield f"{opening}>{_escape(node.text)}"
    for child in node.children:
        yield from _lines(child, indent + "  ")
    yield f"{indent}</{node.tag}>"


def _attributes(attrib: Mapping[str, str]) -> str:
    return "".join(f' {name}="{_escape(str(value))}"' for name, value in attrib.items())


_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def _escape(text: str) -> str:
    return "".join(_NAMED.get(c) or _character(c) for c in text) if not text.isalnum() else text


def _character(c: str) -> str:
    code = ord(c)
    if code >= 32 and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF):
        return c
    if c in "\t\n\r":
        return f"&#{code};"
    raise ValueError(f"XML cannot hold the character U+{code:04X}")
