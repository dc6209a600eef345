"""One response's header tuples -> verdicts, and the headers that may leave."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..consent.consent import Consent
from ..cookies.date import parse_cookie_date
from ..cookies.setcookie import PLAIN_DATE, parse_set_cookie
from .caching import PRIVATE, Headers, make_private
from .headers import CACHING, DATE, HARMLESS, SET_COOKIE, SPLITTING, kind_of, unsplit
from .ruling import Ruling, rule
from .verdict import Rules, Situation, Verdict, logger

_SHORT = 1024


class Screened(Struct, frozen=True):
    """The headers that may leave, and a verdict for each `Set-Cookie` in their order."""

    headers: Headers
    verdicts: Sequence[Verdict] = ()


class Memory(dict[tuple[str, str], Ruling]):
    """Rulings by the cookie's name and attributes: under one policy, scheme and set of reasons, and
    on a third party's domain or none.

    A ruling that hangs on more than those isn't remembered.
    """

    _MOST = 1024

    def remember(self, header: str, ruling: Ruling, rules: Rules) -> None:
        """Keep a ruling over a header, if it is the same for any other value, path and time."""
        cookie = parse_set_cookie(header)
        if cookie is None or not cookie.name or cookie.expires is not None or rules.override is not None:
            return
        declaration = ruling.verdict.classification.declaration
        by_path = declaration is not None and declaration.essential_under
        if not by_path and len(self) < self._MOST and len(header) <= _SHORT and header.isprintable():
            pair, _, unparsed = header.partition(";")
            self[pair.partition("=")[0], unparsed] = ruling


def recall(headers: Sequence[tuple[str, str]], memory: Memory) -> Screened | None:
    """Screen from memory alone, what an app sends again and again; None where it doesn't suffice."""
    kept: Headers = []
    verdicts: list[Verdict] = []
    personal = False
    for header in headers:
        if header in HARMLESS:
            kept.append(header)
            continue
        name, value = header
        if kind_of(name) != SET_COOKIE:
            return None
        pair, _, unparsed = value.partition(";")
        cookie, equals, _ = pair.partition("=")
        ruling = memory.get((cookie, unparsed))
        # The value is no part of a verdict, once it is short and clean enough to be stored.
        if ruling is None or not equals or len(value) > _SHORT or not value.isprintable():
            return None
        verdict = ruling.verdict
        verdicts.append(verdict)
        personal = personal or ruling.personal
        if ruling.amended is not None:
            kept.append((name, ruling.apply(value)))
        elif verdict.action != "stripped":
            kept.append(header)
    return Screened([*kept, PRIVATE] if personal else kept, verdicts)


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
    verdicts: list[Verdict] = []
    personal = caching = False
    situation = _as_dated(headers, situation)
    for name, value in headers:
        kind = kind_of(name)
        if kind == SET_COOKIE:
            ruling = rule(value, rules, consent, situation)
            memory.remember(value, ruling, rules)
            verdicts.append(ruling.verdict)
            personal = personal or ruling.personal
            if not ruling.stripped:
                kept.append((name, ruling.apply(value)))
        elif kind == SPLITTING:
            logger.error("a header was left out: its name is no token, and would make others of the response")
        elif kind == DATE and not PLAIN_DATE.fullmatch(value):
            continue  # browsers may read it otherwise than we do; servers write their own
        else:
            caching = caching or kind == CACHING
            kept.append((name, unsplit(value)))
    if personal:
        kept = make_private(kept) if caching else [*kept, PRIVATE]
    return Screened(kept, verdicts)


def _as_dated(headers: Sequence[tuple[str, str]], situation: Situation) -> Situation:
    # Chromium and Firefox reckon an Expires from the response's Date: one out of a cache makes a
    # cookie live whose date is past by the clock.
    dates = [parse_cookie_date(value) for name, value in headers if kind_of(name) == DATE]
    past = [date.timestamp() for date in dates if date]
    return replace(situation, now=min(situation.now, *past)) if past else situation
