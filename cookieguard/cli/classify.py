"""`classify` and `explain`: what cookies are, by a policy or by the whole catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from ..cookies.lifetime import Lifetime
from ..cookies.setcookie import parse_set_cookie
from ..importers.har import read_har
from ..importers.headers import read_headers
from ..importers.netscape import read_cookie_jar
from ..importers.sighting import Sighting
from ..policy.catalogue import load_service
from ..policy.classifier import Classification, Classifier, Explanation
from ..policy.keypath import KeyPath as Place
from ..policy.model import Declaration, source_text
from ..policy.policy import Policy
from ..policy.writing import write_policy
from .inputs import (
    FILE_OR_STDIN,
    can_be_stored,
    load_policy,
    policy_option,
    read_bytes,
    read_text,
    stdin_is_piped,
)
from .manual import FINE, FOUND, Command
from .output import count, json_option, note, print_json, print_table, say

_HEADINGS = ("name", "category", "provider", "lifetime", "declared by")


@click.command(
    cls=Command,
    examples=(
        "cookieguard classify _ga sessionid",
        "curl -sI https://example.com | cookieguard classify --headers -",
        "cookieguard classify --har visit.har --policy cookies.toml --strict",
    ),
    exits={FOUND: "with --strict: a cookie is undeclared"},
    files={
        "--har": "'Save all as HAR' in the network tab of a browser's developer tools",
        "--jar": "a cookies.txt, as 'curl -c' and browser extensions write it",
    },
)
@click.argument("names", nargs=-1, metavar="[NAME|-]...")
@click.option("--har", type=FILE_OR_STDIN, metavar="FILE", help="Cookies of a visit recorded by a browser.")
@click.option("--headers", type=FILE_OR_STDIN, metavar="FILE", help="Response headers, from 'curl -sI'.")
@click.option("--jar", type=FILE_OR_STDIN, metavar="FILE", help="A cookie jar in Netscape's format.")
@policy_option("Classify by this policy (default: by the whole catalogue).")
@click.option(
    "--domain", metavar="HOST", help="The host that sets the NAMEs: third parties' count there only."
)
@click.option("--strict", is_flag=True, help="Exit with 1 where a cookie is undeclared.")
@json_option
def classify(
    names: tuple[str, ...],
    har: Path | None,
    headers: Path | None,
    jar: Path | None,
    policy_file: Path | None,
    domain: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Say what cookies are: category, provider, lifetime.

    Takes names, whole Set-Cookie lines, or with - (or nothing) one of either a line from stdin; and
    files of other tools. Values are never printed. The catalogue says what a cookie usually is; only a
    policy authorises it.
    """
    sightings = list(_given(names, domain))
    if har:
        sightings += read_har(read_bytes(har), str(har))
    if headers:
        sightings += read_headers(read_bytes(headers), domain, source=str(headers))
    if jar:
        sightings += read_cookie_jar(read_bytes(jar), site=domain, source=str(jar))
    if not sightings and not (har or headers or jar or "-" in names):
        if not stdin_is_piped():
            raise click.UsageError("give NAMEs, or --har, --headers or --jar FILE")
        sightings = list(_lines(domain))
    if not sightings and not (har or headers or jar or "-" in names):
        # A script that meant to name some must not take this for a clean site.
        raise click.UsageError("no names came; give NAMEs, or --har, --headers or --jar FILE")
    classifier = Classifier(load_policy(policy_file)) if policy_file else Classifier.from_catalogue()
    found = {
        seen: classifier.classify(seen.name, seen.host if seen.third_party or domain else None)
        for seen in sightings
    }
    undeclared = sum(not each.declared for each in found.values())
    if as_json:
        print_json([_plain(seen, each) for seen, each in found.items()])
    elif found:
        print_table(_HEADINGS, (_row(seen, each) for seen, each in found.items()))
    else:
        note("no cookies there")
    if strict and undeclared:
        note(f"{count(undeclared, 'cookie')} undeclared")
        raise SystemExit(FOUND)
    raise SystemExit(FINE)


@click.command(
    cls=Command,
    examples=(
        "cookieguard explain _ga_X1",
        "cookieguard explain session --policy cookies.toml",
        "cookieguard explain WHMCSUser --policy cookies.toml --path /clientarea",
    ),
    exits={FOUND: "the cookie is undeclared"},
)
@click.argument("name")
@policy_option("Look into this policy (default: into the whole catalogue).")
@click.option("--domain", metavar="HOST", help="The host that sets it: third parties' count there only.")
@click.option("--path", metavar="PATH", help="The page's path, for 'essential_under'.")
@json_option
def explain(name: str, policy_file: Path | None, domain: str | None, path: str | None, as_json: bool) -> None:
    """Say why a cookie is classified as it is.

    Names the declaration that won and the reason, and others that match too. For an undeclared cookie
    it prints what to write into the policy.
    """
    if not can_be_stored(name):
        raise click.UsageError(f"no browser stores a cookie of the name {name!r}; give the name alone")
    policy = load_policy(policy_file) if policy_file else None
    classifier = Classifier(policy) if policy else Classifier.from_catalogue()
    explanation = classifier.explain(name, domain, path)
    remedy = (
        None if explanation.classification.declared else _remedy(explanation, _used(policy) if policy else ())
    )
    if as_json:
        print_json(_plain_explanation(explanation, remedy))
    else:
        _print_explanation(explanation, remedy, by_policy=policy is not None)
    raise SystemExit(FINE if explanation.classification.declared else FOUND)


def _given(names: Iterable[str], domain: str | None) -> Iterator[Sighting]:
    for name in names:
        if name == "-":
            yield from _lines(domain)
        else:
            yield from _seen(name, domain)


def _lines(domain: str | None) -> Iterator[Sighting]:
    # `str.splitlines` also breaks at U+0085 and its like, which a name or a value may hold.
    for line in read_text(Path("-")).split("\n"):
        if line.strip():
            yield from _seen(line.strip(), domain)


def _seen(given: str, domain: str | None) -> list[Sighting]:
    """Read a bare name, or a `Set-Cookie` line with or without its header's name."""
    header, colon, rest = given.partition(":")
    line = rest.strip() if colon and header.strip().lower() == "set-cookie" else given
    if can_be_stored(line):
        return [Sighting(line, domain)]
    cookie = parse_set_cookie(line)
    if cookie is None:
        note(f"no browser stores the cookie {line.partition('=')[0]!r} of this line")
        return []
    return [Sighting(name, domain, cookie.path, cookie.max_age) for name in cookie.names if name]


def _row(seen: Sighting, found: Classification) -> tuple[str, ...]:
    declaration = found.declaration
    if declaration is None:
        told = "" if seen.lifetime is None else f"{Lifetime.of_seconds(seen.lifetime, rounded=True)} (seen)"
        return seen.name, "undeclared", "", told, ""
    provider = found.provider.name if found.provider else ""
    lifetime = str(declaration.lifetime or "")
    return seen.name, str(found.category), provider, lifetime, declared_by(declaration)


def declared_by(declaration: Declaration) -> str:
    """Say whose word a declaration is."""
    if declaration.service:
        return f"catalogue: {declaration.service}"
    return "import" if declaration.origin == "imported" else "the policy"


def _plain(seen: Sighting, found: Classification) -> dict[str, object]:
    return {
        "name": seen.name,
        "host": seen.host,
        "category": found.category,
        "declared": found.declared,
        "declaration": _plain_declaration(found.declaration) if found.declaration else None,
        "provider": found.provider.name if found.provider else None,
        "seen_lifetime": seen.lifetime,
    }


def _plain_declaration(declaration: Declaration) -> dict[str, object]:
    return {
        "name": declaration.name,
        "category": declaration.category,
        "lifetime": str(declaration.lifetime) if declaration.lifetime else None,
        "party": declaration.party,
        "domain": declaration.domain,
        "origin": declaration.origin,
        "service": declaration.service,
    }


def _plain_explanation(explanation: Explanation, remedy: str | None) -> dict[str, object]:
    found = explanation.classification
    return {
        "name": explanation.name,
        "category": found.category,
        "declared": found.declared,
        "provider": found.provider.name if found.provider else None,
        "reason": explanation.reason,
        "declaration": _plain_declaration(explanation.declaration) if explanation.declaration else None,
        "others": [_plain_declaration(each) for each in explanation.others],
        "elsewhere": [_plain_declaration(each) for each in explanation.elsewhere],
        "suggestions": list(explanation.suggestions),
        "write": remedy,
    }


def _print_explanation(explanation: Explanation, remedy: str | None, *, by_policy: bool) -> None:
    declaration, found = explanation.declaration, explanation.classification
    category = found.category or "undeclared"
    say(f"{explanation.name}: {category}", style="bold")
    reason = explanation.reason
    if declaration is None and not by_policy:
        known = reason if explanation.elsewhere else "not in the catalogue"
        reason = f"{known}; for your own policy: --policy cookies.toml"
    say(f"  because     {reason}")
    if declaration is not None:
        say(f"  declared as {declaration.name}, by {declared_by(declaration)}")
        if found.provider:
            say(f"  provider    {found.provider.name}")
        say(f"  lifetime    {declaration.lifetime or 'not declared'}")
        if purpose := source_text(declaration.purpose, "en"):
            say(f"  purpose     {purpose}")
    for other in explanation.others:
        say(f"  matches too {other.name}: {other.category}, by {declared_by(other)}")
    for other in explanation.elsewhere:
        say(f"  elsewhere   {other.name} on {other.domain}: {other.category}, by {declared_by(other)}")
    if remedy:
        say("write into the policy:")
        for line in remedy.splitlines():
            say(f"  {line}")


def _remedy(explanation: Explanation, used: Sequence[str]) -> str:
    """Return TOML that declares an undeclared cookie; `used` is what the policy's `use` holds."""
    if explanation.suggestions:
        return "\n# or\n".join(_use(name, used) for name in explanation.suggestions)
    elsewhere = next((each for each in explanation.elsewhere if each.service), None)
    if elsewhere and elsewhere.service:
        return (
            f"{_use(elsewhere.service, used)}\n# that counts on {elsewhere.domain} only, as the cookie should"
        )
    entry = {
        "name": explanation.name,
        "category": "functional",
        "purpose": "Say here what it does for the visitor.",
        "lifetime": "session",
    }
    comments: dict[Place, str] = {
        ("cookies", 0): "essential, functional, analytics or marketing: decide, and say what for"
    }
    return write_policy({"cookies": [entry]}, comments)


def _use(service: str, used: Sequence[str]) -> str:
    line = f"use = {json.dumps([*used, service])}"
    provider = next((provider.name for provider in load_service(service).providers), None)
    return f"{line}    # {provider}" if provider else line


def _used(policy: Policy) -> list[str]:
    return list(dict.fromkeys(each.service for each in policy.declarations if each.service))
