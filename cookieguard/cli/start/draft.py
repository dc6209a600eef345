"""What was seen of a site -> a first policy, with a mark at all that a person must decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from ...cookies.lifetime import Lifetime
from ...html.address import Gate
from ...importers.sighting import Sighting
from ...policy.catalogue import load_service, service_names, services_with
from ...policy.classifier import Classifier
from ...policy.model import ESSENTIAL, GUARD_COOKIES, Declaration, source_text
from ..inputs import can_be_stored
from .framework import Facts
from .login import LogIn
from .names import family_of

TODO = "TODO decide: "
_SIGNED_IN = "Keeps together what you do on this site: sign-in, forms, messages."
_FORGERY = "Makes sure that a form sent in your name really comes from this site."
_REMEMBERED = "Keeps you signed in after you close the browser, if you asked for that."

_CSRF = re.compile(r"csrf|xsrf|(form|request|antiforgery).?(token|verification)", re.I)
_SESSION = re.compile(r"sess(ion)?|sid\b|(^|[^a-z])(auth|login|token|ticket)([^a-z]|$)", re.I)

Path = tuple[str | int, ...]


class Seen(Struct, frozen=True):
    """A cookie that was seen, and what its setting showed: where first, and whether scripts are kept out."""

    sighting: Sighting
    where: str = ""
    http_only: bool = False


class Evidence(Struct, frozen=True):
    """All that was found out. `hosts` are those that pages load something from."""

    cookies: Sequence[Seen] = ()
    hosts: Sequence[str] = ()
    facts: Facts = Facts()
    log_in: LogIn = LogIn()


class Decision(Struct, frozen=True):
    """What the draft says of one cookie, and why; `open` where a person must look."""

    name: str
    category: str
    by: str
    why: str
    open: bool = False


class Draft(Struct, frozen=True):
    """A policy file's data with its comments, and the decisions in it."""

    data: Mapping[str, Any]
    comments: Mapping[Path, str]
    decisions: Sequence[Decision]
    strangers: Sequence[str] = ()


def draft_policy(evidence: Evidence, name: str, contact: str, today: date) -> Draft:
    """Write down what is known, and the safe choice where it isn't: to wait for the visitor's consent.

    Essential is only what the catalogue calls so, the app's settings name, or the log-in was seen to need;
    and where the log-in couldn't be tried, what bears the name of a session and is kept from scripts.
    """
    drafting = _Drafting(evidence)
    site: dict[str, Any] = {"name": name, "contact": contact, "updated": today}
    data: dict[str, Any] = {"use": list(drafting.services), "site": site}
    if drafting.entries:
        data["cookies"] = drafting.entries
    strangers = _strangers(evidence.hosts)
    comments = drafting.comments | {(): _top(strangers)}
    if drafting.services:
        comments["use",] = "\n".join(f"{name}: {why}" for name, why in drafting.services.items())
    for key, value in (("name", name), ("contact", contact)):
        if not value:
            comments["site", key] = f"{TODO}the {key} that visitors are told"
    return Draft(data, comments, drafting.decisions, strangers)


class _Drafting:
    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.log_in = evidence.log_in
        self.services: dict[str, str] = {}
        self.entries: list[dict[str, Any]] = []
        self.comments: dict[Path, str] = {}
        self.decisions: list[Decision] = []
        for service in evidence.facts.used:
            self.services[service] = "the app's framework"
        for named in evidence.facts.renamed:
            declared = named.declaration
            entry = {
                "name": declared.name,
                "category": declared.category,
                "purpose": source_text(declared.purpose, "en"),
                "lifetime": str(declared.lifetime),
            }
            self._declare(entry, "", f"the app's setting {named.setting}")
        named_already = {named.declaration.name for named in evidence.facts.renamed}
        known = [each for each in self._one_each() if each.sighting.name not in named_already]
        # What only one service has decides, before what several have.
        known.sort(key=lambda each: len(_services(each)) != 1)
        for seen in known:
            self._decide(seen)
        for host in evidence.hosts:
            self._use_host(host)

    def _one_each(self) -> list[Seen]:
        """Leave one of each family, and the consent cookie out."""
        kept: dict[tuple[str, str | None], Seen] = {}
        for seen in self.evidence.cookies:
            sighting = seen.sighting
            host = sighting.host if sighting.third_party else None
            if sighting.kind == "cookie" and _is_the_apps(sighting.name):
                kept.setdefault((family_of(sighting.name), host), seen)
        return list(kept.values())

    def _decide(self, seen: Seen) -> None:
        name = seen.sighting.name
        services = _services(seen)
        used = [service for service in services if service in self.services]
        chosen = used or (services if len(services) == 1 else [])
        if chosen:
            declared = _declaration(chosen[0], seen)
            if declared.category == ESSENTIAL or family_of(name) not in self.log_in.needed:
                self.services.setdefault(chosen[0], f"has {declared.name}")
                self._note(name, declared.category, f"catalogue: {chosen[0]}", f"declared as {declared.name}")
                return
        categories = {_declaration(service, seen).category for service in services}
        if len(categories) == 1 and not chosen:
            self._take_over(seen, services)
        else:
            self._guess(seen)

    def _take_over(self, seen: Seen, services: Sequence[str]) -> None:
        """Declare what several services would, word for word."""
        declared = _declaration(services[0], seen)
        if declared.category != ESSENTIAL and family_of(seen.sighting.name) in self.log_in.needed:
            self._guess(seen)
            return
        purpose = source_text(declared.purpose, "en")
        why = f"{', '.join(services)} have a cookie of this name; if you use one of them, write it into 'use'"
        self._declare_seen(seen, declared.category, purpose, why, "the catalogue knows the name")

    def _guess(self, seen: Seen) -> None:
        name, family = seen.sighting.name, family_of(seen.sighting.name)
        if family in self.log_in.needed:
            purpose = _FORGERY if _CSRF.search(name) else _SIGNED_IN
            why = f"the log-in at {_path(self.log_in.address)} doesn't work without it; say what it is for"
            self._declare_seen(seen, ESSENTIAL, purpose, why, "the log-in needs it")
        elif family in self.log_in.remembers:
            why = "it came by the box for staying signed in"
            self._declare_seen(seen, "functional", _REMEMBERED, why, "the log-in's box adds it")
        elif family not in self.log_in.tried and _looks_essential(seen):
            purpose = _FORGERY if _CSRF.search(name) else _SIGNED_IN
            why = "it looks like a session's or a form's by its name alone; anything else isn't essential"
            self._declare_seen(seen, ESSENTIAL, purpose, why, "by its name")
        elif elsewhere := Classifier.from_catalogue().explain(name).elsewhere:
            known = elsewhere[0]
            why = f"the catalogue knows one of this name, {known.category} on {known.domain}; add purpose = …"
            self._declare_seen(seen, known.category, None, why, f"as on {known.domain}: waits for consent")
        else:
            category = "marketing" if seen.sighting.third_party else "functional"
            why = (
                "essential, functional, analytics or marketing; and add purpose = …, for the visitor to read"
            )
            self._declare_seen(seen, category, None, why, "nothing is known of it: it waits for consent")

    def _declare_seen(self, seen: Seen, category: str, purpose: str | None, todo: str, why: str) -> None:
        where = f" (first seen at {seen.where})" if seen.where else ""
        self._declare(_entry(seen, category, purpose), todo + where, why)

    def _declare(self, entry: dict[str, Any], todo: str, why: str) -> None:
        if todo:
            self.comments["cookies", len(self.entries)] = TODO + todo
        self.entries.append(entry)
        self._note(entry["name"], entry["category"], "the policy", why, open=bool(todo))

    def _note(self, name: str, category: str, by: str, why: str, *, open: bool = False) -> None:
        self.decisions.append(Decision(name, category, by, why, open))

    def _use_host(self, host: str) -> None:
        serving = _serving(host)
        if serving and not any(service in self.services for service in serving):
            why = f"pages load from {host}"
            if len(serving) > 1:
                why = f"{TODO}{why}, as {' and '.join(serving)} do; keep those that you use"
            for service in serving:
                self.services[service] = why


def _is_the_apps(name: str) -> bool:
    # A recorded visit may hold anything.
    return name not in GUARD_COOKIES and can_be_stored(name)


def _services(seen: Seen) -> tuple[str, ...]:
    sighting = seen.sighting
    return services_with(sighting.name, sighting.host if sighting.third_party else None)


def _declaration(service: str, seen: Seen) -> Declaration:
    """Return what a service says of a cookie that it is known to have: an exact name first."""
    matching = [
        each for each in load_service(service).declarations if each.pattern.matches(seen.sighting.name)
    ]
    return max(matching, key=lambda each: (each.name == seen.sighting.name, len(each.pattern.literal_head)))


def _entry(seen: Seen, category: str, purpose: str | None) -> dict[str, Any]:
    sighting = seen.sighting
    entry: dict[str, Any] = {"name": sighting.name, "category": category}
    if "*" in sighting.name:
        entry["match"] = "exact"
    elif category == ESSENTIAL:
        # The next visitor's must work too; what waits for consent does so under any name.
        entry["name"] = family_of(sighting.name)
    if purpose:
        entry["purpose"] = purpose
    entry["lifetime"] = str(Lifetime.of_seconds(sighting.lifetime, rounded=True))
    if sighting.third_party and sighting.host:
        entry |= {"party": "third", "domain": sighting.host}
    if sighting.set_by == "script":
        entry["set_by"] = "script"
    return entry


def _looks_essential(seen: Seen) -> bool:
    name = seen.sighting.name
    if seen.sighting.third_party or seen.sighting.set_by != "server":
        return False
    return bool(_CSRF.search(name) or (seen.http_only and _SESSION.search(name)))


def _serving(host: str) -> list[str]:
    """Name the services that serve tags from a host."""
    return [
        name
        for name in service_names()
        if (gate := Gate.of(host for provider in load_service(name).providers for host in provider.hosts))
        and gate.holds(host)
    ]


def _strangers(hosts: Iterable[str]) -> list[str]:
    return [host for host in dict.fromkeys(hosts) if not _serving(host)]


def _top(strangers: Sequence[str]) -> str:
    lines = [
        "A first policy, by 'cookieguard init'. What you must decide is marked TODO; then: cookieguard check"
    ]
    if strangers:
        lines += [
            "",
            f"Pages load from these hosts, of which the catalogue knows nothing: {', '.join(strangers)}.",
            "[providers.ID] with name, category and hosts = […] holds their tags back until the visitor "
            "accepts.",
        ]
    return "\n".join(lines)


def _path(address: str) -> str:
    return "/" + address.partition("://")[2].partition("/")[2]
