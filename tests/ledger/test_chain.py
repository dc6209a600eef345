"""An edit, a deletion, an insertion by hand are found, and named."""

from __future__ import annotations

import ledgers
import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import delete, insert, text

from cookieguard.ledger.chain import ChainKeys, Head
from cookieguard.ledger.pruning import prune
from cookieguard.ledger.receipt import Receipt, Shown, new_id
from cookieguard.ledger.store import Entry, Store, Tampered
from cookieguard.ledger.tables import heads, receipts, texts
from cookieguard.ledger.verifying import verify

SHOWN = Shown("banner", "en", "<p>We use cookies.</p>")


def entry(day: str = "2026-11-25", shown: Shown | None = SHOWN) -> Entry:
    hash = shown.hash if shown else None
    decided = '[{"category":"analytics","choice":"accepted","digest":"d","day":"2026-11-25","gpc":false}]'
    return Receipt(new_id(0), f"{day}T12:00:00Z", decided, "banner", "en", "banner", hash, "/"), shown


def fill(store: Store, count: int = 5, day: str = "2026-11-25") -> list[str]:
    entries = [entry(day) for _ in range(count)]
    for each in entries:
        store.append([each])
    return [receipt.id for receipt, _ in entries]


def run(store: Store, *statements: str) -> None:
    with store.database.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


COLUMNS = "day, digest, key, mac, erased, id, at, decisions, method, language, layer, text, path, address"
COPY = COLUMNS.replace("digest", "'x' || digest").replace(" id,", " 'x' || id,")
TAMPERED = [
    pytest.param(
        ["UPDATE cookieguard_receipts SET decisions='[]' WHERE number=3"], "0:3", "edited", id="edited"
    ),
    pytest.param(
        ["UPDATE cookieguard_receipts SET at=NULL WHERE number=2"], "0:2", "edited", id="column-emptied"
    ),
    pytest.param(
        ["UPDATE cookieguard_receipts SET day='2020-01-01' WHERE number=2"], "0:2", "edited", id="day"
    ),
    pytest.param(["UPDATE cookieguard_receipts SET mac='é' WHERE number=2"], "0:2", "edited", id="link"),
    pytest.param(
        ["UPDATE cookieguard_receipts SET mac=x'ff' WHERE number=2"], "0:2", "edited", id="link, bytes"
    ),
    pytest.param(["UPDATE cookieguard_heads SET signature='é'"], "chain 0", "edited", id="signature"),
    pytest.param(["DELETE FROM cookieguard_receipts WHERE number=3"], "0:3 is", "deleted", id="deleted"),
    pytest.param(["DELETE FROM cookieguard_receipts WHERE number=1"], "0:1", "deleted", id="deleted-first"),
    pytest.param(["DELETE FROM cookieguard_receipts WHERE number=5"], "0:5", "deleted", id="deleted-newest"),
    pytest.param(["DELETE FROM cookieguard_receipts"], "0:1", "deleted", id="deleted-all"),
    pytest.param(
        ["DELETE FROM cookieguard_receipts WHERE number=5", "UPDATE cookieguard_heads SET count=4"],
        "chain 0",
        "edited",
        id="deleted-newest-and-the-head-edited",
    ),
    pytest.param(
        ["DELETE FROM cookieguard_receipts", "DELETE FROM cookieguard_heads"], "chain 0", "deleted", id="all"
    ),
    pytest.param(
        [
            f"INSERT INTO cookieguard_receipts (chain, number, {COLUMNS}) SELECT 0, 6, {COPY} FROM cookieguard_receipts WHERE number=2"
        ],
        "0:6",
        "inserted",
        id="inserted-behind",
    ),
    pytest.param(
        [
            "UPDATE cookieguard_receipts SET number=number+10 WHERE number>2",
            "UPDATE cookieguard_receipts SET number=number-9 WHERE number>10",
            f"INSERT INTO cookieguard_receipts (chain, number, {COLUMNS}) SELECT 0, 3, {COPY} FROM cookieguard_receipts WHERE number=2",
        ],
        "0:3",
        "inserted",
        id="inserted-between",
    ),
    pytest.param(
        [
            f"INSERT INTO cookieguard_receipts (chain, number, {COLUMNS}) SELECT 9, 1, {COPY} FROM cookieguard_receipts WHERE number=2"
        ],
        "9:1",
        "inserted",
        id="inserted-chain",
    ),
    pytest.param(
        [
            "UPDATE cookieguard_receipts SET erased='x', id=NULL, at=NULL, decisions=NULL, method=NULL, language=NULL, layer=NULL, text=NULL, path=NULL WHERE number=3"
        ],
        "0:3",
        "signed with key x",
        id="erased-by-hand",
    ),
    pytest.param(["UPDATE cookieguard_texts SET content='Harmless.'"], "text", "edited", id="text"),
]


def test_what_nobody_touched_holds(store: Store) -> None:
    fill(store)
    report = verify(store)

    assert (report.breaks, report.verified, report.erased) == ((), 5, 0)


@pytest.mark.parametrize(("statements", "place", "says"), TAMPERED)
def test_tampering_is_found(store: Store, statements: list[str], place: str, says: str) -> None:
    fill(store)
    run(store, *statements)
    found = [str(each) for each in verify(store).breaks]

    assert any(place in each and says in each for each in found), found


@pytest.mark.postgres
def test_tampering_is_found_in_postgresql(postgres_store: Store) -> None:
    fill(postgres_store, 20)
    run(
        postgres_store,
        "UPDATE cookieguard_receipts SET path='/x' WHERE number=1 AND chain=(SELECT min(chain) FROM cookieguard_receipts)",
    )

    assert [each.number for each in verify(postgres_store).breaks] == [1]


def test_nothing_is_built_on_a_head_that_was_edited(store: Store) -> None:
    fill(store)
    run(store, "UPDATE cookieguard_heads SET count=3")

    with pytest.raises(Tampered, match="ledger verify"):
        store.append([entry()])


def test_an_anchor_shows_a_rollback(store: Store) -> None:
    fill(store)
    run(store, "CREATE TABLE old AS SELECT * FROM cookieguard_heads")
    fill(store)
    anchor = verify(store).anchor
    run(
        store,
        "DELETE FROM cookieguard_receipts WHERE number>5",
        "DELETE FROM cookieguard_heads",
        "INSERT INTO cookieguard_heads SELECT * FROM old",
    )

    assert verify(store).breaks == ()
    assert "rolled back" in str(verify(store, anchor).breaks[0])


def test_an_erased_receipt_leaves_its_link(store: Store) -> None:
    ids = fill(store)

    assert store.erase(ids[1:3]) == 2 and store.find(ids[1:3]) == []
    report = verify(store)
    assert (report.breaks, report.verified, report.erased) == ((), 5, 2)


def test_pruned_receipts_leave_a_checkpoint(store: Store) -> None:
    fill(store, 3, "2020-01-01")
    kept = fill(store, 2)

    assert sum(prune(store, "2026-01-01")) == 3
    report = verify(store)
    assert (report.breaks, report.verified, report.pruned) == ((), 2, 3)
    assert len(store.find(kept)) == 2 and store.text(SHOWN.hash) == SHOWN
    assert sum(prune(store, "2027-01-01")) == 2 and store.text(SHOWN.hash) is None
    # The text is stored anew, though this process remembers it.
    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.append([entry()])
    assert store.append([entry()], again=True) == 1 and verify(store).breaks == ()


def test_what_does_not_verify_is_not_pruned(store: Store) -> None:
    fill(store, 3, "2020-01-01")
    run(store, "UPDATE cookieguard_receipts SET path='/x' WHERE number=2")

    with pytest.raises(Tampered, match="0:2"):
        sum(prune(store, "2026-01-01"))


def test_stored_twice_is_there_once(store: Store) -> None:
    given = entry()

    assert (store.append([given]), store.append([given], again=True)) == (1, 0)
    store.erase([given[0].id])
    assert store.append([given], again=True) == 0


def test_keys_rotate(store: Store, url: str) -> None:
    fill(store, 2)
    both = ledgers.store_of(url, (ledgers.SECRET, "a newer secret, as long as that"))
    fill(both, 2)
    assert verify(both).breaks == ()
    newest = ledgers.Store(both.database, ledgers.ChainKeys([b"a newer secret, as long as that"]))
    assert newest.is_prepared()
    assert "isn't among the secret keys" in str(verify(newest).breaks[0])
    both.database.close()


# What a ledger of 2026 holds: four receipts, the first pruned and the third erased.
TEXT = "5TdBur0Hw3GxIjwCRcNeT0E9bLgBn-mYhDsvUCTSRX4"
PRUNED, SECOND, THIRD, FOURTH = (
    "uPnzwTXF1DuzEi6ZidHEMYXP_yO512S4G19kqHsETDA",
    "OYwAEu7OD2uT07RtiB3pZz7bXt-EJe09I9xtcVNUbTY",
    "eHYWVcko8RBSuRGhwPzteQemFgjMwHBmS4IGdjqnv08",
    "a9nZPL73UW69HoOU-SAdVa5CnpUKmx95UaatFbZmTGQ",
)
KEY = "3ZRz4-da"
HEAD = Head(0, 1, 4, FOURTH, 1, PRUNED, KEY, "tPpvTTvObweGN0_2eDM8cJqwvUgyFf7R2rU20vKiwdU")
DECIDED = '[{"category":"analytics","choice":"accepted","digest":"d","day":"2026-11-25","gpc":false}]'


ERASED = f"{KEY}.Qy-caacehoDcIBs0KdmK4dr2NaRm22nHv43H_PL5bfQ"
DIGESTS = (
    "4LbBjeBimU74o52rW5IO_Ctt2XRHUrvCMYsSEBsSyHY",
    "aztliC7BdM9gRPQ79STYi9r4wMTOMDzuYlWErNIqxHM",
    "sRcPrjDIAOOX7W34MVUStyBIY68RsVyBZl-qL9pVJeM",
)
SAID = (DECIDED, "banner", "en", "banner", TEXT, "/", None)
ROWS = [
    (0, 2, "2026-11-25", DIGESTS[0], KEY, SECOND, None, "A" * 21 + "1", "2026-11-25T12:00:00Z", *SAID),
    (0, 3, "2026-11-25", DIGESTS[1], KEY, THIRD, ERASED, *[None] * 9),
    (0, 4, "2026-11-26", DIGESTS[2], KEY, FOURTH, None, "A" * 21 + "3", "2026-11-26T12:00:00Z", *SAID),
]


def test_a_ledger_of_an_earlier_version_holds_and_goes_on(store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute(delete(heads))
        connection.execute(insert(heads).values(asdict(HEAD)))
        connection.execute(insert(texts).values((TEXT, "banner", "en", "<p>We use cookies.</p>")))
        for row in ROWS:
            connection.execute(insert(receipts).values(row))

    report = verify(store)
    assert (report.breaks, report.verified, report.erased, report.pruned) == ((), 3, 1, 1)
    assert store.prepare() == 1
    fill(store, 1)
    report = verify(store)
    assert (report.breaks, report.anchor[0][0]) == ((), 5)


def test_what_keys_sign_is_the_same_for_ever() -> None:
    keys = ChainKeys([ledgers.SECRET.encode()])

    assert keys.signed(HEAD) == HEAD and keys.vouches(HEAD)
    assert not keys.vouches(replace(HEAD, count=3))
    assert keys.link(KEY, 0, 2, PRUNED, "2026-11-25", DIGESTS[0]) == SECOND
    assert keys.erasure(KEY, 0, 3, THIRD) == ERASED
    assert keys.hide("192.0.2.1") == "DluIGh-Hq-pDJyRmzzBxht"
    assert keys.seal(b"line") == "H-7GcQvdqH5LkShgldpBuek3OSCDojzrG1mAb-vSGfk" and keys.is_sealed(
        b"line", keys.seal(b"line")
    )


def test_every_edited_text_is_named_however_many_there_are(store: Store) -> None:
    for number in range(120):
        store.append([entry(shown=Shown("banner", "en", f"<p>{number}</p>"))])
    assert verify(store).breaks == ()
    run(store, "UPDATE cookieguard_texts SET content='Harmless.' WHERE content IN ('<p>7</p>', '<p>110</p>')")

    edited = {Shown("banner", "en", f"<p>{number}</p>").hash for number in (7, 110)}
    assert {str(each) for each in verify(store).breaks} == {f"text {hash} was edited" for hash in edited}
