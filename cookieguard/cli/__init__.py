"""The `cookieguard` command."""

from __future__ import annotations

import sys
from io import TextIOWrapper


def run() -> None:
    """Start the command, or say which extra it needs."""
    try:
        from .main import main
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        # As `manual` says it, which needs click.
        sys.stderr.write("cookieguard: the command line needs an extra: pip install 'cookieguard[cli]'\n")
        sys.exit(2)
    for stream in (sys.stdout, sys.stderr):
        # What a terminal's encoding hasn't is escaped; nothing ends for it.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    main(prog_name="cookieguard")
