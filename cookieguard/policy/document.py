"""TOML, JSON or YAML bytes -> plain data that knows its line numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, Literal

from ..errors import PolicyError, Problem

Path = tuple[str | int, ...]
"""Where a value stands: `("cookies", 3, "lifetime")`."""

_DEEPEST = 32
_MOST_VALUES = 1_000_000
_TOO_DEEP = "is nested too deeply, or holds itself"
_SURROGATE = re.compile("[\ud800-\udfff]")
# What opens and closes in TOML, and what a bracket may stand in without doing so.
_TOML_LEXEME = re.compile(
    r"""
    \#[^\n]* | [\[\]{}]
    | "{3}(?:\\.|[^\\])*?"{3,5} | '{3}.*?'{3,5} | "{3} | '{3}
    | "(?:\\.|[^"\\\n])*" | '[^'\n]*'
    """,
    re.VERBOSE | re.DOTALL,
)

Overlay = Mapping[tuple[str, str], tuple[Any, str]]
"""(table, key) -> (value, where it was said): what a deployment says of a policy's settings."""


class Document:
    """Plain data from one file, with the line on which each entry of it stands."""

    def __init__(
        self, data: Mapping[str, Any], source: str, find_lines: Callable[[], Iterator[tuple[Path, int]]]
    ):
        self.data = data
        self.source = source
        self._find_lines = find_lines
        self._laid_over: dict[Path, str] = {}

    @cached_property
    def _lines(self) -> dict[Path, int]:
        # The first place counts: a table may be opened again further down.
        lines: dict[Path, int] = {}
        for path, line in self._find_lines():
            lines.setdefault(path, line)
        return lines

    def line(self, path: Path) -> int | None:
        """Return the 1-based line of the entry, or of the nearest one around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return None

    def problem(self, id: str, path: Path, reason: str, remedy: str, *, warning: bool = False) -> Problem:
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


def spell(path: Path) -> str:
    """Write a path as a reader of the file would: `cookies[3].lifetime`, counted from 1."""
    text = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "the policy"


def read_dict(data: Mapping[str, Any], source: str = "<dict>") -> Document:
    """Take data that has no lines. PolicyError where it is no mapping."""
    if not isinstance(data, Mapping):
        raise _unreadable(
            source,
            None,
            f"is a {type(data).__name__}, not a table of settings",
            "give a dict; Policy.from_file(…) reads a file",
        )
    _refuse_unusable(data, source)
    return Document(data, source, lambda: iter(()))


def read_file(path: FilePath) -> Document:
    """Read a policy file by its suffix: .toml, .json, .yaml or .yml. PolicyError where it can't."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise _unreadable(
            str(path),
            None,
            f"{path.suffix or 'no suffix'} names no known format",
            "use .toml, .json, .yaml or .yml",
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(
            str(path), None, f"can't be read: {error.strerror}", "give the path of a policy file"
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(str(path), line, "isn't UTF-8", "save the file as UTF-8") from error
    return reader(text, str(path))


def _unreadable(source: str, line: int | None, reason: str, remedy: str) -> PolicyError:
    return PolicyError([Problem("cookieguard.E101", "error", "the policy", reason, remedy, source, line)])


def _refuse_unusable(data: Mapping[str, Any], source: str) -> None:
    """Refuse what no policy needs, and nothing that reads one could bear: also what holds itself."""
    seen = 0
    pending: list[tuple[Path, Any]] = [((), data)]
    while pending:
        path, value = pending.pop()
        seen += 1
        if len(path) > _DEEPEST or seen > _MOST_VALUES:
            raise _unreadable(source, None, _TOO_DEEP, "write what a policy needs")
        if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
            remedy = "write the character itself"
            raise _unreadable(source, None, f"{spell(path)} holds half a character: {value!r}", remedy)
        if isinstance(value, Mapping):
            pending += [(path, key) for key in value]
            pending += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            pending += [((*path, index), inner) for index, inner in enumerate(value)]


def _read_toml(text: str, source: str) -> Document:
    import tomllib  # takes longer to load than all of this room

    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a ValueError is a number that is too long
        reason = _TOO_DEEP if isinstance(error, RecursionError) else f"isn't TOML: {error}"
        line = _toml_error_line(str(error), text)
        raise _unreadable(source, line, reason, "mend the line, or what stands before it") from error
    return Document(_table(data, source), source, lambda: _toml_lines(text))


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


def _toml_lines(text: str) -> Iterator[tuple[Path, int]]:
    """Find the lines by letting tomllib read one statement at a time: the text is known to parse."""
    table: Path = ()
    counts: dict[Path, int] = {}
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


def _only_path(data: dict[str, Any]) -> Path:
    path: Path = ()
    value: Any = data
    while isinstance(value, dict) and value:
        ((key, value),) = value.items()
        path = (*path, key)
    return path


def _resolve(path: Path, counts: dict[Path, int]) -> Path:
    """A header `[a.b]` below an array of tables `[[a]]` speaks of its newest element."""
    resolved: Path = ()
    for step in path[:-1]:
        resolved = (*resolved, step)
        if resolved in counts:
            resolved = (*resolved, counts[resolved])
    return resolved + path[-1:]


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _paths(inner, (*path, key))


def _read_json(text: str, source: str) -> Document:
    try:
        data = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise _unreadable(
            source, error.lineno, f"isn't JSON: {error.msg}", "mend the line, or what stands before it"
        ) from error
    except _Repeated as error:
        _refuse_repeated(_json_lines(text), source)
        raise _unreadable(source, None, f"isn't JSON: {error}", "write what a policy needs") from error
    except (ValueError, RecursionError) as error:
        reason = _TOO_DEEP if isinstance(error, RecursionError) else f"isn't JSON: {error}"
        raise _unreadable(source, None, reason, "write what a policy needs") from error
    return Document(_table(data, source), source, lambda: _json_lines(text))


class _Repeated(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise _Repeated("a key stands twice in one object")
    return data


def _refuse_repeated(lines: Iterator[tuple[Path, int]], source: str) -> None:
    seen: set[Path] = set()
    for path, line in lines:
        if path in seen:
            raise _unreadable(source, line, f"the key {spell(path)!r} stands twice", "keep one of them")
        seen.add(path)


def _json_lines(text: str) -> Iterator[tuple[Path, int]]:
    decoder = json.JSONDecoder()

    def skip(at: int) -> int:
        while text[at : at + 1] in (" ", "\t", "\n", "\r", ",", ":") and at < len(text):
            at += 1
        return at

    def walk(at: int, path: Path) -> Generator[tuple[Path, int], None, int]:
        """Yield what stands at and below `at`; the generator's value is where it ends."""
        if path:
            yield path, text.count("\n", 0, at) + 1
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


def _read_yaml(text: str, source: str) -> Document:
    try:
        import yaml
    except ImportError as error:
        raise _unreadable(
            source, None, "YAML needs PyYAML", "pip install 'cookieguard[yaml]', or write TOML"
        ) from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except RecursionError as error:
        raise _unreadable(source, None, _TOO_DEEP, "write what a policy needs") from error
    except (yaml.YAMLError, ValueError) as error:  # a ValueError is a date that doesn't exist
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        reason = f"isn't YAML: {getattr(error, 'problem', None) or error}"
        raise _unreadable(source, line, reason, "mend the line, or what stands before it") from error
    except (AttributeError, LookupError, ArithmeticError, TypeError) as error:
        # PyYAML raises what it stumbles over: `!!bool maybe` a KeyError.
        reason = "isn't YAML: a value isn't what its tag says"
        raise _unreadable(source, None, reason, "take the tag (!!…) away") from error

    def walk(node: yaml.Node | None, path: Path) -> Iterator[tuple[Path, int]]:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                yield (*path, str(key.value)), key.start_mark.line + 1
                yield from walk(value, (*path, str(key.value)))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                yield (*path, index), value.start_mark.line + 1
                yield from walk(value, (*path, index))

    table = _table(data, source)
    _refuse_repeated(walk(node, ()), source)
    return Document(table, source, lambda: walk(node, ()))


def _table(data: Any, source: str) -> dict[str, Any]:
    if isinstance(data, dict):
        _refuse_unusable(data, source)
        return data
    kind = "empty" if data is None else f"a {type(data).__name__}"
    raise _unreadable(source, 1, f"is {kind}, not a table of settings", "begin with [site] and [[cookies]]")


_READERS: dict[str, Callable[[str, str], Document]] = {
    ".toml": _read_toml,
    ".json": _read_json,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
}
