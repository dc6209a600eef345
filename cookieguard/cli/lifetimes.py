"""Seconds -> a lifetime as a policy says it."""

from __future__ import annotations

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))

# What a policy's lifetime can say.
_LONGEST = 999_999 * 86400


def spell_seconds(seconds: int | None) -> str:
    """Spell seconds in the largest unit that fits once exactly or more than once; None is `session`.

    Rounded up: a cookie read a moment after it was set has lost a second, and `1209599` is `14 days`.
    """
    if seconds is None:
        return "session"
    seconds = min(seconds, _LONGEST)
    for unit, size in _UNITS:
        amount = -(-seconds // size)
        if amount > 1 or seconds == size:
            return f"{amount} {unit}{'' if amount == 1 else 's'}"
    return "1 second"
