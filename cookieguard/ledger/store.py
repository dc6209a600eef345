"""Receipts going in: each behind the newest of a chain, under that chain's lock."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import asdict, replace
from sqlalchemy import Connection, Select, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..errors import CookieguardError
from .chain import ChainKeys, Head
from .database import Database
from .receipt import FIELDS, Receipt, Shown
from .tables import heads, receipts, texts

# One writes at a time to SQLite; in PostgreSQL as many as there are chains.
_CHAINS = {True: 1, False: 8}

Entry = tuple[Receipt, Shown | None]


class Tampered(CookieguardError):
    """Somebody else wrote into the ledger: nothing may be built upon it."""


class Store:
    """Adds receipts to a migrated database, and takes away their content. Thread-safe."""

    def __init__(self, database: Database, keys: ChainKeys) -> None:
        self.database = database
        self.keys = keys
        self._insert_text = (sqlite if database.is_sqlite else postgresql).insert(texts)
        self._known_texts: set[str] = set()
        self._chains: int | None = None

    def prepare(self) -> int:
        """Make the heads of the chains, or sign those there are with the newest key; return how many."""
        with self.database.writing() as connection:
            found = read_heads(connection, select(heads).with_for_update())
            for head in found:
                check_head(self.keys, head)
                save(connection, self.keys, head)
            if found:
                return len(found)
            count = _CHAINS[self.database.is_sqlite]
            made = [self.keys.signed(Head(chain, count)) for chain in range(count)]
            connection.execute(insert(heads), [*map(asdict, made)])
            return count

    def is_prepared(self) -> bool:
        """Tell whether the chains have heads; UnknownKey or Tampered where those aren't ours."""
        with self.database.reading() as connection:
            found = read_heads(connection)
        for head in found:
            check_head(self.keys, head)
        return bool(found)

    def append(self, entries: Sequence[Entry], *, again: bool = False) -> int:
        """Store receipts in one transaction and return how many were new.

        `again` says that some may be there already. SQLAlchemyError where the database refuses,
        Tampered or UnknownKey where the end of a chain isn't ours.
        """
        shown = {text.hash: text for _, text in entries if text}
        added = shown.keys() - self._known_texts
        try:
            with self.database.writing() as connection:
                if again:
                    entries = _without(connection, entries)
                # In one order: two that wait for each other's text would wait for ever.
                self._add_texts(connection, [shown[hash] for hash in sorted(added)])
                if entries:
                    self._chain(connection, entries)
        except BaseException:
            # One of them may have been pruned, with the last receipt that named it.
            self._known_texts.clear()
            raise
        self._known_texts |= added
        return len(entries)

    def _chain(self, connection: Connection, entries: Sequence[Entry]) -> None:
        chain = secrets.randbelow(self._count_chains(connection))
        head = lock(connection, self.keys, chain)
        key, number, mac = self.keys.newest, head.count, head.mac
        rows: list[dict[str, Any]] = []
        for receipt, _ in entries:
            number, digest = number + 1, receipt.digest
            mac = self.keys.link(key, chain, number, mac, receipt.day, digest)
            place = {"chain": chain, "number": number, "day": receipt.day, "digest": digest}
            rows.append({**place, "key": key, "mac": mac, **asdict(receipt)})
        connection.execute(insert(receipts), rows)
        save(connection, self.keys, replace(head, count=number, mac=mac))

    def _count_chains(self, connection: Connection) -> int:
        if self._chains is None:
            self._chains = connection.execute(select(heads.c.chains).limit(1)).scalar_one()
        return self._chains

    def _add_texts(self, connection: Connection, added: Sequence[Shown]) -> None:
        for text in added:
            values = {"hash": text.hash, **asdict(text)}
            connection.execute(self._insert_text.values(values).on_conflict_do_nothing())

    def find(self, ids: Iterable[str]) -> list[Receipt]:
        """Return the receipts that have these ids, oldest first."""
        columns = [receipts.c[name] for name in FIELDS]
        asked = select(*columns).where(receipts.c.id.in_([*ids])).order_by(receipts.c.at)
        with self.database.reading() as connection:
            return [Receipt(**row) for row in connection.execute(asked).mappings()]

    def text(self, hash: str) -> Shown | None:
        """Return a text that was shown."""
        asked = select(texts.c.layer, texts.c.language, texts.c.content).where(texts.c.hash == hash)
        with self.database.reading() as connection:
            row = connection.execute(asked).mappings().one_or_none()
        return Shown(**row) if row else None

    def erase(self, ids: Iterable[str]) -> int:
        """Take away all that receipts say, and leave their links; return how many there were."""
        place = (receipts.c.chain, receipts.c.number, receipts.c.mac)
        with self.database.writing() as connection:
            found = connection.execute(select(*place).where(receipts.c.id.in_([*ids]))).all()
            for chain, number, mac in found:
                mark = self.keys.erasure(self.keys.newest, chain, number, mac)
                values = {**dict.fromkeys(FIELDS), "erased": mark}
                there = (receipts.c.chain == chain) & (receipts.c.number == number)
                connection.execute(update(receipts).where(there).values(values))
        return len(found)


def read_heads(connection: Connection, asked: Select[Any] | None = None) -> list[Head]:
    """Return the heads that are asked for, else all, chain by chain."""
    asked = select(heads) if asked is None else asked
    return [Head(**row) for row in connection.execute(asked.order_by(heads.c.chain)).mappings()]


def lock(connection: Connection, keys: ChainKeys, chain: int) -> Head:
    """Lock a chain until the transaction ends, and return its head; Tampered where that isn't ours."""
    found = read_heads(connection, select(heads).where(heads.c.chain == chain).with_for_update())
    if not found:
        raise Tampered(f"the ledger's chain {chain} has no head; run cookieguard ledger verify")
    check_head(keys, found[0])
    return found[0]


def save(connection: Connection, keys: ChainKeys, head: Head) -> None:
    """Sign a locked chain's new head, and store it."""
    values = asdict(keys.signed(head))
    connection.execute(update(heads).where(heads.c.chain == head.chain).values(values))


def check_head(keys: ChainKeys, head: Head) -> None:
    """Raise Tampered where a chain's head isn't signed by us."""
    if not keys.vouches(head):
        # To go on from here would sign what somebody else wrote.
        raise Tampered(
            f"the head of the ledger's chain {head.chain} was edited; run cookieguard ledger verify"
        )


def _without(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Leave out what is stored already, or comes twice; erased, a receipt's digest is still there."""
    fresh = {entry[0].id: entry for entry in reversed(entries)}
    days = {receipt.day for receipt, _ in entries}
    digests = [receipt.digest for receipt, _ in entries]
    stored = (receipts.c.day.in_(days) & receipts.c.digest.in_(digests)) | receipts.c.id.in_([*fresh])
    found = connection.execute(select(receipts.c.id, receipts.c.digest).where(stored)).all()
    ids, known = {id for id, _ in found}, {digest for _, digest in found}
    return [entry for id, entry in reversed(fresh.items()) if id not in ids and entry[0].digest not in known]
