"""A document's tables -> converted fields, with every mistake collected on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, get_type_hints

import msgspec

from ..cookies.lifetime import SESSION, Lifetime, parse_lifetime
from ..errors import Problem
from .document import Document, Path
from .entries import Text

S = TypeVar("S", bound=msgspec.Struct)

_BLANKS: dict[Any, Any] = {str: "", Text: "", date: date.max, Lifetime: SESSION}


class Reader:
    """Reads one document. What is wrong lands in `problems`, and reading goes on."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self._reported: set[Path] = set()

    @property
    def failed(self) -> bool:
        """Whether there is an error among the problems, not only warnings."""
        return any(problem.level == "error" for problem in self.problems)

    def error(self, id: str, path: Path, reason: str, remedy: str) -> None:
        """Add a mistake: what is wrong at `path`, and what to write instead."""
        self._reported.add(path)
        self.problems.append(self.document.problem(id, path, reason, remedy))

    def warn(self, id: str, path: Path, reason: str, remedy: str) -> None:
        """Add what is allowed, but likely a mistake."""
        self.problems.append(self.document.problem(id, path, reason, remedy, warning=True))

    def has_reported(self, path: Path) -> bool:
        """Tell whether the entry was found wrong: then it isn't missing as well."""
        return path in self._reported

    def table(self, path: Path, value: Any, shape: type[S]) -> S | None:
        """Convert one table, field by field; None where it is none.

        A required field that is missing or wrong is reported, and a blank stands for it, so that
        what else the table says is read all the same.
        """
        if not isinstance(value, Mapping):
            self.error(
                "cookieguard.E102", path, f"is {_kind(value)}, not a table", "write its keys below a header"
            )
            return None
        # msgspec stops at its first error, so each field is converted on its own.
        hints, fields = _fields(shape)
        converted: dict[str, Any] = {}
        for key, item in value.items():
            if key not in fields:
                self.error("cookieguard.E103", (*path, key), "unknown key", suggest(key, fields))
                continue
            try:
                converted[key] = _convert(item, hints[key])
            except ValueError as error:
                self.error(*_mistake((*path, key), hints[key], error))
        for name, field in fields.items():
            if field.required and name not in converted:
                converted[name] = _BLANKS[hints[name]]
                if name not in value:
                    self._reported.add((*path, name))
                    self.error("cookieguard.E105", path, f"{name!r} is missing", f"add {name} = …")
        return shape(**converted)

    def tables(self, path: Path, value: Any, shape: type[S], *, listed: bool = False) -> dict[str | int, S]:
        """Convert a table of tables, or a list of them; keyed as in the file, bad ones left out."""
        pairs: Iterable[tuple[str | int, Any]]
        if isinstance(value, Mapping) and not listed:
            pairs = value.items()
        elif isinstance(value, list | tuple) and listed:
            pairs = enumerate(value)
        else:
            wanted, header = ("a list of tables", "[[{}]]") if listed else ("a table of tables", "[{}.ID]")
            self.error(
                "cookieguard.E102",
                path,
                f"is {_kind(value)}, not {wanted}",
                f"write {header.format(path[-1])} for each",
            )
            return {}
        read = ((key, self.table((*path, key), item, shape)) for key, item in pairs)
        return {key: table for key, table in read if table is not None}


@cache
def _fields(shape: type[msgspec.Struct]) -> tuple[dict[str, Any], dict[str, msgspec.structs.FieldInfo]]:
    return get_type_hints(shape), {field.name: field for field in msgspec.structs.fields(shape)}


def suggest(word: object, known: Iterable[str], spelled: Callable[[str], str] = str) -> str:
    """Say what may have been meant by a word that isn't one of the known, each as it is to be `spelled`."""
    names = list(known)
    import difflib  # for mistakes alone

    close = difflib.get_close_matches(str(word), names, n=1)
    if close:
        return f"did you mean {spelled(close[0])!r}?"
    return f"use one of {', '.join(map(spelled, sorted(names)))}"


def _convert(value: Any, hint: Any) -> Any:
    if Lifetime in (hint, *getattr(hint, "__args__", ())):
        if isinstance(value, Lifetime):
            return value
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is no duration")
        return parse_lifetime(value)
    if isinstance(value, datetime) and date in (hint, *getattr(hint, "__args__", ())):
        raise msgspec.ValidationError("Expected a date without time of day")
    return msgspec.convert(value, hint)


def _mistake(path: Path, hint: Any, error: ValueError) -> tuple[str, Path, str, str]:
    if isinstance(error, msgspec.ValidationError):
        return "cookieguard.E104", path, str(error), f"write {_describe(hint)}"
    return (
        "cookieguard.E106",
        path,
        str(error),
        "write 'session', '6 months', '365 days', '6 hours' or ISO 8601 (P6M)",
    )


def _describe(hint: Any) -> str:
    schema = msgspec.json.schema(hint)
    if "$defs" in schema:
        return "a table"
    kinds = [_describe_schema(part) for part in schema.get("anyOf", [schema])]
    return " or ".join(kind for kind in kinds if kind)


def _describe_schema(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f'"{value}"' for value in schema["enum"] if value is not None)
    if schema.get("format") == "date":
        return "a date (2026-11-01)"
    if schema.get("type") == "array":
        return "a list of texts"
    return {"string": "a text", "boolean": "true or false", "object": "a table by language"}.get(
        schema.get("type", ""), ""
    )


def _kind(value: Any) -> str:
    return {
        str: "a text",
        bool: "true or false",
        int: "a number",
        list: "a list",
        dict: "a table",
        type(None): "empty",
    }.get(type(value), f"a {type(value).__name__}")
