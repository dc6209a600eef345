"""One response's header tuples -> verdicts, and the headers that may leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ..consent.consent import Consent
from ..cookies.date import parse_cookie_date
from ..cookies.setcookie import PLAIN_DATE
from ..logger import logger
from .caching import PRIVATE, Headers, make_private
from .headers import (
    CACHING,
    DATE,
    HARMLESS,
    PLAIN,
    SET_COOKIE,
    SPLITTING,
    concerns_page,
    kind_of,
    remember,
    unsplit,
)
from .memory import NONE, Memory, Outcome
from .ruling import Ruling, rule
from .verdict import Rules, Situation, Verdict


class Screened(Struct, frozen=True):
    """The headers that may leave, and what the rulings over each `Set-Cookie`, in their order, come to.

    `concerns_page` tells whether one of them makes browsers show a page, or fetch what a page would.
    """

    headers: Headers
    outcome: Outcome
    concerns_page: bool

    @property
    def verdicts(self) -> Sequence[Verdict]:
        return self.outcome.verdicts


def recall(
    headers: Sequence[tuple[str, str]], memory_of: Callable[[], Memory], clock: Callable[[], float]
) -> Screened | None:
    """Screen from memory alone, what an app sends again and again; None where it doesn't suffice.

    Where there is no cookie, none is asked for. `clock` returns POSIX seconds.
    """
    memory: Memory | None = None
    kept: Headers = []
    rulings: list[Ruling] = []
    caching = page = False
    for header in headers:
        if header in HARMLESS:
            kept.append(header)
            continue
        name, value = header
        kind = kind_of(name)
        if kind == SET_COOKIE:
            memory = memory or memory_of()
            ruling = memory.by_heart(header) or memory.ruling(header, clock)
            if ruling is None:
                return None
            rulings.append(ruling)
            if ruling.amended is not None:
                kept.append((name, ruling.apply(value)))
            elif not ruling.stripped:
                kept.append(header)
        # A date says when a cookie ends, or is one that browsers read otherwise than we do.
        elif kind in (DATE, SPLITTING) or "\n" in value or "\r" in value:
            return None
        else:
            kept.append(header)
            if kind == PLAIN:
                continue
            if kind == CACHING:
                caching = True
            elif concerns_page(kind, value):
                page = True
            else:
                remember(header)
    if memory is None:
        return Screened(kept, NONE, page)
    outcome = memory.outcomes[tuple(rulings)]
    return Screened(_made_private(kept, caching) if outcome.personal else kept, outcome, page)


def screen(
    headers: Sequence[tuple[str, str]],
    rules: Rules,
    consent: Consent,
    situation: Situation,
    memory: Memory,
) -> Screened:
    """Judge each `Set-Cookie`; the given headers are never changed, and `memory` learns.

    Kept headers stay byte for byte and in order. A response from which a cookie was stripped, or
    that keeps one which isn't essential, becomes private.
    """
    kept: Headers = []
    rulings: list[Ruling] = []
    caching = page = False
    situation = _as_dated(headers, situation)
    for header in headers:
        name, value = header
        kind = kind_of(name)
        if kind == SET_COOKIE:
            ruling = rule(value, rules, consent, situation)
            memory.remember(header, ruling, rules, situation.now)
            rulings.append(ruling)
            if not ruling.stripped:
                kept.append((name, ruling.apply(value)))
        elif kind == SPLITTING:
            logger.error("a header was left out: its name is no token, and would make others of the response")
        elif kind == DATE and _plain_date(value) is None:
            continue  # browsers may read it otherwise than we do; servers write their own
        else:
            value = unsplit(value)
            caching = caching or kind == CACHING
            page = page or concerns_page(kind, value)
            kept.append((name, value))
    outcome = Outcome.of(rulings)
    return Screened(_made_private(kept, caching) if outcome.personal else kept, outcome, page)


def _made_private(headers: Headers, caching: bool) -> Headers:
    return make_private(headers) if caching else [*headers, PRIVATE]


def _as_dated(headers: Sequence[tuple[str, str]], situation: Situation) -> Situation:
    # Chromium and Firefox reckon an Expires from the response's Date: one out of a cache makes a
    # cookie live whose date is past by the clock.
    dates = [_plain_date(value) for name, value in headers if kind_of(name) == DATE]
    past = [date.timestamp() for date in dates if date]
    return replace(situation, now=min(situation.now, *past)) if past else situation


def _plain_date(value: str) -> datetime | None:
    return parse_cookie_date(value) if PLAIN_DATE.fullmatch(value) else None
