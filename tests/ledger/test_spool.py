"""What waits on disk comes once, whatever was cut short."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cookieguard.ledger.chain import ChainKeys
from cookieguard.ledger.receipt import Receipt, Shown, new_id
from cookieguard.ledger.spool import Spool


def receipt() -> Receipt:
    return Receipt(new_id(0), "2026-11-25T12:00:00Z", "[]", "api")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", ChainKeys([b"k" * 32]))


def test_in_order_and_some_at_a_time(spool: Spool) -> None:
    given = [(receipt(), Shown("banner", "en", "T\n\t.")) for _ in range(5)]
    for each in given:
        spool.add(*each)
    got: list[object] = []

    assert [spool.drain(got.extend, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert got == given and spool.is_empty


def test_what_is_not_stored_stays(spool: Spool) -> None:
    spool.add(receipt(), None)

    def refuse(entries: object) -> None:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        spool.drain(refuse, 10)
    assert spool.drain(lambda entries: None, 10) == 1


PROCESS = """
import sys
from pathlib import Path
from cookieguard.ledger.chain import ChainKeys
from cookieguard.ledger.receipt import Receipt, new_id
from cookieguard.ledger.spool import Spool

folder = Path(sys.argv[2])
spool = Spool(folder / "spool", ChainKeys([b"k" * 32]))
if sys.argv[1] == "add":
    for _ in range(50):
        receipt = Receipt(new_id(0), "2026-11-25T12:00:00Z", "[]", "api")
        spool.add(receipt, None)
        print(receipt.id)
while sys.argv[1] == "drain" and not ((folder / "ended").exists() and spool.is_empty):
    spool.drain(lambda entries: print(*[receipt.id for receipt, _ in entries], sep="\\n"), 3)
"""


def test_processes_share_it(tmp_path: Path) -> None:
    def start(does: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROCESS, does, str(tmp_path)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    drains, adds = [start("drain") for _ in range(2)], [start("add") for _ in range(3)]
    added = [id for process in adds for id in process.communicate(timeout=60)[0].split()]
    (tmp_path / "ended").touch()
    drained = [id for process in drains for id in process.communicate(timeout=60)[0].split()]

    assert [process.returncode for process in (*drains, *adds)] == [0] * 5
    assert len(added) == 150 and sorted(drained) == sorted(added)


def test_half_a_line_is_left_out(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    first, second = receipt(), receipt()
    spool.add(first, None)
    spool.add(receipt(), None)
    spool.path.write_bytes(spool.path.read_bytes()[:-20])
    spool.add(second, None)
    got: list[tuple[Receipt, Shown | None]] = []
    spool.drain(got.extend, 10)

    assert [each for each, _ in got] == [first, second]
    assert "torn" in caplog.text


def test_nobody_else_reads_it(spool: Spool) -> None:
    spool.add(receipt(), None)

    assert spool.path.stat().st_mode & 0o777 == 0o600


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow further, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_a_part_keeps_no_part(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    first, last = receipt(), receipt()
    spool.add(first, None)
    size = spool.path.stat().st_size
    with no_file_beyond(size + 30), pytest.raises(OSError, match="too large"):
        spool.add(receipt(), None)
    assert spool.path.stat().st_size == size
    spool.add(last, None)
    got: list[tuple[Receipt, Shown | None]] = []
    spool.drain(got.extend, 10)

    assert [each for each, _ in got] == [first, last]
    assert caplog.text == ""


def test_what_went_comes_again_where_the_rest_finds_no_space(spool: Spool) -> None:
    given = [(receipt(), None) for _ in range(3)]
    for each in given:
        spool.add(*each)
    got: list[object] = []
    with no_file_beyond(30), pytest.raises(OSError, match="too large"):
        spool.drain(got.extend, 2)
    assert [path.name for path in spool.path.parent.iterdir()] == ["spool"]
    assert [spool.drain(got.extend, 2) for _ in range(2)] == [2, 1]
    assert got == [*given[:2], *given]
