"""The ledger of the site's policy, for pages that read it."""

from __future__ import annotations

from functools import lru_cache

from ..consent.seal import Seal
from ..ledger.chain import ChainKeys
from ..ledger.database import Database
from ..ledger.store import Store
from ..options import Options
from .conf import configuration


def store_of() -> Store:
    """Return the store that the settings name; connections are made when they are needed."""
    return _store_of(configuration())


@lru_cache(maxsize=8)
def _store_of(current: Options) -> Store:
    ledger = current.policy.ledger
    assert ledger is not None
    return Store(Database(ledger.url, hasty=True), ChainKeys(Seal(current.keys).keys))
