"""What is said of cookies that the policy doesn't declare: which of the catalogue's services has them, and
once a name, whatever the log's level, that they are lost."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable

from .guard.verdict import Verdict
from .logger import logger
from .policy.catalogue import services_needing, services_with
from .policy.policy import Policy

MOST_WARNINGS = 100
"""An app that invents names must not fill the log."""

# Each declares its framework's own cookies, under the names that the app gives them.
_FRAMEWORKS = {
    "django": "cookieguard.django",
    "flask": "cookieguard.flask",
    "flask-login": "cookieguard.flask",
}


class Warner:
    """Warns of each undeclared cookie that is stripped; who sees no log of verdicts hears of it here."""

    def __init__(self, policy: Policy, mode: str) -> None:
        self._lost = "would be stripped" if mode == "report" else "is stripped"
        self._tells_of_frameworks = all(cookie.origin != "framework" for cookie in policy.declarations)
        self._numbers = itertools.count()

    def warn(self, verdict: Verdict) -> None:
        """Say what becomes of a name that is met for the first time, and what to do."""
        if verdict.action != "stripped" or verdict.reason != "undeclared":
            return
        number = next(self._numbers)
        if number < MOST_WARNINGS:
            logger.warning(
                "the app sets %s, which the policy doesn't declare, so it %s%s; %s",
                verdict.label,
                self._lost,
                " (it is essential to some apps)" if services_needing(verdict.name) else "",
                self._remedy(verdict),
            )
        elif number == MOST_WARNINGS:
            logger.warning(
                "the app sets more than %s names that the policy doesn't declare; "
                "no further one is warned of, but each cookie is logged at INFO",
                MOST_WARNINGS,
            )

    def _remedy(self, verdict: Verdict) -> str:
        services = services_with(verdict.name)
        use = f"write {spelled_use(services)}, or " if services else ""
        remedy = (
            f'{use}declare it in [[cookies]], or let all such cookies pass by [guard] undeclared = "allow"'
        )
        modules = dict.fromkeys(_FRAMEWORKS[name] for name in services if name in _FRAMEWORKS)
        if modules and self._tells_of_frameworks:
            remedy += f"; {' and '.join(modules)} would declare the framework's own by itself"
        return remedy


def spelled_use(services: Iterable[str]) -> str:
    """Write the line that takes one of several services over."""
    return f"use = {' or '.join(json.dumps([service]) for service in services)}"
