"""One request's Visit: consent, verdicts, grant and withdraw, log and counts."""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Literal, Protocol, get_args

from .consent.carrier import Carrier, Scope
from .consent.consent import Consent, Record, day_of, judge
from .consent.seal import Seal
from .errors import ConfigurationError
from .guard.caching import Headers, add_vary, make_private
from .guard.screen import carries_nothing, screen
from .guard.sweep import MOST_LINES, Swept, hide_refused, sweep, sweep_unseen
from .guard.verdict import Override, Rules, Situation, Verdict, logger
from .policy.classifier import Classifier, is_under
from .policy.policy import Policy

Mode = Literal["enforce", "report", "off"]


class Request(Protocol):
    """What an adapter tells of a request, each asked for only when it is needed."""

    @property
    def cookies(self) -> str | None:
        """The raw `Cookie` header."""

    @property
    def host(self) -> str:
        """The host's name, lower case, without port."""

    @property
    def https(self) -> bool: ...

    @property
    def path(self) -> str | None:
        """The decoded path from the server's root, None where it hides encoded slashes."""

    @property
    def gpc(self) -> bool:
        """Whether `Sec-GPC` is exactly `1`."""

    @property
    def navigates(self) -> bool:
        """Whether the response is to become a page in a tab."""

    @property
    def cross_site_subresource(self) -> bool:
        """Whether another site's page loads this without the visitor going there."""


class Service:
    """What all visits of one guarded app share. Thread-safe."""

    def __init__(
        self,
        policy: Policy,
        *,
        secret_key: str | bytes | Sequence[str | bytes],
        override: Override | None = None,
        clock: Callable[[], float],
    ) -> None:
        self.mode = _mode(policy)
        self.policy = policy
        self.clock = clock
        self.carrier = Carrier(Seal(secret_key), policy.consent)
        self.verdicts: Counter[tuple[str, str]] = Counter()
        self._counting = threading.Lock()
        self._override = override
        self._rules = tuple(self._in_time(policy))
        self._judge = lru_cache(maxsize=1024)(judge)
        for problem in policy.warnings:
            logger.warning("%s", problem)

    def _in_time(self, policy: Policy) -> Iterator[tuple[date, Rules]]:
        yield date.min, Rules(policy, Classifier(policy), self._override)
        announced = policy.announcement
        while announced is not None and announced.policy is not None:
            yield announced.effective, Rules(announced.policy, Classifier(announced.policy), self._override)
            announced = announced.policy.announcement

    def rules(self, today: date) -> Rules:
        """Return the policy in force on a day (UTC)."""
        in_force = self._rules[0][1]
        for effective, rules in self._rules[1:]:
            if today >= effective:
                in_force = rules
        return in_force

    def consent(self, record: Record | None, rules: Rules, today: date, *, gpc: bool) -> Consent:
        """Judge a record; the same few are asked for again and again."""
        return self._judge(record, rules.policy, today, gpc=gpc)

    def count(self, verdicts: Iterable[Verdict]) -> None:
        """Add verdicts to the counts by (action, category); names come from the policy alone."""
        with self._counting:
            for verdict in verdicts:
                self.verdicts[verdict.action, verdict.classification.category or "undeclared"] += 1


def _mode(policy: Policy) -> Mode:
    asked = os.environ.get("COOKIEGUARD_MODE", "").strip() or policy.guard.mode
    for mode in get_args(Mode):
        if asked == mode:
            return asked  # type: ignore[return-value]
    raise ConfigurationError(
        "cookieguard.E004", f"COOKIEGUARD_MODE is {asked!r}; use one of {', '.join(get_args(Mode))}"
    )


class Visit:
    """One request under the guard: what the app asks and changes, and what leaves in the end."""

    __slots__ = (
        "_consent",
        "_cookies",
        "_left",
        "_read",
        "_record",
        "_request",
        "_rules",
        "_service",
        "_today",
        "_withdrawn",
        "excluded",
        "verdicts",
    )

    def __init__(self, service: Service, request: Request, cookies: str | None) -> None:
        self._service = service
        self._request = request
        self._cookies = cookies
        self._consent: Consent | None = None
        self._record: Record | None = None
        self._rules: Rules | None = None
        self._read = self._left = self._withdrawn = False
        self.excluded = False
        self.verdicts: tuple[Verdict, ...] = ()

    # What the app asks.

    @property
    def consent(self) -> Consent:
        """What the visitor decided; a response built on it varies by `Cookie`."""
        self._read = True
        return self._judged()

    @property
    def policy(self) -> Policy:
        """The policy in force today."""
        return self.rules.policy

    @property
    def enforced(self) -> bool:
        """Whether verdicts change this response: not in report mode, nor on an excluded path."""
        return self._service.mode == "enforce" and not self.excluded

    # What the app changes.

    def grant(self, categories: Iterable[str]) -> bool:
        """Add categories to what the visitor accepts.

        UnknownCategory or UsageError for one that can't be granted. False, and nothing changed,
        after the headers left or where nothing is enforced.
        """
        ids = _listed(categories)
        record = self._judged().granting(ids, self.policy, self.today, gpc=self._request.gpc)
        return self._decide(record, "grant")

    def withdraw(self, categories: Iterable[str] | None = None) -> bool:
        """Refuse some categories, or with None all of them; what they had set is expired.

        Errors and return value as with `grant`.
        """
        ids = None if categories is None else _listed(categories)
        record = self._judged().withdrawing(ids, self.policy, self.today)
        decided = self._decide(record, "withdrawal")
        self._withdrawn = self._withdrawn or decided
        return decided

    def decide(self, accepted: Iterable[str], *, undecided: Iterable[str] = ()) -> bool:
        """Decide on every category at once, as the visitor's form does: these yes, all others no.

        Those in `undecided` are left open, to be asked again. Errors and return value as with
        `grant`.
        """
        consent, later = self._judged(), set(undecided)
        choices = consent.withdrawing(None, self.policy, self.today).choices
        blank = judge(
            Record(self.today, tuple(choice for choice in choices if choice.category not in later)),
            self.policy,
            self.today,
            gpc=False,
        )
        record = blank.granting(_listed(accepted), self.policy, self.today, gpc=self._request.gpc)
        decided = self._decide(record, "decision")
        self._withdrawn = self._withdrawn or decided
        return decided

    def _decide(self, record: Record, what: str) -> bool:
        if self._left:
            logger.warning(
                "a %s came after the headers left, and changed nothing; decide before the first byte", what
            )
            return False
        if not self.enforced:
            logger.warning(
                "a %s was not stored: the guard is in %s mode or the path is excluded",
                what,
                self._service.mode,
            )
            return False
        current = self._judged()
        standing = Record(current.day, tuple(current.choices.values())) if current.day else None
        if record.choices and record != standing:
            self._record = record
            self._consent = self._service.consent(record, self.rules, self.today, gpc=self._request.gpc)
        return True

    # What the adapter asks.

    @property
    def today(self) -> date:
        try:
            return self._today
        except AttributeError:
            self._today = day_of(self._service.clock())
            return self._today

    @property
    def rules(self) -> Rules:
        if self._rules is None:
            self._rules = self._service.rules(self.today)
        return self._rules

    def exclude(self, path: str | None) -> bool:
        """Leave the response alone if its path is excluded."""
        self.excluded = path is not None and is_under(path, self._service.policy.guard.exclude)
        return self.excluded

    def visible_cookies(self) -> str | None:
        """Return the `Cookie` header that the app may see, None for none."""
        if self._cookies is None or not self.enforced or self.policy.guard.request == "pass":
            return self._cookies
        return hide_refused(self._cookies, self.rules, self._judged(), self._request.host)

    def leave(self, headers: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """Decide over a response's headers and return those that may leave; log and count.

        May be called again, with other headers, while none has left: everything is decided anew.
        """
        self._left = True
        if self._service.mode == "off" or self.excluded:
            return headers
        sweeps = self._cookies is not None and (self._withdrawn or self._request.navigates)
        if not (sweeps or self._record or self._read) and carries_nothing(headers):
            return headers
        consent = self._judged()
        situation = self._situation()
        screened = screen(headers, self.rules, consent, situation)
        leaving = screened.headers
        expiries, swept = self._sweep(consent, situation, sweeps)
        if self._record is not None:
            expiries.append(("Set-Cookie", self._service.carrier.write(self._record, self._scope())))
        if expiries:
            leaving = [*make_private(leaving), *expiries]
        if self._read:
            leaving = add_vary(leaving, self._varies_by())
        self.verdicts = (*screened.verdicts, *swept)
        if self.policy.guard.debug:
            leaving = [*leaving, *_debug(self.verdicts)]
        self._report(self.verdicts)
        return leaving if self.enforced else headers

    def _sweep(self, consent: Consent, situation: Situation, sweeps: bool) -> tuple[Headers, list[Verdict]]:
        headers: Headers = []
        verdicts: list[Verdict] = []
        cookies = self._cookies or ""
        found: list[Swept] = []
        if sweeps:
            found += sweep(cookies, self.rules, consent, situation)
        if self._withdrawn:
            found += sweep_unseen(cookies, self.rules, consent, situation)
        for verdict, expiries in found:
            if len(headers) + len(expiries) > MOST_LINES:
                break
            verdicts.append(verdict)
            headers += [("Set-Cookie", expiry) for expiry in expiries]
        return headers, verdicts

    def _judged(self) -> Consent:
        if self._consent is None:
            record = self._service.carrier.read(self._cookies, self._scope()) if self._cookies else None
            self._consent = self._service.consent(record, self.rules, self.today, gpc=self._request.gpc)
        return self._consent

    def _scope(self) -> Scope:
        return self._service.carrier.scope(self._request.host, https=self._request.https)

    def _situation(self) -> Situation:
        request = self._request
        path = None if request.cross_site_subresource else request.path
        return Situation(request.host, request.https, path, self._service.clock())

    def _varies_by(self) -> tuple[str, ...]:
        policy = self.policy
        sold = policy.consent.gpc == "honour" and any(
            category.sold and category.shown for category in policy.optional
        )
        return ("Cookie", "Sec-GPC") if sold else ("Cookie",)

    def _report(self, verdicts: Sequence[Verdict]) -> None:
        self._service.count(verdicts)
        for verdict in verdicts:
            level = logging.DEBUG if verdict.action == "kept" else logging.INFO
            if logger.isEnabledFor(level):
                logger.log(
                    level,
                    "%s %s: %s",
                    verdict.action,
                    verdict.label,
                    _why(verdict),
                    extra={"cookieguard": self._event(verdict)},
                )

    def _event(self, verdict: Verdict) -> Mapping[str, str]:
        return {
            "action": verdict.action,
            "cookie": verdict.label,
            "category": verdict.classification.category or "undeclared",
            "reason": verdict.reason,
            "mode": self._service.mode,
        }


def _listed(categories: Iterable[str]) -> list[str]:
    # A text is iterable too, and its letters are no categories.
    return [categories] if isinstance(categories, str) else list(categories)


def _why(verdict: Verdict) -> str:
    category = verdict.classification.category
    return verdict.reason if category in (None, verdict.reason) else f"{category}, {verdict.reason}"


def _debug(verdicts: Sequence[Verdict]) -> Headers:
    named = [
        f"{verdict.action} {verdict.label} ({_why(verdict)})"
        for verdict in verdicts
        if verdict.action != "kept"
    ]
    text = "; ".join(named).encode("ascii", "backslashreplace").decode()
    return [("X-Cookieguard", text[:4000])] if named else []
