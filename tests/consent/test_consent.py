"""A decision under the policy in force: every state, every reason, and how decisions change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from cookieguard import Policy, UnknownCategory, UsageError
from cookieguard.consent.consent import Choice, Consent, Record, day_of

DAY = date(2026, 11, 22)
LIFETIME = 186  # "6 months" of 31 days


def policy_of(
    model: str = "opt-in",
    *,
    purpose: str = "Counts visitors.",
    accepts: tuple[str, ...] = (),
    consent: Mapping[str, Any] | None = None,
) -> Policy:
    return Policy.from_dict(
        {
            "consent": {"model": model, **(consent or {})},
            "categories": {"analytics": {"accepts": list(accepts)}},
            "cookies": [
                {"name": "s", "category": "essential", "purpose": "Sign-in.", "lifetime": "session"},
                {"name": "lang", "category": "functional", "purpose": "Language.", "lifetime": "1 year"},
                {"name": "stats", "category": "analytics", "purpose": purpose, "lifetime": "1 year"},
                {"name": "ads", "category": "marketing", "purpose": "Advertising.", "lifetime": "1 year"},
            ],
        }
    )


OPT_IN, OPT_OUT = policy_of(), policy_of("opt-out")
REWORDED_IN, REWORDED_OUT = policy_of(purpose="Sells."), policy_of("opt-out", purpose="Sells.")
OLD_TOKEN = OPT_IN.category("analytics").token


def record_of(text: str, policy: Policy = OPT_IN, day: date = DAY) -> Record:
    """Make a record of `+analytics *marketing~30 -functional`, in the policy's wording."""
    return Record(
        day,
        tuple(
            Choice(id, word[0] != "-", policy.category(id).token, word[0] == "*", int(age or 0))
            for word in sorted(text.split(), key=lambda word: word[1:])
            for id, _, age in [word[1:].partition("~")]
        ),
    )


def consent_of(text: str, policy: Policy = OPT_IN, *, today: date = DAY, gpc: bool = False) -> Consent:
    return Consent.of(record_of(text), policy, today, gpc=gpc)


@pytest.mark.parametrize(
    ("record", "policy", "gpc", "category", "expected"),
    [
        pytest.param("", OPT_IN, False, "essential", (True, "accepted", "essential"), id="essential"),
        pytest.param(
            "", OPT_IN, False, "analytics", (False, "undecided", "undecided"), id="opt-in-undecided"
        ),
        pytest.param("", OPT_OUT, False, "analytics", (True, "undecided", "opt-out"), id="opt-out-undecided"),
        pytest.param("+analytics", OPT_IN, False, "analytics", (True, "accepted", "accepted"), id="accepted"),
        pytest.param(
            "+analytics", OPT_OUT, False, "analytics", (True, "accepted", "accepted"), id="opt-out-accepted"
        ),
        pytest.param("-analytics", OPT_IN, False, "analytics", (False, "refused", "refused"), id="refused"),
        pytest.param(
            "-analytics", OPT_OUT, False, "analytics", (False, "refused", "refused"), id="opt-out-refused"
        ),
        pytest.param(
            "+analytics", OPT_IN, False, "marketing", (False, "undecided", "undecided"), id="others-undecided"
        ),
        pytest.param(
            "+analytics",
            REWORDED_IN,
            False,
            "analytics",
            (False, "undecided", "undecided"),
            id="stale-accepted",
        ),
        pytest.param(
            "-analytics",
            REWORDED_IN,
            False,
            "analytics",
            (False, "undecided", "undecided"),
            id="stale-refused",
        ),
        pytest.param(
            "+analytics", REWORDED_OUT, False, "analytics", (True, "undecided", "opt-out"), id="stale-opt-out"
        ),
        pytest.param(
            "-analytics",
            REWORDED_OUT,
            False,
            "analytics",
            (False, "refused", "refused"),
            id="stale-refusal-stands-under-opt-out",
        ),
        pytest.param("", OPT_IN, True, "marketing", (False, "refused", "gpc"), id="gpc-beats-undecided"),
        pytest.param("", OPT_OUT, True, "marketing", (False, "refused", "gpc"), id="gpc-beats-opt-out"),
        pytest.param(
            "+marketing",
            OPT_IN,
            True,
            "marketing",
            (False, "refused", "gpc"),
            id="gpc-beats-older-acceptance",
        ),
        pytest.param(
            "*marketing", OPT_IN, True, "marketing", (True, "accepted", "accepted"), id="acceptance-under-gpc"
        ),
        pytest.param(
            "*marketing", OPT_IN, False, "marketing", (True, "accepted", "accepted"), id="signal-gone-again"
        ),
        pytest.param(
            "+analytics",
            OPT_IN,
            True,
            "analytics",
            (True, "accepted", "accepted"),
            id="gpc-on-what-is-not-sold",
        ),
        pytest.param(
            "", OPT_OUT, True, "analytics", (True, "undecided", "opt-out"), id="gpc-not-sold-opt-out"
        ),
        pytest.param(
            "+marketing",
            policy_of(consent={"gpc": "ignore"}),
            True,
            "marketing",
            (True, "accepted", "accepted"),
            id="gpc-ignored",
        ),
    ],
)
def test_states(
    record: str, policy: Policy, gpc: bool, category: str, expected: tuple[bool, str, str]
) -> None:
    consent = consent_of(record, policy, gpc=gpc)

    assert (consent.allows(category), consent.state(category), consent.reason(category)) == expected


def test_nothing_kept_is_undecided() -> None:
    consent = Consent.of(None, OPT_IN, DAY)

    assert consent.undecided == ("functional", "analytics", "marketing")
    assert (consent.day, consent.stale, consent.expired) == (None, (), False)


def test_only_the_changed_category_is_asked_again() -> None:
    consent = consent_of("+analytics -functional +marketing", REWORDED_IN)

    assert consent.undecided == consent.stale == ("analytics",)
    assert consent.allows("marketing") and consent.state("functional") == "refused"


def test_gpc_does_not_ask_about_what_it_refuses() -> None:
    consent = Consent.of(None, OPT_IN, DAY, gpc=True)

    assert consent.gpc and consent.undecided == ("functional", "analytics")


@pytest.mark.parametrize("sign", "+-")
def test_accepts_declares_an_edit_editorial(sign: str) -> None:
    edited = policy_of(purpose="Counts visitors!", accepts=(OLD_TOKEN,))
    consent = consent_of(f"{sign}analytics", edited)

    assert consent.allows("analytics") == (sign == "+")
    assert consent.stale == () and "analytics" not in consent.undecided


@pytest.mark.parametrize(
    ("days", "counts", "expired"),
    [
        pytest.param(-1, False, False, id="from-the-future"),
        pytest.param(0, True, False, id="same-day"),
        pytest.param(LIFETIME - 1, True, False, id="last-day"),
        pytest.param(LIFETIME, False, True, id="first-day-after"),
        pytest.param(5000, False, True, id="long-ago"),
    ],
)
def test_age_is_judged_on_the_server(days: int, counts: bool, expired: bool) -> None:
    consent = consent_of("+analytics", today=DAY + timedelta(days))

    assert consent.allows("analytics") == counts
    assert consent.expired == expired
    assert consent.day == (DAY if counts else None)


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        pytest.param(-1, "refused", id="another server's clock at midnight"),
        pytest.param(-400, "refused", id="another server's clock set wrong"),
        pytest.param(LIFETIME - 1, "refused", id="last day"),
        pytest.param(LIFETIME, "opt-out", id="expired"),
    ],
)
def test_a_refusal_counts_until_it_is_too_old(days: int, reason: str) -> None:
    assert consent_of("-analytics", OPT_OUT, today=DAY + timedelta(days)).reason("analytics") == reason


def test_each_choice_ends_after_its_own_day() -> None:
    consent = consent_of("+analytics~100 -marketing", today=DAY + timedelta(LIFETIME - 100))

    assert (consent.state("analytics"), consent.state("marketing")) == ("undecided", "refused")
    assert not consent.expired


@pytest.mark.parametrize("category", ["statistics", "", "ESSENTIAL", None, ["analytics"]])
@pytest.mark.parametrize("ask", ["allows", "state", "reason"])
def test_unknown_category(category: Any, ask: str) -> None:
    with pytest.raises(UnknownCategory) as caught:
        getattr(consent_of("+analytics"), ask)(category)

    assert caught.value.category == category
    assert caught.value.known == ("essential", "functional", "analytics", "marketing")


@pytest.mark.parametrize("change", ["granting", "withdrawing"])
class TestWhatCannotBeDecided:
    def change(self, how: str, categories: list[str]) -> Record:
        consent = consent_of("")
        if how == "granting":
            return consent.granting(categories, OPT_IN, DAY, gpc=False)
        return consent.withdrawing(categories, OPT_IN, DAY)

    def test_unknown(self, change: str) -> None:
        with pytest.raises(UnknownCategory, match="statistics"):
            self.change(change, ["analytics", "statistics"])

    def test_essential(self, change: str) -> None:
        with pytest.raises(UsageError, match="essential") as caught:
            self.change(change, ["analytics", "essential"])
        assert not isinstance(caught.value, UnknownCategory)


LATER = DAY + timedelta(30)


def granted(before: str, *categories: str, gpc: bool = False, policy: Policy = OPT_IN) -> Record:
    return consent_of(before, policy, today=LATER).granting(categories, policy, LATER, gpc=gpc)


def withdrawn(before: str, *categories: str, policy: Policy = OPT_IN) -> Record:
    return consent_of(before, policy, today=LATER).withdrawing(categories or None, policy, LATER)


@pytest.mark.parametrize(
    ("record", "expected", "day"),
    [
        pytest.param(granted("", "analytics"), "+analytics", LATER, id="first-grant"),
        pytest.param(granted("+analytics", "analytics"), "+analytics", DAY, id="repeated-grant"),
        pytest.param(granted("-analytics", "analytics"), "+analytics", LATER, id="changed-mind"),
        pytest.param(
            granted("+analytics", "marketing"),
            "+analytics~30 +marketing",
            LATER,
            id="what-was-granted-before-grows-older",
        ),
        pytest.param(granted("+analytics"), "+analytics", DAY, id="grant-of-nothing"),
        pytest.param(granted("", "marketing", gpc=True), "*marketing", LATER, id="grant-under-gpc"),
        pytest.param(
            granted("+marketing", "marketing", gpc=True), "*marketing", LATER, id="grant-anew-under-gpc"
        ),
        pytest.param(granted("*marketing", "marketing"), "*marketing", DAY, id="signal-gone-keeps-mark"),
        pytest.param(withdrawn("+analytics", "analytics"), "-analytics", LATER, id="withdraw"),
        pytest.param(
            withdrawn("+analytics +marketing", "analytics"),
            "-analytics +marketing~30",
            LATER,
            id="a-new-refusal-has-its-own-day",
        ),
        pytest.param(withdrawn("-analytics", "analytics"), "-analytics", DAY, id="repeated-withdrawal"),
        pytest.param(
            withdrawn("+analytics"), "-analytics -functional -marketing", LATER, id="withdraw-everything"
        ),
        pytest.param(withdrawn(""), "-analytics -functional -marketing", LATER, id="withdraw-undecided"),
    ],
)
def test_changes(record: Record, expected: str, day: date) -> None:
    assert record == record_of(expected, day=day)


def test_an_editorial_edit_keeps_the_wording_that_was_decided_on() -> None:
    edited = policy_of(purpose="Counts visitors!", accepts=(OLD_TOKEN,))

    assert granted("+analytics", "analytics", policy=edited) == record_of("+analytics")


@pytest.mark.parametrize("policy", [REWORDED_IN, REWORDED_OUT], ids=["opt-in", "opt-out"])
def test_deciding_anew_on_a_changed_category_takes_todays_wording(policy: Policy) -> None:
    assert granted("+analytics", "analytics", policy=policy) == record_of("+analytics", policy, LATER)
    assert withdrawn("-analytics", "analytics", policy=policy) == record_of("-analytics", policy, LATER)


def test_deciding_on_one_category_does_not_undo_a_stale_refusal_of_another() -> None:
    after = Consent.of(granted("-analytics", "functional", policy=REWORDED_OUT), REWORDED_OUT, LATER)

    assert after.allows("functional")
    assert not after.allows("analytics") and "analytics" in after.undecided


def test_a_category_that_the_policy_lost_is_pruned() -> None:
    gone = Choice("chat", True, "x" * 11)
    consent = Consent.of(Record(DAY, (gone,)), OPT_IN, DAY)

    assert consent.granting(["analytics"], OPT_IN, DAY, gpc=False) == record_of("+analytics")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        pytest.param("+analytics", "+analytics", "+analytics", id="both-accept"),
        pytest.param("+analytics", "-analytics", "-analytics", id="one-refuses"),
        pytest.param("+analytics", "", "", id="one-undecided"),
        pytest.param("-analytics", "", "-analytics", id="one-refuses-other-undecided"),
        pytest.param("*marketing", "+marketing", "+marketing", id="not-both-under-gpc"),
        pytest.param("*marketing", "*marketing", "*marketing", id="both-under-gpc"),
        pytest.param("+analytics -marketing", "+analytics", "+analytics -marketing", id="by-category"),
    ],
)
def test_merged_is_what_both_allow(ours: str, theirs: str, expected: str) -> None:
    assert record_of(ours).merged(record_of(theirs)) == record_of(expected)
    assert record_of(theirs).merged(record_of(ours)) == record_of(expected)


def test_merged_acceptances_of_different_wordings_count_for_neither() -> None:
    assert record_of("+analytics").merged(record_of("+analytics", REWORDED_IN)).choices == ()


@pytest.mark.parametrize(
    ("seconds", "day"),
    [
        pytest.param(86399.999, date(1970, 1, 1), id="last-moment"),
        pytest.param(86400, date(1970, 1, 2), id="midnight-utc"),
    ],
)
def test_day_of(seconds: float, day: date) -> None:
    assert day_of(seconds) == day


def test_a_refusal_a_day_ahead_survives_what_another_server_adds() -> None:
    # Its clock is past midnight already, this one's isn't.
    ahead = Consent.of(record_of("-marketing", day=DAY + timedelta(1)), OPT_OUT, DAY)

    record = ahead.granting(["functional"], OPT_OUT, DAY, gpc=False)

    assert record == record_of("+functional -marketing")
    assert Consent.of(record, OPT_OUT, DAY).reason("marketing") == "refused"


@pytest.mark.parametrize(
    ("newer", "older", "gap", "expected"),
    [
        pytest.param(
            "+analytics", "+analytics +marketing", 5, "+analytics", id="an old acceptance adds nothing"
        ),
        pytest.param("+analytics", "-analytics", 5, "+analytics", id="accepted after a refusal"),
        pytest.param(
            "+analytics~11 +functional", "-analytics", 1, "-analytics~1 +functional", id="refused after it"
        ),
        pytest.param(
            "+functional", "-marketing", 3, "+functional -marketing~3", id="a refusal nobody took back"
        ),
        pytest.param("-analytics", "+analytics", 3, "-analytics", id="refused since"),
        pytest.param("+analytics~2", "-analytics", 0, "-analytics", id="one day: what both allow"),
    ],
)
def test_merged_with_an_older_record(newer: str, older: str, gap: int, expected: str) -> None:
    merged = record_of(newer).merged(record_of(older, day=DAY - timedelta(gap)))

    assert merged == record_of(expected)
