"""Expiring refused cookies that the browser still holds, and hiding them from the app."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from ..consent.consent import ALLOWING, Consent
from ..cookies.cookieheader import filter_cookie_header, split_cookie_header
from ..cookies.setcookie import PAST, Attributes, SetCookie
from ..policy.model import GUARD_COOKIES, Declaration
from ..policy.pattern import Exact
from .verdict import Rules, Situation, Verdict, classify_here, overridden

MOST_OCTETS = 2500
"""Of the lines that expire in one response: proxies refuse a head of over 4 KiB. What is left
follows with the next page."""

_LEAST_OCTETS = len(f"Set-Cookie: a=; {PAST}; Path=/\r\n")
_UNSENDABLE = re.compile(r"[^ -:<>-~\x80-\xff]")

Swept = list[tuple[Verdict, list[str]]]


def is_refused(name: str, rules: Rules, consent: Consent, situation: Situation) -> bool:
    """Tell whether a cookie of the request is declared and not allowed.

    Undeclared cookies aren't: blocking is safe, "deleting what we know nothing of is not". A name
    that is essential somewhere isn't anywhere.
    """
    if name in GUARD_COOKIES:
        return False
    found = classify_here(name, situation.host, rules.classifier)
    if found.declaration is None or found.category is None or found.declaration.essential_somewhere:
        return False
    reason = consent.reasons[found.category]
    if reason in ALLOWING or rules.override is None:
        return reason not in ALLOWING
    # What the hook keeps when it is set, it keeps afterwards too.
    sent, verdict = SetCookie(name, "", (name,), Attributes()), Verdict("stripped", reason, name, found)
    return overridden(sent, verdict, rules.override, consent, situation).action == "stripped"


def hide_refused(cookies: str, rules: Rules, consent: Consent, situation: Situation) -> str | None:
    """Return the `Cookie` header that the app may see: the same object where nothing is hidden, None
    where nothing remains."""
    return filter_cookie_header(cookies, lambda name: not is_refused(name, rules, consent, situation))


def sweep(
    cookies: str, rules: Rules, consent: Consent, situation: Situation, *, withdrawn: bool = False
) -> Swept:
    """Expire what the request carries and the visitor doesn't allow, up to `MOST_OCTETS`.

    After a withdrawal also what a request to this path doesn't carry: only names declared for
    another path are blind spots, others the browser would have sent.
    """
    names = dict.fromkeys(name for name, _ in split_cookie_header(cookies))
    if withdrawn:
        names |= dict.fromkeys(_out_of_sight(rules))
    refused = [
        name
        for name in names
        # A name that can't stand in a Set-Cookie header can't be expired by one.
        if is_refused(name, rules, consent, situation) and not _UNSENDABLE.search(name)
    ]
    swept, octets = [], 0
    for name in refused:
        swept.append(_expired(name, rules, consent, situation))
        octets += _octets(swept[-1])
        if octets > MOST_OCTETS:
            break
    else:
        return swept
    # Not each time the same first ones: what lies at another path stays, and would keep the others.
    start = int(situation.now) % len(refused)
    room, fitting = MOST_OCTETS, []
    for name in refused[start:] + refused[:start]:
        entry = _expired(name, rules, consent, situation)
        if _octets(entry) <= room:
            room -= _octets(entry)
            fitting.append(entry)
        if room < _LEAST_OCTETS:
            break
    return fitting


def _expired(name: str, rules: Rules, consent: Consent, situation: Situation) -> tuple[Verdict, list[str]]:
    found = classify_here(name, situation.host, rules.classifier)
    reason = consent.reasons[found.category or ""]
    lines = list(_expiries(name, found.declaration, rules, situation)) if found.declaration else []
    return Verdict("swept", reason, name, found), lines


def _octets(entry: tuple[Verdict, list[str]]) -> int:
    return sum(len(f"Set-Cookie: {line}\r\n") for line in entry[1])


def _out_of_sight(rules: Rules) -> Iterator[str]:
    for declaration in rules.policy.declarations:
        exact = declaration.kind == "cookie" and isinstance(declaration.pattern, Exact)
        # What lies beyond ASCII is a script's cookie (W209), and the script takes it away.
        named = exact and declaration.name.isascii()
        if named and declaration.party == "first" and declaration.path not in (None, "/"):
            yield declaration.name


def _expiries(name: str, declaration: Declaration, rules: Rules, situation: Situation) -> Iterator[str]:
    """Yield a line for each variant of the cookie: they are different cookies to a browser."""
    prefix = name.lower()
    bound = prefix.startswith("__host-")
    path = "/" if bound else declaration.path or "/"
    for domain in (
        "",
        *(() if bound else _domains(declaration, rules.policy.consent.domain, situation.host)),
    ):
        line = f"{name}=; {PAST}; Path={path}"
        if domain:
            line += f"; Domain={domain}"
        if situation.https:
            line += "; Secure"
        if prefix.startswith(("__http-", "__host-http-")):
            line += "; HttpOnly"
        yield line
        if situation.https:
            yield line + "; Partitioned"


def _domains(declaration: Declaration, shared: str | None, host: str) -> list[str]:
    # "a parent domain only where the declaration or `[consent] domain` names it (a sibling site's
    # cookie is not ours)"
    if declaration.domain:
        named = [declaration.domain.removeprefix(".").lower()]
    else:
        named = [host] if "." in host and not _is_address(host) else []
        named += [shared.lower()] if shared and shared.lower() != host else []
    return [domain for domain in named if host == domain or host.endswith("." + domain)]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
