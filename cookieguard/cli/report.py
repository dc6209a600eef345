"""`report`: what a log of the guard says that a policy lacks, or has too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from ..policy.model import GUARD_COOKIES
from ..policy.policy import Policy
from ..undeclared import spelled_use
from .inputs import FILE_OR_STDIN, load_policy, policy_option, read_lines
from .logfile import Told, read_log
from .manual import FINE, FOUND, Command, Failure
from .output import count, json_option, note, print_json, print_table, say

_LEVEL = "under cookieguard.serve and the sidecar: COOKIEGUARD_LOG=json COOKIEGUARD_LOG_LEVEL=debug"


@click.command(
    cls=Command,
    examples=(
        "cookieguard report app.log --policy cookies.toml",
        "journalctl -u shop -o cat | cookieguard report -",
    ),
    exits={FOUND: "cookies are undeclared, or live longer than declared"},
    files={"LOGFILE": "what the logger 'cookieguard' wrote, among other lines, or as JSON lines"},
)
@click.argument("logfile", type=FILE_OR_STDIN)
@policy_option("Also name what this policy declares and the log never shows.")
@json_option
def report(logfile: Path, policy_file: Path | None, as_json: bool) -> None:
    """Sum up a log of the guard, above all of report mode.

    Says which cookies are undeclared (and which of the catalogue's services has them), which are held
    back or would be, and which live longer than declared. Kept cookies are logged at DEBUG only: with
    less, all that can be said of a declared cookie is that nothing happened to it. A log that tells of no
    cookie at all is an error: it says nothing of the site.
    """
    told = read_log(read_lines(logfile))
    policy = load_policy(policy_file) if policy_file else None
    if not told:
        # "Nothing to mend" would be said of a site that nobody looked at.
        raise Failure(
            f"{logfile}: it says of no cookie what became of it; set the level of the logger 'cookieguard' "
            f'to DEBUG ({_LEVEL}), and the guard\'s mode to "report" or "enforce"'
        )
    found: dict[str, Any] = {
        "undeclared": list(_undeclared(told)),
        "stripped": list(_counted(told, "stripped")),
        "swept": list(_counted(told, "swept")),
        "too_long_lived": [*_counted(told, "capped", "lifetime"), *_counted(told, "kept", "lifetime")],
        "weak_attributes": list(_counted(told, "capped", "attributes")),
    }
    if policy:
        found["never_seen"] = _never_seen(told, policy)
        found["kept_are_logged"] = _tells_kept(told)
    if as_json:
        print_json(found)
    else:
        _print(found)
    raise SystemExit(FOUND if found["undeclared"] or found["too_long_lived"] else FINE)


def _undeclared(told: Counter[Told]) -> Iterator[dict[str, Any]]:
    for each, times in told.most_common():
        if each.reason == "undeclared":
            yield {"cookie": each.cookie, "times": times, "action": each.action, "use": list(each.services)}


def _counted(told: Counter[Told], action: str, reason: str | None = None) -> Iterator[dict[str, Any]]:
    for each, times in told.most_common():
        if each.action == action and each.reason != "undeclared" and reason in (None, each.reason):
            yield {"cookie": each.cookie, "times": times, "category": each.category, "reason": each.reason}


def _never_seen(told: Counter[Told], policy: Policy) -> list[dict[str, Any]]:
    """Name declarations that no line is about; the consent cookie's own isn't the site's."""
    seen = {each.cookie for each in told}
    return [
        {"cookie": each.name, "category": each.category, "service": each.service, "set_by": each.set_by}
        for each in policy.declarations
        if each.kind == "cookie" and each.name not in GUARD_COOKIES and each.name not in seen
    ]


def _tells_kept(told: Counter[Told]) -> bool:
    return any(each.action == "kept" for each in told)


def _print(found: Mapping[str, Any]) -> None:
    _print_part(
        "Undeclared",
        "declare them, or take over a service",
        ("cookie", "times", "the catalogue has it in"),
        [
            (row["cookie"], row["times"], spelled_use(row["use"]) if row["use"] else "")
            for row in found["undeclared"]
        ],
    )
    for key, title, remedy in (
        ("stripped", "Held back", "until the visitor accepts"),
        ("swept", "Expired", "refused, and still in the browser"),
        (
            "too_long_lived",
            "Longer-lived than declared",
            "shorten them in the app, or declare what they need",
        ),
        ("weak_attributes", "With weaker attributes than declared", "set them in the app"),
    ):
        rows = [(row["cookie"], row["times"], row["category"] or "", row["reason"]) for row in found[key]]
        _print_part(title, remedy, ("cookie", "times", "category", "reason"), rows)
    if "never_seen" in found:
        if not found["kept_are_logged"]:
            note(
                "the log tells of no kept cookie: set the logger's level to DEBUG, or this says little "
                f"({_LEVEL}):"
            )
        rows = [
            (row["cookie"], row["category"], row["service"] or "", row["set_by"])
            for row in found["never_seen"]
        ]
        headings = ("cookie", "category", "service", "set by")
        _print_part("Declared, but never seen", "scripts' cookies don't pass the server", headings, rows)


def _print_part(title: str, remedy: str, headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        say(f"{title}: none")
        return
    say(f"{title}: {count(len(rows), 'cookie')} ({remedy})", style="bold")
    print_table(headings, rows)
