"""Make `guard.min.js`, which is served, out of `guard.js`, which is written: `make script`."""

from __future__ import annotations

from pathlib import Path

import minify

import cookieguard

FOLDER = Path(cookieguard.__file__).parent / "visitor"
WRITTEN, SERVED = FOLDER / "guard.js", FOLDER / "guard.min.js"


def minified() -> str:
    """Return the script without comments and spare names."""
    return minify.string("text/javascript", WRITTEN.read_text("ascii"))


if __name__ == "__main__":
    SERVED.write_text(minified(), "ascii")
