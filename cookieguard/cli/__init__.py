"""The `cookieguard` command."""

from __future__ import annotations

import sys


def run() -> None:
    """Start the command, or say which extra it needs."""
    try:
        from .main import main
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.exit("cookieguard: the command line needs an extra: pip install 'cookieguard[cli]'")
    main(prog_name="cookieguard")
