"""The visitor's pages in a real browser: choosing, by mouse and by keyboard, and how they look."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from contract import MOUNT, POLICY

from browser.jar import refused_in
from browser.looks import axe, focus_is_seen, layout_shift, look, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

Make = Callable[..., Any]
OPTIONAL = ("functional", "analytics", "marketing")
SET = ("session=1", "_ga=1", "_ga_X1=1", "ads=1", "chat=1", "unheard-of=1", "ads=2; Domain=shop.test")
# A site with everything that the pages can show.
FULL: dict[str, Any] = {
    **POLICY,
    "use": ["google-analytics", "facebook", "tawk-to", "whmcs"],
    "site": {"name": "Fernhill Outdoor", "contact": "privacy@shop.test", "updated": "2026-11-01"},
    "announcement": {"effective": "2999-01-15", "summary": "We add a support chat."},
}


ODD = "/odd"


def shop(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A shop that sets a cookie of each kind on every page."""
    cookies = [("Set-Cookie", f"{cookie}; Max-Age=3600") for cookie in SET]
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), *cookies])
    title = "<title>Fernhill Outdoor</title><link rel=icon href='data:,'>"
    odd = f"<form method=post action={MOUNT}><button name=choice value=odd>Odd</button></form>"
    body = odd if environ["PATH_INFO"] == ODD else f"<p><a href='{MOUNT}'>Cookies</a>"
    return [f"<!doctype html><html lang=en>{title}{body}".encode()]


def button(page: Page, choice: str) -> Locator:
    return page.locator(f"button.cg-button[name=choice][value={choice}]").first


def box(page: Page, category: str) -> Locator:
    return page.locator(f"input[name=accept][value={category}]")


def ticked(page: Page) -> list[str]:
    return [category for category in OPTIONAL if box(page, category).is_checked()]


@pytest.mark.parametrize("javascript", [False, True], ids=["no-javascript", "javascript"])
@pytest.mark.parametrize(
    ("https", "host", "consent"),
    [
        pytest.param(False, "shop.test", "cookieguard", id="http"),
        pytest.param(False, "localhost", "cookieguard", id="localhost"),
        pytest.param(True, "shop.test", "__Host-cookieguard", id="https"),
    ],
)
def test_reject_accept_choose_withdraw(
    site: Make, visitor: Make, https: bool, host: str, consent: str, javascript: bool
) -> None:
    served, anna = site(shop, https=https), visitor(javascript=javascript)
    page, policy = anna.page, served.policy

    def settings() -> Page:
        page.goto(served.url(MOUNT, host=host))
        return page

    def held(*accepted: str) -> list[str]:
        """What the browser holds, twice the same: on the settings' page, and after one of the shop's."""
        assert ticked(settings()) == list(accepted)
        page.goto(served.url("/", host=host))
        assert refused_in(anna.jar, policy, accepted) == []
        return sorted({*anna.jar.names})

    def choose(choice: str, *accepted: str) -> list[str]:
        button(settings(), choice).click()
        assert refused_in(anna.jar, policy, accepted) == []
        return held(*accepted)

    assert held() == ["session"]
    assert choose("none") == sorted(["session", consent])
    assert choose("all", *OPTIONAL) == sorted(["_ga", "_ga_X1", "ads", "chat", "session", consent])

    box(settings(), "analytics").uncheck()
    box(page, "functional").uncheck()
    button(page, "some").click()
    assert refused_in(anna.jar, policy, ["marketing"]) == []
    # Essential under some path: not taken away.
    assert held("marketing") == sorted(["ads", "chat", "session", consent])
    assert choose("none") == sorted(["chat", "session", consent])


def test_the_form_leads_back_to_where_the_visitor_came_from(site: Make, visitor: Make) -> None:
    served, anna = site(shop, https=True), visitor(javascript=False)
    anna.page.goto(served.url(f"{MOUNT}?next=/shoes%3Fsize=40"))
    button(anna.page, "none").click()

    assert anna.page.url == served.url("/shoes?size=40")


def test_a_visitor_without_cookies_can_ask_but_not_be_remembered(site: Make, visitor: Make) -> None:
    served, anna = site(shop), visitor(cookies=False)
    anna.page.goto(served.mount)
    button(anna.page, "all").click()
    anna.page.goto(served.mount)

    assert ticked(anna.page) == []
    assert anna.jar.names == []


def test_global_privacy_control_is_shown_and_obeyed(site: Make, visitor: Make) -> None:
    served, anna = site(shop, {**POLICY, "consent": {"model": "opt-out"}}), visitor(gpc=True)
    anna.page.goto(served.url())
    assert refused_in(anna.jar, served.policy, ["functional", "analytics"]) == []

    anna.page.goto(served.mount)
    assert ticked(anna.page) == ["functional", "analytics"]
    assert "Global Privacy Control" in anna.page.inner_text("main")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_whole_journey_by_keyboard(site: Make, visitor: Make, language: str) -> None:
    served, anna = site(shop), visitor(javascript=False, language=language)
    page = anna.page
    page.goto(served.mount)

    def press(target: Locator, key: str) -> None:
        tab_to(page, target)
        assert focus_is_seen(target)
        page.keyboard.press(key)

    def send(target: Locator, key: str) -> None:
        with page.expect_navigation():
            press(target, key)
        page.goto(served.mount)

    send(button(page, "all"), "Enter")
    assert ticked(page) == list(OPTIONAL)

    press(page.locator("summary").first, "Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    press(box(page, "analytics"), "Space")
    press(box(page, "marketing"), "Space")
    send(button(page, "some"), "Space")
    assert ticked(page) == ["functional"]

    send(button(page, "none"), "Enter")
    assert ticked(page) == []
    assert refused_in(anna.jar, served.policy) == []


def test_enter_in_a_box_saves_what_is_ticked_and_no_more(site: Make, visitor: Make) -> None:
    served, anna = site(shop), visitor(javascript=False)
    anna.page.goto(served.mount)
    box(anna.page, "analytics").check()
    with anna.page.expect_navigation():
        box(anna.page, "analytics").press("Enter")

    assert ticked(anna.page) == ["analytics"]


def test_looking_around_grants_nothing(site: Make, visitor: Make) -> None:
    served, anna = site(shop), visitor()
    anna.page.goto(served.mount)
    anna.page.mouse.wheel(0, 5000)
    anna.page.keyboard.press("Escape")
    anna.page.goto(served.url())
    anna.page.go_back(wait_until="commit")

    assert anna.jar.names == ["session"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("path", [MOUNT, f"{MOUNT}/policy", ODD], ids=["preferences", "policy", "error"])
def test_everybody_can_use_the_page(site: Make, visitor: Make, scheme: str, language: str, path: str) -> None:
    served = site(shop, FULL)
    anna = visitor(scheme=scheme, language=language)
    anna.watch.tolerate("400 ")
    page = anna.page
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(served.url(path))
        if path == ODD:
            with page.expect_navigation():
                page.locator("button[value=odd]").click()
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe(page) == []
        assert layout_shift(page) == 0

        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        assert axe(page) == []


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "en"), ("dark", "ar")])
def test_everybody_can_use_the_page_after_a_choice(
    site: Make, visitor: Make, scheme: str, language: str
) -> None:
    served, anna = site(shop, FULL), visitor(scheme=scheme, language=language, gpc=True)
    anna.page.goto(served.mount)
    button(anna.page, "all").click()

    assert ticked(anna.page) == list(OPTIONAL)
    assert axe(anna.page) == []


def test_dark_and_light_differ(site: Make, visitor: Make) -> None:
    served = site(shop)
    backs = []
    for scheme in ("light", "dark"):
        page = visitor(scheme=scheme).page
        page.goto(served.mount)
        backs.append(look(page.locator("body"), ("background-color", "color")))

    assert backs[0]["background-color"] != backs[1]["background-color"]
    assert backs[0]["color"] != backs[1]["color"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "de", "ar", "ja"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_accept_and_reject_look_the_same(
    site: Make, visitor: Make, scheme: str, language: str, width: int
) -> None:
    served = site(shop, {**POLICY, "site": {"name": "Fernhill Outdoor"}})
    anna = visitor(scheme=scheme, language=language, width=width)
    anna.page.goto(served.mount)
    accept, reject = button(anna.page, "all"), button(anna.page, "none")

    assert look(accept) == look(reject)
    for chosen in (accept, reject):
        chosen.hover()
        assert chosen.is_visible()
    accept.hover()
    hovered = look(accept)
    reject.hover()
    assert look(reject) == hovered


def test_the_site_can_be_used_before_a_choice(site: Make, visitor: Make) -> None:
    served, anna = site(shop), visitor(javascript=False)
    anna.page.goto(served.url())
    anna.page.get_by_role("link", name="Cookies").click()

    assert anna.page.url == served.mount
