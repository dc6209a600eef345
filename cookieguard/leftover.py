"""Refused cookies that likely stay in the browser although they were expired: nothing else shows it."""

from __future__ import annotations

from collections.abc import Iterable

from .guard.verdict import Verdict
from .logger import logger
from .policy.policy import Policy


class Leftovers:
    """Warns, once a declaration, of scripts' cookies that are expired elsewhere than they likely lie."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def watch(self, swept: Iterable[Verdict], policy: Policy, host: str) -> None:
        """Look at what was expired on a host.

        Scripts such as Google Analytics set theirs for the whole domain; where none is named, only
        what lies on `www.example.com` itself is expired there.
        """
        if policy.consent.domain is not None or not host.startswith("www."):
            return
        for verdict in swept:
            cookie, label = verdict.classification.declaration, verdict.label
            if cookie is None or cookie.set_by != "script" or cookie.domain or label in self._told:
                continue
            self._told.add(label)
            logger.warning(
                "%s isn't allowed, and is expired on this www host alone; its script likely set it for the "
                'whole domain, where it stays: declare it with your domain, as domain = ".example.com", or '
                'share the consent by [consent] domain = "example.com"',
                label,
            )
