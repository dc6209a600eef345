"""What the ledger can't run without: its extra, and a system whose processes fork and lock files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ConfigurationError


@contextmanager
def needed() -> Iterator[None]:
    """Import within what the ledger needs; ConfigurationError says what is missing, and what to do."""
    try:
        yield
    except ImportError as error:
        missing = error.name or ""
        remedy = f"{missing}; pip install 'cookieguard[ledger]'"
        if missing in ("fcntl", "os"):
            # Parts of Python, where the system has them.
            remedy = (
                "a POSIX system, whose processes share files by locks; run the site on one, or do without"
            )
        elif missing.partition(".")[0] in ("", "cookieguard") or not isinstance(error, ModuleNotFoundError):
            raise
        raise ConfigurationError("cookieguard.E009", f"[ledger] needs {remedy}") from error
