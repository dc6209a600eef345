"""The ledger as a visit knows it: no proof, no consent; and a refusal that always works."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import DecodeError
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from ..errors import ConfigurationError, LedgerUnavailable
from ..logger import logger
from ..policy.entries import LedgerSettings
from .address import kept_address
from .chain import ChainKeys, UnknownKey
from .database import Database
from .receipt import Receipt, Shown
from .spool import Spool
from .store import Entry, Store, Tampered

# Seconds in which a refusal goes to the spool at once, rather than wait for the same database again.
_PAUSE = 5
# Spooled receipts that one visitor's decision takes along.
_MOST = 200
_INIT = "run: cookieguard ledger init POLICY"


class Ledger:
    """Proof of every decision. Thread-safe, and safe to fork.

    `secrets` are the site's secret keys, oldest first. ConfigurationError where the database can
    be reached and isn't migrated, or was written under other keys; one that can't be reached yet is
    logged, and asked again with the first decision.
    """

    def __init__(self, settings: LedgerSettings, secrets: Sequence[bytes]) -> None:
        self._settings = settings
        self._keys = ChainKeys(secrets)
        self.store = Store(Database(settings.url, hasty=True), self._keys)
        self.spool = Spool(_spool_path(settings, self.store.database), self._keys)
        self._failed_at: float | None = None
        try:
            self._check()
            self._drain()
        except _FAILURES as error:
            logger.warning("the ledger can't be reached: %s", _reason(error))
        finally:
            # A server may fork now.
            self.store.database.close()
        self._check_spool()

    def _check(self) -> None:
        database = self.store.database
        try:
            lack = database.lack()
            if lack is None and not self.store.is_prepared():
                lack = "the ledger isn't finished"
            if lack is not None:
                raise ConfigurationError("cookieguard.E010", f"{database.name}: {lack}; {_INIT}")
        except (UnknownKey, Tampered) as error:
            raise ConfigurationError("cookieguard.E011", f"{database.name}: {error}") from error

    def _check_spool(self) -> None:
        folder = self.spool.path.parent
        if not folder.is_dir():
            raise ConfigurationError(
                "cookieguard.E012",
                f"there is no folder {folder} for the ledger's spool; make it, or set spool",
            )

    @property
    def is_down(self) -> bool:
        """Whether the last decision found no database, seconds ago."""
        return self._failed_at is not None and time.monotonic() - self._failed_at < _PAUSE

    def keep(self, address: str | None) -> str | None:
        """Return what a receipt may keep of an address."""
        return kept_address(address, self._settings, self._keys)

    def prove(self, receipt: Receipt, shown: Shown | None) -> None:
        """Store a grant's receipt; LedgerUnavailable where it isn't stored for certain."""
        try:
            self._store([(receipt, shown)])
        except _FAILURES as error:
            logger.error("a consent couldn't be proved, so it doesn't count: %s", _reason(error))
            raise LedgerUnavailable(_reason(error)) from error

    def note(self, receipt: Receipt, shown: Shown | None) -> None:
        """Store a refusal's receipt, in the spool where the database is away. Never raises."""
        if not self.is_down:
            try:
                self._store([(receipt, shown)])
            except _FAILURES as error:
                logger.warning("a refusal's receipt waits in the spool: %s", _reason(error))
            else:
                return
        try:
            self.spool.add(receipt, shown)
        except OSError:
            # The refusal itself counts all the same.
            logger.exception("a refusal's receipt is lost: %s can't be written", self.spool.path)

    def find(self, ids: Iterable[str]) -> list[Receipt]:
        """Return the receipts that have these ids; LedgerUnavailable."""
        try:
            return self.store.find(ids)
        except _FAILURES as error:
            raise LedgerUnavailable(_reason(error)) from error

    def text(self, hash: str) -> Shown | None:
        """Return a text that was shown; LedgerUnavailable."""
        try:
            return self.store.text(hash)
        except _FAILURES as error:
            raise LedgerUnavailable(_reason(error)) from error

    def erase(self, ids: Iterable[str]) -> int:
        """Take away what receipts say, their links excepted; LedgerUnavailable."""
        try:
            return self.store.erase(ids)
        except _FAILURES as error:
            raise LedgerUnavailable(_reason(error)) from error

    def _store(self, entries: Sequence[Entry]) -> None:
        try:
            append(self.store, entries)
        except BaseException:
            self._failed_at = time.monotonic()
            raise
        self._failed_at = None
        self._drain()

    def _drain(self) -> None:
        try:
            drained = self.spool.drain(lambda entries: append(self.store, entries, again=True), _MOST)
        except (*_FAILURES, OSError, DecodeError) as error:
            logger.warning("the ledger's spool stays as it is: %s", _reason(error))
        else:
            if drained:
                logger.info("%d receipts went from the spool into the ledger", drained)


_FAILURES = (SQLAlchemyError, Tampered, UnknownKey)


def append(store: Store, entries: Sequence[Entry], *, again: bool = False) -> None:
    """Store receipts, a second time where a connection was dead already or another process was faster."""
    try:
        store.append(entries, again=again)
    except IntegrityError:
        store.append(entries, again=True)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        store.append(entries, again=True)


def _spool_path(settings: LedgerSettings, database: Database) -> Path:
    if settings.spool is not None:
        return Path(settings.spool)
    return Path(database.name + ".spool" if database.is_sqlite else "cookieguard-receipts.spool")


def _reason(error: BaseException) -> str:
    # The database's own words alone: SQLAlchemy adds the statement with all its values.
    told = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return f"{type(told).__name__}: {told}".strip()
