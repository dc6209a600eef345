"""The figures of docs/scale.md that cost nothing to measure again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "scale.md").read_text()
ROWS = {
    "page": "tag and bar, in a page",
    "private": "`Cache-Control: private`, on a page that sets cookies",
    "cookie": "the consent cookie, in a request of who decided",
    "set": "its `Set-Cookie`, on a decision",
    "once": "script and style sheet (gzip), once a visitor",
}


@pytest.fixture(scope="module")
def measured() -> dict[str, int]:
    command = [sys.executable, "-c", "import json, scale; print(json.dumps(scale.sizes()))"]
    done = subprocess.run(command, cwd=ROOT / "benchmarks", capture_output=True, text=True, check=True)
    sizes: dict[str, int] = json.loads(done.stdout)
    return sizes


@pytest.mark.parametrize("name", ROWS)
def test_bytes(measured: dict[str, int], name: str) -> None:
    told = re.search(rf"\| {re.escape(ROWS[name])} \| ([0-9,]+) bytes", PAGE)
    assert told is not None
    # How well the script packs is zlib's affair too, and it changes by the day.
    allowed = 0.1 if name == "once" else 0
    assert int(told[1].replace(",", "")) == pytest.approx(measured[name], rel=allowed), (
        "run: python benchmarks/scale.py"
    )


def test_each_table_is_filled() -> None:
    assert len(re.findall(r"<!-- scale\.py: \w+ -->\n.+\n(.*\n)*?<!-- end -->", PAGE)) == 4
