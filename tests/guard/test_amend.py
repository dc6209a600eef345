"""A kept cookie, held to what its declaration says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard import Policy, parse_set_cookie
from cookieguard.consent.consent import Choice, Consent, Record
from cookieguard.guard.memory import Memory
from cookieguard.guard.screen import Screened, screen
from cookieguard.guard.verdict import Rules, Situation

PAST = "Thu, 01 Jan 1970 00:00:00 GMT"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
HOUR, DAY = 3600, 86400
LIMIT = 30 * DAY


def policy_of(lifetimes: str = "cap", **declared: Any) -> Policy:
    return Policy.from_dict(
        {
            "use": ["flask"],
            "guard": {"lifetimes": lifetimes},
            "cookies": [
                {"name": "own", "category": "essential", "purpose": "Sign-in.", "lifetime": "30 days"},
                {"name": "brief", "category": "analytics", "purpose": "Visit.", "lifetime": "session"},
                {"name": "open", "category": "analytics", "purpose": "No lifetime."},
                {
                    "name": "stats",
                    "category": "analytics",
                    "purpose": "Counts.",
                    "lifetime": "30 days",
                    **declared,
                },
            ],
        }
    )


POLICY = policy_of()


def accepting(policy: Policy) -> Consent:
    today = date(2026, 11, 22)
    choices = tuple(Choice(category.id, True, category.token) for category in policy.optional)
    return Consent.of(Record(today, choices), policy, today)


def screened(header: str, policy: Policy = POLICY, *, https: bool = False) -> Screened:
    situation = Situation("www.example.com", https, None, NOW)
    return screen([("Set-Cookie", header)], Rules.of(policy), accepting(policy), situation, Memory())


def leaving(header: str, policy: Policy = POLICY, *, https: bool = False) -> str:
    return screened(header, policy, https=https).headers[0][1]


def at(seconds: float) -> str:
    return formatdate(NOW + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(f"stats=1; Max-Age={LIMIT + 1}", f"stats=1; Max-Age={LIMIT}", id="max-age"),
        pytest.param(f"stats=1; Expires={at(LIMIT + HOUR)}", f"stats=1; Expires={at(LIMIT)}", id="expires"),
        pytest.param(
            "stats=1;Path=/;max-age=99999999 ;HttpOnly;X=y",
            f"stats=1;Path=/; Max-Age={LIMIT};HttpOnly;X=y",
            id="all-others-stay",
        ),
        pytest.param(
            f"stats=1; Max-Age=60; Expires={at(2 * LIMIT)}",
            f"stats=1; Max-Age=60; Expires={at(LIMIT)}",
            id="only-the-longer-of-two",
        ),
        pytest.param(
            "stats=1; Max-Age=99999999; Max-Age=99999998",
            f"stats=1; Max-Age={LIMIT}; Max-Age={LIMIT}",
            id="duplicates",
        ),
        pytest.param(
            "stats=1; Max-Age=99999999; Max-Age=60",
            "stats=1; Max-Age=99999999; Max-Age=60",
            id="last-one-wins",
        ),
        pytest.param("stats=1; Max-Age=abc", "stats=1", id="unreadable-max-age"),
        pytest.param("stats=1; Expires=soon; Path=/", "stats=1; Path=/", id="unreadable-expires"),
        pytest.param("stats=1; Max-Age=+5", "stats=1", id="signed"),
        pytest.param("stats=1; Max-Age=60; Max-Age=abc", "stats=1", id="unreadable-last"),
        # Each of these took an essential cookie away that a browser stores without the guard.
        pytest.param(f"own=1; Max-Age=+0; Expires={at(60)}", "own=1", id="signed-nothing"),
        pytest.param(f"own=1; Expires={PAST}; Max-Age=+60", "own=1", id="signed-beside-a-date"),
        pytest.param(
            f"own=1; Expires={PAST}; Max-Age=9223372036854775808,", "own=1", id="too-large-beside-a-date"
        ),
        pytest.param(f"own=1; Expires={PAST}; Expires=soon", "own=1", id="unreadable-behind-a-past-one"),
        pytest.param("stats=1; Max-Age=" + "9" * 40, f"stats=1; Max-Age={LIMIT}", id="huge"),
        pytest.param("brief=1; Max-Age=60; Path=/", "brief=1; Path=/", id="session-takes-max-age-off"),
        pytest.param(f"brief=1; Expires={at(60)}; Path=/", "brief=1; Path=/", id="session-takes-expires-off"),
        pytest.param(f"brief=1;Max-Age=60;Expires={at(60)}", "brief=1", id="session-takes-both-off"),
        pytest.param("own=1; Max-Age=99999999", f"own=1; Max-Age={LIMIT}", id="essential-the-site-declared"),
    ],
)
def test_too_long(header: str, expected: str) -> None:
    result = screened(header)

    assert result.headers[0] == ("Set-Cookie", expected)
    changed = header != expected
    assert (result.outcome.verdicts[0].action, result.outcome.verdicts[0].reason == "lifetime") == (
        "capped" if changed else "kept",
        changed,
    )


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("stats=1", id="session"),
        pytest.param(f"stats=1; Max-Age={LIMIT}", id="at-the-limit"),
        pytest.param(f"stats=1 ;  MAX-AGE = 60;;Path=/ ; expires={at(LIMIT)}", id="odd-bytes"),
        pytest.param("stats=1; Expires=Wed, 25-Nov-26 12:00:00 GMT", id="old-date-format"),
        pytest.param("stats=a=b, c=d; Path=/", id="odd-value"),
        pytest.param("brief=1; Path=/", id="session-declared"),
        pytest.param("open=1; Max-Age=99999999", id="no-lifetime-declared"),
        pytest.param("stats=; Max-Age=0", id="deletion"),
        pytest.param("own=; Expires=Sun, 01 Jan 1600 00:00:00 GMT", id="deletion-by-an-old-year"),
        pytest.param("session=1; Max-Age=99999999", id="essential-of-the-catalogue"),
    ],
)
def test_short_enough_stays_byte_for_byte(header: str) -> None:
    result = screened(header)

    assert result.headers[0] == ("Set-Cookie", header)
    assert result.outcome.verdicts[0].action == "kept"


@pytest.mark.parametrize(
    ("lifetimes", "reason"),
    [pytest.param("report", "lifetime", id="report"), pytest.param("off", "accepted", id="off")],
)
def test_not_capped(lifetimes: str, reason: str) -> None:
    header = "stats=1; Max-Age=99999999"
    result = screened(header, policy_of(lifetimes))

    assert result.headers[0] == ("Set-Cookie", header)
    assert (result.outcome.verdicts[0].action, result.outcome.verdicts[0].reason) == ("kept", reason)


def test_an_essential_cookie_of_the_catalogue_outlives_what_was_told_and_it_is_said() -> None:
    header = "session=1; Max-Age=99999999"
    result = screened(header)

    assert result.headers == [("Set-Cookie", header)]
    assert (result.outcome.verdicts[0].action, result.outcome.verdicts[0].reason) == ("kept", "lifetime")


@given(
    st.lists(
        st.one_of(
            st.integers(-10, 10**9).map("Max-Age={}".format),
            st.integers(-LIMIT, 5 * LIMIT).map(lambda seconds: f"Expires={at(seconds)}"),
            st.sampled_from(["Max-Age=+5", "Max-Age=x", "Expires=soon", "Path=/", "Secure", "", "Max-Age"]),
        ),
        max_size=5,
    )
)
def test_nothing_that_is_kept_outlives_its_declaration(attributes: list[str]) -> None:
    cookie = parse_set_cookie(leaving("; ".join(["stats=1", *attributes])))

    assert cookie is not None
    if cookie.deletes(NOW):
        return
    assert not cookie.attributes.contested and not cookie.attributes.unreadable_end
    assert cookie.max_age is None or cookie.max_age <= LIMIT
    assert cookie.expires is None or cookie.expires.timestamp() <= NOW + LIMIT


@pytest.mark.parametrize(
    ("declared", "https", "header", "expected"),
    [
        pytest.param({"secure": True}, True, "stats=1", "stats=1; Secure", id="secure"),
        pytest.param({"secure": True}, False, "stats=1", "stats=1", id="secure-on-https-only"),
        pytest.param({"secure": True}, True, "stats=1;secure", "stats=1;secure", id="secure-already"),
        pytest.param(
            {"http_only": True}, False, "stats=1; Path=/", "stats=1; Path=/; HttpOnly", id="http-only"
        ),
        pytest.param(
            {"http_only": True}, False, "stats=1; HTTPONLY", "stats=1; HTTPONLY", id="http-only-already"
        ),
        pytest.param(
            {}, True, "stats=1; Secure; HttpOnly", "stats=1; Secure; HttpOnly", id="never-taken-away"
        ),
        pytest.param({"same_site": "Lax"}, False, "stats=1", "stats=1; SameSite=Lax", id="same-site"),
        pytest.param(
            {"same_site": "Lax"},
            False,
            "stats=1; SameSite=None",
            "stats=1; SameSite=None; SameSite=Lax",
            id="same-site-strengthened",
        ),
        pytest.param(
            {"same_site": "Lax"},
            False,
            "stats=1; SameSite=Strict",
            "stats=1; SameSite=Strict",
            id="never-weakened",
        ),
        pytest.param(
            {"same_site": "None"},
            False,
            "stats=1; SameSite=Lax",
            "stats=1; SameSite=Lax",
            id="none-is-no-minimum",
        ),
        pytest.param(
            {"same_site": "Strict"},
            False,
            "stats=1; SameSite=Lax",
            "stats=1; SameSite=Lax; SameSite=Strict",
            id="strict",
        ),
        pytest.param(
            {"secure": True, "http_only": True, "same_site": "Lax"},
            True,
            "stats=1; Max-Age=99999999",
            f"stats=1; Max-Age={LIMIT}; Secure; HttpOnly; SameSite=Lax",
            id="all-at-once",
        ),
        pytest.param({"secure": True}, True, "stats=1;", "stats=1; Secure", id="trailing-semicolon"),
        pytest.param({"secure": True}, True, "stats=; Max-Age=0", "stats=; Max-Age=0", id="deletion"),
    ],
)
def test_minimum_attributes(declared: dict[str, Any], https: bool, header: str, expected: str) -> None:
    assert leaving(header, policy_of(**declared), https=https) == expected


def test_added_attributes_are_what_a_browser_reads() -> None:
    policy = policy_of(secure=True, http_only=True, same_site="Strict")
    cookie = parse_set_cookie(leaving("stats=1; SameSite=None", policy, https=True))

    assert cookie is not None
    assert (cookie.secure, cookie.http_only, cookie.same_site) == (True, True, "Strict")


def test_a_site_that_overrides_the_catalogue_is_taken_at_its_word() -> None:
    policy = Policy.from_dict(
        {
            "use": ["flask"],
            "cookies": [
                {
                    "name": "session",
                    "category": "essential",
                    "purpose": "Sign-in.",
                    "lifetime": "30 days",
                    "http_only": True,
                }
            ],
        }
    )

    assert leaving("session=1; Max-Age=99999999", policy) == f"session=1; Max-Age={LIMIT}; HttpOnly"
