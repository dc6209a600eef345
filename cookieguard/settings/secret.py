"""The keys that sign consents: one a line of a file, the oldest first."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from ..consent.seal import MAKE_KEY, SHORTEST_KEY
from ..errors import Problem
from ..logger import logger
from .source import Source

MAKE_ONE = f"make one: {MAKE_KEY}"
# Letters of both cases and digits, or hexadecimal: names of files are neither.
_KEY = re.compile(r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9_+=-]{22,}|[0-9a-fA-F]{32,}")


def read_keys(source: Source, path: Path) -> tuple[tuple[str, ...], list[Problem]]:
    """Read the keys, and say what is wrong with the file; blank lines and those with # are none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        # What looks like a key may be one, and errors are logged.
        if _KEY.fullmatch(path.name):
            reason = "names no file, and looks like a key"
            return (), [_wrong(source, reason, f"write it into a file, or as {source.spell('secret')}")]
        reason = f"{path} can't be read: {error.strerror}"
        return (), [_wrong(source, reason, f"write one key a line into it; {MAKE_ONE}")]
    except OSError as error:
        return (), [
            _wrong(source, f"{path} can't be read: {error.strerror}", "let the server's user read it")
        ]
    except UnicodeDecodeError:
        return (), [_wrong(source, f"{path} isn't UTF-8", MAKE_ONE)]
    keys = keys_in(text)
    if not keys:
        return (), [_wrong(source, f"{path} holds no key", f"write one a line; {MAKE_ONE}")]
    _warn_of_readers(source, path, mode)
    return tuple(key for _, key in keys), [*_too_short(source, path, keys)]


def keys_in(text: str) -> list[tuple[int, str]]:
    """Return the keys of a file, the oldest first, each with the number of its line."""
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, line) for number, line in numbered if line and not line.startswith("#")]


def check_key(source: Source, key: str) -> list[Problem]:
    """Say what is wrong with a key that stands where a setting does."""
    if len(key.encode()) >= SHORTEST_KEY:
        return []
    reason = f"is {len(key.encode())} bytes long, less than {SHORTEST_KEY}"
    return [source.problem("cookieguard.E003", "secret", reason, MAKE_ONE)]


def _too_short(source: Source, path: Path, keys: list[tuple[int, str]]) -> Iterator[Problem]:
    for number, key in keys:
        if len(key.encode()) < SHORTEST_KEY:
            reason = f"the key in line {number} of {path} is {len(key.encode())} bytes long, less than"
            yield source.problem("cookieguard.E003", "secret_file", f"{reason} {SHORTEST_KEY}", MAKE_ONE)


def _wrong(source: Source, reason: str, remedy: str) -> Problem:
    return source.problem("cookieguard.E024", "secret_file", reason, remedy)


def _warn_of_readers(source: Source, path: Path, mode: int) -> None:
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        reason, remedy = (
            f"{path} can be read or changed by more than its owner and group",
            f"chmod 640 {path}",
        )
        problem = source.problem("cookieguard.W302", "secret_file", reason, remedy, "warning")
        logger.warning("%s", problem)
