"""A document's tables -> converted fields, with every mistake collected on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from ..cookies.lifetime import SESSION, Lifetime, parse_lifetime
from ..errors import Problem
from .document import Document
from .entries import Text
from .keypath import KeyPath

S = TypeVar("S", bound=msgspec.Struct)

# What YAML made of a word that isn't in quotes.
_UNQUOTED = {
    False: '; YAML reads no and off as false: write "no" or "off" with quotes',
    True: '; YAML reads yes and on as true: write "yes" or "on" with quotes',
}
_ABOVE_TABLES = ("use", "import", "$schema")
_BLANKS: dict[Any, Any] = {str: "", Text: "", date: date.max, Lifetime: SESSION}


class Reader:
    """Reads one document. What is wrong lands in `problems`, and reading goes on."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self._reported: set[KeyPath] = set()

    @property
    def failed(self) -> bool:
        """Whether there is an error among the problems, not only warnings."""
        return any(problem.level == "error" for problem in self.problems)

    def error(self, id: str, path: KeyPath, reason: str, remedy: str) -> None:
        """Add a mistake: what is wrong at `path`, and what to write instead."""
        self._mark(path)
        self.problems.append(self.document.problem(id, path, reason, remedy))

    def _mark(self, path: KeyPath) -> None:
        self._reported.update(path[:length] for length in range(1, len(path) + 1))

    def warn(self, id: str, path: KeyPath, reason: str, remedy: str) -> None:
        """Add what is allowed, but likely a mistake."""
        self.problems.append(self.document.problem(id, path, reason, remedy, warning=True))

    def has_reported(self, path: KeyPath) -> bool:
        """Tell whether the entry, or something in it, was found wrong: then it isn't missing as well."""
        return path in self._reported

    def elements(self, path: KeyPath, values: Sequence[str]) -> Iterator[tuple[KeyPath, str]]:
        """Yield the elements of a list with their paths, save those that were found wrong already."""
        for index, value in enumerate(values):
            if not self.has_reported((*path, index)):
                yield (*path, index), value

    def table(self, path: KeyPath, value: Any, shape: type[S]) -> S | None:
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
                self.error("cookieguard.E103", (*path, key), "unknown key", _instead_of(key, fields))
                continue
            try:
                converted[key] = self._field((*path, key), item, hints[key])
            except ValueError as error:
                self.error(*_mistake((*path, key), item, hints[key], error))
        for name, field in fields.items():
            if field.required and name not in converted:
                converted[name] = _BLANKS[hints[name]]
                if name not in value:
                    self._mark((*path, name))
                    self.error("cookieguard.E105", path, f"{name!r} is missing", f"add {name} = …")
        return shape(**converted)

    def tables(
        self, path: KeyPath, value: Any, shape: type[S], *, listed: bool = False
    ) -> dict[str | int, S]:
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

    def _field(self, path: KeyPath, value: Any, hint: Any) -> Any:
        """Convert a value, one text after the other where it holds several; ValueError where it can't be."""
        kinds = _kinds(hint)
        if tuple[str, ...] in kinds and isinstance(value, list | tuple):
            return tuple(self._text((*path, index), item) for index, item in enumerate(value))
        if dict[str, str] in kinds and isinstance(value, Mapping):
            tags = {key: self._tag(path, key) for key in value}
            return {tags[key]: self._text((*path, tags[key]), item) for key, item in value.items()}
        return _convert(value, hint)

    def _tag(self, path: KeyPath, key: Any) -> str:
        if key is not False:
            return str(key)
        # Norwegian, as YAML reads it.
        remedy = 'write "no" with quotes: YAML reads no without them as false'
        self.error("cookieguard.E125", (*path, "no"), "false is no language tag", remedy)
        return "no"

    def _text(self, path: KeyPath, value: Any) -> str:
        # A blank stands for what is no text, so that the elements behind it keep their places.
        if not isinstance(value, str):
            self.error("cookieguard.E104", path, f"is {_kind(value)}", _written("a text", value))
            return ""
        return value


@cache
def _fields(shape: type[msgspec.Struct]) -> tuple[dict[str, Any], dict[str, msgspec.structs.FieldInfo]]:
    return get_type_hints(shape), {field.name: field for field in msgspec.structs.fields(shape)}


def closest(word: object, known: Iterable[str]) -> str | None:
    """Return what may have been meant by a word that isn't one of the known."""
    import difflib  # for mistakes alone

    spelled = {each.lower(): each for each in known}
    near = difflib.get_close_matches(str(word).lower(), spelled, n=1)
    return spelled[near[0]] if near else None


def suggest(word: object, known: Iterable[str], spelled: Callable[[str], str] = str) -> str:
    """Say what may have been meant by a word that isn't one of the known, each as it is to be `spelled`."""
    names = list(known)
    close = closest(word, names)
    if close is not None:
        return f"did you mean {spelled(close)!r}?"
    return f"use one of {', '.join(map(spelled, sorted(names)))}"


def _instead_of(key: object, fields: Iterable[str]) -> str:
    """Say what to do with a key that its table doesn't have."""
    if key in _ABOVE_TABLES:
        # In TOML it belongs to the table whose header stands above it.
        return f"{key} belongs to the file itself: write it above the first table"
    return suggest(key, fields)


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _convert(value: Any, hint: Any) -> Any:
    kinds = _kinds(hint)
    if Lifetime in kinds:
        if isinstance(value, Lifetime):
            return value
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is no duration")
        return parse_lifetime(value)
    if isinstance(value, datetime) and date in kinds:
        raise msgspec.ValidationError
    return msgspec.convert(value, hint)


def _mistake(path: KeyPath, value: Any, hint: Any, error: ValueError) -> tuple[str, KeyPath, str, str]:
    if isinstance(error, msgspec.ValidationError):
        wanted = _describe(hint)
        reads_words = any(kind is str or get_origin(kind) is Literal for kind in _kinds(hint))
        remedy = _written(wanted, value) if reads_words else f"write {wanted}"
        return "cookieguard.E104", path, _misfit(value, hint), remedy
    return (
        "cookieguard.E106",
        path,
        str(error),
        "write 'session', '6 months', '365 days', '6 hours' or ISO 8601 (P6M)",
    )


def _written(wanted: str, value: Any) -> str:
    """Say what to write, where words are wanted, instead of a value."""
    return f"write {wanted}{_UNQUOTED[value] if isinstance(value, bool) else ''}"


def _misfit(value: Any, hint: Any) -> str:
    """Say what a value is; its own words only where it can be no secret."""
    kinds = _kinds(hint)
    if isinstance(value, str) and date in kinds:
        return f"{value!r} is no date"
    if isinstance(value, str) and any(get_origin(kind) is Literal for kind in kinds):
        return f"{value!r} isn't offered"
    return f"is {_kind(value)}"


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
        float: "a number",
        date: "a date",
        datetime: "a date with time of day",
        list: "a list",
        dict: "a table",
        type(None): "empty",
    }.get(type(value), f"a {type(value).__name__}")
