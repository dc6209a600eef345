"""What happens to one cookie, and why: the whole table."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any, Literal

import pytest

from cookieguard import Classifier, Policy, parse_set_cookie
from cookieguard.consent.consent import Choice, Consent, Record
from cookieguard.guard.verdict import (
    Details,
    Rules,
    Situation,
    Verdict,
    classify_here,
    judge,
    overridden,
)

NOW = 1_795_000_000.0
SITUATION = Situation("www.example.com", False, None, NOW)
DAY = date(2026, 11, 22)


def policy_of(undeclared: str = "block", model: str = "opt-in") -> Policy:
    return Policy.from_dict(
        {
            "guard": {"undeclared": undeclared},
            "consent": {"model": model},
            "cookies": [
                {"name": "sid", "category": "essential", "purpose": "Sign-in.", "lifetime": "session"},
                {"name": "stats", "category": "analytics", "purpose": "Counts.", "lifetime": "1 year"},
                {"name": "ads*", "category": "marketing", "purpose": "Ads.", "lifetime": "1 year"},
                {
                    "name": "chat",
                    "category": "functional",
                    "purpose": "Chat.",
                    "lifetime": "session",
                    "essential_under": ["/support"],
                },
                {
                    "name": "third",
                    "category": "marketing",
                    "purpose": "Ads.",
                    "lifetime": "1 year",
                    "party": "third",
                    "domain": "ads.test",
                },
            ],
        }
    )


POLICY = policy_of()


def consent_of(
    accepted: str = "", refused: str = "", *, policy: Policy = POLICY, gpc: bool = False
) -> Consent:
    choices = [Choice(id, True, policy.category(id).token) for id in accepted.split()]
    choices += [Choice(id, False, policy.category(id).token) for id in refused.split()]
    return Consent.of(Record(DAY, tuple(choices)), policy, DAY, gpc=gpc)


def verdict_of(
    header: str, consent: Consent, policy: Policy = POLICY, situation: Situation = SITUATION
) -> Verdict:
    return judge(parse_set_cookie(header), Rules.of(policy), consent.reasons, situation)


NOBODY = consent_of()
ALLOWING = policy_of(undeclared="allow")
OPT_OUT = policy_of(model="opt-out")


@pytest.mark.parametrize(
    ("header", "consent", "policy", "expected"),
    [
        pytest.param("sid=1", NOBODY, POLICY, "kept essential", id="essential"),
        pytest.param(
            "sid=1", consent_of(refused="analytics"), POLICY, "kept essential", id="essential-always"
        ),
        pytest.param("stats=1", NOBODY, POLICY, "stripped undecided", id="undecided"),
        pytest.param("stats=1", consent_of("analytics"), POLICY, "kept accepted", id="accepted"),
        pytest.param("stats=1", consent_of("marketing"), POLICY, "stripped undecided", id="other-accepted"),
        pytest.param("stats=1", consent_of(refused="analytics"), POLICY, "stripped refused", id="refused"),
        pytest.param("ads_x=1", consent_of("marketing", gpc=True), POLICY, "stripped gpc", id="gpc"),
        pytest.param(
            "stats=1", consent_of(policy=OPT_OUT), OPT_OUT, "kept opt-out", id="opt-out-counts-as-accepted"
        ),
        pytest.param("zzz=1", consent_of("marketing"), POLICY, "stripped undeclared", id="undeclared-block"),
        pytest.param("zzz=1", NOBODY, ALLOWING, "kept undeclared", id="undeclared-allow"),
        pytest.param("stats=1", NOBODY, ALLOWING, "stripped undecided", id="allow-is-for-undeclared-only"),
        pytest.param("a=\x01", NOBODY, ALLOWING, "stripped unreadable", id="control-character"),
        pytest.param("", NOBODY, ALLOWING, "stripped unreadable", id="empty"),
        pytest.param("a=\r\nSet-Cookie: ads=1", NOBODY, ALLOWING, "stripped unreadable", id="injected-line"),
        pytest.param("stats=; Max-Age=0", NOBODY, POLICY, "kept deletion", id="deletion"),
        pytest.param("zzz=; Max-Age=-1", NOBODY, POLICY, "kept deletion", id="deletion-of-undeclared"),
        pytest.param(
            "stats=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            NOBODY,
            POLICY,
            "kept deletion",
            id="deletion-by-date",
        ),
        pytest.param(
            "stats=1; Max-Age=99; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            NOBODY,
            POLICY,
            "stripped undecided",
            id="max-age-beats-expires",
        ),
        pytest.param("stats=1; Expires=0", NOBODY, POLICY, "stripped undecided", id="no-deletion-at-all"),
        pytest.param("=sid", NOBODY, POLICY, "stripped undeclared", id="nameless"),
        pytest.param("=sid", NOBODY, ALLOWING, "kept essential", id="nameless-allow"),
        pytest.param("=stats", NOBODY, ALLOWING, "stripped undecided", id="nameless-of-refused-name"),
        # Firefox stores a bare token by that name, Chromium nameless: one refused name strips it.
        pytest.param("stats", NOBODY, ALLOWING, "stripped undecided", id="bare-token-of-refused-name"),
        pytest.param("sid", NOBODY, POLICY, "stripped undeclared", id="bare-essential-is-nameless-too"),
        pytest.param("sid", NOBODY, ALLOWING, "kept essential", id="bare-essential-allow"),
        pytest.param("=stats=1", NOBODY, ALLOWING, "stripped undecided", id="comes-back-as-refused-name"),
        pytest.param(
            "third=1; Domain=ads.test", NOBODY, ALLOWING, "stripped undecided", id="third-party-domain"
        ),
        pytest.param("third=1", NOBODY, ALLOWING, "kept undeclared", id="third-party-name-on-our-domain"),
        pytest.param("STATS=1", NOBODY, ALLOWING, "kept undeclared", id="names-tell-case-as-browsers-do"),
    ],
)
def test_verdicts(header: str, consent: Consent, policy: Policy, expected: str) -> None:
    verdict = verdict_of(header, consent, policy)

    assert f"{verdict.action} {verdict.reason}" == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/support", "kept essential", id="there"),
        pytest.param("/support/open", "kept essential", id="below"),
        pytest.param("/supporters", "stripped undecided", id="segment-wise"),
        pytest.param("/shop", "stripped undecided", id="elsewhere"),
        pytest.param(None, "stripped undecided", id="path-that-must-not-count"),
    ],
)
def test_essential_where_the_visitor_asked_for_it(path: str | None, expected: str) -> None:
    verdict = verdict_of("chat=1", NOBODY, situation=Situation("www.example.com", False, path, NOW))

    assert f"{verdict.action} {verdict.reason}" == expected


@pytest.mark.parametrize(
    ("header", "consent", "label", "why"),
    [
        pytest.param("ads_12345=1", NOBODY, "ads*", "marketing, undecided", id="names-the-declaration"),
        pytest.param("sid=1", NOBODY, "sid", "essential", id="one-word-for-both"),
        pytest.param("zzz=1", NOBODY, "zzz", "undeclared", id="undeclared"),
        pytest.param("a b=1", NOBODY, "a\\x20b", "undeclared", id="space"),
        pytest.param("é=1", NOBODY, "\\xe9", "undeclared", id="non-ascii"),
        pytest.param("n" * 200 + "=1", NOBODY, "n" * 64, "undeclared", id="cut"),
        pytest.param("é" * 60 + "=1", NOBODY, "\\xe9" * 15 + "\\xe~", "undeclared", id="escaped-and-cut"),
        pytest.param("\x01", NOBODY, "(unreadable)", "unreadable", id="unreadable"),
        pytest.param("=s3cret", NOBODY, "(nameless)", "undeclared", id="nameless"),
        pytest.param("s3cret", NOBODY, "(nameless)", "undeclared", id="bare-value-stays-out-of-logs"),
        pytest.param("=s3cret=t0ken", NOBODY, "(nameless)", "undeclared", id="no-part-of-a-value-either"),
        pytest.param("stats", NOBODY, "stats", "analytics, undecided", id="bare-declared"),
    ],
)
def test_what_is_logged_of_it(header: str, consent: Consent, label: str, why: str) -> None:
    verdict = verdict_of(header, consent)

    assert (verdict.label, verdict.why) == (label, why)


def ask(answer: Any, header: str = "stats=1", consent: Consent = NOBODY) -> Verdict:
    def override(details: Details) -> Literal["keep", "strip"] | None:
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    cookie = parse_set_cookie(header)
    assert cookie is not None
    return overridden(cookie, verdict_of(header, consent), override, consent, SITUATION)


@pytest.mark.parametrize(
    ("answer", "consent", "expected"),
    [
        pytest.param("keep", NOBODY, "kept override", id="keep"),
        pytest.param("strip", consent_of("analytics"), "stripped override", id="strip"),
        pytest.param(None, NOBODY, "stripped undecided", id="none-strips"),
        pytest.param(None, consent_of("analytics"), "kept accepted", id="none-keeps"),
        pytest.param("kep", NOBODY, "stripped undecided", id="unknown-answer-changes-nothing"),
        pytest.param(True, consent_of("analytics"), "kept accepted", id="nor-does-another-type"),
        pytest.param(["keep"], NOBODY, "stripped undecided", id="nor-what-cannot-be-hashed"),
    ],
)
def test_override(answer: object, consent: Consent, expected: str) -> None:
    verdict = ask(answer, consent=consent)

    assert f"{verdict.action} {verdict.reason}" == expected
    assert verdict.category == "analytics"


def test_override_that_raises_is_logged_and_the_verdict_stands(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "cookieguard"):
        verdict = ask(LookupError("no such user"))

    assert (verdict.action, verdict.reason) == ("stripped", "undecided")
    assert "override hook failed over stats" in caplog.text and "no such user" in caplog.text


def test_override_sees_all_there_is_to_know() -> None:
    seen: list[Details] = []
    cookie = parse_set_cookie("stats=42; Path=/x")
    assert cookie is not None
    overridden(cookie, verdict_of("stats=42", NOBODY), seen.append, NOBODY, SITUATION)  # type: ignore[arg-type]

    [details] = seen
    assert (details.cookie.value, details.cookie.path) == ("42", "/x")
    assert details.classification.category == "analytics"
    assert details.verdict.reason == "undecided"
    assert details.consent is NOBODY and details.situation is SITUATION


def test_a_third_party_takes_nothing_essential_from_the_site_on_its_own_domain() -> None:
    policy = Policy.from_dict(
        {
            "cookies": [
                {"name": "sid", "category": "essential", "purpose": "P.", "lifetime": "session"},
                {
                    "name": "s*",
                    "category": "analytics",
                    "purpose": "P.",
                    "lifetime": "1 day",
                    "party": "third",
                    "domain": ".Example.com",
                },
            ]
        }
    )
    classifier = Classifier(policy)

    assert classify_here("sid", "www.example.com", classifier).category == "essential"
    assert classify_here("stats", "www.example.com", classifier).category == "analytics"
    # Asked by name and domain alone, the third party's own declaration answers.
    assert classifier.classify("sid", "www.example.com").category == "analytics"
