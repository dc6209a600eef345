"""Refusals and withdrawals that wait on this machine's disk until the database is back.

Lines of JSON, each with its MAC: half a line, as a crash leaves it, is told from a whole one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from ..logger import logger
from .chain import ChainKeys
from .receipt import Receipt, Shown


class _Line(Struct):
    receipt: Receipt
    shown: Shown | None


class Spool:
    """An append-only file that several processes share; made when it is first needed."""

    def __init__(self, path: str | os.PathLike[str], keys: ChainKeys) -> None:
        # A server may change its folder once it runs.
        self.path = Path(path).absolute()
        self._keys = keys

    def add(self, receipt: Receipt, shown: Shown | None) -> None:
        """Keep a receipt: on disk once this returns. OSError where the disk refuses."""
        line = msgspec.json.encode(_Line(receipt, shown))
        with self._locked() as file:
            size = os.fstat(file).st_size
            # What a crash left unfinished must not swallow this one.
            torn = size and os.pread(file, 1, size - 1) != b"\n"
            try:
                _write(file, (b"\n" if torn else b"") + line + b"\t" + self._keys.seal(line).encode() + b"\n")
                os.fsync(file)
            except OSError:
                # A disk that is full takes a part of it.
                os.ftruncate(file, size)
                raise
            if not size:
                self._sync_folder()

    def drain(self, store: Callable[[Sequence[tuple[Receipt, Shown | None]]], object], most: int) -> int:
        """Hand the oldest lines to `store`, at most so many, and forget them once it returns.

        Return how many went. What `store` raises is raised, and nothing forgotten: a line may come
        twice, with the same receipt.
        """
        if self.is_empty:
            return 0
        with self._locked() as file:
            lines = _read(file).splitlines(keepends=True)
            entries = [*self._entries(lines[:most])]
            if entries:
                store(entries)
            self._replace(file, b"".join(lines[most:]))
        return len(entries)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        try:
            return not self.path.stat().st_size
        except FileNotFoundError:
            return True

    def _entries(self, lines: Sequence[bytes]) -> Iterator[tuple[Receipt, Shown | None]]:
        for each in lines:
            line, _, mac = each.rstrip(b"\n").rpartition(b"\t")
            if not each.strip():
                continue
            if not self._keys.is_sealed(line, mac.decode("ascii", "replace")):
                logger.error(
                    "a line of the ledger's spool %s is torn or not ours, and is left out", self.path
                )
                continue
            read = msgspec.json.decode(line, type=_Line)
            yield read.receipt, read.shown

    def _replace(self, file: int, rest: bytes) -> None:
        if not rest:
            os.ftruncate(file, 0)
            os.fsync(file)
            return
        # Written beside and moved: no crash leaves less than one of the two.
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            with fresh.open("wb", buffering=0) as other:
                fresh.chmod(0o600)
                _write(other.fileno(), rest)
                os.fsync(other.fileno())
            fresh.replace(self.path)
        except OSError:
            # It would take what little space there is.
            fresh.unlink(missing_ok=True)
            raise
        self._sync_folder()

    @contextmanager
    def _locked(self) -> Iterator[int]:
        while True:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                # Another process may have put a new file in its place meanwhile.
                if _is_at(file, self.path):
                    yield file
                    return
            finally:
                os.close(file)

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _read(file: int) -> bytes:
    with os.fdopen(os.dup(file), "rb") as opened:
        opened.seek(0)
        return opened.read()


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
