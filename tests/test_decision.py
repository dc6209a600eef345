"""What a visitor decides during one request, and what of it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import ledgers
import pytest

from cookieguard import LedgerUnavailable, Policy
from cookieguard.consent.consent import Record
from cookieguard.decision import Decision
from cookieguard.enforcer import Enforcer
from cookieguard.ledger.drafting import Occasion
from cookieguard.testing import consent_cookie

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
PLAIN = Policy.from_dict({"use": ["google-analytics", "facebook"]})


@pytest.fixture
def proving(tmp_path: Path) -> Policy:
    url = f"sqlite:///{tmp_path / 'receipts.db'}"
    ledgers.store_of(url)
    return ledgers.policy_of(url)


def decision_of(policy: Policy, *accepted: str) -> Decision:
    day = datetime.fromtimestamp(NOON, UTC).date()
    sent = consent_cookie(policy, ledgers.SECRET, accepted, day=day) if accepted else ()
    enforcer = Enforcer(policy, secret_key=ledgers.SECRET, override=None, clock=lambda: NOON)
    cookies = "=".join(sent) or None
    return Decision(enforcer, enforcer.arrive(cookies, "localhost", "http", None).standing, cookies)


def granting(decision: Decision, *categories: str) -> Record:
    standing = decision._standing
    return decision.consent.granting(categories, standing.rules.policy, standing.today, gpc=standing.gpc)


@pytest.mark.parametrize(
    ("before", "granted", "is_new"),
    [
        pytest.param((), ["analytics"], True, id="first"),
        pytest.param(("analytics",), ["marketing"], True, id="one-more"),
        pytest.param(("analytics",), ["analytics"], False, id="again"),
        pytest.param((), [], False, id="nothing"),
    ],
)
def test_only_what_is_new_is_kept(before: Sequence[str], granted: Sequence[str], is_new: bool) -> None:
    decision = decision_of(PLAIN, *before)

    assert decision.take(granting(decision, *granted), Occasion()) == is_new
    assert decision.consent.allows("analytics") == ("analytics" in {*before, *granted})
    assert len([*decision.cookies()]) == is_new


def test_rulings_are_those_of_who_decided_so() -> None:
    decision = decision_of(PLAIN)
    before = decision.memory
    decision.take(granting(decision, "analytics"), Occasion())

    assert decision.memory is not before


def test_it_is_counted_once_however_often_headers_are_made() -> None:
    decision = decision_of(PLAIN)
    decision.take(granting(decision, "analytics"), Occasion())

    assert [*decision.cookies()] == [*decision.cookies()]
    assert decision._enforcer.tally.decisions == {"grant": 1}


def test_receipts_are_known_before_they_left(proving: Policy) -> None:
    decision = decision_of(proving)
    decision.take(granting(decision, "analytics"), Occasion("/shop"))
    decision.take(granting(decision, "marketing"), Occasion("/shop"))

    assert [receipt.path for receipt in decision.receipts()] == ["/shop", "/shop"]
    consent, receipts = decision.cookies()
    assert consent.startswith("cookieguard=1.2026-11-22.+analytics")
    assert all(receipt.id in receipts for receipt in decision.receipts())
    assert decision.erase_receipts() == 2
    assert [decision.receipts(), decision.erase_receipts()] == [[], 0]


def test_without_proof_nothing_changes(proving: Policy, tmp_path: Path) -> None:
    decision = decision_of(proving)
    (tmp_path / "receipts.db").rename(tmp_path / "taken-away")

    with pytest.raises(LedgerUnavailable):
        decision.take(granting(decision, "analytics"), Occasion())
    assert (decision.record, decision.consent.allows("analytics")) == (None, False)
    assert [*decision.cookies()] == []


def test_repr_holds_no_cookie() -> None:
    assert "analytics" not in repr(decision_of(PLAIN, "analytics"))
