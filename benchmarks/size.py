"""What the browser loads on a visitor's page: script and style sheet, as a server that packs them would send."""

from __future__ import annotations

import gzip
from pathlib import Path

import cookieguard
from cookieguard.visitor.style import STYLE

LIMIT = 6 * 1024


def sizes() -> dict[str, int]:
    """Return bytes after gzip -9; the policy's rules, which the script also carries, not counted."""
    script = (Path(cookieguard.__file__).parent / "visitor" / "guard.min.js").read_bytes()
    return {
        "script": len(gzip.compress(script, 9, mtime=0)),
        "style": len(gzip.compress(STYLE.body, 9, mtime=0)),
    }


if __name__ == "__main__":
    found = sizes()
    for name, size in found.items():
        print(f"{name:8}{size:7,}")
    print(f"{'together':8}{sum(found.values()):7,} of {LIMIT:,}")
