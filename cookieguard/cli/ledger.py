"""`ledger`: make it, check it, show, export, prune and count its receipts."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec
from rich.progress import Progress

from ..consent.consent import day_of
from ..consent.seal import Seal
from ..ledger.needs import needed
from ..policy.entries import LedgerSettings
from ..settings.settings import overlay_of_process
from .inputs import (
    FILE,
    NEW_FILE,
    SECRET,
    SECRET_FILES,
    load_policy,
    new_file,
    output_option,
    read_text,
    secret_keys,
    secret_option,
    write_file,
)
from .manual import FINE, FOUND, Command, Failure
from .output import console, count, json_option, note, print_json, print_table, say

if TYPE_CHECKING:
    from datetime import datetime

    from ..ledger.export import Format
    from ..ledger.receipt import Receipt
    from ..ledger.store import Store
    from ..ledger.verifying import Anchor

F = TypeVar("F", bound=Callable[..., Any])

_FILES = {
    "POLICY": "the site's policy, whose [ledger] says where the receipts are",
    **SECRET_FILES,
}


def _common(function: F) -> F:
    return click.argument("file", metavar="POLICY", type=FILE)(secret_option(function))


@click.group()
def ledger() -> None:
    """Keep, check and export the receipts of consents."""


@ledger.command(cls=Command, examples=("cookieguard ledger init cookies.toml",), files=_FILES)
@_common
@json_option
def init(file: Path, secret_file: Path | None, as_json: bool) -> None:
    """Make the ledger's tables, or bring them up to date.

    Run it before the app starts, after an update of cookieguard, and after a change of keys: the ends
    of the chains are then signed with the newest. What is there already stays.
    """
    with _opened(file, secret_file, creates=True) as store:
        store.database.migrate()
        chains = store.prepare()
        if as_json:
            print_json({"database": store.database.name, "chains": chains})
        else:
            say(f"{store.database.name}: ready, {count(chains, 'chain')}", style="green")


@ledger.command(
    cls=Command,
    examples=(
        "cookieguard ledger verify cookies.toml",
        "cookieguard ledger verify cookies.toml --write-anchor monday.json",
        "cookieguard ledger verify cookies.toml --anchor monday.json",
    ),
    exits={FOUND: "a receipt isn't as it was written"},
    files=_FILES,
)
@_common
@click.option(
    "--anchor", type=FILE, metavar="FILE", help="A state that --write-anchor wrote, to compare with."
)
@click.option("--write-anchor", type=NEW_FILE, metavar="FILE", help="Write the state found, where all holds.")
@json_option
def verify(
    file: Path, secret_file: Path | None, anchor: Path | None, write_anchor: Path | None, as_json: bool
) -> None:
    """Check every receipt.

    Names the first receipt of each chain that isn't as it was written. An anchor, kept on another machine,
    shows even a database that was put back to an older state as a whole.
    """
    known = _read_anchor(anchor) if anchor else None
    with _reading("verifying", file, secret_file) as (store, tick):
        from ..ledger import verifying

        report = verifying.verify(store, known, tick)
    if as_json:
        print_json(
            {**msgspec.to_builtins(report, str_keys=True), "breaks": [str(each) for each in report.breaks]}
        )
    else:
        for each in report.breaks:
            say(str(each), style="bold red")
        held = f"{count(report.verified, 'receipt')} {'holds' if report.verified == 1 else 'hold'}"
        say(f"{held}, {report.erased} of them erased; {report.pruned} were pruned")
    if write_anchor and not report.breaks:
        write_anchor.write_bytes(msgspec.json.encode(report.anchor) + b"\n")
    raise SystemExit(FOUND if report.breaks else FINE)


@ledger.command(
    cls=Command,
    examples=(
        "cookieguard ledger show cookies.toml NsKzIayD5lOeAk3LSwS6tQ",
        "cookieguard ledger show cookies.toml NsKzIayD5lOeAk3LSwS6tQ --erase",
    ),
    exits={FOUND: "there is no such receipt"},
    files=_FILES,
)
@_common
@click.argument("ids", nargs=-1, required=True)
@click.option("--erase", is_flag=True, help="Erase them: nothing but the links of the chain stays.")
def show(file: Path, ids: tuple[str, ...], erase: bool, secret_file: Path | None) -> None:
    """Print receipts as JSON, with the texts that were shown.

    IDS are those in the visitor's cookie 'cookieguard_receipt', one or several; dots may stand between them.
    """
    # Whatever else a command line holds, half a character among it, is no id.
    asked = [id for given in ids for id in given.split(".") if id.isascii()]
    with _opened(file, secret_file) as store:
        found = store.find(asked)
        print_json([_told(receipt, store) for receipt in found])
        if not found:
            note("there is no such receipt: it may be erased, or pruned")
        if erase:
            note(f"{store.erase(asked)} erased")
    raise SystemExit(FINE if found else FOUND)


@ledger.command(
    cls=Command,
    examples=(
        "cookieguard ledger export cookies.toml --output receipts.jsonl",
        "cookieguard ledger export cookies.toml --format csv | gzip > receipts.csv.gz",
    ),
    files=_FILES,
)
@_common
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl"]),
    default="jsonl",
    show_default=True,
    help="CSV for a spreadsheet; JSON Lines hold everything.",
)
@output_option("Write there (default: to stdout).")
def export(file: Path, kind: Format, output: Path | None, force: bool, secret_file: Path | None) -> None:
    """Write out every receipt.

    They are written one by one, however many there are, as the ledger is at this moment.
    """
    with (
        _reading("exporting", file, secret_file) as (store, tick),
        new_file(output, force=force) if output else contextlib.nullcontext(sys.stdout) as to,
    ):
        from ..ledger import export as exporting

        for written in exporting.write(exporting.rows(store.database), to, kind):
            tick(written)


@ledger.command(cls=Command, examples=("cookieguard ledger prune cookies.toml",), files=_FILES)
@_common
@json_option
def prune(file: Path, secret_file: Path | None, as_json: bool) -> None:
    """Delete receipts that are older than [ledger] retention.

    The others still verify, from a signed checkpoint on. What doesn't verify isn't deleted: its traces would
    go with it. For a daily job.
    """
    before, gone = "", 0
    with _reading("pruning", file, secret_file) as (store, tick):
        from ..ledger import pruning

        now = time.time()
        before = pruning.first_kept(_settings(file), now)
        for batch in pruning.prune(store, before, today=day_of(now).isoformat()):
            gone += batch
            tick(batch)
    if as_json:
        print_json({"before": before, "pruned": gone})
        return
    say(f"{count(gone, 'receipt')} from before {before} {'is' if gone == 1 else 'are'} gone")


@ledger.command(
    cls=Command,
    examples=(
        "cookieguard ledger stats cookies.toml --since 2026-11-01",
        "cookieguard ledger stats cookies.toml --html stats.html",
    ),
    files=_FILES,
)
@_common
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="From this day (UTC) on.")
@output_option("Write a page with a picture, for a browser.", flags=("--html",))
@json_option
def stats(
    file: Path,
    since: datetime | None,
    html: Path | None,
    force: bool,
    as_json: bool,
    secret_file: Path | None,
) -> None:
    """Count decisions by day, language and category.

    By day and language it counts who accepted all, some or nothing of what they were asked.
    """
    with _reading("counting", file, secret_file) as (store, tick):
        from ..ledger import picture
        from ..ledger import stats as counting

        counted = counting.count(store.database, since.date().isoformat() if since else "", tick)
    if html:
        write_file(html, picture.draw(counted), force=force)
        say(f"{html}: written, open it in a browser")
        return
    tables = [*picture.tables(counted)]
    if as_json:
        print_json(
            {
                title: [dict(zip((title, *columns), row, strict=True)) for row in rows]
                for title, columns, rows in tables
            }
        )
        return
    for title, columns, rows in tables:
        print_table((title, *columns), rows)
        say("")


def _settings(file: Path) -> LedgerSettings:
    # The app's ledger may be said where its other settings are.
    settings = load_policy(file, overlay_of_process()).ledger
    if settings is None:
        raise Failure(f"{file} has no [ledger]; add one, with url and retention")
    return settings


@contextlib.contextmanager
def _opened(file: Path, secret_file: Path | None, *, creates: bool = False) -> Iterator[Store]:
    """Open the store; what its database refuses is a Failure."""
    with needed():
        import fcntl  # noqa: F401 - where the app can't keep receipts, there are none to look after

        from sqlalchemy.exc import SQLAlchemyError

        from ..ledger.chain import ChainKeys
        from ..ledger.database import Database
        from ..ledger.store import Store
    settings = _settings(file)
    keys = secret_keys(secret_file)
    if not keys:
        raise click.UsageError(
            "receipts are chained by the site's key: give --secret-file FILE, "
            f"or set {SECRET}_FILE or {SECRET}"
        )
    store = Store(Database(settings.url, creates=creates), ChainKeys(Seal(keys).keys))
    try:
        if store.database.is_sqlite and not Path(store.database.name).parent.is_dir():
            raise Failure(f"{store.database.name}: there is no such folder; make it, or mend [ledger] url")
        if not creates and (lack := store.database.lack()):
            raise Failure(f"{store.database.name}: {lack}; run: cookieguard ledger init {file}")
        yield store
    except SQLAlchemyError as error:
        said = "; ".join(map(str.strip, str(getattr(error, "orig", None) or error).splitlines()))
        raise Failure(f"{store.database.name}: the database refuses: {said}") from error


@contextlib.contextmanager
def _reading(
    what: str, file: Path, secret_file: Path | None
) -> Iterator[tuple[Store, Callable[[int], object]]]:
    """Open the store and show, on a terminal alone, how far it is read."""
    with _opened(file, secret_file) as store:
        from ..ledger import listing

        out = console(stderr=True)
        with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
            task = progress.add_task(what, total=listing.count(store.database))
            yield store, lambda done: progress.advance(task, done)


def _told(receipt: Receipt, store: Store) -> dict[str, Any]:
    text = store.text(receipt.text) if receipt.text else None
    return {**receipt.plain(), "shown": text.content if text else None}


def _read_anchor(file: Path) -> Anchor:
    try:
        return msgspec.json.decode(read_text(file), type=dict[int, tuple[int, str]])
    except msgspec.DecodeError as error:
        raise Failure(f"{file} is no anchor ({error}); 'ledger verify --write-anchor' writes one") from error
