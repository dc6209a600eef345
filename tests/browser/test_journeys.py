"""What visitors go through, on a page with three providers' unmodified snippets.

After each step the browser's whole jar and storage are compared with the policy: nothing refused is there,
and all that the accepted providers set.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import pytest
from contract import SECRET

from browser import snippets
from browser.jar import refused_in
from browser.looks import axe, layout_shift, look, tab_to
from browser.providers import HOSTS, Providers
from cookieguard import CookieGuard, Policy
from cookieguard.testing import consent_cookie

pytestmark = pytest.mark.browser

Make = Callable[..., Any]
DAY = 86400
SERVICES: dict[str, Any] = {
    "use": ["google-analytics", "facebook", "tawk-to"],
    "site": {"name": "Fernhill Outdoor", "contact": "privacy@shop.test"},
    "cookies": [
        {"name": "session", "category": "essential", "purpose": "Keeps you signed in.", "lifetime": "session"}
    ],
}
HOSTS_OF = {
    "analytics": {"www.googletagmanager.com", "www.google-analytics.com"},
    "marketing": {"connect.facebook.net", "www.facebook.com"},
    "functional": {"embed.tawk.to", "va.tawk.to"},
}
COOKIES_OF = {
    "analytics": {"_ga", "_ga_FERNHILL01"},
    "marketing": {"_fbp", "fr"},
    "functional": {"TawkConnectionTime", "twk_uuid_0123456789abcdef01234567"},
}
KEYS_OF = {"functional": {"twk_token_0123456789abcdef01234567"}}
# What a third party set on its own domain no site can take away.
FOREIGN = {"fr"}
EVERYTHING = [*HOSTS_OF]


def shop(body: bytes = snippets.page(), *headers: tuple[str, str]) -> Callable[..., Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        html = ("Content-Type", "text/html; charset=utf-8")
        start_response("200 OK", [html, ("Set-Cookie", "session=1; HttpOnly"), *headers])
        return [body]

    return app


def press(anna: Any, choice: str, where: str = ".cg-banner") -> None:
    with anna.page.expect_response(lambda answer: answer.request.method == "POST"):
        anna.page.locator(f"{where} button.cg-button[value={choice}]").last.click()


def settle(anna: Any) -> None:
    anna.watch.settle(anna.page)


def banner(anna: Any) -> Any:
    return anna.page.locator(".cg-banner")


def link(anna: Any) -> Any:
    return anna.page.locator(".cg-settings a")


def reached(providers: Providers) -> set[str]:
    return {category for category, hosts in HOSTS_OF.items() if hosts & providers.hosts}


def found(anna: Any, providers: Providers) -> tuple[set[str], list[str], list[str]]:
    """Who was asked, the cookies of all domains but the consent's, and the keys of both storages."""
    held = anna.jar
    names = [name for name in held.names if name not in ("cookieguard", "__Host-cookieguard")]
    return reached(providers), names, sorted([*held.local, *held.session])


def check(
    anna: Any,
    served: Any,
    providers: Providers,
    *accepted: str,
    left: Collection[str] = (),
    without: Collection[str] = (),
    keys: Collection[str] = (),
) -> None:
    """Nothing refused is held, nobody refused was asked, and who is accepted ran and set what it sets.

    But for what is `left` of earlier, what this page's providers go `without`, and its own storage's `keys`.
    """
    settle(anna)
    cookies = {"session", *left}.union(*(COOKIES_OF[category] for category in accepted)).difference(without)
    stored = {*keys}.union(*(KEYS_OF.get(category, ()) for category in accepted))
    expected = {*accepted}, sorted(cookies), sorted(stored)
    for _ in range(50):
        if found(anna, providers) == expected:
            break
        anna.page.wait_for_timeout(100)
    assert found(anna, providers) == expected
    assert refused_in(anna.jar, served.policy, accepted) == sorted(left)


@pytest.fixture(params=[False, True], ids=["http", "https"])
def served(site: Make, request: pytest.FixtureRequest) -> Any:
    return site(shop(), SERVICES, https=request.param)


def test_first_visit(served: Any, visitor: Make, providers: Providers) -> None:
    anna = visitor()
    anna.page.goto(served.url())
    banner(anna).wait_for()

    check(anna, served, providers)
    assert anna.watch.to(HOSTS) == []
    assert link(anna).count() == 0
    # "Scrolling, navigating, Escape or closing never grants."
    anna.page.mouse.wheel(0, 500)
    anna.page.keyboard.press("Escape")
    anna.page.goto(served.url("/next"))
    check(anna, served, providers)


def test_reject(served: Any, visitor: Make, providers: Providers) -> None:
    anna = visitor()
    anna.page.goto(served.url())
    press(anna, "none")
    link(anna).wait_for()
    assert banner(anna).count() == 0
    check(anna, served, providers)

    anna.page.goto(served.url("/next"))
    link(anna).wait_for()
    check(anna, served, providers)
    assert banner(anna).count() == 0


def test_accept(served: Any, visitor: Make, providers: Providers) -> None:
    anna = visitor()
    anna.page.goto(served.url())
    with anna.page.expect_request("https://va.tawk.to/**"):
        press(anna, "all")
    link(anna).wait_for()
    check(anna, served, providers, *EVERYTHING)
    assert anna.page.url == served.url()

    # No request after the choice is stored, beyond the cached script.
    anna.watch.requests.clear()
    anna.page.goto(served.url("/next"))
    settle(anna)
    own = [url for url in anna.watch.requests if "shop.test" in url]
    assert [url.partition("?")[0] for url in own] == [served.url("/next"), served.mount + "/guard.js"]


@pytest.mark.parametrize("category", EVERYTHING)
def test_choose_some(served: Any, visitor: Make, providers: Providers, category: str) -> None:
    anna = visitor()
    anna.page.goto(served.url())
    anna.page.locator(".cg-manage").click()
    anna.page.locator(f"dialog input[value={category}]").check()
    press(anna, "some", "dialog")
    link(anna).wait_for()

    check(anna, served, providers, category)
    assert anna.page.locator("dialog").count() == 0
    anna.page.goto(served.url("/next"))
    check(anna, served, providers, category)


def test_withdraw(served: Any, visitor: Make, providers: Providers) -> None:
    anna = visitor()
    anna.page.goto(served.url())
    press(anna, "all")
    check(anna, served, providers, *EVERYTHING)
    other = anna.context.new_page()
    other.goto(served.url("/other"))

    link(anna).click()
    providers.requests.clear()
    with other.expect_navigation(), anna.page.expect_navigation():
        press(anna, "none", "dialog")
    anna.watch.settle(other)

    check(anna, served, providers, left=FOREIGN)
    other.close()


def test_withdraw_on_the_page_without_the_dialog(served: Any, visitor: Make, providers: Providers) -> None:
    anna = visitor()
    anna.page.goto(served.url())
    press(anna, "all")
    check(anna, served, providers, *EVERYTHING)
    other = anna.context.new_page()
    other.goto(served.mount)
    providers.requests.clear()
    with anna.page.expect_navigation():
        other.locator("button.cg-button[value=none]").click()

    check(anna, served, providers, left=FOREIGN)
    other.close()


def test_expiry(site: Make, visitor: Make, providers: Providers) -> None:
    now = [time.time()]
    served = site(shop(), SERVICES, clock=lambda: now[0])
    anna = visitor()
    anna.page.clock.install()
    anna.page.goto(served.url())
    press(anna, "all")
    check(anna, served, providers, *EVERYTHING)
    providers.requests.clear()

    now[0] += 187 * DAY
    anna.page.clock.set_fixed_time(now[0])
    anna.page.goto(served.url())
    banner(anna).wait_for()
    check(anna, served, providers, left=FOREIGN)


def changed(**data: Any) -> dict[str, Any]:
    more = [{"name": "newcomer", "category": "analytics", "purpose": "New.", "lifetime": "1 day"}]
    return {**SERVICES, "cookies": [*SERVICES["cookies"], *more], **data}


def stored(policy: Policy, *accepted: str, https: bool = False) -> dict[str, Any]:
    name, value = consent_cookie(policy, SECRET, accepted, host="shop.test", https=https)
    return {"name": name, "value": value, "domain": "shop.test", "path": "/", "secure": https}


def test_a_changed_policy_asks_again_about_what_changed(
    site: Make, visitor: Make, providers: Providers
) -> None:
    served, anna = site(shop(), changed()), visitor()
    anna.context.add_cookies([stored(Policy.from_dict(SERVICES), *EVERYTHING)])
    anna.page.goto(served.url())
    banner(anna).wait_for()

    assert "Statistics" in banner(anna).inner_text()
    assert "Advertising" not in banner(anna).inner_text()
    check(anna, served, providers, "functional", "marketing")
    press(anna, "none")
    link(anna).wait_for()
    check(anna, served, providers, "functional", "marketing")


def announced(folder: Path, effective: str) -> Policy:
    (folder / "next.json").write_text(json.dumps(changed()))
    announcement = {"effective": effective, "summary": "We add a newcomer.", "policy": "next.json"}
    return Policy.from_dict({**SERVICES, "announcement": announcement}, base=folder)


def test_an_announced_change(site: Make, visitor: Make, providers: Providers, tmp_path: Path) -> None:
    policy = announced(tmp_path, "2026-12-01")
    now = [time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, 0))]
    served, anna = site(shop(), policy, clock=lambda: now[0]), visitor()
    anna.page.clock.set_fixed_time(now[0])
    anna.page.goto(served.url())
    banner(anna).wait_for()
    assert "We add a newcomer." in banner(anna).inner_text()
    press(anna, "all")
    link(anna).wait_for()
    check(anna, served, providers, *EVERYTHING)

    now[0] += 14 * DAY
    anna.page.clock.set_fixed_time(now[0])
    providers.requests.clear()
    anna.page.goto(served.url())
    banner(anna).wait_for()
    assert "Statistics" in banner(anna).inner_text()
    check(anna, served, providers, "functional", "marketing")


def test_global_privacy_control(site: Make, visitor: Make, providers: Providers) -> None:
    served, anna = site(shop(), SERVICES, https=True), visitor(gpc=True)
    anna.page.goto(served.url())
    banner(anna).wait_for()
    assert "Advertising" not in banner(anna).inner_text()
    press(anna, "all")
    link(anna).wait_for()
    check(anna, served, providers, "analytics", "functional")

    # "An explicit acceptance made under it beats it."
    link(anna).click()
    anna.page.locator("dialog input[value=marketing]").check()
    press(anna, "some", "dialog")
    check(anna, served, providers, *EVERYTHING)


def test_cookies_disabled(site: Make, visitor: Make, providers: Providers) -> None:
    served, anna = site(shop(), SERVICES), visitor(cookies=False)
    for _ in range(2):
        anna.page.goto(served.url())
        link(anna).wait_for()
        assert banner(anna).count() == 0
    assert anna.jar.names == []
    assert reached(providers) == set()


def test_the_choice_is_not_kept(site: Make, visitor: Make, providers: Providers) -> None:
    """An extension takes the consent cookie away, and leaves all others."""
    served, anna = site(shop(), SERVICES), visitor()
    anna.page.add_init_script("setInterval(() => { document.cookie = 'cookieguard=; Max-Age=-1' }, 1)")
    anna.context.route("**/privacy-choices", lambda route: route.fulfill(json={"undecided": []}))
    anna.page.goto(served.url())
    press(anna, "all")
    link(anna).wait_for()
    anna.page.goto(served.url())
    link(anna).wait_for()

    assert banner(anna).count() == 0
    # In the session's storage the guard notes that it asked.
    check(anna, served, providers, keys=["cookieguard"])


def test_javascript_disabled(served: Any, visitor: Make, providers: Providers) -> None:
    anna = visitor(javascript=False)
    anna.page.goto(served.url())
    assert anna.watch.to(HOSTS) == []
    anna.page.get_by_role("link", name="Cookie settings").click()
    anna.page.locator("button.cg-button[value=all]").first.click()
    anna.page.goto(served.url())

    # Nothing gives a held tag back without a script, the pixel that is for such visitors among them.
    assert anna.watch.to(HOSTS) == []
    check(anna, served, providers)


@pytest.mark.parametrize(
    ("policy", "body", "runs", "without"),
    [
        pytest.param("default-src 'self'", snippets.page(""), [], [], id="self"),
        pytest.param("default-src 'self'", snippets.page(), [], [], id="self, snippets"),
        pytest.param(
            "script-src 'nonce-r4nd0m' 'strict-dynamic'; style-src 'nonce-r4nd0m'; connect-src 'self' https:",
            snippets.page(snippets.ALL.replace("<script", '<script nonce="r4nd0m"')),
            EVERYTHING,
            [],
            id="nonce",
        ),
        pytest.param(
            "require-trusted-types-for 'script'; trusted-types cookieguard",
            snippets.page(snippets.GOOGLE_ANALYTICS),
            ["analytics"],
            # The played gtag.js ends where it may not insert a script.
            COOKIES_OF["analytics"],
            id="trusted-types",
        ),
    ],
)
def test_content_security_policy(
    site: Make,
    visitor: Make,
    providers: Providers,
    policy: str,
    body: bytes,
    runs: list[str],
    without: Collection[str],
) -> None:
    served = site(shop(body, ("Content-Security-Policy", policy)), SERVICES)
    anna = visitor()
    # What the snippets and the played providers themselves can't do under it.
    anna.watch.tolerate("data:,", "(?!.*privacy-choices)(TrustedScript|googletagmanager|facebook|tawk)")
    if body == snippets.page():
        anna.watch.tolerate("inline script")
    anna.page.goto(served.url())
    banner(anna).wait_for()
    assert banner(anna).evaluate("e => getComputedStyle(e).position") == "fixed"
    check(anna, served, providers)
    press(anna, "all")
    link(anna).wait_for()
    assert link(anna).evaluate("e => getComputedStyle(e).position") == "fixed"

    check(anna, served, providers, *runs, without=without)
    link(anna).click()
    assert anna.page.locator("dialog").get_attribute("open") is not None


def test_a_page_whose_base_leads_elsewhere(site: Make, visitor: Make) -> None:
    body = b"<!doctype html><html lang=en><head><base href='//www.shop.test/other/'><title>Shop</title></head><p>Hello"
    served, anna = site(shop(body), SERVICES), visitor()
    anna.page.goto(served.url())
    banner(anna).wait_for()

    assert banner(anna).evaluate("e => getComputedStyle(e).position") == "fixed"
    assert {each.get_attribute("href").partition("?")[0] for each in banner(anna).locator("a").all()} == {
        served.mount,
        f"{served.mount}/policy",
    }
    anna.page.get_by_role("link", name="Manage preferences").click()
    anna.page.locator("dialog[open]").wait_for()
    press(anna, "none", "dialog")
    assert anna.page.url == served.url() and "cookieguard" in anna.jar.names


def test_a_page_from_a_shared_cache(site: Make, visitor: Make, providers: Providers) -> None:
    """Everybody is given the very bytes that somebody else's request made."""
    kept: dict[str, Any] = {}
    guarded = CookieGuard(shop(), Policy.from_dict(SERVICES), secret_key=SECRET)

    def cache(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/":
            yield from guarded(environ, start_response)
            return
        if "page" not in kept:
            head: list[Any] = []
            kept["page"] = b"".join(guarded(environ, lambda *given: head.append(given)))
            kept["headers"] = [h for h in head[0][1] if h[0] not in ("Set-Cookie", "Cache-Control")]
        start_response("200 OK", [*kept["headers"], ("Set-Cookie", "session=1")])
        yield kept["page"]

    served = site(cache, SERVICES, guarded=False)
    first, second = visitor(), visitor()
    for anna, accepted in ((first, EVERYTHING), (second, [])):
        providers.requests.clear()
        anna.page.goto(served.url())
        press(anna, "all" if accepted else "none")
        link(anna).wait_for()
        anna.page.goto(served.url())
        check(anna, served, providers, *accepted)
    first.page.goto(served.url())
    providers.requests.clear()
    first.page.reload()
    check(first, served, providers, *EVERYTHING)


def test_back_and_forward(site: Make, visitor: Make, providers: Providers) -> None:
    served, anna = site(shop(), SERVICES), visitor()
    anna.page.goto(served.url())
    anna.page.evaluate("window.kept = true")
    anna.page.goto(served.url("/next"))
    press(anna, "all")
    link(anna).wait_for()
    settle(anna)
    # Back on a page from before the choice: it follows.
    anna.page.go_back(wait_until="commit")
    link(anna).wait_for()
    assert banner(anna).count() == 0
    check(anna, served, providers, *EVERYTHING)

    anna.page.go_forward(wait_until="commit")
    link(anna).click()
    providers.requests.clear()
    with anna.page.expect_navigation():
        press(anna, "none", "dialog")
    settle(anna)
    anna.page.go_back(wait_until="commit")
    link(anna).wait_for()
    check(anna, served, providers, left=FOREIGN)


def test_a_single_page_app(site: Make, visitor: Make, providers: Providers) -> None:
    served, anna = site(shop(snippets.page("")), SERVICES), visitor()
    anna.page.goto(served.url())
    banner(anna).wait_for()
    anna.page.evaluate(
        """() => {
          history.pushState({}, '', '/cart')
          document.body.innerHTML = '<h1>Cart</h1><img src="https://www.facebook.com/tr?id=1">'
          const script = document.createElement('script')
          script.src = 'https://embed.tawk.to/0123456789abcdef01234567/default'
          document.body.append(script)
        }"""
    )
    banner(anna).wait_for()
    check(anna, served, providers)
    press(anna, "all")
    link(anna).wait_for()
    check(anna, served, providers, "marketing", "functional", without=["_fbp"])
    assert anna.page.url == served.url("/cart")

    # What comes after the choice runs at once.
    anna.page.evaluate(
        """() => {
          const tag = document.createElement('script')
          tag.src = 'https://www.googletagmanager.com/gtag/js?id=G-FERNHILL01'
          document.head.append(tag)
        }"""
    )
    check(anna, served, providers, *EVERYTHING, without=["_fbp", "_ga", "_ga_FERNHILL01"])
    anna.page.evaluate("document.body = document.createElement('body')")
    link(anna).wait_for()


def test_opt_out(site: Make, visitor: Make, providers: Providers) -> None:
    served, anna = site(shop(), {**SERVICES, "consent": {"model": "opt-out"}}), visitor()
    anna.page.goto(served.url())
    banner(anna).wait_for()
    check(anna, served, providers, *EVERYTHING)
    providers.requests.clear()
    with anna.page.expect_navigation():
        press(anna, "none")
    link(anna).wait_for()
    check(anna, served, providers, left=FOREIGN)


def test_a_forged_consent_is_taken_away_before_the_script_reads_it(
    served: Any, visitor: Make, providers: Providers
) -> None:
    anna = visitor()
    forged = stored(served.policy, *EVERYTHING, https=served.scheme == "https")
    anna.context.add_cookies([{**forged, "value": forged["value"][:-4] + "AAAA"}])
    anna.page.goto(served.url())
    banner(anna).wait_for()

    check(anna, served, providers)


def test_what_was_set_before_the_guard_came_goes(served: Any, visitor: Make, providers: Providers) -> None:
    anna = visitor()
    anna.context.add_cookies(
        [
            {"name": name, "value": "1", "domain": domain, "path": "/", "secure": False}
            for name in ("_ga", "_fbp", "twk_uuid_1")
            for domain in ("shop.test", ".shop.test")
        ]
    )
    anna.page.add_init_script("localStorage['twk_token_1'] = 1; localStorage['cart'] = 1")
    anna.page.goto(served.url())
    banner(anna).wait_for()

    check(anna, served, providers, keys=["cart"])


def test_consent_mode(site: Make, visitor: Make, providers: Providers) -> None:
    served, anna = site(shop(snippets.page(snippets.GOOGLE_ANALYTICS)), SERVICES), visitor()
    anna.page.goto(served.url())
    heard = "() => [...dataLayer].filter(a => a[0] == 'consent').map(a => [a[1], a[2].analytics_storage, a[2].ad_storage])"
    assert anna.page.evaluate(heard) == [["default", "denied", "denied"]]
    check(anna, served, providers)
    anna.page.evaluate("cookieguard.accept(['analytics'])")
    check(anna, served, providers, "analytics")

    assert anna.page.evaluate(heard)[-1] == ["update", "granted", "denied"]
    sent = {request.query for request in providers.requests if request.path == "/g/collect"}
    assert all("gcs=G101" in query for query in sent)


def test_a_default_of_the_pages_own_does_not_outlast_a_stored_choice(site: Make, visitor: Make) -> None:
    own = "<script>window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) } gtag('consent', 'default', {analytics_storage: 'denied'})</script>"
    served, anna = site(shop(snippets.page(own)), SERVICES), visitor()
    heard = "() => [...dataLayer].filter(a => a[0] == 'consent').map(a => [a[1], a[2].analytics_storage])"
    anna.page.goto(served.url())
    assert anna.page.evaluate(heard) == [["default", "denied"], ["default", "denied"]]
    anna.page.evaluate("cookieguard.accept(['functional', 'analytics', 'marketing'])")
    anna.page.goto(served.url())

    # gtag.js takes the last default, but an update over any of them.
    assert anna.page.evaluate(heard) == [["default", "granted"], ["update", "granted"], ["default", "denied"]]


@pytest.mark.parametrize(
    "look",
    [
        "body{transform:translateZ(0)}",
        "body{filter:grayscale(1)}",
        "html{display:grid;place-items:center;min-height:100vh}",
    ],
)
def test_the_banner_stands_at_the_windows_end(site: Make, visitor: Make, look: str) -> None:
    served, anna = (
        site(shop(snippets.page(f"<style>{look}</style>", "<h1>A</h1><p style=height:3000px>B")), SERVICES),
        visitor(),
    )
    anna.page.goto(served.url())
    banner(anna).wait_for()
    box, height = banner(anna).bounding_box(), anna.page.viewport_size["height"]

    assert abs(box["y"] + box["height"] - height) < 2
    anna.page.evaluate("cookieguard.accept()")
    link(anna).wait_for()
    box = link(anna).bounding_box()
    assert height - 100 < box["y"] < height


@pytest.mark.parametrize("javascript", [True, False])
def test_what_stands_in_place_of_a_frame_that_waits(site: Make, visitor: Make, javascript: bool) -> None:
    written = (Path(__file__).parents[2] / "docs" / "browser.md").read_text("utf-8")
    place = written.partition("### In place of what waits")[2].partition("```html")[2].partition("```")[0]
    policy = {**SERVICES, "use": ["youtube"]}
    served, anna = site(shop(snippets.page("", place)), policy), visitor(javascript=javascript)
    anna.context.route("https://www.youtube.com/**", lambda route: route.fulfill(body="film"))
    anna.watch.tolerate("request: https://www.youtube.com/")
    anna.page.goto(served.url())
    said = anna.page.locator(".film p")
    assert said.is_visible()

    if javascript:
        said.locator("a").click()
        anna.page.locator("dialog[open]").get_by_role("button", name="Accept all").click()
        said.wait_for(state="hidden")


def test_the_pages_own_scripts_may_ask(served: Any, visitor: Make, providers: Providers) -> None:
    anna = visitor()
    anna.page.goto(served.url())
    anna.page.evaluate("window.heard = []; cookieguard.on('change', state => heard.push(state.allowed))")
    assert anna.page.evaluate("['essential', 'analytics'].map(cookieguard.allows)") == [True, False]

    anna.page.evaluate("cookieguard.accept(['analytics'])")
    assert anna.page.evaluate("cookieguard.allows('analytics')") is True
    assert anna.page.evaluate("heard") == [["essential", "analytics"]]
    # What it didn't name is asked about still.
    anna.page.goto(served.url())
    banner(anna).wait_for()
    with anna.page.expect_navigation():
        anna.page.evaluate("void cookieguard.refuse()")
    link(anna).wait_for()
    providers.requests.clear()
    anna.page.reload()
    check(anna, served, providers)
    anna.page.evaluate("cookieguard.show()")
    assert anna.page.locator("dialog[open]").count() == 1
    with pytest.raises(Exception, match="unknown category"):
        anna.page.evaluate("cookieguard.accept(['nonsense'])")
    anna.watch.tolerate("status of 400")


def test_the_whole_journey_by_keyboard(site: Make, visitor: Make, providers: Providers) -> None:
    served, anna = site(shop(snippets.page(body="<h1>A</h1><a href=/b>B</a>")), SERVICES), visitor()
    page = anna.page
    page.goto(served.url())
    banner(anna).wait_for()
    # "No autofocus theft, no focus trap."
    assert page.evaluate("document.activeElement == document.body")
    tab_to(page, page.locator(".cg-manage"))
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for()
    tab_to(page, page.locator("dialog input[value=functional]"))
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    assert banner(anna).count() == 1
    check(anna, served, providers)

    tab_to(page, page.locator(".cg-banner button[value=none]"))
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Enter")
    link(anna).wait_for()
    check(anna, served, providers)
    tab_to(page, link(anna))
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for()
    tab_to(page, page.locator("dialog .cg-close"))
    page.keyboard.press("Enter")
    page.locator("dialog").wait_for(state="detached")


def spoken(language: str) -> Callable[..., Iterable[bytes]]:
    """The shop in this language, light or dark as the visitor likes it."""
    written = f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"'.encode()
    body = snippets.page("").replace(b'lang="en"', written)
    return shop(body.replace(b"<h1>", b"<style>:root{color-scheme:light dark}</style><h1>"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_everybody_can_use_banner_and_dialog(site: Make, visitor: Make, scheme: str, language: str) -> None:
    served, anna = site(spoken(language), SERVICES), visitor(scheme=scheme, language="fr")
    for width in (390, 1280):
        anna.context.clear_cookies()
        anna.page.set_viewport_size({"width": width, "height": 844})
        anna.page.goto(served.url())
        banner(anna).wait_for()
        assert banner(anna).get_attribute("lang") == language
        assert axe(anna.page) == []
        buttons = anna.page.locator(".cg-banner button")
        assert look(buttons.nth(0)) == look(buttons.nth(1))
        box = banner(anna).bounding_box()
        assert box["height"] <= 844 / 2
        anna.page.locator(".cg-manage").click()
        anna.page.locator("dialog[open]").wait_for()
        assert axe(anna.page) == []
        accept, reject = (
            anna.page.locator(f"dialog button.cg-button[value={choice}]") for choice in ("all", "none")
        )
        assert look(accept) == look(reject)
        anna.page.keyboard.press("Escape")
        press(anna, "none")
        link(anna).wait_for()
        assert axe(anna.page) == []
        assert layout_shift(anna.page) == 0


@pytest.mark.parametrize(("scheme", "language", "width"), [("light", "en", 1280), ("dark", "ar", 390)])
@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("announced", "We add a newcomer."),
        ("changed", "so we ask again: Statistics."),
        ("privacy-control", "for: Functional and Statistics."),
    ],
)
def test_everybody_can_use_every_banner(
    site: Make, visitor: Make, tmp_path: Path, why: str, said: str, scheme: str, language: str, width: int
) -> None:
    policies = {"announced": announced(tmp_path, "2999-01-15"), "changed": changed()}
    served = site(spoken(language), policies.get(why, SERVICES))
    anna = visitor(scheme=scheme, width=width, gpc=why == "privacy-control")
    if why == "changed":
        anna.context.add_cookies([stored(Policy.from_dict(SERVICES), *EVERYTHING)])
    anna.page.goto(served.url())
    banner(anna).wait_for()

    assert language != "en" or said in banner(anna).inner_text()
    assert axe(anna.page) == []
    buttons = anna.page.locator(".cg-banner button")
    assert look(buttons.nth(0)) == look(buttons.nth(1))
    assert layout_shift(anna.page) == 0
