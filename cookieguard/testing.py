"""For an app's own tests: a consent cookie, as if a visitor had decided."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import date

from .consent.carrier import Carrier
from .consent.consent import Choice, Record, day_of
from .consent.seal import Seal
from .enforcer import normalise_host
from .errors import UsageError
from .policy.policy import Policy
from .visit import listed


def consent_cookie(
    policy: Policy,
    secret_key: str | bytes | Sequence[str | bytes],
    accept: Iterable[str] = (),
    *,
    host: str = "localhost",
    https: bool = False,
    day: date | None = None,
    under_gpc: bool = False,
) -> tuple[str, str]:
    """Make the (name, value) of a consent cookie that accepts these categories and refuses all others.

    `host` is the name that the test client sends, without port; `day` is the day of the decision,
    UTC, today by default. UnknownCategory for one that the policy hasn't, UsageError for what is no
    host.

        client.set_cookie(*consent_cookie(policy, SECRET_KEY, ["analytics"]))
    """
    if normalise_host(host) != host.lower():
        raise UsageError(f"host is {host!r}; give the name alone, as 'localhost' or 'example.com'")
    day = day or day_of(time.time())
    policy = policy.on(day)
    accepted = {policy.category(id).id for id in listed(accept)}
    carrier = Carrier(Seal(secret_key), policy.consent)
    scope = carrier.scope(host.lower(), https=https)
    choices = (
        Choice(category.id, category.id in accepted, category.token, under_gpc and category.id in accepted)
        for _, category in sorted(policy.categories.items())
        if not category.essential and (category.shown or category.id in accepted)
    )
    return scope.name, carrier.seal(Record(day, tuple(choices)), scope)
