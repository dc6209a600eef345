"""Receipts to look through: what is asked for, in order, and each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from cookieguard.ledger.listing import Wanted, languages, newest, place_of
from cookieguard.ledger.pruning import prune
from cookieguard.ledger.receipt import Receipt, Shown, new_id
from cookieguard.ledger.store import Store

ACCEPTED = '[{"category":"analytics","choice":"accepted","digest":"d","day":"2026-11-25","gpc":false}]'
REFUSED = ACCEPTED.replace("accepted", "refused")
SHOWN = {language: Shown("banner", language, f"<p>{language}") for language in ("de", "en")}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue("store" if request.param == "sqlite" else "postgres_store")
    return made


@pytest.fixture
def ids(any_store: Store) -> list[str]:
    """Four receipts, oldest first; the last two in the same second."""
    rows: list[tuple[str, str, Any, Any]] = [
        ("2026-11-23T10:00:00Z", ACCEPTED, "banner", SHOWN["de"]),
        ("2026-11-24T10:00:00Z", REFUSED, "preferences", SHOWN["en"]),
        ("2026-11-25T23:59:59Z", ACCEPTED, "api", None),
        ("2026-11-25T23:59:59Z", ACCEPTED, "banner", SHOWN["en"]),
    ]
    made = []
    for at, decisions, method, shown in rows:
        language, layer, hash = (shown.language, shown.layer, shown.hash) if shown else (None, None, None)
        receipt = Receipt(new_id(0), at, decisions, method, language, layer, hash)
        any_store.append([(receipt, shown)])
        made.append(receipt.id)
    return made


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param({}, {0, 1, 2, 3}, id="all"),
        pytest.param({"language": "en"}, {1, 3}, id="language"),
        pytest.param({"method": "banner"}, {0, 3}, id="method"),
        pytest.param({"accepted": "analytics"}, {0, 2, 3}, id="accepted"),
        pytest.param({"refused": "analytics"}, {1}, id="refused"),
        pytest.param({"accepted": "analytic_"}, set(), id="no-wildcard"),
        pytest.param({"since": "2026-11-24"}, {1, 2, 3}, id="since"),
        pytest.param({"until": "2026-11-24"}, {0, 1}, id="until"),
        pytest.param({"since": "2026-11-25", "until": "2026-11-25", "language": "en"}, {3}, id="several"),
    ],
)
def test_what_is_asked_for(any_store: Store, ids: list[str], wanted: Any, found: set[int]) -> None:
    listed = newest(any_store.database, Wanted(**wanted), 10)
    assert {ids.index(receipt.id) for receipt in listed} == found
    assert [receipt.at for receipt in listed] == sorted((receipt.at for receipt in listed), reverse=True)


def test_by_id(any_store: Store, ids: list[str]) -> None:
    assert [each.id for each in newest(any_store.database, Wanted((ids[2], "no")), 10)] == [ids[2]]
    assert languages(any_store.database) == ["de", "en"]


def test_page_by_page(any_store: Store, ids: list[str]) -> None:
    def pages() -> Iterator[str]:
        after = None
        while page := newest(any_store.database, Wanted(), 1, after=after):
            after = page[0]
            yield after.id

    seen = [*pages()]
    assert len(seen) == 4 and {*seen} == {*ids}
    any_store.erase(ids[:1])
    assert len([*pages()]) == 3


def test_a_place_holds(any_store: Store, ids: list[str]) -> None:
    assert [place.problem for id in ids if (place := place_of(any_store.database, any_store.keys, id))] == [
        None
    ] * 4
    any_store.erase(ids[:1])
    assert place_of(any_store.database, any_store.keys, ids[0]) is None
    sum(prune(any_store, "2026-11-25"))
    for id in ids[2:]:
        place = place_of(any_store.database, any_store.keys, id)
        assert place is not None and place.problem is None


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        pytest.param("UPDATE cookieguard_receipts SET path='/x' WHERE number=3", "edited", id="edited"),
        pytest.param("DELETE FROM cookieguard_receipts WHERE number=2", "deleted", id="deleted-before"),
        pytest.param("UPDATE cookieguard_receipts SET number=9 WHERE number=3", "inserted", id="behind"),
        pytest.param("DELETE FROM cookieguard_heads", "inserted", id="no-head"),
    ],
)
def test_a_place_that_does_not_hold(store: Store, statement: str, problem: str) -> None:
    made = [Receipt(new_id(0), "2026-11-25T10:00:00Z", ACCEPTED, "api") for _ in range(3)]
    store.append([(receipt, None) for receipt in made])
    with store.database.writing() as connection:
        connection.execute(text(statement))
    place = place_of(store.database, store.keys, made[2].id)
    assert place is not None and problem in str(place.problem)
