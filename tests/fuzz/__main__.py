"""Fuzz with atheris: python -m fuzz TARGET SECONDS FOLDER. What is found lies in the folder."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cookieguard"]):
    from fuzz.harnesses import CORPUS, HARNESSES
from fuzz.mutating import WORDS


def main(target: str, seconds: str, folder: str) -> None:
    """Run one target; new inputs that reach new code are gathered in the folder."""
    logging.getLogger("cookieguard").setLevel(logging.CRITICAL)
    found = Path(folder) / target
    found.mkdir(parents=True, exist_ok=True)
    dictionary = Path(folder) / "words"
    escaped = ["".join(f"\\x{byte:02x}" for byte in word) for word in WORDS]
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
    limits = [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-rss_limit_mb=2048",
        "-timeout=10",
        "-print_final_stats=1",
    ]
    arguments = [sys.argv[0], *limits, f"-dict={dictionary}", f"-artifact_prefix={found}-"]
    begun = time.monotonic()

    def one(data: bytes) -> None:
        # libFuzzer looks at its clock now and then only.
        HARNESSES[target](data)
        if time.monotonic() - begun > 2 * float(seconds) + 60:
            sys.exit(0)

    atheris.Setup([*arguments, str(found), str(CORPUS / target)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
