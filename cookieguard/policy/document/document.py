"""Plain data that knows on which lines it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal

from ...errors import PolicyError, Problem
from ..keypath import KeyPath, spell

_DEEPEST = 32
_MOST_VALUES = 1_000_000
_DICT = "<dict>"
TOO_DEEP = "is nested too deeply, or holds itself"
_SURROGATE = re.compile("[\ud800-\udfff]")

Overlay = Mapping[tuple[str, str], tuple[Any, str]]
"""(table, key) -> (value, where it was said): what a deployment says of a policy's settings."""


class Document:
    """Plain data from one file, with the line on which each entry of it stands."""

    def __init__(
        self, data: Mapping[str, Any], source: str, find_lines: Callable[[], Iterator[tuple[KeyPath, int]]]
    ):
        self.data = data
        self.source = source
        self._find_lines = find_lines
        self._laid_over: dict[KeyPath, str] = {}

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        # The first place counts: a table may be opened again further down.
        lines: dict[KeyPath, int] = {}
        for path, line in self._find_lines():
            lines.setdefault(path, line)
        return lines

    def line(self, path: KeyPath) -> int | None:
        """Return the 1-based line of the entry, or of the nearest one around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return None

    def problem(self, id: str, path: KeyPath, reason: str, remedy: str, *, warning: bool = False) -> Problem:
        """Build the `Problem` of the entry at `path`."""
        level: Literal["error", "warning"] = "warning" if warning else "error"
        for place, source in self._laid_over.items():
            if path[: len(place)] == place:
                return Problem(id, level, spell(path), reason, remedy, source)
        return Problem(id, level, spell(path), reason, remedy, self.source, self.line(path))

    def lay_over(self, over: Overlay) -> Document:
        """Return this document with the values of others in place of its own, or beside them."""
        data = dict(self.data)
        laid = Document(data, self.source, self._find_lines)
        for table, key in over:
            value, source = over[table, key]
            held = data.get(table, {})
            # What stands there wrongly is a mistake of the file's, and reported as that.
            if isinstance(held, Mapping):
                data[table] = {**held, key: value}
                laid._laid_over[table, key] = source
        return laid


def read_dict(data: Mapping[str, Any]) -> Document:
    """Take data that has no lines. PolicyError where it is no mapping."""
    if not isinstance(data, Mapping):
        raise unreadable(
            _DICT,
            None,
            f"is a {type(data).__name__}, not a table of settings",
            "give a dict; Policy.from_file(…) reads a file",
        )
    _refuse_unusable(data, _DICT)
    return Document(data, _DICT, lambda: iter(()))


def unreadable(source: str, line: int | None, reason: str, remedy: str) -> PolicyError:
    """Build the error of a file of which nothing can be read."""
    return PolicyError([Problem("cookieguard.E101", "error", "the policy", reason, remedy, source, line)])


def _refuse_unusable(data: Mapping[str, Any], source: str) -> None:
    """Refuse what no policy needs, and nothing that reads one could bear: also what holds itself."""
    seen = 0
    pending: list[tuple[KeyPath, Any]] = [((), data)]
    while pending:
        path, value = pending.pop()
        seen += 1
        if len(path) > _DEEPEST or seen > _MOST_VALUES:
            raise unreadable(source, None, TOO_DEEP, "write what a policy needs")
        if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
            remedy = "write the character itself"
            raise unreadable(source, None, f"{spell(path)} holds half a character: {value!r}", remedy)
        if isinstance(value, Mapping):
            pending += [(path, key) for key in value]
            pending += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            pending += [((*path, index), inner) for index, inner in enumerate(value)]


def table_of(data: Any, source: str) -> dict[str, Any]:
    """Return what a file holds; PolicyError where that is no table, or nothing that a policy needs."""
    if isinstance(data, dict):
        _refuse_unusable(data, source)
        return data
    kind = "empty" if data is None else f"a {type(data).__name__}"
    raise unreadable(source, 1, f"is {kind}, not a table of settings", "begin with [site] and [[cookies]]")


def refuse_repeated(lines: Iterator[tuple[KeyPath, int]], source: str) -> None:
    """Raise PolicyError for a key that stands twice in one table, of which most parsers keep the second."""
    seen: set[KeyPath] = set()
    for path, line in lines:
        # What a second key took out of the table may hold itself.
        if len(path) > _DEEPEST or len(seen) > _MOST_VALUES:
            raise unreadable(source, line, TOO_DEEP, "write what a policy needs")
        if path in seen:
            raise unreadable(source, line, f"the key {spell(path)!r} stands twice", "keep one of them")
        seen.add(path)
