"""What all visits of one guarded app share: policies in force, the consent cookie, counts."""

from __future__ import annotations

import os
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from .consent.carrier import Carrier, Scope
from .consent.consent import Consent, day_of, judge
from .consent.seal import Seal
from .cookies.cookieheader import split_cookie_header
from .cookies.setcookie import WSP
from .errors import ConfigurationError
from .guard.screen import Memory
from .guard.sweep import hide_refused, is_refused
from .guard.verdict import Override, Rules, Verdict, logger
from .policy.policy import Policy

Mode = Literal["enforce", "report", "off"]
_MODES: tuple[Mode, ...] = ("enforce", "report", "off")

_DAY = 86400
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", re.ASCII)
_SHORT = 2048


class Arrival(Struct, frozen=True):
    """What a request's `Cookie` header comes to.

    `gpc` tells whether the browser sends the Global Privacy Control signal, `visible` is the header that the app may see, None for none; `refused` tells whether it holds a
    cookie to sweep.
    """

    rules: Rules
    scope: Scope
    today: date
    gpc: bool
    consent: Consent
    memory: Memory
    visible: str | None
    refused: bool


class Service:
    """Shared by the visits of one app. Thread-safe; nothing here changes but counts and memos."""

    def __init__(
        self,
        policy: Policy,
        *,
        secret_key: str | bytes | Sequence[str | bytes],
        override: Override | None,
        clock: Callable[[], float],
    ) -> None:
        self.mode = _mode(policy)
        self.policy = policy
        self.clock = clock
        self.carrier = Carrier(Seal(secret_key), policy.consent)
        self._rules = tuple(_in_time(policy, override))
        self._counts: defaultdict[str, defaultdict[str | None, int]] = defaultdict(lambda: defaultdict(int))
        self._counting = threading.Lock()
        self._judge = lru_cache(maxsize=1024)(judge)
        # Hosts come from visitors: they may be many, and what is kept for each is bounded too.
        self._memories = lru_cache(maxsize=128)(lambda *told_the_same: {})
        self._arrive = lru_cache(maxsize=1024)(self._arrived)
        for problem in policy.warnings:
            logger.warning("%s", problem)

    def arrive(self, cookies: str | None, host: str, scheme: str, gpc: str | None) -> Arrival:
        """Find the consent that a request carries, and what it hides from the app.

        All but the scheme are headers as they came. The same few come again and again.
        """
        day = int(self.clock() // _DAY)
        if cookies is not None and len(cookies) + len(host) > _SHORT:
            return self._arrived(cookies, host, scheme, gpc, day)
        return self._arrive(cookies, host, scheme, gpc, day)

    def _arrived(self, cookies: str | None, host: str, scheme: str, gpc: str | None, day: int) -> Arrival:
        today = day_of(day * _DAY)
        # A header sent twice arrives joined: "one valid value among duplicates suffices".
        signals = gpc is not None and "1" in [value.strip(WSP) for value in gpc.split(",")]
        rules = self._rules_on(today)
        scope = self.carrier.scope(normalise_host(host), https=scheme == "https")
        record = self.carrier.read(cookies, scope)
        consent = self._judge(record, rules.policy, today, gpc=signals)
        visible, refused = cookies, False
        if cookies is not None:
            names = [name for name, _ in split_cookie_header(cookies)]
            refused = any(is_refused(name, rules, consent, scope.host) for name in names)
            if refused and rules.policy.guard.request == "hide" and self.mode == "enforce":
                visible = hide_refused(cookies, rules, consent, scope.host)
        memory = self.memory(rules, scope, consent)
        return Arrival(rules, scope, today, signals, consent, memory, visible, refused)

    def memory(self, rules: Rules, scope: Scope, consent: Consent) -> Memory:
        """Return the rulings remembered for visitors who may be told the same."""
        return self._memories(rules, scope.host, scope.https, tuple(consent.reasons.values()))

    def _rules_on(self, today: date) -> Rules:
        in_force = self._rules[0][1]
        for effective, rules in self._rules[1:]:
            if today >= effective:
                in_force = rules
        return in_force

    def count(self, verdicts: Iterable[Verdict]) -> None:
        """Add verdicts to the counts."""
        counts = self._counts
        with self._counting:
            for verdict in verdicts:
                counts[verdict.action][verdict.classification.category] += 1

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """The verdicts counted so far, by (action, category or "undeclared")."""
        with self._counting:
            return Counter(
                {
                    (action, category or "undeclared"): count
                    for action, counted in self._counts.items()
                    for category, count in counted.items()
                }
            )


def _mode(policy: Policy) -> Mode:
    asked = os.environ.get("COOKIEGUARD_MODE", "").strip() or policy.guard.mode
    for mode in _MODES:
        if asked == mode:
            return mode
    raise ConfigurationError(
        "cookieguard.E004", f"COOKIEGUARD_MODE is {asked!r}; use one of {', '.join(_MODES)}"
    )


def _in_time(policy: Policy, override: Override | None) -> Iterator[tuple[date, Rules]]:
    yield date.min, Rules.of(policy, override)
    announced = policy.announcement
    while announced is not None and announced.policy is not None:
        yield announced.effective, Rules.of(announced.policy, override)
        announced = announced.policy.announcement


@lru_cache(maxsize=256)
def normalise_host(host: str) -> str:
    """Return a Host header's name alone: lower case, no port, no final dot; "" for what is no host.

    The visitor's client wrote it, and it may end up in a header of ours.
    """
    name = host.strip().lower()
    bare, colon, port = name.rpartition(":")
    if colon and not name.endswith("]") and (port.isdecimal() or not port):
        name = bare
    return name.rstrip(".") if _HOST.fullmatch(name) else ""
