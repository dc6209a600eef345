"""Every test of the command stands in an empty folder, with no secret set."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (
        "COOKIEGUARD_SECRET",
        "COOKIEGUARD_SECRET_FILE",
        "COOKIEGUARD_LOGIN_PASSWORD",
        "COOKIEGUARD_MODE",
    ):
        # Set before it is taken away, so that what a command sets is taken back too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path
