"""Where settings are said: command line, environment, a configuration file, a section of an .ini file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from ..errors import PolicyError, Problem, SettingsError
from ..policy.document import read_file

PREFIX = "COOKIEGUARD_"
# Said in the environment, and read by the command line alone.
_OF_OTHERS = ("login_password",)


class Source(Struct, frozen=True):
    """Values by the option's name, and how to speak of them.

    `text` tells that all values are texts, a list's parted by commas; relative paths begin at
    `folder`; `spelling` is how an option's name is written here; `line` finds its 1-based line.
    """

    title: str
    values: Mapping[str, Any]
    folder: Path
    text: bool
    spelling: Literal["key", "variable", "flag"] = "key"
    line: Callable[[str], int | None] = lambda name: None

    def __repr__(self) -> str:
        # One of the values is the secret.
        return f"<Source {self.title!r}>"

    def without(self, name: str) -> Source:
        """Return a source that doesn't say this."""
        return replace(self, values={key: value for key, value in self.values.items() if key != name})

    def spell(self, name: str) -> str:
        """Write an option's name as it is written here."""
        if self.spelling == "variable":
            return PREFIX + name.upper()
        return f"--{name.replace('_', '-')}" if self.spelling == "flag" else name

    def problem(
        self, id: str, name: str, reason: str, remedy: str, level: Literal["error", "warning"] = "error"
    ) -> Problem:
        """Build the `Problem` of one option."""
        return Problem(id, level, self.spell(name), reason, remedy, self.title, self.line(name))


def environment(variables: Mapping[str, str]) -> Source:
    """Take the variables that begin with COOKIEGUARD_; an empty one says nothing."""
    values = {
        name.removeprefix(PREFIX).lower(): value.strip()
        for name, value in variables.items()
        if name.startswith(PREFIX) and value.strip()
    }
    for name in _OF_OTHERS:
        values.pop(name, None)
    return Source("the environment", values, Path.cwd(), text=True, spelling="variable")


def command_line(flags: Mapping[str, str | None]) -> Source:
    """Take a command's flags by the option's name; None for one that isn't given."""
    values = {name: value.strip() for name, value in flags.items() if value is not None}
    return Source("the command line", values, Path.cwd(), text=True, spelling="flag")


def file(path: Path, said_as: str) -> Source:
    """Read a .toml, .json or .yaml file; SettingsError, which names what gave the path, where it can't."""
    try:
        document = read_file(path)
    except PolicyError as error:
        raise SettingsError(
            [
                dataclasses.replace(problem, id="cookieguard.E024", entry=said_as, remedy=_remedy(problem))
                for problem in error.problems
            ]
        ) from None
    return Source(str(path), document.data, path.parent, text=False, line=lambda name: document.line((name,)))


def _remedy(problem: Problem) -> str:
    return problem.remedy.replace("a policy file", "a configuration file")


def section(values: Mapping[str, str], folder: Path, title: str) -> Source:
    """Take one section of an .ini file, its names in lower case."""
    return Source(title, {name: value.strip() for name, value in values.items()}, folder, text=True)
