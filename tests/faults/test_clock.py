"""A clock that is set back, or was wrong: no consent by mistake, none lost, and a ledger that holds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import ledgers
import pytest
from asking import ask, guarded
from contract import EXPIRED, MOUNT, POLICY, responding

from cookieguard import CookieGuard
from cookieguard.ledger.export import rows
from cookieguard.ledger.pruning import first_kept, prune
from cookieguard.ledger.store import Store
from cookieguard.ledger.verifying import verify

DAY = 86400
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}


class Clock:
    """The machine's clock, which its owner sets."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def decide(guard: CookieGuard, accept: list[str], cookie: str | None = None) -> str:
    """Decide as a JSON client does, and return the consent cookie."""
    policy = guard.enforcer.policy
    digests = {id: policy.categories[id].token for id in accept}
    headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
    body = json.dumps({"accept": accept, "digests": digests}).encode()
    answer = ask(guard, MOUNT, method="POST", cookie=cookie, headers=headers, body=body)
    assert answer.status == 200
    return answer.cookies[-1].partition(";")[0]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> CookieGuard:
    return guarded(responding("session=1", "_ga=1"), clock=clock)


@pytest.mark.parametrize("back", [1, 2, 400, 20000], ids=lambda days: f"{days} days")
def test_an_acceptance_of_a_day_to_come_waits_for_it(clock: Clock, guard: CookieGuard, back: int) -> None:
    accepted = decide(guard, ["analytics"])
    assert ask(guard, cookie=accepted).names == ["session", "_ga"]

    clock.now -= back * DAY
    answer = ask(guard, cookie=f"{accepted}; session=1", headers=NAVIGATION)
    # The essential one passes, and the visitor's own choice isn't thrown away.
    assert answer.names == ["session"]

    clock.now = NOON
    assert ask(guard, cookie=accepted).names == ["session", "_ga"]


def test_what_is_decided_meanwhile_counts_and_goes_on_counting(clock: Clock, guard: CookieGuard) -> None:
    accepted = decide(guard, ["analytics"])
    clock.now -= 3 * DAY
    again = decide(guard, ["analytics"], accepted)
    assert ask(guard, cookie=again).names == ["session", "_ga"]
    refused = decide(guard, [], again)

    clock.now = NOON
    assert ask(guard, cookie=again).names == ["session", "_ga"]
    assert ask(guard, cookie=refused).names == ["session"]


def test_a_refusal_of_tomorrow_holds_where_silence_is_consent(clock: Clock) -> None:
    """Two machines' clocks at midnight."""
    policy = {"consent": {"model": "opt-out"}}
    guard = guarded(responding("session=1", "_ga=1"), clock=clock, **policy)
    assert ask(guard).names == ["session", "_ga"]
    refused = decide(guard, [])

    clock.now -= DAY
    assert ask(guard, cookie=refused).names == ["session"]


def test_cookies_expire_by_the_clock_that_is(clock: Clock, guard: CookieGuard) -> None:
    """A date that is past today lies in the future again, also where the answer was remembered."""
    expiring = guarded(responding("ads=1; Expires=Tue, 24 Nov 2026 12:00:00 GMT"), clock=clock)
    assert ask(expiring).names == ["ads"]  # it deletes

    clock.now -= 5 * DAY
    assert ask(expiring).names == []
    clock.now = NOON
    assert ask(expiring).names == ["ads"]


def test_an_announced_policy_goes_and_comes_again(clock: Clock, tmp_path: Path) -> None:
    ads = {**POLICY["cookies"][4], "lifetime": "2 days"}
    (tmp_path / "next.json").write_text(json.dumps({**POLICY, "cookies": [*POLICY["cookies"][:4], ads]}))
    announced = {
        "effective": date(2026, 11, 25),
        "summary": "Longer ads.",
        "policy": str(tmp_path / "next.json"),
    }
    guard = guarded(responding("session=1", "ads=1"), clock=clock, announcement=announced)
    first, then = guard.enforcer.policy, guard.enforcer.policy.on(date(2026, 11, 25))
    assert first is not then

    def today() -> Any:
        shown = json.loads(ask(guard, MOUNT, headers={"Accept": "application/json"}).body)
        return shown["categories"]["marketing"]["digest"]

    digests = {policy.categories["marketing"].token for policy in (first, then)}
    told = []
    for days in (0, -1, 0, -400, 0):
        clock.now = NOON + days * DAY
        told.append(today())
        assert ask(guard, headers=NAVIGATION, cookie="ads=1").names[:1] == ["session"]
    assert told[0] == told[2] == told[4] != told[1] == told[3] and {*told} == digests


@pytest.mark.parametrize("now", [0.0, 1.5, 1e9, 4e9, 2e11], ids=str)
def test_a_machine_that_knows_no_time(clock: Clock, guard: CookieGuard, now: float) -> None:
    accepted = decide(guard, ["analytics"])
    clock.now = now

    swept = ask(guard, cookie=f"{accepted}; ads=1", headers=NAVIGATION)
    assert [line.partition("=")[0] for line in swept.cookies if EXPIRED in line] == ["ads", "ads"]
    assert swept.names[0] == "session"
    fresh = decide(guard, ["analytics"])
    assert ask(guard, cookie=fresh).names == ["session", "_ga"]
    for path in ("", "/policy", "?lang=de"):
        assert ask(guard, MOUNT + path).status == 200


# The ledger.


@pytest.fixture
def store(tmp_path: Path) -> Any:
    made = ledgers.store_of(f"sqlite:///{tmp_path}/receipts.db")
    yield made
    made.database.close()


def record(store: Store, days: list[int]) -> None:
    """Have a visitor accept on each day, counted from today, in this order."""
    clock = Clock()
    policy = ledgers.policy_of(str(store.database.url))
    guard = ledgers.guard_of(policy, clock=clock)
    for day in days:
        clock.now = NOON + day * DAY
        assert ledgers.accept(guard, policy, "analytics")[0] == "200 OK"
    guard.enforcer.ledger.store.database.close()


def test_receipts_keep_the_order_in_which_they_came(store: Store) -> None:
    record(store, [0, -3, -400, -3, 0])

    assert [row["number"] for row in rows(store.database)] == [1, 2, 3, 4, 5]
    assert [row["at"][:10] for row in rows(store.database)][:2] == ["2026-11-25", "2026-11-22"]
    report = verify(store)
    assert (report.breaks, report.verified) == ((), 5)


def prune_today(store: Store) -> int:
    settings = ledgers.policy_of("sqlite:///unused.db").ledger
    assert settings is not None
    return sum(prune(store, first_kept(settings, NOON), today="2026-11-25"))


def test_retention_after_a_clock_was_set_back(store: Store) -> None:
    record(store, [-2000, -1500, -2000, 0])

    assert prune_today(store) == 3
    assert (verify(store).breaks, verify(store).verified) == ((), 1)


def test_retention_after_a_clock_was_ahead(store: Store) -> None:
    """What a wrong clock dated decades ahead doesn't keep all that follows it for decades."""
    record(store, [20000, 20000, -1500, 20000, 0, 20000])

    assert prune_today(store) == 3
    assert (verify(store).breaks, verify(store).verified) == ((), 3)
    assert prune_today(store) == 0
