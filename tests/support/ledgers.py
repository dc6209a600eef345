"""Guarded sites with a ledger, and visitors who decide: for tests, and for processes they start.

`python ledgers.py decide URL FOLDER COUNT` decides so often and writes out the id of each receipt that a
visitor was told of. `python ledgers.py killed URL FOLDER ROUNDS` has children do so, each killed at a
random moment.
"""

from __future__ import annotations

import io
import json
import os
import random
import select
import signal
import sys
import time
from typing import Any
from wsgiref.util import setup_testing_defaults

from cookieguard import CookieGuard, Policy
from cookieguard.ledger.chain import ChainKeys
from cookieguard.ledger.database import Database
from cookieguard.ledger.store import Store

SECRET = "a ledger's secret, of thirty-two bytes"


def policy_of(url: str, spool: str | None = None, **more: Any) -> Policy:
    ledger = {"url": url, "retention": "3 years", **({"spool": spool} if spool else {}), **more}
    cookies = [
        {"name": name, "category": category, "purpose": "P.", "lifetime": "1 day"}
        for name, category in (("stats", "analytics"), ("ads", "marketing"))
    ]
    return Policy.from_dict({"ledger": ledger, "cookies": cookies})


def store_of(url: str, secrets: tuple[str, ...] = (SECRET,)) -> Store:
    """Return a migrated store, made where there is none."""
    store = Store(Database(url, creates=True), ChainKeys([secret.encode() for secret in secrets]))
    store.database.migrate()
    store.prepare()
    return store


def guard_of(policy: Policy, **options: Any) -> CookieGuard:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    return CookieGuard(app, policy, **{"secret_key": SECRET, **options})


def accept(guard: CookieGuard, policy: Policy, *categories: str) -> tuple[str, str | None]:
    """Post a decision and return the status, and the receipt's id that the visitor is told."""
    digests = {id: policy.categories[id].token for id in categories}
    body = json.dumps({"accept": [*categories], "digests": digests}).encode()
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": policy.guard.mount}
    setup_testing_defaults(environ)
    environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
    environ |= {"wsgi.input": io.BytesIO(body), "HTTP_SEC_FETCH_SITE": "same-origin"}
    answered: list[Any] = []
    guard(environ, lambda status, headers, exc_info=None: answered.extend((status, headers)))
    lines = [value for name, value in answered[1] if name == "Set-Cookie"]
    ids = [
        line.partition("=")[2].partition(";")[0] for line in lines if line.startswith("cookieguard_receipt=")
    ]
    return answered[0], ids[0].partition(".")[0] if ids else None


def _decide(url: str, folder: str, count: int) -> None:
    policy = policy_of(url, f"{folder}/spool-{os.getpid()}")
    guard = guard_of(policy)
    for _ in range(count):
        status, id = accept(guard, policy, "analytics")
        sys.stdout.write(f"{id}\n" if status.startswith("200") else f"! {status}\n")
        sys.stdout.flush()
        if id is None:
            time.sleep(0.02)


def _killed(url: str, folder: str, rounds: int) -> None:
    policy = policy_of(url, f"{folder}/spool")
    guard = guard_of(policy)
    for _ in range(rounds):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            while True:
                _, id = accept(guard, policy, "analytics")
                os.write(writing, f"{id}\n".encode())
        os.close(writing)
        # Most of them once something was told, however slow the machine is; the others at once.
        if random.random() < 0.8:
            select.select([reading], [], [], 10)
        time.sleep(random.uniform(0.001, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading) as told:
            sys.stdout.write(told.read())
    sys.stdout.flush()


if __name__ == "__main__":
    {"decide": _decide, "killed": _killed}[sys.argv[1]](sys.argv[2], sys.argv[3], int(sys.argv[4]))
