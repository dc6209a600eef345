"""One setting's value: a text or what a file holds -> the option's type."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class BadValue(ValueError):
    """A value that its option can't take; `remedy` says what to write instead."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def from_text(text: str, hint: Any) -> Any:
    """Turn a text into what the option's type is written as in a file; BadValue where it can't."""
    kinds = _kinds(hint)
    if bool in kinds:
        if text.lower() not in _YES + _NO:
            raise BadValue(f"{text!r} is neither true nor false", "write true or false")
        return text.lower() in _YES
    if int in kinds:
        if not (text.isascii() and text.isdigit()):
            raise BadValue(f"{text!r} is no number", "write a number")
        return int(text)
    if float in kinds:
        # Not all that `float` reads: "nan" and "1_0" are no settings.
        if not (text.isascii() and text.replace(".", "", 1).isdigit()):
            raise BadValue(f"{text!r} is no number", "write a number")
        return float(text)
    if any(get_origin(kind) is tuple for kind in kinds):
        return [item.strip() for item in text.split(",") if item.strip()]
    return text


def _kinds(hint: Any) -> list[Any]:
    """Return a type, and those that it is made of."""
    return [hint, *(kind for part in get_args(hint) for kind in _kinds(part))]


def convert(value: Any, hint: Any, folder: Path) -> Any:
    """Check a value against its option's type; a relative path begins at `folder`."""
    is_path = Path in (hint, *get_args(hint))
    try:
        # TOML tells `true` from `1`, and so does msgspec.
        converted = msgspec.convert(value, str if is_path else hint)
    except msgspec.ValidationError as error:
        raise BadValue(f"is {value!r}", _instead(hint, error)) from None
    return folder / Path(converted).expanduser() if is_path else converted


def _instead(hint: Any, error: msgspec.ValidationError) -> str:
    schema = msgspec.json.schema(str if Path in (hint, *get_args(hint)) else hint)
    for part in schema.get("anyOf", [schema]):
        choices = part.get("enum") or part.get("items", {}).get("enum")
        if choices:
            return f"use {' or '.join(map(repr, choices))}"
        if part.get("type") in _KINDS:
            return f"write {_KINDS[part['type']]}{_range(part)}"
    return str(error)


def _range(part: dict[str, Any]) -> str:
    least, most = part.get("minimum"), part.get("maximum")
    if most is None:
        return "" if least is None else f", {least} or more"
    return f" from {least} to {most}"


_KINDS = {
    "string": "a text",
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list of texts",
}
