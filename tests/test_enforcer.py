"""What all visits share: the mode, the policy of the day, the counts, a host's name."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cookieguard import ConfigurationError, Policy
from cookieguard.enforcer import Enforcer, normalise_host
from cookieguard.guard.outcome import Outcome
from cookieguard.guard.ruling import Ruling
from cookieguard.guard.verdict import Verdict
from cookieguard.policy.classifier import Classification

KEY = "k" * 32
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
DAY = 86400


def enforcer_of(policy: Policy | None = None, *, clock: float = NOON) -> Enforcer:
    return Enforcer(policy or Policy.from_dict({}), secret_key=KEY, override=None, clock=lambda: clock)


@pytest.mark.parametrize(
    ("variable", "file", "expected"),
    [
        pytest.param(None, "enforce", "enforce", id="file-enforce"),
        pytest.param(None, "report", "report", id="file-report"),
        pytest.param("report", "enforce", "report", id="environment-wins"),
        pytest.param("enforce", "report", "enforce", id="environment-wins-either-way"),
        pytest.param("off", "enforce", "off", id="off"),
        pytest.param("", "report", "report", id="empty-is-unset"),
        pytest.param(" report ", "enforce", "report", id="space-around"),
    ],
)
def test_mode(monkeypatch: pytest.MonkeyPatch, variable: str | None, file: str, expected: str) -> None:
    monkeypatch.delenv("COOKIEGUARD_MODE", raising=False)
    if variable is not None:
        monkeypatch.setenv("COOKIEGUARD_MODE", variable)

    assert enforcer_of(Policy.from_dict({"guard": {"mode": file}})).mode == expected


@pytest.mark.parametrize("variable", ["Report", "on", "0"])
def test_unknown_mode_is_an_error_at_start(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", variable)
    with pytest.raises(ConfigurationError, match="enforce, report, off") as caught:
        enforcer_of()

    assert caught.value.id == "cookieguard.E004"


def policy_with(purpose: str, **more: Any) -> dict[str, Any]:
    cookie = {"name": "stats", "category": "analytics", "purpose": purpose, "lifetime": "1 day"}
    return {"cookies": [cookie], **more}


@pytest.mark.parametrize(
    ("seconds", "purpose"),
    [
        pytest.param(-1, "Now.", id="last-second-before"),
        pytest.param(0, "Next.", id="from-midnight-utc"),
        pytest.param(9 * DAY, "Next.", id="until-the-one-after"),
        pytest.param(10 * DAY, "Last.", id="and-then-that"),
    ],
)
def test_the_policy_of_the_day_is_in_force(tmp_path: Path, seconds: int, purpose: str) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    (tmp_path / "last.json").write_text(json.dumps(policy_with("Last.")))
    last = {"effective": "2026-12-11", "summary": "Later.", "policy": "last.json"}
    (tmp_path / "next.json").write_text(json.dumps(policy_with("Next.", announcement=last)))
    following = {"effective": "2026-12-01", "summary": "Soon.", "policy": "next.json"}
    policy = Policy.from_dict(policy_with("Now.", announcement=following), base=tmp_path)

    arrival = enforcer_of(policy, clock=midnight + seconds).arrive(None, "localhost", "http", None)

    assert arrival.standing.rules.policy.declarations[0].purpose == purpose


def test_an_announcement_without_a_policy_changes_nothing() -> None:
    policy = Policy.from_dict(
        policy_with("Now.", announcement={"effective": "2020-01-01", "summary": "Soon."})
    )

    assert enforcer_of(policy).arrive(None, "localhost", "http", None).standing.rules.policy is policy


@pytest.mark.parametrize(
    ("clock", "day"),
    [
        pytest.param(NOON, "2026-11-22", id="noon"),
        pytest.param(NOON + 12 * 3600 - 0.5, "2026-11-22", id="before-midnight"),
        pytest.param(NOON + 12 * 3600, "2026-11-23", id="midnight"),
    ],
)
def test_today_is_utc(clock: float, day: str) -> None:
    arrival = enforcer_of(clock=clock).arrive(None, "localhost", "http", None)

    assert arrival.standing.today.isoformat() == day


def test_a_consent_that_no_key_signed_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    enforcer = enforcer_of()
    for number in range(3):
        arrival = enforcer.arrive(f"cookieguard=1.2026-11-2{number}.x.y", "localhost", "http", None)
        assert arrival.standing.forged

    assert [record.message[:58] for record in caplog.records] == [
        "a consent cookie came that no key of ours signed for its h"
    ]


def test_a_long_cookie_header_is_answered_alike() -> None:
    enforcer = enforcer_of(Policy.from_dict(policy_with("Now.")))
    arrival = enforcer.arrive("stats=1; x=" + "y" * 5000, "localhost", "http", None)

    assert arrival.refused and arrival.visible == "x=" + "y" * 5000


def test_what_is_refused_on_one_host_is_not_on_another() -> None:
    ads = {"name": "ads", "category": "marketing", "purpose": "P.", "lifetime": "1 day"}
    policy = Policy.from_dict({"cookies": [{**ads, "party": "third", "domain": "ads.test"}]})
    enforcer = enforcer_of(policy)

    hosts = ("shop.test", "ads.test", "shop.test", "www.ads.test")
    assert [enforcer.arrive(f"x={host}; ads=1", host, "http", None).refused for host in hosts] == [
        False,
        True,
        False,
        True,
    ]


def test_counts_are_a_copy_and_lose_nothing_between_threads() -> None:
    enforcer = enforcer_of()
    verdicts = [
        Verdict("kept", "essential", "a", Classification("essential")),
        Verdict("stripped", "undeclared", "b"),
    ]
    threads = [
        threading.Thread(target=lambda: [enforcer.count(verdicts) for _ in range(200)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    enforcer.counts.clear()

    assert enforcer.counts == {("kept", "essential"): 1600, ("stripped", "undeclared"): 1600}


def test_what_waits_to_be_counted_is_lost_by_no_thread() -> None:
    enforcer = enforcer_of()
    kept = Ruling(Verdict("kept", "essential", "a", Classification("essential")), False, False)
    stripped = Ruling(Verdict("stripped", "undeclared", "b"), True, True)
    outcomes = [Outcome.of([kept]), Outcome.of([stripped, stripped])]

    def count() -> None:
        for _ in range(700):
            for outcome in outcomes:
                enforcer.count_recalled(outcome)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    seen = [sum(enforcer.counts.values()) for _ in range(50)]
    for thread in threads:
        thread.join()

    assert seen == sorted(seen)
    assert enforcer.counts == {("kept", "essential"): 5600, ("stripped", "undeclared"): 11200}


def test_warnings_are_logged_at_start(caplog: pytest.LogCaptureFixture) -> None:
    policy = Policy.from_dict({"cookies": [{"name": "stats", "category": "analytics", "lifetime": "1 day"}]})
    with caplog.at_level(logging.WARNING, "cookieguard"):
        enforcer_of(policy)

    assert "cookieguard.W202" in caplog.text and "stats" in caplog.text


@pytest.mark.parametrize(
    ("host", "name"),
    [
        pytest.param("Example.COM", "example.com", id="case"),
        pytest.param("example.com:8080", "example.com", id="port"),
        pytest.param("example.com:", "example.com", id="empty-port"),
        pytest.param("example.com.", "example.com", id="final-dot"),
        pytest.param("example.com.:443", "example.com", id="final-dot-and-port"),
        pytest.param("127.0.0.1:80", "127.0.0.1", id="ipv4"),
        pytest.param("[::1]", "[::1]", id="ipv6"),
        pytest.param("[::1]:8080", "[::1]", id="ipv6-port"),
        pytest.param(" localhost ", "localhost", id="space"),
        pytest.param("", "", id="empty"),
    ],
)
def test_normalise_host(host: str, name: str) -> None:
    assert normalise_host(host) == name
