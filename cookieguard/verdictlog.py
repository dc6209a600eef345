"""What the log says of each verdict: how a line is written, and how it is read back."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence

from .guard.verdict import DELETION, OVERRIDE, RESERVED, UNREADABLE, Verdict
from .logger import logger
from .policy.catalogue import services_with
from .undeclared import spelled_use

WOULD: Mapping[str, str] = {"capped": "would cap", "stripped": "would strip", "swept": "would sweep"}
"""What is said of an action in report mode, where all passes."""
LINE = re.compile(
    r"(?:^|[\s:\]|>])(kept|capped|stripped|swept|would (?:cap|strip|sweep)) ([!-~]+(?: [!-~]+)*?): "
    r"(?:([a-z][a-z0-9_-]*), )?([a-z][a-z-]*)(?:; the catalogue has it: use = (\[.*\]))?\s*$"
)
"""One event, behind whatever a logging format puts in front: action, label, category, reason, services."""
WITHOUT_CATEGORY = frozenset({"undeclared", UNREADABLE, DELETION, OVERRIDE, RESERVED})
"""Reasons that stand alone: the others follow a category, or are one."""


def log_verdicts(verdicts: Sequence[Verdict], mode: str) -> None:
    """Log one event a verdict, with its fields in `record.cookieguard`."""
    spoken = WOULD if mode == "report" else {}
    for verdict in verdicts:
        # A cookie that is kept although it lives too long contradicts what visitors were told.
        told = verdict.action != "kept" or verdict.reason == "lifetime"
        level = logging.INFO if told else logging.DEBUG
        if not logger.isEnabledFor(level):
            continue
        event = {
            "action": verdict.action,
            "cookie": verdict.label,
            "category": verdict.category or "undeclared",
            "reason": verdict.reason,
            "mode": mode,
        }
        logger.log(
            level,
            "%s %s: %s%s",
            spoken.get(verdict.action, verdict.action),
            verdict.label,
            verdict.why,
            _hint(verdict),
            extra={"cookieguard": event},
        )


def _hint(verdict: Verdict) -> str:
    if verdict.reason != "undeclared":
        return ""
    services = services_with(verdict.name)
    return f"; the catalogue has it: {spelled_use(services)}" if services else ""
