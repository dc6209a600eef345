"""Receipts whose time is over, taken away: the chain then begins at a signed checkpoint, its head."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain as joined

from msgspec.structs import replace
from sqlalchemy import delete, exists

from ..consent.consent import day_of
from ..policy.entries import LedgerSettings
from .store import Store, Tampered, lock, read_heads, save
from .tables import receipts, texts
from .verifying import pages, problem_of

# At a time: decisions wait for no more than that.
_BATCH = 2000
_NONE_TO_COME = "9999-12-31"


def first_kept(settings: LedgerSettings, now: float) -> str:
    """Return the oldest day (UTC) of which receipts are still kept; `now` is POSIX seconds."""
    try:
        return (day_of(now) - timedelta(seconds=settings.retention.seconds or 0)).isoformat()
    except OverflowError:
        return date.min.isoformat()


def prune(store: Store, before: str, *, today: str = _NONE_TO_COME) -> Iterator[int]:
    """Take away the receipts of the days before a day, oldest first; yield how many, batch by batch.

    A receipt that was stored late stays as long as those in front of it. One of a day after `today`,
    by a clock that was wrong, goes with the next one behind it, or the chain would be kept until its
    day. Tampered where what would go doesn't verify: its traces must not go with it.
    """
    with store.database.reading() as connection:
        chains = [head.chain for head in read_heads(connection)]
    for chain in chains:
        while gone := _prune_batch(store, chain, before, today):
            yield gone
    _prune_texts(store)


def _prune_batch(store: Store, chain: int, before: str, today: str) -> int:
    with store.database.writing() as connection:
        head = lock(connection, store.keys, chain)
        walked = number, mac = head.pruned, head.pruned_mac
        for row in joined.from_iterable(pages(connection, chain, number, _BATCH)):
            if before <= row["day"] <= today or number >= head.pruned + _BATCH:
                break
            if row["number"] > head.count:
                break
            if problem := problem_of(store.keys, *walked, row, None):
                raise Tampered(f"receipt {chain}:{row['number']} {problem}; run cookieguard ledger verify")
            walked = row["number"], row["mac"]
            if row["day"] < before:
                number, mac = walked
        if number > head.pruned:
            gone = (receipts.c.chain == chain) & (receipts.c.number <= number)
            connection.execute(delete(receipts).where(gone))
            save(connection, store.keys, replace(head, pruned=number, pruned_mac=mac))
        return int(number - head.pruned)


def _prune_texts(store: Store) -> None:
    """Take away the texts that no receipt names any more."""
    named = exists().where(receipts.c.text == texts.c.hash)
    with store.database.writing() as connection:
        connection.execute(delete(texts).where(~named))
