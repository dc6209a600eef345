"""The policy, as plain data for the browser guard (guard.js)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..html.loading import LOADING, LOADING_NAMES, inert_name
from ..policy.index import ranked
from ..policy.model import CONSENT_COOKIES, STANDARD_CATEGORIES, Declaration, third_party_domain
from ..policy.pattern import MAX_NAME, Glob, Regex
from ..policy.policy import Policy
from ..policy.waiting import waiting_hosts

_GATE = "data-cookieguard"
# In a table that is asked for names which a page chose: else there were a `constructor` in it, and what a
# library puts on `Object.prototype`.
_BARE: dict[str, Any] = {"__proto__": None}
# What the script puts a held script's type under, so that nothing runs before its time. An address of
# SVG comes back by its plain name: only the parser can make one of XLink's namespace.
_LIVE = {**LOADING_NAMES, "_type": "type", inert_name("xlink:href"): "href"}
# What a page's author writes who gates a tag by hand, and what it becomes.
_GATED = {"data-src": "src", "data-srcset": "srcset", "data-type": "type", _GATE: ""}
_HELD = ",".join(f"[{name}]" for name in (*LOADING_NAMES, _GATE))
_ADDRESSED = ",".join(f"[{name}]" for name in ("src", "data-src", *(map(inert_name, LOADING["script"]))))
_LATE = ":is([defer],[_type=module],[data-type=module]):not([async])"


def browser_rules(policy: Policy) -> dict[str, Any]:
    """Return what the script must know of a policy; nothing of it is about a visitor."""
    return {
        "names": CONSENT_COOKIES,
        "domain": policy.consent.domain and policy.consent.domain.lower(),
        "days": policy.consent.lifetime.days,
        "optOut": policy.consent.model == "opt-out",
        "undeclared": policy.guard.undeclared == "allow",
        "categories": {
            category.id: {
                "tokens": [category.token, *sorted(category.accepts)],
                "gpc": category.sold and policy.consent.gpc == "honour",
            }
            for category in policy.optional
        },
        "digests": [("digest", f"{category.id}:{category.token}") for category in policy.optional],
        "cookies": [*_cookie_rules(policy)],
        "storage": {
            area: rules
            for kind, area in (("local-storage", "localStorage"), ("session-storage", "sessionStorage"))
            if (rules := [_rule(entry) for entry in _by_rank(policy, kind)])
        },
        "signals": _signals(policy),
        "hosts": [*waiting_hosts(policy).items()] if policy.guard.gate != "off" else [],
        "loads": {**_BARE, **LOADING},
        "live": {**_BARE, **_LIVE},
        "gated": {**_BARE, **_LIVE, **_GATED},
        "held": _HELD,
        "addressed": _ADDRESSED,
        "late": _LATE,
        # Elements of SVG are matched in their own case.
        "watched": ",".join([*LOADING, "feImage", _HELD]),
        # An element's own address, and those that a second `body` tag adds to the first.
        "attributes": [*LOADING_NAMES.values(), *LOADING_NAMES],
        "inert": {**_BARE, **{attribute: name for name, attribute in LOADING_NAMES.items()}},
    }


def _by_rank(policy: Policy, kind: str) -> Iterator[Declaration]:
    for _, declaration in ranked(entry for entry in policy.declarations if entry.kind == kind):
        yield declaration


def _cookie_rules(policy: Policy) -> Iterator[dict[str, Any]]:
    # A third party's longest domain is asked first, as the classifier does.
    entries = sorted(_by_rank(policy, "cookie"), key=lambda entry: -len(third_party_domain(entry) or ""))
    for declaration in entries:
        rule = _rule(declaration)
        if declaration.caps and policy.guard.lifetimes == "cap" and declaration.lifetime is not None:
            rule["lifetime"] = declaration.lifetime.seconds or 0
        # Catalogue and imports impose nothing.
        if declaration.origin == "site":
            rule |= {"secure": declaration.secure, "sameSite": declaration.same_site}
        rule |= {
            "third": third_party_domain(declaration),
            "domain": declaration.domain,
            "path": declaration.path,
            "needed": declaration.essential_somewhere,
        }
        yield {key: value for key, value in rule.items() if value is not None and value is not False}


def _rule(declaration: Declaration) -> dict[str, Any]:
    rule: dict[str, Any] = {"category": declaration.category}
    if declaration.essential_under:
        rule["under"] = declaration.essential_under
    pattern = declaration.pattern
    if isinstance(pattern, Glob | Regex):
        return rule | {"pattern": _regex(pattern)}
    # As the server reads it, byte by byte: scripts write no name that it would take for this one.
    return rule | {"name": declaration.name.encode().decode("latin-1")}


def _regex(pattern: Glob | Regex) -> str:
    """Return a whole name's pattern as JavaScript reads it, with its flag `s`."""
    if isinstance(pattern, Glob):
        return "^" + ".*".join(map(re.escape, pattern.parts)) + "$"
    return f"^(?=.{{0,{MAX_NAME}}}$)(?:{pattern.source})$"


def _signals(policy: Policy) -> dict[str, list[str]] | None:
    """Return the categories behind each signal of Google Consent Mode; None where nobody hears them."""
    heard = any(host.endswith("googletagmanager.com") for host in _hosts(policy))
    said = any(
        category.consent_mode != STANDARD_CATEGORIES.get(category.id, ())
        for category in policy.categories.values()
    )
    if not heard and not said:
        return None
    signals: dict[str, list[str]] = {}
    for category in policy.categories.values():
        for signal in category.consent_mode:
            signals.setdefault(signal, []).append(category.id)
    return signals


def _hosts(policy: Policy) -> Iterator[str]:
    for provider in policy.providers.values():
        yield from provider.hosts
