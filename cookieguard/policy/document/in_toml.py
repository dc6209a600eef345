"""TOML -> a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..keypath import KeyPath
from .document import TOO_DEEP, Document, table_of, unreadable

# What opens and closes in TOML, and what a bracket may stand in without doing so.
_TOML_LEXEME = re.compile(
    r"""
    \#[^\n]* | [\[\]{}]
    | "{3}(?:\\.|[^\\])*?"{3,5} | '{3}.*?'{3,5} | "{3} | '{3}
    | "(?:\\.|[^"\\\n])*" | '[^'\n]*'
    """,
    re.VERBOSE | re.DOTALL,
)
# What stands between two keys or values. The parser has looked already whether it may.
_BETWEEN = re.compile(r"(?:[ \t\r\n,=]+|\#[^\n]*)*")
_TEXT = r'"(?:\\.|[^"\\\n])*" | \'[^\'\n]*\''
_KEY = re.compile(
    rf"(?:{_TEXT} | [A-Za-z0-9_-]+) (?:[ \t]*\.[ \t]* (?:{_TEXT} | [A-Za-z0-9_-]+))*", re.VERBOSE
)
_SCALAR = re.compile(
    rf"""
    "{{3}}(?:\\.|[^\\])*?"{{3,5}} | '{{3}}.*?'{{3,5}} | {_TEXT} | [^,\]}}\#\n]+
    """,
    re.VERBOSE | re.DOTALL,
)


def read_toml(text: str, source: str) -> Document:
    """Read TOML; PolicyError where it is none, with the line where that is known."""
    import tomllib  # takes longer to load than all of this room

    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a ValueError is a number that is too long
        reason = TOO_DEEP if isinstance(error, RecursionError) else f"isn't TOML: {error}"
        line = _toml_error_line(str(error), text)
        raise unreadable(source, line, reason, "mend the line, or what stands before it") from error
    return Document(table_of(data, source), source, lambda: _toml_lines(text))


def _toml_error_line(error: str, text: str) -> int | None:
    # `tomllib` has the place in its message only, and since 3.14 in attributes too.
    if found := re.search(r"\(at line (\d+), column \d+\)$", error):
        return int(found[1])
    if error.endswith("(at end of document)"):
        return text.count("\n", 0, _unclosed(text)) + 1
    return None


def _unclosed(text: str) -> int:
    """Return where the array or text begins that the document ends in, or where the document ends."""
    opened: list[int] = []
    for lexeme in _TOML_LEXEME.finditer(text):
        match lexeme[0]:
            case "[" | "{":
                opened.append(lexeme.start())
            case "]" | "}":
                del opened[-1:]
            case '"""' | "'''":
                opened.append(lexeme.start())
                break
    return opened[0] if opened else len(text.rstrip())


def _toml_lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Find the lines by one walk from value to value: the text is known to parse."""
    walk = _Walk(text)
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    while opener := walk.skip():
        line = walk.line()
        if opener != "[":
            yield from walk.pair(table)
            continue
        many, key = walk.header()
        table = _resolve(key, counts)
        if many:
            counts[table] = counts.get(table, -1) + 1
            table = (*table, counts[table])
        yield from ((table[:length], line) for length in range(1, len(table) + 1))


class _Walk:
    """A place in a text that only moves on."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line, self._counted = 1, 0

    def skip(self) -> str:
        """Move on to what says something; return its first character, at the end none."""
        self._take(_BETWEEN)
        return self._text[self._at : self._at + 1]

    def line(self) -> int:
        """Return the 1-based line of this place."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def header(self) -> tuple[bool, KeyPath]:
        """Move behind `[key]` or `[[key]]`: whether it opens one of many, and the key."""
        many = self._text.startswith("[[", self._at)
        self._at += 1 + many
        self.skip()
        key = self._key()
        self.skip()
        self._at += 1 + many
        return many, key

    def pair(self, table: KeyPath) -> Iterator[tuple[KeyPath, int]]:
        """Move behind `key = value`; yield what stands there, and on which line each begins."""
        line, key = self.line(), self._key()
        yield from ((table + key[:length], line) for length in range(1, len(key) + 1))
        yield from self._value(table + key)

    def _value(self, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
        opener = self.skip()
        if opener not in "[{":
            self._take(_SCALAR)
            return
        self._at += 1
        index = -1
        while self.skip() not in "]}":
            if opener == "{":
                yield from self.pair(path)
            else:
                index += 1
                yield (*path, index), self.line()
                yield from self._value((*path, index))
        self._at += 1

    def _key(self) -> KeyPath:
        import tomllib

        return _only_path(tomllib.loads(f"{self._take(_KEY)} = 0"))

    def _take(self, lexeme: re.Pattern[str]) -> str:
        found = lexeme.match(self._text, self._at)
        assert found is not None, "the text parses"
        self._at = found.end()
        return found[0]


def _only_path(data: dict[str, Any]) -> KeyPath:
    path: KeyPath = ()
    value: Any = data
    while isinstance(value, dict) and value:
        ((key, value),) = value.items()
        path = (*path, key)
    return path


def _resolve(path: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """A header `[a.b]` below an array of tables `[[a]]` speaks of its newest element."""
    resolved: KeyPath = ()
    for step in path[:-1]:
        resolved = (*resolved, step)
        if resolved in counts:
            resolved = (*resolved, counts[resolved])
    return resolved + path[-1:]
