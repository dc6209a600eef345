"""Plain data -> TOML, for the policy files that a command writes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

from ..errors import UsageError
from .keypath import KeyPath

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HALF = re.compile(r"[\ud800-\udfff]")
_WIDTH = 100


def write_policy(data: Mapping[str, Any], comments: Mapping[KeyPath, str] = {}) -> str:
    """Write data in the policy file's shape as TOML; UsageError names what TOML has no place for.

    A comment stands above the table or key at its path, `("cookies", 0)` or `("guard", "mode")`;
    the one at `()` stands at the top. What is read back equals what was given.
    """
    writer = _Writer(comments)
    return "\n".join(writer.lines(data)).strip("\n") + "\n"


class _Writer:
    def __init__(self, comments: Mapping[KeyPath, str]) -> None:
        self._comments = comments

    def lines(self, data: Mapping[str, Any]) -> Iterator[str]:
        yield from self._comment(())
        for key, value in data.items():
            if not _is_table(value) and not _is_list_of_tables(value):
                yield from self._pair((), key, value)
        for key, value in data.items():
            if _is_list_of_tables(value):
                for index, table in enumerate(value):
                    yield from self._table(f"[[{_key(key)}]]", (key, index), table)
            elif _is_table(value) and value and all(map(_is_table, value.values())):
                for id, table in value.items():
                    yield from self._table(f"[{_key(key)}.{_key(id)}]", (key, id), table)
            elif _is_table(value):
                yield from self._table(f"[{_key(key)}]", (key,), value)

    def _table(self, header: str, path: KeyPath, table: Mapping[str, Any]) -> Iterator[str]:
        yield ""
        yield from self._comment(path)
        yield header
        for key, value in table.items():
            yield from self._pair(path, key, value)

    def _pair(self, path: KeyPath, key: str, value: Any) -> Iterator[str]:
        yield from self._comment((*path, key))
        where = (*path, key)
        if path and _is_table(value) and value:
            for inner, item in value.items():
                yield f"{_key(key)}.{_key(inner)} = {_value(item, (*where, inner))}"
            return
        line = f"{_key(key)} = {_value(value, where)}"
        if len(line) > _WIDTH and isinstance(value, list | tuple):
            yield f"{_key(key)} = ["
            for index, item in enumerate(value):
                yield f"    {_value(item, (*where, index))},"
            yield "]"
        else:
            yield line

    def _comment(self, path: KeyPath) -> Iterator[str]:
        text = self._comments.get(path)
        for line in text.splitlines() if text else ():
            yield ("# " + _CONTROL.sub(" ", line)).rstrip()


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_table, value))


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise UsageError(f"the key {key!r} is no text, as TOML's are")
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    if _HALF.search(text):
        raise UsageError(f"{text!r} holds half a character, which TOML has no place for")
    return '"' + re.sub(r'["\\\x00-\x1f\x7f]', lambda found: _escape(found[0]), text) + '"'


def _escape(char: str) -> str:
    return _ESCAPES.get(char, f"\\u{ord(char):04x}")


def _value(value: Any, path: KeyPath) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item, (*path, index)) for index, item in enumerate(value)) + "]"
    if isinstance(value, Mapping):
        pairs = (f"{_key(key)} = {_value(item, (*path, key))}" for key, item in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    raise UsageError(f"{'.'.join(map(str, path))} is {value!r}: TOML has no place for it")
