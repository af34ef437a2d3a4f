"""The part of YAML that data set descriptions use: top-level keys with scalars, lists and maps."""

from __future__ import annotations

import json
import re

from ._problems import Bad

_QUOTED = {'"': re.compile(r'"(?:[^"\\]|\\.)*"'), "'": re.compile(r"'(?:[^']|'')*'")}
_KEY = re.compile(r"^(?P<key>\"[^\"]*\"|'[^']*'|[^\s#:\[\]{},\"'][^:#]*?)\s*:(?:\s+(?P<rest>.*))?$")


def sections(text: str) -> dict[str, list[str]]:
    """The lines of each top-level key: what follows the colon, then the indented lines below."""
    found: dict[str, list[str]] = {}
    key = None
    for number, line in enumerate(text.splitlines(), start=1):
        bare = _uncommented(line)
        if not bare.strip() or bare.strip() in ("---", "..."):
            continue
        if bare[0] in " -\t]}":
            if key is None:
                raise Bad(f"expected 'key: value', got {line[:60]!r}", f"line {number}")
            found[key].append(bare)
            continue
        match = _KEY.match(bare)
        if not match:
            raise Bad(f"expected 'key: value', got {line[:60]!r}", f"line {number}")
        key = str(scalar(match["key"]))
        found[key] = [match["rest"] or ""]
    return found


def _uncommented(line: str) -> str:
    """The line without its comment: a # at the start or after a blank, outside quotes."""
    quote = ""
    for i, c in enumerate(line):
        if quote:
            quote = "" if c == quote and line[i - 1] != "\\" else quote
        elif c in "\"'" and (i == 0 or line[i - 1] in " \t[{,:-"):
            quote = c
        elif c == "#" and (i == 0 or line[i - 1] in " \t"):
            return line[:i].rstrip()
    return line.rstrip()


def value(lines: list[str]):
    """A section's content: a scalar, a list or a map of scalars, lists and maps."""
    first = lines[0].strip()
    if first:
        return _Flow(" ".join([first, *(line.strip() for line in lines[1:])])).whole()
    return _block(lines[1:]) if len(lines) > 1 else None


def _block(lines: list[str]):
    indent = len(lines[0]) - len(lines[0].lstrip())
    groups: list[list[str]] = []
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if depth < indent or "\t" in line[:depth]:
            raise Bad(f"indentation that cannot be read at {line.strip()[:60]!r}")
        is_item = depth == indent and not (groups and _inside(groups[-1], line))
        groups.append([line]) if is_item else groups[-1].append(line)
    if groups[0][0].lstrip().startswith("- "):
        return [_Flow(" ".join(_item(one) for one in group)).whole() for group in groups]
    return dict(_pair(group) for group in groups)


def _inside(group: list[str], line: str) -> bool:
    """Whether a ``- item`` at the same depth belongs to the ``key:`` above it."""
    return line.lstrip().startswith("- ") and group[0].rstrip().endswith(":")


def _item(line: str) -> str:
    text = line.strip()
    return text[2:].strip() if text.startswith("- ") else text


def _pair(group: list[str]) -> tuple:
    match = _KEY.match(group[0].strip())
    if not match:
        raise Bad(f"expected 'key: value', got {group[0].strip()[:60]!r}")
    return scalar(match["key"]), value([match["rest"] or "", *group[1:]])


class _Flow:
    """A reader of ``[a, b]``, ``{0: a}`` and scalars on one line."""

    def __init__(self, text: str):
        self.text, self.at, self.depth = text, 0, 0

    def whole(self):
        result = self.value("")
        if self.at < len(self.text):
            raise Bad(f"unexpected {self.text[self.at :][:40]!r}")
        return result

    def value(self, stops: str):
        self._blank()
        opening = self.text[self.at : self.at + 1]
        if opening in ("[", "{") and opening:
            return self._collection("]" if opening == "[" else "}")
        if opening in ('"', "'") and opening:
            return self._quoted(opening)
        begin = self.at
        while self.at < len(self.text) and self.text[self.at] not in stops:
            self.at += 1
        return scalar(self.text[begin : self.at].strip())

    def _collection(self, closing: str):
        self.at, self.depth = self.at + 1, self.depth + 1
        if self.depth > 8:
            raise Bad("lists nested too deeply")
        items: list = []
        while not self._take(closing):
            item = self.value(",]" if closing == "]" else ":,}")
            if closing == "}":
                if not self._take(":"):
                    raise Bad("expected 'key: value' in { }")
                item = (item, self.value(",}"))
            items.append(item)
            if not self._take(",") and self.text[self.at : self.at + 1] != closing:
                raise Bad(f"a list that is not closed: {self.text[:40]!r}")
        self.depth -= 1
        return items if closing == "]" else dict(items)

    def _quoted(self, quote: str) -> str:
        end = _QUOTED[quote].match(self.text, self.at)
        if not end:
            raise Bad(f"a quote that is not closed: {self.text[self.at :][:40]!r}")
        self.at = end.end()
        self._blank()
        return scalar(end.group())

    def _take(self, c: str) -> bool:
        self._blank()
        if self.text[self.at : self.at + 1] != c:
            return False
        self.at += 1
        self._blank()
        return True

    def _blank(self) -> None:
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1


def scalar(text: str):
    """A quoted text, an integer, a float or plain text; nothing at all is None."""
    if text.startswith('"'):
        try:
            return json.loads(text)
        except ValueError:
            raise Bad(f"a quoted text that cannot be read: {text[:40]!r}") from None
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


def quoted(text: str) -> str:
    """A text that any YAML reader reads back the same."""
    return json.dumps(text, ensure_ascii=False)
