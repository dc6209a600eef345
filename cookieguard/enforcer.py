"""What all visits of one guarded app share: policies in force, the consent cookie, counts."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

from msgspec import Struct

from .consent.carrier import Carrier, CookieScope
from .consent.consent import Consent, day_of
from .consent.seal import Seal
from .cookies.cookieheader import split_cookie_header
from .cookies.setcookie import WSP
from .errors import ConfigurationError
from .guard.memory import Memory
from .guard.sweep import hide_refused
from .guard.verdict import Override, Rules, Situation
from .ledger.needs import needed
from .leftover import Leftovers
from .logger import logger
from .policy.policy import Policy
from .tally import Tally
from .undeclared import Warner

if TYPE_CHECKING:
    from .ledger.ledger import Ledger

Mode = Literal["enforce", "report", "off"]
_MODES: tuple[Mode, ...] = get_args(Mode)

_DAY = 86400
_HOST = re.compile(r"[a-z0-9._-]{1,253}|\[[0-9a-f:.]+\]", re.ASCII)
_SHORT = 2048
# 253 characters, and a port.
_LONGEST_HOST = 259


class Standing(Struct, frozen=True):
    """What a visitor has decided, for one host, and what follows from it.

    `gpc` tells whether the browser sends the Global Privacy Control signal, and `forged` whether the
    request holds a consent that isn't one.
    """

    rules: Rules
    scope: CookieScope
    today: date
    gpc: bool
    consent: Consent
    memory: Memory
    forged: bool = False

    def __repr__(self) -> str:
        # Error reports keep the variables of a frame.
        return f"<Standing at {self.scope.host!r}>"


class Arrival(Struct, frozen=True):
    """What a request's `Cookie` header comes to.

    `visible` is the header that the app may see, None for none; `refused` tells whether it holds a
    cookie to sweep.
    """

    standing: Standing
    visible: str | None
    refused: bool = False

    def __repr__(self) -> str:
        # No cookie's value gets into an error report by this way.
        return f"<Arrival at {self.standing.scope.host!r}>"


class Enforcer:
    """Shared by the visits of one app. Thread-safe; nothing changes but counts, memos, and what was told."""

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
        seal = Seal(secret_key)
        self.carrier = Carrier(seal, policy.consent)
        # In report mode no consent is written, so none is to prove.
        recording = policy.ledger is not None and self.mode == "enforce"
        self.ledger = _open_ledger(policy, seal.keys) if recording else None
        self._rules = {each: Rules.of(each, override) for each in _announced(policy)}
        self.recalls = self.mode == "enforce" and not any(each.guard.debug for each in self._rules)
        """Whether a recalled outcome may be sent as it is: all is enforced, and no debug header is due."""
        self.tally = Tally(Warner(policy, self.mode).warn)
        self.leftovers = Leftovers()
        # On the way of every response: a method that only passes on would be felt.
        self.count = self.tally.count
        self.count_recalled = self.tally.count_recalled
        self.count_untouched = self.tally.count_untouched
        self._asks_hook = override is not None
        self._told_of_forged = False
        self._memories = lru_cache(maxsize=128)(lambda *key: Memory())
        self._scope = lru_cache(maxsize=256)(self._scoped)
        # Nearly every visitor has a `Cookie` header of their own. Their decisions are few: who decides the
        # same on the same day has the same cookie, and half a year makes 8 * 182 of three categories.
        self._stand = lru_cache(maxsize=2048)(self._standing)
        self._arrive = lru_cache(maxsize=1024)(self._arrived)
        for problem in policy.warnings:
            logger.warning("%s", problem)

    def arrive(self, cookies: str | None, host: str, scheme: str, gpc: str | None) -> Arrival:
        """Find the consent that a request carries, and what it hides from the app.

        All but the scheme are headers as they came. The same few come again and again.
        """
        day = self.clock() // _DAY
        # A header sent twice arrives joined: "one valid value among duplicates suffices".
        signals = gpc is not None and (gpc == "1" or "1" in [value.strip(WSP) for value in gpc.split(",")])
        host = host if len(host) <= _LONGEST_HOST else ""
        if self._asks_hook or (cookies is not None and len(cookies) > _SHORT):
            return self._arrived(cookies, host, scheme, signals, day)
        return self._arrive(cookies, host, scheme, signals, day)

    def _arrived(self, cookies: str | None, host: str, scheme: str, gpc: bool, day: float) -> Arrival:
        scope = self._scope(host, scheme)
        if not cookies:
            return Arrival(self._stand((), scope, gpc, day), cookies)
        pairs = [*split_cookie_header(cookies)]
        sealed = self.carrier.sent(pairs, scope)
        stand = self._stand if sum(map(len, sealed)) <= _SHORT else self._standing
        standing = stand(sealed, scope, gpc, day)
        rules, consent = standing.rules, standing.consent
        situation = Situation(scope.host, scope.https, None, self.clock())
        if not standing.memory.holds_refused(pairs, rules, consent, situation):
            return Arrival(standing, cookies)
        hides = rules.policy.guard.request == "hide" and self.mode == "enforce"
        visible = hide_refused(cookies, rules, consent, situation) if hides else cookies
        return Arrival(standing, visible, refused=True)

    def _standing(self, sealed: tuple[str, ...], scope: CookieScope, gpc: bool, day: float) -> Standing:
        today = day_of(day * _DAY)
        rules = self._rules[self.policy.on(today)]
        record = self.carrier.read(sealed, scope)
        consent = Consent.of(record, rules.policy, today, gpc=gpc)
        memory = self.memory(rules, scope, consent)
        forged = record is None and bool(sealed)
        if forged and not self._told_of_forged:
            self._told_of_forged = True
            logger.warning(
                "a consent cookie came that no key of ours signed for its host; it counts for nothing (told "
                "once). An old key was taken out, processes have keys of their own, or the cookie is forged"
            )
        return Standing(rules, scope, today, gpc, consent, memory, forged=forged)

    def _scoped(self, host: str, scheme: str) -> CookieScope:
        return self.carrier.scope(normalise_host(host), https=scheme == "https")

    def memory(self, rules: Rules, scope: CookieScope, consent: Consent) -> Memory:
        """Return the rulings remembered for visitors who may be told the same."""
        # Hosts come from visitors and may be many; verdicts differ by a declared domain alone.
        domain = rules.classifier.third_party_domain(scope.host)
        return self._memories(rules, domain, scope.https, tuple(consent.reasons.values()))

    @property
    def untouched(self) -> Counter[str]:
        """The HTML responses that left without a tag so far, by the reason."""
        return self.tally.untouched

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """The verdicts counted so far, by (action, category or "undeclared")."""
        return self.tally.verdicts


def _mode(policy: Policy) -> Mode:
    asked = os.environ.get("COOKIEGUARD_MODE", "").strip() or policy.guard.mode
    for mode in _MODES:
        if asked == mode:
            return mode
    raise ConfigurationError(
        "cookieguard.E004", f"COOKIEGUARD_MODE is {asked!r}; use one of {', '.join(_MODES)}"
    )


def _open_ledger(policy: Policy, secrets: Sequence[bytes]) -> Ledger:
    assert policy.ledger is not None
    with needed():
        from .ledger.ledger import Ledger
    return Ledger(policy.ledger, secrets)


def _announced(policy: Policy) -> Iterator[Policy]:
    yield policy
    if policy.announcement is not None and policy.announcement.policy is not None:
        yield from _announced(policy.announcement.policy)


def normalise_host(host: str) -> str:
    """Return a Host header's name alone: lower case, no port, no final dot; "" for what is no host.

    The visitor's client wrote it, and it may end up in a header of ours.
    """
    name = host.strip().lower()
    bare, colon, port = name.rpartition(":")
    if colon and not name.endswith("]") and (port.isdecimal() or not port):
        name = bare
    return name.rstrip(".") if _HOST.fullmatch(name) else ""
