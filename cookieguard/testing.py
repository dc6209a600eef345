"""For an app's own tests: a consent cookie, as if a visitor had decided."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import date

from .consent.carrier import Carrier
from .consent.consent import Consent, day_of
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
    UTC, today by default. UnknownCategory for one that the policy doesn't have, UsageError for what is no
    host.

        client.set_cookie(*consent_cookie(policy, SECRET_KEY, ["analytics"]))
    """
    if normalise_host(host) != host.lower():
        raise UsageError(f"host is {host!r}; give the name alone, as 'localhost' or 'example.com'")
    day = day or day_of(time.time())
    policy = policy.on(day)
    accepted = [id for id in listed(accept) if not policy.category(id).essential]
    carrier = Carrier(Seal(secret_key), policy.consent)
    scope = carrier.scope(host.lower(), https=https)
    record = Consent.of(None, policy, day).deciding(accepted, (), policy, day, gpc=under_gpc)
    return scope.name, carrier.seal(record, scope)
