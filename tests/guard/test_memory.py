"""What is remembered of cookies that come again, and that it never changes an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import http_date

from cookieguard import Policy
from cookieguard.consent.consent import Consent
from cookieguard.cookies.cookieheader import split_cookie_header
from cookieguard.enforcer import day_of
from cookieguard.guard.memory import Memory
from cookieguard.guard.screen import recall, screen
from cookieguard.guard.sweep import hide_refused, is_refused
from cookieguard.guard.verdict import Override, Rules, Situation

NOW = 1_795_000_000.0
SITUATION = Situation("shop.test", False, None, NOW)
POLICY = Policy.from_dict(
    {
        "cookies": [
            {"name": name, "category": category, "purpose": "P.", "lifetime": "1 year"}
            for name, category in (("sid", "essential"), ("stats*", "analytics"))
        ]
    }
)
NOBODY = Consent.of(None, POLICY, day_of(NOW))
SOON = http_date(NOW + 60)


def clock() -> float:
    return NOW


@pytest.mark.parametrize(
    "header",
    [
        f"sid=1; Expires={SOON}xpires={SOON}",
        "=sid=1",
        "sid; Path=/=",
        " =sid",
        "=",
        "sid=1; EXPIRES=Thu, 01 Jan 2026 00:00:00 GMT",
    ],
)
def test_what_is_not_remembered(header: str) -> None:
    memory = Memory()
    screen([("Set-Cookie", header)], Rules.of(POLICY), NOBODY, SITUATION, memory)

    assert not memory._rulings and recall([("Set-Cookie", header)], memory, clock) is None


@pytest.mark.parametrize(("first", "then"), [("sid=1", "sid"), ("sid", "sid="), ("stats=1", "stats")])
def test_a_nameless_cookie_is_not_the_one_of_that_name(first: str, then: str) -> None:
    rules, memory = Rules.of(POLICY), Memory()
    screen([("Set-Cookie", first)], rules, NOBODY, SITUATION, memory)
    fresh = screen([("Set-Cookie", then)], rules, NOBODY, SITUATION, Memory())
    again = recall([("Set-Cookie", then)], memory, clock)

    assert again is None or again.verdicts == fresh.verdicts


def recalled(lines: list[str], memory: Memory) -> None:
    rules = Rules.of(POLICY)
    for line in lines:
        headers = [("Set-Cookie", line)]
        if recall(headers, memory, clock) is None:
            screen(headers, rules, NOBODY, SITUATION, memory)


@pytest.mark.parametrize(
    ("lines", "repeated"),
    [
        pytest.param(["sid=1"], [], id="once"),
        pytest.param(["sid=1", "sid=1"], ["sid=1"], id="twice"),
        pytest.param(["sid=1", "sid=2", "sid=1", "sid=2"], [], id="each-visitor-has-another"),
        pytest.param(["sid=1", "stats=1", "sid=1"], ["sid=1"], id="another-cookie-between"),
        pytest.param(
            ["stats=1; Path=/", "stats=1"] * 2, ["stats=1; Path=/", "stats=1"], id="other-attributes"
        ),
        pytest.param([f"sid=1; Expires={SOON}"] * 3, [], id="its-end-comes-nearer"),
    ],
)
def test_what_is_known_as_a_whole(lines: list[str], repeated: list[str]) -> None:
    memory = Memory()
    recalled(lines, memory)

    assert [value for _, value in memory._repeated] == repeated


def test_what_is_known_as_a_whole_is_bounded() -> None:
    memory = Memory()
    recalled([f"sid={number}" for number in range(1000) for _ in range(2)], memory)

    assert len(memory._rulings) == 1
    assert 0 < len(memory._repeated) <= 512


def test_lengths_of_pages_drive_no_cookie_out() -> None:
    memory = Memory()
    recalled(["sid=1"] * 2, memory)
    for number in range(2000):
        for _ in range(3):
            recall([("Content-Length", str(number))], memory, clock)

    assert len(memory._repeated) == 256
    assert memory.by_heart(("Set-Cookie", "sid=1"))


def test_outcomes_are_bounded() -> None:
    memory = Memory()
    for number in range(3000):
        # Each in another place among headers without number.
        headers = [("ETag", "1")] * (number % 60) + [("Link", "</a.js>")] * (number // 60)
        assert recall(headers, memory, clock)

    assert 0 < len(memory._outcomes) <= 256
    assert all(len(known) <= 64 for known in memory._outcomes)


names = st.one_of(
    st.sampled_from(["sid", "stats", "stats_1", "cookieguard", "stats" + "x" * 80]), st.text(max_size=5)
)


@given(st.lists(st.lists(names, max_size=4), max_size=6))
def test_holds_refused(requests: list[list[str]]) -> None:
    rules, memory = Rules.of(POLICY), Memory()
    for sent in requests:
        header = "; ".join(f"{name}=1" for name in sent)
        holds = memory.holds_refused(split_cookie_header(header), rules, NOBODY, SITUATION)

        assert holds == (hide_refused(header, rules, NOBODY, SITUATION) is not header)


def test_invented_names_do_not_fill_it() -> None:
    rules, memory = Rules.of(POLICY), Memory()
    for number in range(3000):
        memory.holds_refused([(f"made-up-{number}", "1")], rules, NOBODY, SITUATION)

    assert len(memory._refused) <= 1024
    assert memory.holds_refused([("stats", "1")], rules, NOBODY, SITUATION)


def test_a_hook_is_asked_each_time() -> None:
    answers = iter(["keep", None, "keep"])
    hook: Override = lambda details: next(answers)  # type: ignore[arg-type,return-value]  # noqa: E731
    rules, memory = Rules.of(POLICY, hook), Memory()

    asked = [memory.holds_refused([("stats", "1")], rules, NOBODY, SITUATION) for _ in range(3)]
    assert asked == [False, True, False]
    assert is_refused("stats", Rules.of(POLICY), NOBODY, SITUATION)
