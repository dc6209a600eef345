"""A disk without space, for the ledger and its spool: a grant isn't one, a refusal is, and nothing else is lost."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ledgers
import pytest
import webtest

from cookieguard.ledger.store import Store
from cookieguard.ledger.verifying import verify

MOUNT = "/privacy-choices"
OWN = {"Origin": "http://localhost:80"}
_NO_MOUNT = "a small file system needs root, and the right to mount"

Full = Callable[[], Any]


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Leave no byte on a file system."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 512)
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def capped(folder: Path) -> Iterator[None]:
    """Let no file of this process grow: all that a quota says, without a file system of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip(_NO_MOUNT)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(params=["full file system", "quota"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Full]:
    """Where the ledger lies, and how its disk gets full."""
    if request.param == "quota":
        return tmp_path, lambda: capped(tmp_path)
    small: Path = request.getfixturevalue("small")
    return small, lambda: filled(small)


def site(folder: Path, spool: Path) -> Iterator[tuple[webtest.TestApp, Store]]:
    url = f"sqlite:///{folder}/receipts.db"
    store = ledgers.store_of(url)
    guard = ledgers.guard_of(ledgers.policy_of(url, str(spool)))
    yield webtest.TestApp(guard), store
    store.database.close()
    guard.enforcer.ledger.store.database.close()


@pytest.fixture
def both_there(disk: tuple[Path, Full]) -> Iterator[tuple[webtest.TestApp, Store, Full]]:
    for client, store in site(disk[0], disk[0] / "spool"):
        yield client, store, disk[1]


@pytest.fixture
def spool_elsewhere(small: Path, tmp_path: Path) -> Iterator[tuple[webtest.TestApp, Store, Full]]:
    for client, store in site(small, tmp_path / "spool"):
        yield client, store, lambda: filled(small)


def choose(client: webtest.TestApp, choice: str, status: int = 303) -> webtest.TestResponse:
    """Decide as a visitor who was never here."""
    client.reset()
    return client.get(MOUNT).forms[0].submit("choice", value=choice, headers=OWN, status=status)


def goes_on(client: webtest.TestApp) -> None:
    """All that decides nothing isn't touched by it."""
    client.reset()
    assert client.get("/").text == "ok"
    assert client.get(MOUNT).status_int == 200
    assert client.get(f"{MOUNT}/policy").status_int == 200


def test_no_grant_without_space(
    both_there: tuple[webtest.TestApp, Store, Full], caplog: pytest.LogCaptureFixture
) -> None:
    client, store, full = both_there
    choose(client, "all")
    with full():
        for _ in range(3):
            answer = choose(client, "all", 503)
            assert "Set-Cookie" not in answer.headers
        # The refusal counts, though even the spool has no room for its receipt; the log says so.
        assert choose(client, "none").headers["Set-Cookie"].startswith("cookieguard=")
        goes_on(client)
    assert "a refusal's receipt is lost" in caplog.text
    assert choose(client, "all").headers["Set-Cookie"]

    report = verify(store)
    assert (report.breaks, report.verified) == ((), 2)


def test_refusals_wait_in_a_spool_elsewhere(spool_elsewhere: tuple[webtest.TestApp, Store, Full]) -> None:
    client, store, full = spool_elsewhere
    ledger = client.app.enforcer.ledger
    choose(client, "all")
    with full():
        choose(client, "all", 503)
        for _ in range(3):
            choose(client, "none")
        goes_on(client)
        assert not ledger.spool.is_empty
    choose(client, "all")

    assert ledger.spool.is_empty
    report = verify(store)
    assert (report.breaks, report.verified) == ((), 5)


def test_a_spool_that_got_full_halfway(small: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The database is away and the spool's disk fills up: what is whole in it comes once, later."""
    for client, store in site(tmp_path, small / "spool"):
        ledger = client.app.enforcer.ledger
        choose(client, "all")
        store.database.close()
        ledger.store.database.close()
        file = tmp_path / "receipts.db"
        file.rename(file.with_suffix(".away"))
        kept = -1
        while "a refusal's receipt is lost" not in caplog.text:
            choose(client, "none")
            kept += 1
        # No half a line is left behind, for others to stumble on.
        assert ledger.spool.path.read_bytes().endswith(b"\n")
        goes_on(client)
        file.with_suffix(".away").rename(file)
        granted = 1
        while not ledger.spool.is_empty:
            choose(client, "all")
            granted += 1

        report = verify(store)
        assert (report.breaks, report.verified) == ((), kept + granted)
        assert "is torn" not in caplog.text
