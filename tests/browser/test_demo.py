"""The demonstration's site, as the person sees it who opens it after `make demo`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from browser.jar import refused_in
from browser.looks import axe
from cookieguard import Policy

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.server]

Make = Callable[..., Any]
EXAMPLES = Path(__file__).parents[2] / "examples"
ENVIRON = {**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
WAITING = ("This box loads once you accept functional", "This box loads once you accept analytical")
LOADED = ("Anna: Hello, how can I help?", "You have opened this page 1 time.")
CONSENT = {"cookieguard": "essential"}
STATISTICS = dict.fromkeys(("NREUM", "_ga", "_ga_FERNHILL01", "_gid", "optimizelyEndUserId"), "analytics")
VISITS = {"visits": "analytics"}
CHAT = dict.fromkeys(("support_chat", "support_chat_messages"), "functional")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.from_file(EXAMPLES / "ad_partners/cookies.toml")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run the demonstration, and yield where it says that its site is."""
    with subprocess.Popen(
        [sys.executable, EXAMPLES / "demo.py"], stdout=subprocess.PIPE, encoding="utf-8", env=ENVIRON
    ) as demo:
        try:
            assert demo.stdout is not None
            found = (re.search(r"http://127[\d.]+:\d+/", line) for line in demo.stdout)
            yield next(match[0] for match in found if match)
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=10)
            assert demo.returncode == 0
        finally:
            demo.kill()


def choose(page: Page, choice: str) -> None:
    page.locator(f"button.cg-button[name=choice][value={choice}]").first.click()


def settings(page: Page) -> None:
    page.get_by_role("link", name="Cookie settings").click()
    page.locator("dialog[open]").wait_for()


def boxes(page: Page, *starts: str) -> None:
    """Wait until the boxes say this."""
    for box, start in zip(("#chat", "#visits"), starts, strict=True):
        page.locator(box, has_text=start).wait_for()


def rows(page: Page, column: int = 5) -> dict[str, str]:
    """What the table says that the browser holds now, in column 4 before: names and categories."""
    held = page.locator(f"#held tbody tr:has(td:nth-child({column}):text-is('✓'))").all()
    cells = (row.locator("td").all_inner_texts() for row in held)
    return {name: category for name, _, category, *_ in cells}


def table(page: Page, *expected: dict[str, str]) -> None:
    """Wait until the table shows just this as held now."""
    names = {name: category for part in expected for name, category in part.items()}
    page.wait_for_function(
        "count => document.querySelectorAll('#held td:nth-child(5):not(:empty)').length >= count",
        arg=len(names),
    )
    # The table is drawn anew twice a second.
    page.wait_for_timeout(700)
    assert rows(page) == names


def test_accepting_and_withdrawing_is_seen(visitor: Make, address: str, policy: Policy) -> None:
    anna = visitor()
    page = anna.page
    page.goto(address)
    page.locator(".cg-banner").wait_for()
    boxes(page, *WAITING)
    table(page)
    assert "nothing" in page.locator("#held").inner_text()
    assert anna.watch.to(["localhost"]) == []
    assert anna.jar.names == []

    choose(page, "all")
    boxes(page, *LOADED)
    table(page, CONSENT, STATISTICS, VISITS, CHAT)
    assert rows(page, 4) == {}
    assert page.locator(".cg-banner").count() == 0
    assert [url.rpartition("/")[2] for url in anna.watch.to(["localhost"])] == ["chat.js"]

    settings(page)
    with page.expect_navigation():
        choose(page, "none")
    boxes(page, *WAITING)
    table(page, CONSENT)
    assert refused_in(anna.jar, policy) == []
    assert (anna.jar.names, anna.jar.local, anna.jar.session) == (["cookieguard"], {}, {})
    assert len(anna.watch.to(["localhost"])) == 1


@pytest.mark.parametrize(
    ("category", "says", "held"),
    [
        pytest.param("functional", (LOADED[0], WAITING[1]), [CHAT], id="the-provider's"),
        pytest.param("analytics", (WAITING[0], LOADED[1]), [STATISTICS, VISITS], id="the-site's-own"),
    ],
)
def test_each_script_waits_for_its_own_category(
    visitor: Make,
    address: str,
    policy: Policy,
    category: str,
    says: tuple[str, str],
    held: list[dict[str, str]],
) -> None:
    anna = visitor()
    page = anna.page
    page.goto(address)
    page.locator(".cg-manage").click()
    page.locator(f"dialog input[name=accept][value={category}]").check()
    choose(page, "some")

    boxes(page, *says)
    table(page, CONSENT, *held)
    assert refused_in(anna.jar, policy, [category]) == []


def test_rejecting_leaves_everything_waiting(visitor: Make, address: str) -> None:
    anna = visitor()
    anna.page.goto(address)
    choose(anna.page, "none")

    table(anna.page, CONSENT)
    boxes(anna.page, *WAITING)
    assert anna.watch.to(["localhost"]) == []


def test_by_the_providers_name_the_site_sends_on(visitor: Make, address: str) -> None:
    anna = visitor()
    anna.page.goto(address.replace("127.0.0.1", "localhost"))

    assert anna.page.url == address


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_everybody_can_use_the_page(visitor: Make, address: str, scheme: str, width: int) -> None:
    page = visitor(scheme=scheme, width=width).page
    page.goto(address)
    page.locator(".cg-banner").wait_for()
    assert axe(page) == []

    choose(page, "all")
    boxes(page, *LOADED)
    page.reload()
    page.locator("#visits", has_text="2 times").wait_for()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
