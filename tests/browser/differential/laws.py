"""What must be so of a browser's jar: without the guard, and with it, after the same headers.

The policy's names are judged here by regular expressions of this file alone, so that the guard's own
reader and classifier are not their own witness.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from browser.differential.grammar import PREFIXES
from browser.differential.judge import Held
from cookieguard import parse_set_cookie
from cookieguard.cookies.date import parse_cookie_date

KEPT = 30 * 86400
"""Seconds that a cookie with a declared lifetime may stay."""
SLACK = 10
"""Seconds that may lie between a header's two ways into a jar, and rounding."""

_DECLARED: tuple[dict[str, Any], ...] = (
    {"name": "sid", "category": "essential"},
    {
        "name": "keep",
        "category": "essential",
        "lifetime": "30 days",
        "secure": True,
        "http_only": True,
        "same_site": "Lax",
    },
    {"name": "lang", "category": "functional", "lifetime": "30 days"},
    {"name": "ads", "category": "marketing", "lifetime": "30 days"},
)
ACCEPTED = ("functional",)


def policy(undeclared: str) -> dict[str, Any]:
    """Make the policy: each declared name with each prefix and any slot."""
    cookies = [
        {**declared, "name": f"{prefix}{declared['name']}[0-9][0-9]", "match": "regex", "purpose": "P."}
        for declared in _DECLARED
        for prefix in PREFIXES
    ]
    return {"site": {"name": "Shop"}, "guard": {"undeclared": undeclared}, "cookies": cookies}


_PREFIX = "(?:__Host-|__Secure-|__Http-|__Host-Http-)?"
_ALLOWED = re.compile(f"{_PREFIX}(?:sid|keep|lang)[0-9][0-9]")
_REFUSED = re.compile(f"{_PREFIX}ads[0-9][0-9]|cookieguard|__Host-cookieguard")
_CAPPED = re.compile(f"{_PREFIX}(?:keep|lang|ads)[0-9][0-9]")
_MINIMUM = re.compile(f"{_PREFIX}keep[0-9][0-9]")
_FULL_DATE = re.compile(r"= *\w{3}, [0-9]{2} \w{3} [0-9]{4} [0-9:]{8} GMT *($|;)")
_EXPIRES = re.compile(r";\s*expires\s*=", re.IGNORECASE)
# The year 38 to Firefox, 2038 to the draft.
_SHORT_YEAR = re.compile(r"\b00[0-9]{2}\b")
_WSP = " \t"
_STRENGTH = ("none", "", "lax", "strict")


Fields = Sequence[tuple[str, str]]
"""A response's header fields."""


class Jar(NamedTuple):
    """What a browser holds, and (name, value) of each cookie that it sends to `/`, as servers read them.

    `taken` is when, in POSIX seconds.
    """

    held: Sequence[Held]
    sent: Sequence[tuple[str, str]]
    taken: float


class Fault(NamedTuple):
    """A law that was broken, and the cookie in question."""

    law: str
    cookie: object

    def __str__(self) -> str:
        return f"{self.law}: {self.cookie}"


def faults(fields: Fields, bare: Jar, guarded: Jar, undeclared: str, *, scripts: bool = False) -> list[Fault]:
    """Compare what the same fields left without the guard and with it, the consent cookie aside.

    With `scripts` they were written to `document.cookie`.
    """
    headers = [value for _, value in fields]
    if not all(map(_is_text, headers)):
        # Chromium's tools show such a name without the octets that are no UTF-8.
        bare, guarded = bare._replace(held=()), guarded._replace(held=())
    found = [
        *(Fault("refused, and stored", held) for held in guarded.held if _is_refused(held, undeclared)),
        *(Fault("refused, and sent", pair) for pair in guarded.sent if not _passes(pair[0], undeclared)),
    ]
    if any(_is_left_out(field, guarded.taken) for field in fields):
        return found
    return [
        *found,
        *_losses(headers, bare, guarded, undeclared, scripts),
        *_gains(headers, bare, guarded, scripts),
    ]


def _losses(
    headers: Sequence[str], bare: Jar, guarded: Jar, undeclared: str, scripts: bool
) -> Iterator[Fault]:
    def agrees(held: Held, twin: Held) -> bool:
        unsure = _is_unsure(headers, held, scripts)
        return (
            held.value == twin.value
            and _attributes_agree(held, twin, scripts)
            and _ends_rightly(held, bare, twin, guarded, unsure)
        )

    ambiguous = {*_ambiguous(headers)}
    for held in bare.held:
        if not _passes(held.name, undeclared) or not ambiguous.isdisjoint((held.name, held.value)):
            continue
        twins = [twin for twin in guarded.held if twin.key == held.key]
        if not twins:
            if not _ends_now(held, bare, guarded):
                yield Fault("allowed, and missing", held)
        elif not any(agrees(held, twin) for twin in twins):
            yield Fault(f"allowed, and changed into {twins}", held)
    fleeting = {held.name for held in bare.held if _ends_now(held, bare, guarded)}
    for pair in bare.sent:
        if (
            pair[0] not in fleeting
            and pair not in guarded.sent
            and _passes(pair[0], undeclared)
            and ambiguous.isdisjoint(pair)
        ):
            yield Fault("allowed, and not sent", pair)


def _gains(headers: Sequence[str], bare: Jar, guarded: Jar, scripts: bool) -> Iterator[Fault]:
    # With more attributes a browser may take what it refused, and without a date that it alone
    # can read, keep what it deleted.
    known = {held.key for held in bare.held}
    for held in guarded.held:
        excused = _MINIMUM.fullmatch(held.name) or (
            _CAPPED.fullmatch(held.name) and _is_unsure(headers, held, scripts)
        )
        if held.key not in known and not excused and not _ends_now(held, bare, guarded):
            yield Fault("stored with the guard only", held)


def _is_left_out(field: tuple[str, str], now: float) -> bool:
    """Whether servers send it as several lines, or it is a Date that isn't sure to stay or to be reckoned by.

    A Date ahead of the clock makes what is capped by the clock end too soon.
    """
    name, value = field
    if name == "Date":
        date = parse_cookie_date(value) if _FULL_DATE.search(f"={value}") else None
        return date is None or not 0 < date.timestamp() < now
    return ":" in name or bool(re.search(r"[\r\n]", name + value))


def _ends_now(held: Held, *jars: Jar) -> bool:
    """Whether the cookie may have ended between two looks."""
    return held.expires is not None and held.expires < max(jar.taken for jar in jars) + SLACK


def _is_text(header: str) -> bool:
    try:
        header.partition("=")[0].encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_refused(held: Held, undeclared: str) -> bool:
    return not all(_passes(name, undeclared) for name in _names(held))


def _names(held: Held) -> list[str]:
    """The names under which a cookie is known: a nameless one goes back as its value, and servers
    read a name there."""
    if held.name:
        return [held.name]
    return ["", held.value.lstrip("=" + _WSP).partition("=")[0].strip(_WSP)]


def _passes(name: str, undeclared: str) -> bool:
    if undeclared == "block":
        return bool(_ALLOWED.fullmatch(name))
    return not _REFUSED.fullmatch(name)


def _attributes_agree(held: Held, twin: Held, scripts: bool) -> bool:
    if not _MINIMUM.fullmatch(held.name):
        return (held.secure, held.http_only, held.same_site) == (twin.secure, twin.http_only, twin.same_site)
    return (
        twin.secure >= held.secure
        # No script can make a cookie that scripts can't read.
        and twin.http_only is not scripts
        and _STRENGTH.index(twin.same_site) >= max(2, _STRENGTH.index(held.same_site))
    )


def _ends_rightly(held: Held, bare: Jar, twin: Held, guarded: Jar, unsure: bool) -> bool:
    expected, most = held.expires, guarded.taken + KEPT
    if _CAPPED.fullmatch(held.name):
        # Where browsers and the draft differ, the cookie may end sooner or later than it would. (Nor
        # is an odd date changed that the draft takes for past: it is how somebody logs out.)
        if unsure:
            return True
        expected = expected and min(expected, most)
    if expected is None or twin.expires is None:
        return expected is twin.expires
    # A date is the same both times, an age counts from each.
    between = guarded.taken - bare.taken
    return -SLACK <= twin.expires - expected <= between + SLACK


def _ambiguous(headers: Iterable[str]) -> Iterator[str]:
    """Texts that one browser takes for a name, another for a value: "one refused name strips it"."""
    for header in headers:
        pair = header.partition(";")[0]
        if "=" not in pair or not pair.partition("=")[0].strip(_WSP):
            yield pair.strip(_WSP)
            yield pair.partition("=")[2].strip(_WSP)


def _is_unsure(headers: Iterable[str], held: Held, scripts: bool) -> bool:
    """Whether browsers may differ on when the cookie ends, or on a tab.

    The browser guard is sure of fewer dates, and drops the others.
    """
    return any(_is_odd(header, scripts) for header in headers if held.name in header)


def _is_odd(header: str, scripts: bool) -> bool:
    cookie = parse_set_cookie(header)
    if cookie is None or "\t" in header or (cookie.expires is not None and _SHORT_YEAR.search(header)):
        return True
    if cookie.attributes.contested or cookie.attributes.unreadable_end:
        return True
    dates = len(_EXPIRES.findall(header))
    return scripts and cookie.expires is not None and len(_FULL_DATE.findall(header)) < dates
