"""A policy file -> a document, by its suffix."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .document import Document, unreadable
from .in_json import read_json
from .in_toml import read_toml
from .in_yaml import read_yaml

_READERS: dict[str, Callable[[str, str], Document]] = {
    ".toml": read_toml,
    ".json": read_json,
    ".yaml": read_yaml,
    ".yml": read_yaml,
}


def read_file(path: Path) -> Document:
    """Read a policy file by its suffix: .toml, .json, .yaml or .yml. PolicyError where it can't."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise unreadable(
            str(path),
            None,
            f"{path.suffix or 'no suffix'} names no known format",
            "use .toml, .json, .yaml or .yml",
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        reason, remedy = f"can't be read: {error.strerror}", "give the path of a policy file"
        # A process may have lost its folder.
        with suppress(OSError):
            reason += "" if path.is_absolute() else f" (looked for in {Path.cwd()})"
        raise unreadable(str(path), None, reason, remedy) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise unreadable(str(path), line, "isn't UTF-8", "save the file as UTF-8") from error
    return reader(text, str(path))
