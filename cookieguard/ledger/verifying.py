"""Whether the ledger still says what was written into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, select

from .chain import ChainKeys, Head
from .receipt import FIELDS, Receipt, text_hash
from .store import Store, read_heads
from .tables import receipts, texts

_PAGE = 5000
# At a time: each is a page of HTML.
_TEXTS = 50

Anchor = Mapping[int, tuple[int, str]]
"""Chain -> how many receipts it had, and the link of the newest: kept elsewhere, it shows a rollback."""


class Break(Struct, frozen=True):
    """The first place of a chain that isn't as it was written; `id` is the receipt's, where it has one."""

    what: str
    chain: int | None = None
    number: int | None = None
    id: str | None = None

    def __str__(self) -> str:
        if self.chain is None:
            return self.what
        named = f" ({self.id})" if self.id else ""
        place = f"receipt {self.chain}:{self.number}{named}" if self.number else f"chain {self.chain}"
        return f"{place} {self.what}"


class Report(Struct, frozen=True):
    """What was found: the first break of each chain, how many receipts hold, what became of others.

    `anchor` is the state of each chain that was read.
    """

    breaks: tuple[Break, ...]
    verified: int
    erased: int
    pruned: int
    anchor: dict[int, tuple[int, str]]


class _Walk:
    """One chain, followed from its checkpoint to its head."""

    def __init__(self, connection: Connection, keys: ChainKeys, head: Head, hashes: set[str]) -> None:
        self.connection, self.keys, self.head, self.hashes = connection, keys, head, hashes
        self.number, self.mac = head.pruned, head.pruned_mac
        self.verified = self.erased = 0

    def follow(self, anchored: tuple[int, str] | None, tick: Callable[[int], object]) -> Break | None:
        head = self.head
        chain = head.chain
        if head.key not in self.keys:
            return Break(f"has a head that {_unknown(head.key)}", chain)
        if not self.keys.vouches(head):
            return Break("has a head that was edited", chain)
        if anchored and (wrong := self._against(anchored)):
            return wrong
        for page in pages(self.connection, chain, self.number):
            for row in page:
                if problem := problem_of(self.keys, self.number, self.mac, row, self.hashes):
                    number = self.number + 1
                    # A receipt that is missing is told by the one behind it.
                    return Break(problem, chain, number, row["id"] if row["number"] == number else None)
                if row["number"] > head.count:
                    return Break("was inserted behind the newest", chain, row["number"], row["id"])
                self.number, self.mac = row["number"], row["mac"]
                self.verified += 1
                self.erased += row["erased"] is not None
                if anchored and self.number == anchored[0] and self.mac != anchored[1]:
                    return Break("isn't the one that the anchor names", chain, self.number, row["id"])
            tick(len(page))
        if self.number < head.count:
            return Break("is missing: it was deleted", chain, self.number + 1)
        return None if self.mac == head.mac else Break("isn't the chain's newest", chain, self.number)

    def _against(self, anchored: tuple[int, str]) -> Break | None:
        count, mac = anchored
        head = self.head
        if head.count < count:
            return Break(f"had {count} receipts and has {head.count}: it was rolled back", head.chain)
        if count == self.number and count and mac != self.mac:
            return Break("isn't the one that the anchor names", head.chain, count)
        return None


def verify(
    store: Store, anchor: Anchor | None = None, tick: Callable[[int], object] = lambda _: None
) -> Report:
    """Follow every chain, in memory that doesn't grow with them; `tick` is told of each page's length."""
    breaks: list[Break] = []
    verified = erased = 0
    with store.database.reading() as connection:
        found = read_heads(connection)
        hashes = set(connection.execute(select(texts.c.hash)).scalars())
        breaks += _missing_chains(found, anchor)
        breaks += _stray(connection, found)
        for head in found:
            walk = _Walk(connection, store.keys, head, hashes)
            wrong = walk.follow((anchor or {}).get(head.chain), tick)
            if wrong is None and anchor is not None and head.chain not in anchor:
                wrong = Break("isn't named by the anchor", head.chain)
            breaks += [wrong] if wrong else []
            verified, erased = verified + walk.verified, erased + walk.erased
        breaks += _edited_texts(connection)
    pruned = sum(head.pruned for head in found)
    state = {head.chain: (head.count, head.mac) for head in found}
    return Report(tuple(breaks), verified, erased, pruned, state)


def pages(
    connection: Connection, chain: int, after: int, many: int = _PAGE
) -> Iterator[Sequence[RowMapping]]:
    """Yield a chain's rows, so many at a time."""
    while True:
        asked = select(receipts).where(receipts.c.chain == chain, receipts.c.number > after)
        page = connection.execute(asked.order_by(receipts.c.number).limit(many)).mappings().all()
        if not page:
            return
        yield page
        after = page[-1]["number"]


def problem_of(
    keys: ChainKeys, number: int, mac: str, row: RowMapping, hashes: set[str] | None
) -> str | None:
    """Say what is wrong with the row that should follow the link `mac` of `number`, None for nothing.

    `hashes` are those of all texts, None to leave them alone.
    """
    if row["number"] != number + 1:
        return "is missing: it was deleted"
    if row["key"] not in keys:
        return _unknown(row["key"])
    link = keys.link(row["key"], row["chain"], row["number"], mac, row["day"], row["digest"])
    # Who asks has the keys, so that nobody learns from how long it takes; and a row may hold anything.
    if row["mac"] != link:
        return "was edited, or inserted in the place of another"
    if row["erased"] is not None:
        key = row["erased"].partition(".")[0]
        if key not in keys:
            return _unknown(key)
        erasure = keys.erasure(key, row["chain"], row["number"], row["mac"])
        sound = row["erased"] == erasure and all(row[name] is None for name in FIELDS)
        return None if sound else "was emptied, and not by an erasure"
    if not _is_whole(row):
        return "was edited"
    if hashes is not None and row["text"] is not None and row["text"] not in hashes:
        return "names a text that was deleted"
    return None


def _unknown(key: str) -> str:
    return f"is signed with key {key}, which isn't among the secret keys; give the older ones too"


def _is_whole(row: RowMapping) -> bool:
    content: dict[str, Any] = {name: row[name] for name in FIELDS}
    if content["id"] is None or content["at"] is None or content["at"][:10] != row["day"]:
        return False
    return Receipt(**content).digest == str(row["digest"])


def _missing_chains(found: Sequence[Head], anchor: Anchor | None) -> Iterator[Break]:
    expected = {*range(max((head.chains for head in found), default=1)), *(anchor or {})}
    for chain in sorted(expected - {head.chain for head in found}):
        yield Break("has no head: it was deleted", chain)


def _stray(connection: Connection, found: Sequence[Head]) -> Iterator[Break]:
    chains = [head.chain for head in found]
    asked = select(receipts.c.chain, receipts.c.number, receipts.c.id).where(receipts.c.chain.not_in(chains))
    for chain, number, id in connection.execute(asked.order_by(receipts.c.chain, receipts.c.number).limit(1)):
        yield Break("was inserted: there is no such chain", chain, number, id)
    for head in found:
        where = (receipts.c.chain == head.chain) & (receipts.c.number <= head.pruned)
        asked = select(receipts.c.chain, receipts.c.number, receipts.c.id).where(where)
        for chain, number, id in connection.execute(asked.order_by(receipts.c.number).limit(1)):
            yield Break("was inserted in the place of a pruned one", chain, number, id)


def _edited_texts(connection: Connection) -> Iterator[Break]:
    asked = select(texts).order_by(texts.c.hash).execution_options(yield_per=_TEXTS)
    for row in connection.execute(asked).mappings():
        if text_hash(row["layer"], row["language"], row["content"]) != row["hash"]:
            yield Break(f"text {row['hash']} was edited")
