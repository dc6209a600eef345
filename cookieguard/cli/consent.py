"""`consent`: what a consent cookie says, and one to test with."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from ..consent.carrier import Carrier
from ..consent.consent import Consent, Record
from ..consent.seal import Seal, read_unsigned
from ..enforcer import normalise_host
from ..policy.model import CONSENT_COOKIES
from ..policy.policy import Policy
from ..testing import consent_cookie
from .inputs import SECRET, SECRET_FILES, load_policy, policy_option, secret_keys, secret_option
from .manual import FINE, FOUND, Command, Failure
from .output import json_option, note, print_json, print_table, say

_NAME = re.compile(rf"\s*(?:(?:set-cookie|cookie):\s*)?(?:({'|'.join(CONSENT_COOKIES)})=)?([^;\s]*)", re.I)


@click.group()
def consent() -> None:
    """Decode a visitor's consent cookie, or issue one for tests."""


@consent.command(
    cls=Command,
    examples=(
        "cookieguard consent decode '1.2026-11-22.+analytics:3f9aK1x0PQ4.…'",
        "cookieguard consent decode VALUE --host shop.example --policy cookies.toml",
    ),
    exits={FOUND: "its signature is wrong, or it is no consent (any more)"},
    files=SECRET_FILES,
)
@click.argument("value")
@secret_option
@click.option("--host", metavar="HOST", help="The site's host, or the shared domain: it is in the signature.")
@policy_option("Say how it counts under this policy.")
@json_option
def decode(
    value: str, secret_file: Path | None, host: str | None, policy_file: Path | None, as_json: bool
) -> None:
    """Say what a consent cookie holds.

    VALUE is the cookie's value, or 'name=value' as a browser shows it. With the key and --host its
    signature is checked; without, what is printed is only what somebody wrote. With a policy it says
    what counts, what is asked again because the policy changed, and until when.
    """
    text = _value(value)
    record = read_unsigned(text)
    if record is None:
        raise Failure(
            "that is no consent cookie: it looks like 1.2026-11-22.+analytics:3f9aK1x0PQ4.SIGNATURE"
        )
    policy = load_policy(policy_file) if policy_file else None
    signature = _signature(text, host, secret_keys(secret_file), policy)
    found = _described(record, signature, policy)
    if as_json:
        print_json(found)
    else:
        _print_decoded(found)
    raise SystemExit(FOUND if signature == "wrong" or found.get("expired") else FINE)


@consent.command(
    cls=Command,
    examples=(
        "cookieguard consent issue --policy cookies.toml --secret-file key.txt",
        'curl -b "$(cookieguard consent issue --policy cookies.toml)" localhost:8000',
    ),
    files=SECRET_FILES,
)
@policy_option("The site's policy.", required=True)
@secret_option
@click.option(
    "--accept",
    multiple=True,
    metavar="CATEGORY",
    help="A category to accept, or several with commas between; may be repeated.",
)
@click.option("--host", default="localhost", show_default=True, metavar="HOST", help="The site's host.")
@click.option("--https", is_flag=True, help="For https: the cookie is then named __Host-cookieguard.")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="The day of the decision (default: today, UTC)."
)
@json_option
def issue(
    policy_file: Path,
    secret_file: Path | None,
    accept: tuple[str, ...],
    host: str,
    https: bool,
    day: datetime | None,
    as_json: bool,
) -> None:
    """Print a consent cookie, as 'name=value', for tests.

    It accepts the categories given and refuses all others. Whoever has the key can make one: it proves
    nothing about a visitor.
    """
    keys = secret_keys(secret_file)
    if not keys:
        raise click.UsageError(f"a key signs it: give --secret-file FILE, or set {SECRET}_FILE or {SECRET}")
    accepted = [category.strip() for given in accept for category in given.split(",")]
    name, value = consent_cookie(
        load_policy(policy_file), keys, accepted, host=host, https=https, day=day.date() if day else None
    )
    if as_json:
        print_json({"name": name, "value": value})
    else:
        click.echo(f"{name}={value}")


def _value(given: str) -> str:
    found = _NAME.match(given)
    return found[2] if found else given


def _signature(text: str, host: str | None, keys: list[str], policy: Policy | None) -> str:
    """Return `valid` or `wrong`, or `unchecked` with what is missing to check it."""
    audience = host and normalise_host(host)
    if host and not audience:
        raise click.UsageError(f"--host is {host!r}; give the name alone, as 'example.com'")
    if not keys:
        return f"not checked: give --secret-file or set {SECRET}_FILE or {SECRET}"
    if policy and policy.consent.domain and not audience:
        audience = policy.consent.domain.lower()
    if not audience:
        return "not checked: give --host, which is part of the signature"
    if policy:
        audience = Carrier(Seal(keys), policy.consent).scope(audience, https=True).audience
    return "valid" if Seal(keys).loads(text, audience) else "wrong"


def _described(record: Record, signature: str, policy: Policy | None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "signature": signature,
        "day": record.day.isoformat(),
        "choices": [
            {
                "category": choice.category,
                "accepted": choice.accepted,
                "digest": choice.token,
                "under_gpc": choice.under_gpc,
                "day": _day_after(record.day, -choice.age),
            }
            for choice in record.choices
        ],
    }
    return described | (_judged(record, policy, counts=signature != "wrong") if policy else {})


def _judged(record: Record, policy: Policy, *, counts: bool) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    policy = policy.on(today)
    judged = Consent.of(record if counts else None, policy, today)
    return {
        "allows": [id for id in policy.categories if policy.category(id).shown and judged.allows(id)],
        "undecided": list(judged.undecided),
        "stale": list(judged.stale),
        "unknown": [choice.category for choice in record.choices if choice.category not in policy.categories],
        "expires": _day_after(record.day, policy.consent.lifetime.days),
        "expired": judged.expired or record.day > today,
    }


def _day_after(day: date, days: int) -> str | None:
    """Return the day so many days later; None where no calendar has it."""
    try:
        return (day + timedelta(days)).isoformat()
    except OverflowError:
        return None


def _print_decoded(found: dict[str, Any]) -> None:
    signature = found["signature"]
    style = {"valid": "green", "wrong": "bold red"}.get(signature, "yellow")
    say(f"signature  {signature}", style=style)
    say(f"decided    {found['day']} (UTC)")
    if "expires" in found:
        until = "counts no more" if found["expired"] else f"counts until {found['expires']}"
        say(f"lifetime   {'counts for nothing' if signature == 'wrong' else until}")
    rows = [
        (
            choice["category"],
            ("accepted" if choice["accepted"] else "refused")
            + (", under GPC" if choice["under_gpc"] else ""),
            choice["day"] or "",
            choice["digest"],
            _standing(choice["category"], found),
        )
        for choice in found["choices"]
    ]
    print_table(("category", "choice", "day", "digest", "under the policy"), rows)
    if undecided := found.get("undecided"):
        note(f"asked again about: {', '.join(undecided)}")


def _standing(category: str, found: dict[str, Any]) -> str:
    if "allows" not in found:
        return ""
    if category in found["unknown"]:
        return "no such category"
    if category in found["stale"]:
        return "changed since: asked again"
    return "allowed" if category in found["allows"] else "not allowed"
