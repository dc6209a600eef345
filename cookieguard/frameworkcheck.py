"""What the frameworks' `check` commands tell of a policy, beside its mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from logging import LogRecord
from os import PathLike

from .errors import Problem
from .logger import logger
from .policy.changes import describe_changes
from .policy.framework import declare
from .policy.model import GUARD_COOKIES, Declaration
from .policy.policy import Policy


def describe(policy: Policy) -> Iterator[str]:
    """Say in a few lines what a policy comes to."""
    declared = [cookie for cookie in policy.declarations if cookie.name not in GUARD_COOKIES]
    yield f"{len(declared)} cookies declared, {len(policy.warnings)} warnings"
    for cookie in declared:
        if cookie.origin == "framework":
            yield f"  by the framework's own settings: {cookie.name} ({cookie.category})"
    asked = ", ".join(category.id for category in policy.optional)
    yield f"visitors decide on: {asked or 'nothing, all of them are essential'}"


def compare(policy: Policy, against: str | PathLike[str], cookies: Sequence[Declaration]) -> Iterator[str]:
    """Say whom the change from an older policy file asks again; PolicyError where that doesn't load.

    Both are compared as the app enforces them, with the framework's cookies: of the file alone the
    digests are others.
    """
    today = datetime.now(UTC).date()
    yield from describe_changes(policy, declare(Policy.from_file(against), cookies), today)


@contextmanager
def unlogged_warnings() -> Iterator[None]:
    """Keep the policy's warnings out of the log, for a check that shows them itself."""

    def is_other(record: LogRecord) -> bool:
        args = record.args
        return not (isinstance(args, tuple) and args and isinstance(args[0], Problem))

    logger.addFilter(is_other)
    try:
        yield
    finally:
        logger.removeFilter(is_other)
