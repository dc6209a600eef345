"""A PHP app with WHMCS's four cookies behind the sidecar; visitors have a real Chromium."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import MOUNT
from processes import end
from sidecars import Running, running

from browser.chromium import SITE
from browser.jar import refused_in
from cookieguard import Policy

pytestmark = pytest.mark.browser

POLICY = Path(__file__).parents[2] / "examples" / "hosting" / "cookies.toml"
APP = Path(__file__).parent / "php" / "whmcs.php"
BY_LINK = {"WHMCSAffiliateID", "WHMCSLinkID"}
BY_LOGIN = {"WHMCSInstanceID", "WHMCSUser"}

Make = Callable[..., Any]


def php() -> str:
    """Return the path of PHP; without it skip the test, or fail it where CI is set."""
    found = shutil.which("php")
    if found is None:
        absent = "no PHP on this machine: apt install php-cli"
        if os.environ.get("CI"):
            pytest.fail(f"{absent}, and with CI set nothing is skipped", pytrace=False)
        pytest.skip(absent)
    return found


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the app as it is, by PHP's own server; yield its address."""
    folder = tmp_path_factory.mktemp("php")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [php(), "-d", f"session.save_path={folder}", "-d", "display_errors=1", "-S", address, APP],
            stdout=log,
            stderr=log,
        )
    host, _, port = address.partition(":")
    for _ in range(500):
        try:
            socket.create_connection((host, int(port))).close()
            break
        except OSError:
            time.sleep(0.01)
    yield f"http://{address}"
    end(process)


@pytest.fixture(scope="module")
def sidecar(unguarded: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("sidecar"), unguarded, policy=POLICY.read_text("utf-8")) as sidecar:
        yield sidecar


@pytest.fixture
def address(sidecar: Running) -> str:
    return f"http://{SITE}:{sidecar.port}"


def held(anna: Any) -> set[str]:
    return {*anna.jar.names} - {"cookieguard"}


def said(anna: Any, id: str) -> str:
    text: str = anna.page.locator(f"#{id}").text_content()
    return text


def check(anna: Any, *accepted: str) -> None:
    assert refused_in(anna.jar, Policy.from_file(POLICY), [*accepted]) == []


def decide(anna: Any, address: str, choice: str) -> None:
    anna.page.goto(address + MOUNT)
    anna.page.locator(f"button[name=choice][value={choice}]").first.click()
    anna.page.wait_for_url("**?saved*")


def test_unguarded_it_sets_all_four(unguarded: str, visitor: Make) -> None:
    anna = visitor()
    anna.page.goto(f"{unguarded.replace('127.0.0.1', SITE)}/?aff=3")
    anna.page.locator("#login").click()

    assert held(anna) == BY_LINK | BY_LOGIN


@pytest.mark.parametrize("javascript", [True, False], ids=["", "without scripts"])
def test_a_customer(address: str, visitor: Make, javascript: bool) -> None:
    anna = visitor(javascript=javascript)
    anna.page.goto(f"{address}/?aff=3")
    assert held(anna) == set()
    assert said(anna, "address") == f"{address} 127.0.0.1"

    # She asks for the customer area: there its cookies are essential.
    anna.page.goto(f"{address}/clientarea")
    anna.page.locator("#login").click()
    assert (said(anna, "user"), held(anna)) == ("anna", BY_LOGIN)
    anna.page.goto(f"{address}/clientarea?aff=3")
    assert (said(anna, "user"), held(anna)) == ("anna", BY_LOGIN)
    check(anna)

    decide(anna, address, "all")
    anna.page.goto(f"{address}/?aff=3")
    assert held(anna) == BY_LOGIN | BY_LINK
    anna.page.goto(f"{address}/")
    assert {*said(anna, "seen").split()} > BY_LINK
    check(anna, "functional", "analytics", "marketing")

    decide(anna, address, "none")
    anna.page.goto(f"{address}/?aff=3")
    assert held(anna) == BY_LOGIN
    assert not BY_LINK & {*said(anna, "seen").split()}
    assert said(anna, "user") == "anna"
    check(anna)

    anna.page.goto(f"{address}/clientarea")
    anna.page.locator("#logout").click()
    assert said(anna, "user") == "nobody"
    assert "WHMCSUser" not in held(anna)


def test_the_banner_stands_on_its_pages(address: str, visitor: Make) -> None:
    anna = visitor()
    anna.page.goto(f"{address}/?aff=3")
    banner = anna.page.locator(".cg-banner")
    banner.wait_for()
    with anna.page.expect_response(lambda answer: answer.request.method == "POST"):
        banner.locator("button.cg-button[value=all]").click()
    anna.page.goto(f"{address}/?aff=3")

    assert held(anna) > BY_LINK


def test_a_file_is_sent(address: str, visitor: Make) -> None:
    anna, data = visitor(), os.urandom(1_000_000)
    anna.page.goto(f"{address}/clientarea")
    anna.page.locator("input[type=file]").set_input_files(
        {"name": "a.bin", "mimeType": "application/zip", "buffer": data}
    )
    anna.page.locator("#send").click()

    assert said(anna, "sent") == hashlib.sha256(data).hexdigest()
