"""The system's Chromium, started so that it reaches this machine's own servers and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, BrowserType

SITE = "shop.test"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ABSENT = f"no Chromium on this machine (looked for {', '.join(NAMES)})"
# The contexts of tests are incognito ones, in which Chromium blocks third-party cookies of itself.
THIRD_PARTY_COOKIES: Mapping[str, Any] = {"cookie_controls_mode": 0}
NO_COOKIES: Mapping[str, Any] = {"default_content_setting_values": {"cookies": 2}}

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str:
    """Return the path of the browser; without one skip the test, or fail it where CI is set."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or absent()


def absent() -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{ABSENT}, and with CI set nothing is skipped", pytrace=False)
    pytest.skip(ABSENT)


def options(executable: str, provider_ports: tuple[int, int], fingerprint: str) -> dict[str, Any]:
    """Return what to launch the browser with.

    `provider_ports` are those of the played providers for http and https, `fingerprint` the base64
    SHA-256 of the public key in the one certificate to trust. (Ignoring all certificate errors
    would keep Chromium from caching anything.)
    """
    arguments = [
        *ARGUMENTS,
        f"--host-resolver-rules={_rules(provider_ports)}",
        f"--ignore-certificate-errors-spki-list={fingerprint}",
    ]
    return {
        "executable_path": executable,
        "headless": True,
        "args": arguments,
        # Playwright turns this cache off, and visitors have it.
        "ignore_default_args": ["--disable-back-forward-cache"],
    }


def _rules(provider_ports: tuple[int, int]) -> str:
    from browser.providers import HOSTS

    def mapped(hosts: Iterable[str]) -> Iterable[str]:
        for host in hosts:
            for port, ours in zip((80, 443), provider_ports, strict=True):
                yield f"MAP {host}:{port} 127.0.0.1:{ours}"

    # The first rule that fits counts.
    own = (f"MAP {SITE} 127.0.0.1", f"MAP *.{SITE} 127.0.0.1")
    rest = ("MAP * ~NOTFOUND", "EXCLUDE localhost", "EXCLUDE 127.0.0.1")
    return ", ".join((*own, *mapped(HOSTS), *rest))


def launch(
    chromium: BrowserType, folder: Path, settings: Mapping[str, Any], **options: Any
) -> BrowserContext:
    """Start a browser with a new profile that has these settings, as chrome://settings writes them."""
    preferences = folder / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(json.dumps({"profile": settings}))
    return chromium.launch_persistent_context(folder, **options)
