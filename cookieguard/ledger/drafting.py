"""A visitor's decision -> its receipt."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from msgspec import Struct

from ..consent.consent import Choice, Consent, Record
from ..policy.policy import Policy
from .receipt import Decided, Method, Receipt, Shown, new_id, time_of

_LONGEST_PATH = 500


class Occasion(Struct, frozen=True):
    """Where and how a decision was made: the page's path, decoded, and the visitor's address, both as sent.

    Where it is our own page that asks, `shown` is what the visitor decided on, and `form` tells the form
    that was sent from all others.
    """

    path: str | None = None
    address: str | None = None
    method: Method = "api"
    shown: Shown | None = None
    form: str = ""

    def __repr__(self) -> str:
        # Error reports keep the variables of a frame.
        return "<Occasion>"


def draft(
    record: Record,
    policy: Policy,
    occasion: Occasion,
    *,
    now: float,
    before: Consent,
    address: str | None,
) -> Receipt:
    """Write the receipt of a decision; `now` is POSIX seconds, `address` what may be kept of it.

    `before` is what was decided before: a form that is sent twice has one receipt.
    """
    shown, form = occasion.shown, occasion.form
    decided = tuple(_decided(choice, record, policy) for choice in record.choices)
    decisions = msgspec.json.encode(decided).decode()
    return Receipt(
        id=new_id(now, (form, _told(before), decisions) if form else None),
        at=time_of(now),
        decisions=decisions,
        method=occasion.method,
        language=shown.language if shown else None,
        layer=shown.layer if shown else None,
        text=shown.hash if shown else None,
        path=_printable(occasion.path),
        address=address,
    )


def _told(before: Consent) -> str:
    return repr((before.day, sorted(map(repr, before.choices.values()))))


def gains(record: Record, consent: Consent) -> bool:
    """Tell whether a decision accepts anything that wasn't accepted so already.

    What doesn't is a refusal or a withdrawal, which works without proof.
    """
    accepted = {_made(choice, consent.day) for choice in consent.choices.values() if choice.accepted}
    return any(choice.accepted and _made(choice, record.day) not in accepted for choice in record.choices)


def _made(choice: Choice, day: date | None) -> tuple[object, ...]:
    made_on = day - timedelta(choice.age) if day else None
    return choice.category, choice.token, choice.under_gpc, made_on


def _decided(choice: Choice, record: Record, policy: Policy) -> Decided:
    category = policy.categories.get(choice.category)
    current = category is not None and category.token == choice.token
    return Decided(
        choice.category,
        "accepted" if choice.accepted else "refused",
        category.digest if category is not None and current else choice.token,
        (record.day - timedelta(choice.age)).isoformat(),
        choice.under_gpc,
    )


def _printable(path: str | None) -> str | None:
    if path is None:
        return None
    # A database takes no NUL, and a CSV reader no line break.
    return "".join(char if char.isprintable() else "\ufffd" for char in path[:_LONGEST_PATH])
