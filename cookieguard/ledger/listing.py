"""Receipts to look through: the newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import ColumnElement, RowMapping, func, literal, select, tuple_

from .chain import ChainKeys, Head
from .database import Database
from .receipt import FIELDS, Receipt
from .store import read_heads
from .tables import heads, receipts, texts
from .verifying import problem_of

_COLUMNS = [receipts.c[name] for name in FIELDS]
_ORDER = (receipts.c.at, receipts.c.id)
_INSERTED = "was inserted"


class Wanted(Struct, frozen=True):
    """Which receipts to list; what is empty leaves none out.

    `ids` are whole ones; `since` and `until` the first and the last day (UTC); `accepted` and
    `refused` are categories.
    """

    ids: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    language: str = ""
    method: str = ""
    accepted: str = ""
    refused: str = ""


class Place(Struct, frozen=True):
    """One receipt with its place in a chain; `problem` says what is wrong with it there."""

    chain: int
    number: int
    mac: str
    receipt: Receipt
    problem: str | None


def newest(database: Database, wanted: Wanted, limit: int, *, after: Receipt | None = None) -> list[Receipt]:
    """Return receipts that aren't erased, newest first, with `after` those that follow that one."""
    asked = select(*_COLUMNS).where(receipts.c.at.is_not(None), *_conditions(wanted))
    if after is not None:
        asked = asked.where(tuple_(*_ORDER) < tuple_(literal(after.at), literal(after.id)))
    asked = asked.order_by(*(column.desc() for column in _ORDER)).limit(limit)
    with database.reading() as connection:
        return [Receipt(**row) for row in connection.execute(asked).mappings()]


def languages(database: Database) -> list[str]:
    """Return the languages in which something was shown."""
    asked = select(texts.c.language).distinct().order_by(texts.c.language)
    with database.reading() as connection:
        return list(connection.execute(asked).scalars())


def count(database: Database) -> int:
    """Return how many receipts the heads speak of: no row is read."""
    with database.reading() as connection:
        return int(connection.execute(select(func.sum(heads.c.count - heads.c.pruned))).scalar() or 0)


def place_of(database: Database, keys: ChainKeys, id: str) -> Place | None:
    """Find a receipt and check it against the one before it; None where there is none of this id."""
    with database.reading() as connection:
        row = connection.execute(select(receipts).where(receipts.c.id == id)).mappings().one_or_none()
        if row is None:
            return None
        before = (receipts.c.chain == row["chain"]) & (receipts.c.number == row["number"] - 1)
        previous = connection.execute(select(receipts.c.mac).where(before)).scalar_one_or_none()
        found = read_heads(connection, select(heads).where(heads.c.chain == row["chain"]))
    problem = _problem(keys, row, previous, found[0]) if found else _INSERTED
    return Place(
        row["chain"], row["number"], row["mac"], Receipt(**{name: row[name] for name in FIELDS}), problem
    )


def _problem(keys: ChainKeys, row: RowMapping, previous: str | None, head: Head) -> str | None:
    if row["number"] > head.count or row["number"] <= head.pruned:
        return _INSERTED
    if row["number"] == head.pruned + 1:
        previous = head.pruned_mac
    if previous is None:
        return "follows one that was deleted"
    return problem_of(keys, row["number"] - 1, previous, row, None)


def _conditions(wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.ids:
        found.append(receipts.c.id.in_(wanted.ids))
    if wanted.since:
        found.append(receipts.c.at >= wanted.since)
    if wanted.until:
        # Behind every time of that day, in the order of texts.
        found.append(receipts.c.at < wanted.until + "U")
    for column, value in ((receipts.c.language, wanted.language), (receipts.c.method, wanted.method)):
        if value:
            found.append(column == value)
    for choice in ("accepted", "refused"):
        if category := getattr(wanted, choice):
            written = f'"category":"{category}","choice":"{choice}"'
            found.append(receipts.c.decisions.contains(written, autoescape=True))
    return found
