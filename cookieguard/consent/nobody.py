"""The consent where there is no visitor."""

from __future__ import annotations

import time

from ..policy.policy import Policy
from .consent import Consent, day_of


def consent_of_nobody(policy: Policy) -> Consent:
    """Return what holds today for somebody who has decided nothing, by the policy then in force."""
    today = day_of(time.time())
    return Consent.of(None, policy.on(today), today)
