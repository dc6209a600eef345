"""What a million receipts cost: one decision more, verify, export, prune, each with time and memory."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import table

from cookieguard.ledger import export, pruning, stats
from cookieguard.ledger.chain import ChainKeys
from cookieguard.ledger.database import Database
from cookieguard.ledger.receipt import Receipt, Shown, new_id, time_of
from cookieguard.ledger.store import Entry, Store
from cookieguard.ledger.verifying import verify

COUNT = int(os.environ.get("COUNT", "1000000"))
DECIDED = (
    '[{"category":"analytics","choice":"accepted","digest":"3f9aK1x0PQ43f9aK1x0PQ43f9aK1x0PQ43f9aK1x0PQ",'
    '"day":"2026-11-25","gpc":false},{"category":"marketing","choice":"refused","digest":'
    '"Zx81mGh2LwQZx81mGh2LwQZx81mGh2LwQZx81mGh2Lw","day":"2026-11-25","gpc":false}]'
)
SHOWN = Shown("banner", "en", "We use cookies. " * 200)
BEGIN = 1_700_000_000


def store_of(url: str) -> Store:
    store = Store(Database(url, creates=True), ChainKeys([b"benchmark-key-of-thirty-two-bytes"]))
    store.database.migrate()
    store.prepare()
    return store


def entry(number: int) -> Entry:
    # Three years, evenly.
    now = BEGIN + number * (3 * 366 * 86400) / COUNT
    return Receipt(new_id(now), time_of(now), DECIDED, "banner", "en", "banner", SHOWN.hash, "/"), SHOWN


def one_more(stores: dict[int, Store], rounds: int = 60, loops: int = 10) -> dict[int, str]:
    """Measure one decision more at each size, in turn: so a busy machine slows all of them alike."""
    walls: dict[int, list[float]] = {size: [] for size in stores}
    cpus: dict[int, list[float]] = {size: [] for size in stores}
    pages = {size: pages_written(store, size) for size, store in stores.items()}
    for _ in range(rounds):
        for size in random.sample([*stores], len(stores)):
            for _ in range(loops):
                given = [entry(size)]
                wall, cpu = time.perf_counter(), time.process_time()
                stores[size].append(given)
                walls[size].append(time.perf_counter() - wall)
                cpus[size].append(time.process_time() - cpu)
    return {
        size: f"{statistics.median(walls[size]) * 1000:.2f} ms, "
        f"of the processor {statistics.median(cpus[size]) * 1000:.2f} ms{pages[size]}"
        for size in stores
    }


def pages_written(store: Store, size: int, loops: int = 100) -> str:
    """Return how many pages SQLite writes for one decision more, and how many there are among many such."""
    if not store.database.is_sqlite:
        return ""
    checkpoint(store)
    for _ in range(loops):
        store.append([entry(size)])
    log = Path(store.database.name + "-wal").read_bytes()
    # "The WAL header is 32 bytes in size"; a frame is 24 more than its page, whose number stands first.
    pages = [log[place : place + 4] for place in range(32, len(log), 4096 + 24)]
    return f", {len(pages) / loops:.1f} pages ({len({*pages})} different ones in {loops})"


def checkpoint(store: Store) -> None:
    with contextlib.closing(sqlite3.connect(store.database.name)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def grow(store: Store, folder: Path) -> dict[int, Store]:
    """Fill a ledger, and return copies of it at each size; of PostgreSQL itself at the last alone."""
    stored, copies = 0, {}
    for size in (1000, 10_000, 100_000, COUNT):
        while stored < size:
            batch = min(1000, size - stored)
            store.append([entry(number) for number in range(stored, stored + batch)])
            stored += batch
        if store.database.is_sqlite:
            checkpoint(store)
            shutil.copy(store.database.name, folder / f"{size}.db")
            copies[size] = store_of(f"sqlite:///{folder}/{size}.db")
    return copies or {COUNT: store}


def aside(what: str, url: str) -> str:
    """Do it in a process of its own, and return its time and the most memory it had."""
    begun = time.perf_counter()
    command = [sys.executable, __file__, what, url]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return f"{time.perf_counter() - begun:.1f} s, {told}"


def do(what: str, url: str) -> None:
    store = store_of(url)
    if what == "verify":
        assert not verify(store).breaks
    elif what == "export":
        with Path(os.devnull).open("w") as file:
            for _ in export.write(export.rows(store.database), file, "jsonl"):
                pass
    elif what == "stats":
        stats.count(store.database)
    elif what == "prune":
        for _ in pruning.prune(store, time_of(BEGIN + 366 * 86400 * 3 // 2)[:10]):
            pass
    peak = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    print(f"of the processor {time.process_time():.1f} s, at most {int(peak[0].split()[1]) // 1024} MiB")


def main() -> None:
    if len(sys.argv) == 3:
        do(*sys.argv[1:])
        return
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("URL", f"sqlite:///{folder}/receipts.db")
        store = store_of(url)
        begun = time.perf_counter()
        copies = grow(store, Path(folder))
        found = [("stored a thousand at once", f"{time.perf_counter() - begun:.0f} s")]
        found += [(f"one decision more, at {size:,}", cost) for size, cost in one_more(copies).items()]
        found += [(f"{what} {COUNT:,}", aside(what, url)) for what in ("verify", "export", "stats")]
        found.append(("prune half of them", aside("prune", url)))
        found.append(("verify the rest", aside("verify", url)))
        if store.database.is_sqlite:
            found.insert(1, ("file", f"{(Path(folder) / f'{COUNT}.db').stat().st_size / 1e6:.0f} MB"))
        table(f"A ledger of {COUNT:,} receipts", found)


if __name__ == "__main__":
    main()
