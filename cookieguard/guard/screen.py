"""One response's header tuples -> verdicts, and the headers that may leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from ..consent.consent import Consent
from ..cookies.date import parse_cookie_date
from ..cookies.setcookie import PLAIN_DATE
from ..logger import logger
from .caching import Headers
from .headers import DATE, SET_COOKIE, SPLITTING, kind_of, kind_of_header, unsplit
from .memory import Memory
from .outcome import Known, Outcome
from .ruling import rule
from .verdict import Rules, Situation


class Screened(NamedTuple):
    """The headers that may leave, and the outcome by which they do."""

    headers: Headers
    outcome: Outcome


def recall(headers: Sequence[tuple[str, str]], memory: Memory, clock: Callable[[], float]) -> Outcome | None:
    """Screen from memory alone, what an app sends again and again; None where it doesn't suffice.

    `clock` returns POSIX seconds.
    """
    by_heart = memory.by_heart
    known: list[Known] = []
    for header in headers:
        each = by_heart(header) or memory.known(header, clock)
        if each is None:
            return None
        known.append(each)
    return memory.outcome(tuple(known))


def screen(
    headers: Sequence[tuple[str, str]],
    rules: Rules,
    consent: Consent,
    situation: Situation,
    memory: Memory,
) -> Screened:
    """Judge each `Set-Cookie`; the given headers are never changed, and `memory` learns."""
    sendable: Headers = []
    known: list[Known] = []
    situation = _as_dated(headers, situation)
    for header in headers:
        name, value = header
        kind: Known = kind_of(name)
        if kind == SET_COOKIE:
            kind = rule(value, rules, consent, situation)
            memory.remember(header, kind, rules, situation.now)
        elif kind == SPLITTING:
            logger.error("a header was left out: its name is no token, and would make others of the response")
            continue
        elif kind == DATE and _plain_date(value) is None:
            continue  # browsers may read it otherwise than we do; servers write their own
        else:
            header = (name, unsplit(value))
            kind = kind_of_header(*header)
        sendable.append(header)
        known.append(kind)
    outcome = Outcome.of(known)
    return Screened(outcome.apply(sendable), outcome)


def _as_dated(headers: Sequence[tuple[str, str]], situation: Situation) -> Situation:
    # Chromium and Firefox reckon an Expires from the response's Date: one out of a cache makes a
    # cookie live whose date is past by the clock.
    dates = [_plain_date(value) for name, value in headers if kind_of(name) == DATE]
    past = [date.timestamp() for date in dates if date]
    return replace(situation, now=min(situation.now, *past)) if past else situation


def _plain_date(value: str) -> datetime | None:
    return parse_cookie_date(value) if PLAIN_DATE.fullmatch(value) else None
