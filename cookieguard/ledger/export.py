"""Receipts going out, as CSV and as JSON Lines, one by one."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import IO, Literal

import msgspec
from sqlalchemy import RowMapping

from .database import Database
from .receipt import FIELDS, read_decisions
from .store import read_heads
from .verifying import pages

Format = Literal["csv", "jsonl"]

_PLACE = ("chain", "number", "digest", "mac")
# A spreadsheet would take a path like `=cmd` for a formula.
_FORMULA = ("=", "+", "-", "@")


def rows(database: Database) -> Iterator[RowMapping]:
    """Yield every receipt, chain by chain, erased ones too, as the ledger is now."""
    with database.reading() as connection:
        for head in read_heads(connection):
            for page in pages(connection, head.chain, head.pruned):
                yield from page


def write(found: Iterable[RowMapping], file: IO[str], format: Format) -> Iterator[int]:
    """Write receipts into an open text file; yield 1 after each.

    In CSV the decisions are one column, `analytics=accepted marketing=refused`, without digests; in
    JSON Lines everything stands.
    """
    if format == "csv":
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*_PLACE[:2], "erased", *FIELDS])
        for row in found:
            table.writerow([row["chain"], row["number"], *_csv(row)])
            yield 1
        return
    for row in found:
        file.write(json.dumps(_plain(row), ensure_ascii=False) + "\n")
        yield 1


def _csv(row: RowMapping) -> Iterator[str]:
    yield "yes" if row["erased"] else ""
    for name in FIELDS:
        value = row[name] or ""
        if name == "decisions" and value:
            value = " ".join(f"{each.category}={each.choice}" for each in read_decisions(value))
        yield "'" + value if value.startswith(_FORMULA) and name == "path" else value


def _plain(row: RowMapping) -> dict[str, object]:
    told: dict[str, object] = {name: row[name] for name in (*_PLACE, *FIELDS)}
    if row["decisions"]:
        # As it stands there, though somebody else wrote it.
        told["decisions"] = msgspec.json.decode(row["decisions"])
    return {**told, "erased": row["erased"] is not None}
