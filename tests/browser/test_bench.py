"""The bench itself: what other tests conclude from it must be so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from contract import ALL, responding

from browser import snippets
from browser.jar import Jar, refused_in
from browser.looks import axe, layout_shift
from browser.providers import HOSTS, Providers
from cookieguard import Policy

pytestmark = pytest.mark.browser

Make = Callable[..., Any]
HTML = (("Content-Type", "text/html; charset=utf-8"),)
SERVICES = {"use": ["google-analytics", "facebook", "tawk-to"]}


def html(body: bytes) -> Callable[..., Any]:
    """An app that answers with a page, and nothing else."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        # Waitress adds to the list that it is given.
        start_response("200 OK", [*HTML])
        return [body]

    return app


@pytest.mark.parametrize("https", [False, True], ids=["http", "https"])
def test_the_played_providers_do_what_the_real_ones_do(
    site: Make, visitor: Make, providers: Providers, https: bool
) -> None:
    shop, anna = site(html(snippets.page()), SERVICES, https=https, guarded=False), visitor()
    with anna.page.expect_request("https://va.tawk.to/**"), anna.page.expect_request("**/tr/?*ev=PageView"):
        anna.page.goto(shop.url("/?fbclid=click"))
    anna.watch.settle(anna.page)

    held: Jar = anna.jar
    own = {cookie["name"] for cookie in held.cookies if "shop.test" in cookie["domain"]}
    twk = "0123456789abcdef01234567"
    assert own == {"_ga", "_ga_FERNHILL01", "_fbp", "_fbc", "TawkConnectionTime", f"twk_uuid_{twk}"}
    assert list(held.local) == [f"twk_token_{twk}"]
    assert [cookie["name"] for cookie in held.cookies if cookie["domain"] == ".facebook.com"] == ["fr"]
    assert providers.hosts == {
        "www.googletagmanager.com",
        "www.google-analytics.com",
        "connect.facebook.net",
        "www.facebook.com",
        "embed.tawk.to",
        "va.tawk.to",
    }
    assert {request.scheme for request in providers.requests} == {"https"}
    assert providers.paths("connect.facebook.net") == ["/en_US/fbevents.js", "/signals/config/1234567890"]
    assert len(anna.watch.to(HOSTS)) == len(providers.requests)


def test_refused_in_names_what_a_policy_forbids(site: Make, visitor: Make, providers: Providers) -> None:
    shop, anna = site(html(snippets.page()), SERVICES, guarded=False), visitor()
    anna.page.goto(shop.url())
    anna.watch.settle(anna.page)

    tawk = ["TawkConnectionTime", *(f"twk_{kind}_0123456789abcdef01234567" for kind in ("token", "uuid"))]
    ga, fb = ["_ga", "_ga_FERNHILL01"], ["_fbp", "fr"]
    assert refused_in(anna.jar, shop.policy) == sorted([*tawk, *ga, *fb])
    assert refused_in(anna.jar, shop.policy, ["functional", "marketing"]) == ga
    assert refused_in(anna.jar, shop.policy, ["functional", "analytics", "marketing"]) == []
    assert refused_in(anna.jar, Policy.from_dict({"guard": {"undeclared": "allow"}})) == []


def test_the_noscript_pixel_is_asked_for_without_javascript(
    site: Make, visitor: Make, providers: Providers
) -> None:
    shop, anna = site(html(snippets.page()), SERVICES, guarded=False), visitor(javascript=False)
    anna.page.goto(shop.url())

    assert [(request.host, request.path) for request in providers.requests] == [("www.facebook.com", "/tr")]


def test_consent_mode_is_obeyed(site: Make, visitor: Make, providers: Providers) -> None:
    default = "<script>window.dataLayer=[];function gtag(){dataLayer.push(arguments)}"
    default += "gtag('consent','default',{ad_storage:'denied',analytics_storage:'denied'})</script>\n"
    shop = site(html(snippets.page(default + snippets.GOOGLE_ANALYTICS)), SERVICES, guarded=False)
    anna = visitor()
    with anna.page.expect_request("**/g/collect?*gcs=G100*"):
        anna.page.goto(shop.url())
    assert anna.jar.names == []

    with anna.page.expect_request("**/g/collect?*gcs=G101*"):
        anna.page.evaluate("gtag('consent', 'update', {analytics_storage: 'granted'})")
    assert anna.jar.names == ["_ga", "_ga_FERNHILL01"]


def test_nothing_else_is_reached(site: Make, visitor: Make) -> None:
    body = snippets.page('<img src="http://example.com/a.gif"><img src="http://192.0.2.1/b.gif">')
    shop, anna = site(html(body), SERVICES, guarded=False), visitor()
    anna.page.goto(shop.url())

    assert {problem for problem in anna.watch.problems if problem.startswith("request")} == {
        "request: http://example.com/a.gif",
        "request: http://192.0.2.1/b.gif",
    }
    assert sum("ERR_NAME_NOT_RESOLVED" in problem for problem in anna.watch.problems) == 2
    anna.watch.tolerate("example.com", "192.0.2.1", "ERR_NAME_NOT_RESOLVED")


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        pytest.param("<script>console.error('so it is')</script>", "console: so it is", id="console"),
        pytest.param("<script>undefined.x</script>", "uncaught: Cannot read", id="uncaught"),
        pytest.param(
            "<meta http-equiv='Content-Security-Policy' content=\"img-src 'self'\"><img src='data:,'>",
            "Content Security Policy",
            id="csp",
        ),
    ],
)
def test_the_watch_sees(site: Make, visitor: Make, head: str, problem: str) -> None:
    shop, anna = site(html(snippets.page(head)), SERVICES, guarded=False), visitor()
    anna.page.goto(shop.url())
    anna.watch.settle(anna.page)

    assert any(problem in seen for seen in anna.watch.problems), anna.watch.problems
    anna.watch.tolerate("")


@pytest.mark.parametrize("https", [False, True], ids=["http", "https"])
def test_cookies_and_headers_as_in_the_world(site: Make, visitor: Make, https: bool) -> None:
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(dict(environ))
        cookies = ("__Host-session=1; Secure; Path=/", "plain=1")
        start_response("200 OK", [*HTML, *(("Set-Cookie", cookie) for cookie in cookies)])
        return [snippets.page("")]

    shop, anna = site(app, SERVICES, https=https, guarded=False), visitor(gpc=True, language="ar")
    anna.page.goto(shop.url())

    assert seen[0]["wsgi.url_scheme"] == shop.scheme
    assert seen[0]["HTTP_SEC_GPC"] == "1"
    assert seen[0]["HTTP_ACCEPT_LANGUAGE"].startswith("ar")
    assert ("HTTP_SEC_FETCH_MODE" in seen[0]) is https
    assert anna.page.evaluate("navigator.globalPrivacyControl") is True
    assert anna.page.evaluate("'cookieStore' in window") is https
    assert anna.jar.names == (["__Host-session", "plain"] if https else ["plain"])


def test_localhost_is_a_secure_context(site: Make, visitor: Make) -> None:
    shop, anna = site(html(snippets.page("")), SERVICES, guarded=False), visitor()
    anna.page.goto(shop.url(host="localhost"))

    assert anna.page.evaluate("isSecureContext && 'cookieStore' in window")


def test_a_cache_keeps_what_it_may_over_https(site: Make, visitor: Make) -> None:
    asked: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        asked.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/":
            return html(snippets.page('<script src="/a.js"></script>'))(environ, start_response)
        kind = [("Content-Type", "text/javascript"), ("Cache-Control", "max-age=3600, immutable")]
        start_response("200 OK", kind)
        return [b"// cached"]

    shop, anna = site(app, SERVICES, https=True, guarded=False), visitor()
    for _ in range(2):
        anna.page.goto(shop.url())

    assert asked == ["/", "/a.js", "/"]


def test_a_visitor_without_cookies(site: Make, visitor: Make) -> None:
    shop = site(responding(*ALL), guarded=False)
    anna = visitor(cookies=False)
    anna.page.goto(shop.url())

    # `navigator.cookieEnabled` stays true.
    assert anna.page.evaluate("(document.cookie = 'a=1', document.cookie)") == ""
    assert anna.page.evaluate(
        "() => { try { return localStorage } catch (error) { return error.name } }"
    ) == ("SecurityError")
    assert anna.jar == Jar([], {}, {})


def test_back_and_forward_come_from_the_cache(site: Make, visitor: Make) -> None:
    shop, anna = site(html(snippets.page("")), SERVICES, guarded=False), visitor()
    anna.page.goto(shop.url("/a"))
    anna.page.evaluate("window.kept = 1")
    anna.page.goto(shop.url("/b"))
    # From the cache a page doesn't load again, which playwright would wait for.
    anna.page.go_back(wait_until="commit")

    assert anna.page.evaluate("[location.pathname, window.kept]") == ["/a", 1]


def test_axe_and_layout_shift_see_what_is_wrong(site: Make, visitor: Make) -> None:
    body = "<h1>A</h1><img src='data:,'><p style='color:#ccc'>pale</p>"
    body += "<script>setTimeout(()=>document.querySelector('h1').style.marginTop='99px',200)</script>"
    shop, anna = site(html(snippets.page("", body)), SERVICES, guarded=False), visitor()
    anna.page.goto(shop.url())

    assert [found.partition(":")[0] for found in axe(anna.page)] == ["color-contrast", "image-alt"]
    anna.page.wait_for_timeout(300)
    assert layout_shift(anna.page) > 0
