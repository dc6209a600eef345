"""How long a cookie may stay: a duration, or `session`."""

from __future__ import annotations

import re

import msgspec

# "Months are 31 days and years 366 when a lifetime is compared": the longest each can be, so that
# a site's own arithmetic never makes its cookie too old.
_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "month": 31 * 86400,
    "year": 366 * 86400,
}
# What a policy's lifetime can say.
_LONGEST = 999_999 * 86400
_WORDS = re.compile(r"([0-9]{1,6}) *(second|minute|hour|day|week|month|year)s?", re.ASCII | re.IGNORECASE)
_ISO = re.compile(
    r"P(?=[0-9T])(?:(?P<year>[0-9]{1,6})Y)?(?:(?P<month>[0-9]{1,6})M)?(?:(?P<week>[0-9]{1,6})W)?"
    r"(?:(?P<day>[0-9]{1,6})D)?"
    r"(?:T(?=[0-9])(?:(?P<hour>[0-9]{1,6})H)?(?:(?P<minute>[0-9]{1,6})M)?(?:(?P<second>[0-9]{1,9})S)?)?",
    re.ASCII,
)


class Lifetime(msgspec.Struct, frozen=True):
    """`parts` are amount and unit, as (6, "month"); a session cookie has none.

    `seconds` is what a Max-Age is compared with, None for a session cookie.
    """

    parts: tuple[tuple[int, str], ...]

    @classmethod
    def of_seconds(cls, seconds: int | None, *, rounded: bool = False) -> Lifetime:
        """Return seconds, at least one, in the largest unit that they fill exactly; None is `session`.

        `rounded` takes the largest of which they fill more than one, rounded up: a cookie read a
        moment after it was set has lost a second, and 1209599 is `14 days`.
        """
        if seconds is None:
            return SESSION
        seconds = max(1, min(seconds, _LONGEST))
        for unit in ("day", "hour", "minute") if rounded else ("week", "day", "hour", "minute"):
            amount = -(-seconds // _SECONDS[unit])
            if (rounded and amount > 1) or amount * _SECONDS[unit] == seconds:
                return cls(((amount, unit),))
        return cls(((seconds, "second"),))

    @property
    def seconds(self) -> int | None:
        if not self.parts:
            return None
        return sum(amount * _SECONDS[unit] for amount, unit in self.parts)

    @property
    def days(self) -> int:
        """How many days it touches, a begun one as a whole; 0 for a session cookie."""
        return -(-(self.seconds or 0) // _SECONDS["day"])

    def __str__(self) -> str:
        if not self.parts:
            return "session"
        return " ".join(f"{amount} {unit}{'' if amount == 1 else 's'}" for amount, unit in self.parts)


SESSION = Lifetime(())


def parse_lifetime(text: str) -> Lifetime:
    """Read `session`, `6 months`, `365 days`, `PT6H`; ValueError says what is understood."""
    stripped = text.strip()
    if stripped.lower() == "session":
        return SESSION
    if match := _WORDS.fullmatch(stripped):
        parts: tuple[tuple[int, str], ...] = ((int(match[1]), match[2].lower()),)
    elif match := _ISO.fullmatch(stripped):
        parts = tuple((int(amount), unit) for unit, amount in match.groupdict().items() if amount)
    else:
        raise ValueError(f"{text!r} is no duration")
    if not sum(amount for amount, _ in parts):
        raise ValueError(f"{text!r} is no time at all")
    return Lifetime(parts)
