"""What a site with a billion requests a day needs; rewrites the tables in docs/scale.md. A minute or two.

Times are the processor's own, so that a busy machine tells nearly the same as an idle one. The sizes of a
ledger are measured in SQLite, and in PostgreSQL where its server is installed.
"""

from __future__ import annotations

import contextlib
import gc
import gzip
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ledger
from sqlalchemy import text
from werkzeug.test import EnvironBuilder

from cookieguard import CookieGuard, Policy
from cookieguard.consent.carrier import CookieScope
from cookieguard.testing import consent_cookie
from cookieguard.visitor.style import STYLE

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "scale.md"
KEY = "benchmark-key-of-thirty-two-bytes"
HOST = "shop.example"
POLICY = Policy.from_dict({"use": ["flask", "google-analytics", "facebook"], "site": {"name": "Shop"}})

# The day of such a site. Assumed, not measured.
REQUESTS = 1_000_000_000
PAGES = 100_000_000
VISITS = 20_000_000
UNDECIDED = 4_000_000
BANNERS = 3 * UNDECIDED
DECISIONS = 2_500_000
PEAK = 3
DAY = 86_400

SET = [
    ("Set-Cookie", "session=eyJ1c2VyIjoxfQ.aR3.k2v; HttpOnly; Path=/"),
    ("Set-Cookie", "_ga=GA1.1.1234567890.1700000000; Path=/; Max-Age=63072000"),
    ("Set-Cookie", "_fbp=fb.1.1700000000.1234567890; Path=/; Max-Age=7776000"),
]
HTML = (
    b"<!doctype html>\n<html lang=en>\n<head>\n<title>Shop</title>\n" + b"<p>Hello. <a href=/>On</a>\n" * 800
)
COUNT = 20_000
FOOTPRINT = """
import sys
from pathlib import Path
{code}
print(sum(int(l.split()[1]) for l in Path("/proc/self/smaps_rollup").read_text().splitlines()
          if l.startswith("Pss:")))
"""
BARE = "import werkzeug.wrappers, werkzeug.routing, werkzeug.serving"
GUARDED = (
    BARE + "; from cookieguard import CookieGuard, Policy; guard = CookieGuard(print, Policy.from_dict("
    '{"use": ["flask", "google-analytics", "facebook"]}), secret_key="k" * 32)'
)

App = Callable[..., object]


def json_app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


def page_app(environ, start_response):
    headers = [("Content-Type", "text/html"), ("Content-Length", str(len(HTML))), *SET]
    start_response("200 OK", headers)
    return [HTML]


def guarded(app: App) -> CookieGuard:
    return CookieGuard(app, POLICY, secret_key=KEY)


def asked(app: App, path: str = "/", *, decided: bool = True) -> Callable[[], int]:
    """Return a call that asks an app as another visitor each time, and returns the body's length."""
    environ = EnvironBuilder(path, base_url=f"https://{HOST}").get_environ()
    numbers = itertools.count()
    consent = (
        "=".join(consent_cookie(POLICY, KEY, ["analytics"], host=HOST, https=True)) if decided else "x=1"
    )

    def call() -> int:
        # Each visitor has a session of their own, so that no whole `Cookie` header is seen twice.
        given = {**environ, "HTTP_COOKIE": f"session=s{next(numbers)}; _ga=1; {consent}"}
        body = app(given, lambda status, headers, exc_info=None: lambda data: None)
        length = sum(map(len, body))  # type: ignore[call-overload]
        if close := getattr(body, "close", None):
            close()
        return length

    return call


def processor(calls: Mapping[str, Callable[[], object]], loops: int, rounds: int = 15) -> dict[str, float]:
    """Return the median processor's time of one call, in microseconds, by name: rounds in turn."""
    samples: dict[str, list[float]] = {name: [] for name in calls}
    gc.collect()
    for number in range(rounds + 1):
        for name, call in calls.items():
            start = time.process_time()
            for _ in range(loops):
                call()
            if number:
                samples[name].append((time.process_time() - start) / loops * 1e6)
    return {name: statistics.median(times) for name, times in samples.items()}


def costs() -> dict[str, float]:
    """Return what the guard adds: to an answer without cookies, to a page; and what a banner takes."""
    fast = {
        "json": asked(json_app),
        "json, guard": asked(guarded(json_app)),
        "page": asked(page_app),
        "page, guard": asked(guarded(page_app)),
    }
    times = processor(fast, 1000)
    slow = processor({"banner": asked(guarded(json_app), "/privacy-choices/banner", decided=False)}, 30)
    return {
        "other": times["json, guard"] - times["json"],
        "page": times["page, guard"] - times["page"],
        "banner": slow["banner"],
    }


def sizes() -> dict[str, int]:
    """Return bytes: what a page gains, the cookie in the browser and on its way, script and style sheet."""
    guard = guarded(json_app)
    scope = CookieScope(HOST, https=True, domain=None)
    name, value = consent_cookie(POLICY, KEY, ["analytics"], host=HOST, https=True)
    record = guard.enforcer.carrier.read([value], scope)
    assert record is not None
    script = guard_script(guard)
    return {
        "page": asked(guarded(page_app))() - len(HTML),
        "cookie": len(f"; {name}={value}"),
        "set": len(f"Set-Cookie: {guard.enforcer.carrier.write(record, scope)}\r\n"),
        "private": len("Cache-Control: private\r\n"),
        "once": sum(len(gzip.compress(body, 9, mtime=0)) for body in (script, STYLE.body)),
    }


def guard_script(guard: CookieGuard) -> bytes:
    environ = EnvironBuilder("/privacy-choices/guard.js", base_url=f"https://{HOST}").get_environ()
    return b"".join(guard(environ, lambda status, headers, exc_info=None: lambda data: None))


def memory() -> int:
    """Return how much more a process takes with the guard than with werkzeug alone, in KiB."""
    taken = [
        min(
            int(subprocess.check_output([sys.executable, "-c", FOOTPRINT.format(code=code)]))
            for _ in range(3)
        )
        for code in (BARE, GUARDED)
    ]
    return taken[1] - taken[0]


# The ledger.


@contextlib.contextmanager
def databases() -> Iterator[dict[str, str]]:
    sys.path.append(str(HERE.parent / "tests" / "support"))
    import postgres

    with tempfile.TemporaryDirectory() as folder:
        urls, programs = {"SQLite": f"sqlite:///{folder}/receipts.db"}, postgres.find()
        if programs is None:
            yield urls
            return
        cluster = postgres.Cluster(programs)
        try:
            yield urls | {"PostgreSQL": cluster.url}
        finally:
            cluster.stop()


def receipts() -> dict[str, tuple[float, float, float, float]]:
    """Return, by database, a receipt's bytes, the microseconds of one stored and of one verified, and how
    many are stored a second.
    """
    found = {}
    with databases() as urls:
        for name, url in urls.items():
            store = ledger.store_of(url)
            for start in range(0, COUNT, 1000):
                store.append([ledger.entry(number) for number in range(start, start + 1000)])
            size = size_of(store) / COUNT
            begun = time.process_time()
            for number in range(200):
                store.append([ledger.entry(number)])
            stored = (time.process_time() - begun) / 200 * 1e6
            begun = time.process_time()
            assert not ledger.verify(store).breaks
            verified = (time.process_time() - begun) / COUNT * 1e6
            found[name] = (size, stored, verified, rate(store))
            store.database.close()
    return found


def rate(store: ledger.Store, many: int = 800) -> float:
    """Return how many receipts a second this machine stores, each waited for by its visitor."""
    # SQLite has one writer; of those who wait, the unlucky would wait for longer than a visitor may.
    writers = 1 if store.database.is_sqlite else 8
    with ThreadPoolExecutor(writers) as threads:
        begun = time.perf_counter()
        list(threads.map(lambda number: store.append([ledger.entry(number)]), range(many)))
        return many / (time.perf_counter() - begun)


def size_of(store: ledger.Store) -> float:
    if store.database.is_sqlite:
        ledger.checkpoint(store)
        return Path(store.database.name).stat().st_size
    with store.database.reading() as connection:
        return float(
            connection.execute(text("SELECT pg_total_relation_size('cookieguard_receipts')")).scalar_one()
        )


# The page.


def cores(microseconds: float, many: float) -> float:
    return microseconds * many / 1e6 / DAY


def table(rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def requests_table(cost: Mapping[str, float]) -> str:
    rows = [
        ("an answer without cookies", cost["other"], REQUESTS - PAGES),
        ("a page of 20 KB with three `Set-Cookie`", cost["page"], PAGES),
        ("a banner", cost["banner"], BANNERS),
    ]
    total = sum(cores(each, many) for _, each, many in rows)
    shown = [
        (label, f"{each:,.0f} µs", f"{many / 1e6:,.0f} million", f"{cores(each, many):.2f}")
        for label, each, many in rows
    ]
    head = [("", "one", "a day", "cores, on average"), ("---", "--:", "--:", "--:")]
    return table(
        [
            *head,
            *shown,
            ("together", "", "", f"{total:.2f}"),
            (f"at a peak of {PEAK} times that", "", "", f"{total * PEAK:.1f}"),
        ]
    )


def bytes_table(size: Mapping[str, int]) -> str:
    rows = [
        ("tag and bar, in a page", "page", PAGES),
        ("`Cache-Control: private`, on a page that sets cookies", "private", PAGES),
        ("the consent cookie, in a request of who decided", "cookie", REQUESTS * 4 // 5),
        ("its `Set-Cookie`, on a decision", "set", DECISIONS),
        ("script and style sheet (gzip), once a visitor", "once", UNDECIDED),
    ]
    shown = [
        (label, f"{size[name]:,} bytes", f"{many / 1e6:,.1f} million", f"{size[name] * many / 1e9:,.1f} GB")
        for label, name, many in rows
    ]
    return table([("", "one", "a day", "together"), ("---", "--:", "--:", "--:"), *shown])


def ledger_table(found: Mapping[str, tuple[float, float, float, float]]) -> str:
    year = DECISIONS * 365
    head = [("", *found), ("---", *("--:" for _ in found))]
    rows = [
        ("a receipt, with its part of the indexes", [f"{each[0]:,.0f} bytes" for each in found.values()]),
        ("a day", [f"{each[0] * DECISIONS / 1e9:,.1f} GB" for each in found.values()]),
        ("a year", [f"{each[0] * year / 1e9:,.0f} GB" for each in found.values()]),
        ("three years, the retention", [f"{3 * each[0] * year / 1e9:,.0f} GB" for each in found.values()]),
        (
            "the processor's time to store one, our side",
            [f"{each[1] / 1000:.1f} ms" for each in found.values()],
        ),
        ("that of a day", [f"{cores(each[1], DECISIONS):.2f} cores" for each in found.values()]),
        (
            "stored a second on a machine of two cores (one writer, eight)",
            [f"{each[3]:,.0f}" for each in found.values()],
        ),
        ("to verify one, our side", [f"{each[2]:,.0f} µs" for each in found.values()]),
        ("to verify a year", [f"{each[2] * year / 1e6 / 3600:,.0f} hours" for each in found.values()]),
    ]
    return table([*head, *((label, *figures) for label, figures in rows)])


def put(page: str, name: str, written: str) -> str:
    begin, end = f"<!-- scale.py: {name} -->", "<!-- end -->"
    before, mark, rest = page.partition(begin)
    assert mark, f"{PAGE} has no {begin}"
    return f"{before}{begin}\n{written}\n{end}{rest.partition(end)[2]}"


def main() -> None:
    page = PAGE.read_text()
    for name, written in (
        ("requests", requests_table(costs())),
        ("bytes", bytes_table(sizes())),
        ("ledger", ledger_table(receipts())),
        ("memory", f"The guard adds {memory() / 1024:.0f} MiB to a process that has werkzeug already."),
    ):
        print(written, end="\n\n")
        page = put(page, name, written)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
