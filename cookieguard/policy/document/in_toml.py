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


def _split_lines(text: str) -> list[str]:
    # `str.splitlines` also breaks at U+2028 and its like, which may stand in a comment or a text.
    return [line + "\n" for line in text.split("\n")]


def _toml_lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Find the lines by letting tomllib read one statement at a time: the text is known to parse."""
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    statement, start = "", 1
    for number, line in enumerate(_split_lines(text), 1):
        statement += line
        whole = _loads(statement)
        # An array that goes on is closed, to see what it holds so far.
        data = _loads(statement + "]") if whole is None else whole
        if data is None:
            continue  # a string, or an array inside an array
        if statement.lstrip().startswith("["):
            table = _resolve(_only_path(data), counts)
            if statement.lstrip().startswith("[["):
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield from ((table[:length], start) for length in range(1, len(table) + 1))
        else:
            for path in _paths(data):
                yield table + path, start
        start = number + 1
        if whole is not None:
            statement = ""


def _loads(text: str) -> dict[str, Any] | None:
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


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


def _paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    if path:
        yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _paths(inner, (*path, key))
