"""What can go wrong, by whose fault it is.

`ConfigurationError` is the site's, raised while the process starts.
`UsageError` is the programmer's, raised by the call that is wrong.
A visitor's bytes raise neither: they are "no consent", or a 4xx answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class CookieguardError(Exception):
    """The base of every error this package raises."""


class ConfigurationError(CookieguardError, ValueError):
    """The guard can't be switched on like this.

    `id` is stable, so that a deployment can look for it.
    """

    def __init__(self, id: str, message: str) -> None:
        super().__init__(f"{id}: {message}")
        self.id = id


class UsageError(CookieguardError, ValueError):
    """A call asks for something that the policy doesn't have."""


class UnknownCategory(UsageError):
    """The category isn't one of the policy's; `category` and `known` say which are."""

    def __init__(self, category: object, known: Sequence[str]) -> None:
        super().__init__(f"unknown category {category!r}: the policy has {', '.join(known)}")
        self.category = category
        self.known = tuple(known)


class UnreadableImport(CookieguardError, ValueError):
    """A file to import from isn't what it was given as; `line` counts from 1, where it is known."""

    def __init__(self, source: str, reason: str, remedy: str, line: int | None = None) -> None:
        place = source if line is None else f"{source}:{line}"
        super().__init__(f"{place}: {reason}; {remedy}")
        self.source = source
        self.reason = reason
        self.remedy = remedy
        self.line = line


class LedgerUnavailable(CookieguardError, RuntimeError):
    """A consent can't be proved now, so it doesn't count; nothing was changed."""


class NoGuard(CookieguardError, LookupError):
    """No `CookieGuard` stands around this app."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a policy file: what, where, why, and what to write instead.

    `entry` is the path to the value, counted from 1 (`cookies[3].lifetime`); `line` counts from 1
    too, and is None where the policy came from a dict.
    """

    id: str
    level: Literal["error", "warning"]
    entry: str
    reason: str
    remedy: str
    source: str = "<dict>"
    line: int | None = None

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.level} {self.id}: {self.entry}: {self.reason}; {self.remedy}"


class PolicyError(ConfigurationError):
    """The policy doesn't load. `problems` holds every mistake, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("cookieguard.E001", f"the policy has {_listed(self.problems)}")


class SettingsError(ConfigurationError):
    """The deployment's settings can't be used. `problems` holds every mistake, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("cookieguard.E020", f"the settings have {_listed(self.problems)}")


def _listed(problems: Sequence[Problem]) -> str:
    errors = [problem for problem in problems if problem.level == "error"]
    count = "1 mistake" if len(errors) == 1 else f"{len(errors)} mistakes"
    lines = "\n".join(f"  {problem}" for problem in problems)
    return f"{count}:\n{lines}"
