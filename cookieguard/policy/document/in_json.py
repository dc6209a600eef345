"""JSON -> a document."""

from __future__ import annotations

import json
import re
from bisect import bisect
from collections.abc import Generator, Iterator
from typing import Any

from ..keypath import KeyPath
from .document import TOO_DEEP, Document, refuse_repeated, table_of, unreadable


def read_json(text: str, source: str) -> Document:
    """Read JSON; PolicyError where it is none, with the line where that is known."""
    try:
        data = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise unreadable(
            source, error.lineno, f"isn't JSON: {error.msg}", "mend the line, or what stands before it"
        ) from error
    except _Repeated as error:
        refuse_repeated(_json_lines(text), source)
        raise unreadable(source, None, f"isn't JSON: {error}", "write what a policy needs") from error
    except (ValueError, RecursionError) as error:
        reason = TOO_DEEP if isinstance(error, RecursionError) else f"isn't JSON: {error}"
        raise unreadable(source, None, reason, "write what a policy needs") from error
    return Document(table_of(data, source), source, lambda: _json_lines(text))


class _Repeated(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise _Repeated("a key stands twice in one object")
    return data


def _json_lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    decoder = json.JSONDecoder()
    ends = [found.start() for found in re.finditer("\n", text)]

    def skip(at: int) -> int:
        while text[at : at + 1] in (" ", "\t", "\n", "\r", ",", ":") and at < len(text):
            at += 1
        return at

    def walk(at: int, path: KeyPath) -> Generator[tuple[KeyPath, int], None, int]:
        """Yield what stands at and below `at`; the generator's value is where it ends."""
        if path:
            yield path, bisect(ends, at) + 1
        if text[at] not in "{[":
            _, end = decoder.raw_decode(text, at)
            return end
        close = "}" if text[at] == "{" else "]"
        step: str | int = -1
        at = skip(at + 1)
        while text[at] != close:
            if close == "}":
                step, at = decoder.raw_decode(text, at)
                at = skip(at)
            else:
                step = int(step) + 1
            at = skip((yield from walk(at, (*path, step))))
        return at + 1

    return walk(skip(0), ())
