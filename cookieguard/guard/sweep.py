"""Expiring refused cookies that the browser still holds, and hiding them from the app."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from ..consent.carrier import HOST_NAME, NAME
from ..consent.consent import Consent
from ..cookies.cookieheader import filter_cookie_header, split_cookie_header
from ..policy.classifier import Classification
from ..policy.model import Declaration
from ..policy.pattern import Exact
from .verdict import Rules, Situation, Verdict

MOST_LINES = 40
"""`Set-Cookie` lines that expire in one response: proxies refuse a head of over 4 KiB. What is
left follows with the next page."""

# `Max-Age=0` bursts for cookies that don't exist evicted live session cookies in Firefox 153.
_PAST = "Expires=Thu, 01 Jan 1970 00:00:00 GMT"
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f;=]")

Swept = tuple[Verdict, list[str]]


def refused(name: str, rules: Rules, consent: Consent, host: str) -> Classification | None:
    """Return what a cookie of the request is, where it is declared and not allowed; else None.

    Undeclared cookies pass: "deleting what we know nothing of is not" safe. A name that is
    essential somewhere passes everywhere.
    """
    if name in (NAME, HOST_NAME):
        return None
    found = rules.classifier.classify(name, host)
    if (
        found.declaration is None
        or found.declaration.essential_somewhere
        or found.category in consent.allowed
    ):
        return None
    return found


def hide_refused(cookies: str, rules: Rules, consent: Consent, host: str) -> str | None:
    """Return the `Cookie` header that the app may see, or None where nothing remains."""
    return filter_cookie_header(cookies, lambda name: refused(name, rules, consent, host) is None)


def sweep(cookies: str, rules: Rules, consent: Consent, situation: Situation) -> Iterator[Swept]:
    """Expire what the request carries and the visitor doesn't allow."""
    names = dict.fromkeys(name for name, _ in split_cookie_header(cookies))
    yield from _swept(names, rules, consent, situation)


def sweep_unseen(cookies: str, rules: Rules, consent: Consent, situation: Situation) -> Iterator[Swept]:
    """After a withdrawal also expire what a request to this path doesn't carry.

    Only names declared for another path are blind spots; others the browser would have sent.
    """
    seen = {name for name, _ in split_cookie_header(cookies)}
    names = [
        declaration.name
        for declaration in rules.policy.declarations
        if declaration.kind == "cookie"
        and declaration.party == "first"
        and isinstance(declaration.pattern, Exact)
        and declaration.path not in (None, "/")
        and declaration.name not in seen
    ]
    yield from _swept(names, rules, consent, situation)


def _swept(names: Iterable[str], rules: Rules, consent: Consent, situation: Situation) -> Iterator[Swept]:
    for name in names:
        found = refused(name, rules, consent, situation.host)
        # A name that can't stand in a Set-Cookie header can't be expired by one.
        if found is None or found.declaration is None or found.category is None or _UNSENDABLE.search(name):
            continue
        verdict = Verdict("swept", consent.reasons[found.category], name, found)
        yield verdict, list(_expiries(name, found.declaration, rules, situation))


def _expiries(name: str, declaration: Declaration, rules: Rules, situation: Situation) -> Iterator[str]:
    """Yield a header for each variant of the cookie: they are different cookies to a browser."""
    prefix = name.lower()
    path = "/" if prefix.startswith("__host-") else declaration.path or "/"
    domains: list[str | None] = [None]
    if not prefix.startswith("__host-"):
        domains += _domains(declaration, rules.policy.consent.domain, situation.host)
    for domain in domains:
        header = f"{name}=; {_PAST}; Path={path}"
        if domain:
            header += f"; Domain={domain}"
        if situation.https:
            header += "; Secure"
        if prefix.startswith(("__http-", "__host-http-")):
            header += "; HttpOnly"
        yield header
        if situation.https:
            yield header + "; Partitioned"


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
