"""The example sites as visitors meet them: undecided, refusing, accepting, withdrawing."""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from wsgiref.validate import validator

import pytest
from webtest import TestApp as App

from cookieguard import CookieGuard, Policy

EXAMPLES = Path(__file__).parents[1] / "examples"
ORIGIN = {"Origin": "http://localhost:80"}
PAGE = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}

BEFORE = datetime(2026, 12, 1, 12, tzinfo=UTC)
EVE = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)
EFFECTIVE = datetime(2027, 2, 1, tzinfo=UTC)


def load(path: str) -> ModuleType:
    """Import an example by its file, as if it were run from there."""
    name = "example_" + path.removesuffix(".py").replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def django_app() -> Iterator[Any]:
    # Another test may have configured Django's settings, of which a process has one set.
    from django import conf

    from cookieguard.django.conf import configuration

    others = conf.settings._wrapped
    conf.settings._wrapped = conf.empty
    configuration.cache_clear()
    yield load("django_app.py").app
    conf.settings._wrapped = others
    configuration.cache_clear()


class Clock:
    """Stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now.timestamp()


def site(name: str, now: datetime = BEFORE, **options: Any) -> App:
    return App(validator(load(f"{name}/app.py").make_app(clock=Clock(now), **options)))


def choose(app: App, choice: str, accept: tuple[str, ...] = ()) -> Any:
    """Decide on the settings page, by its buttons."""
    form = app.get("/privacy-choices", headers=PAGE).form
    for box in form.fields.get("accept", ()):
        box.checked = box._value in accept
    return form.submit("choice", value=choice, headers=ORIGIN)


def set_names(response: Any) -> set[str]:
    """Names that a response sets, deletions left out."""
    lines = [line for line in response.headers.getall("Set-Cookie") if "1970" not in line]
    return {line.partition("=")[0].strip() for line in lines}


def walk(app: App, name: str) -> set[str]:
    """Go to every corner of a site; return the names of all cookies that left it."""
    return {cookie for method, path in WALKS[name] for cookie in set_names(_go(app, method, path))}


def _go(app: App, method: str, path: str) -> Any:
    response = app.request(path, method=method, headers=PAGE)
    assert response.status_int in (200, 303)
    return response


WALKS = {
    "ad_partners": (("GET", "/"), ("POST", "/log-in"), ("GET", "/account"), ("GET", "/shop"), ("GET", "/support")),
    "portal": (("GET", "/"), ("POST", "/log-in"), ("GET", "/account")),
    "hosting": (("GET", "/"), ("GET", "/aff?aff=12"), ("GET", "/link?id=3"), ("GET", "/order")),
}  # fmt: skip


class Named(NamedTuple):
    """A system that a site's document names: what it sets there, and what the page must say of it."""

    site: str
    provider: str
    cookie: str
    declared: str
    category: str
    purpose: str
    lifetime: str
    opt_out: str | None = None


NAI = "https://optout.networkadvertising.org/"
GOOGLE = "https://tools.google.com/dlpage/gaoptout"
SESSION = "until you close the browser"

# fmt: off
SYSTEMS = [
    Named("ad_partners", "Google Analytics", "_ga", "_ga", "analytics", "Tells visitors apart", "2 years", GOOGLE),
    Named("ad_partners", "Google Analytics", "_ga_FERNHILL01", "_ga_*", "analytics", "your visits", "2 years", GOOGLE),
    Named("ad_partners", "Google Analytics", "_gid", "_gid", "analytics", "for a day", "24 hours", GOOGLE),
    Named("ad_partners", "Optimizely", "optimizelyEndUserId", "optimizelyEndUserId", "analytics",
          "same version in a test", "6 months", "https://www.optimizely.com/legal/opt-out/"),
    Named("ad_partners", "New Relic", "NREUM", "NREUM", "analytics", "Times how long", SESSION),
    Named("ad_partners", "Example Chat", "support_chat", "support_chat", "functional", "go on chatting", SESSION),
    Named("ad_partners", "Google Ads", "_gcl_au", "_gcl_au", "marketing", "advertisement", "90 days",
          "https://adssettings.google.com/"),
    Named("ad_partners", "AppNexus", "uuid2", "uuid2", "marketing", "under which AppNexus", "90 days", NAI),
    Named("ad_partners", "Nanigans", "nanigans_visitor", "nanigans_visitor", "marketing", "under which Nanigans",
          "90 days", NAI),
    Named("ad_partners", "Facebook", "_fbp", "_fbp", "marketing", "advertisements on Facebook", "90 days",
          "https://www.facebook.com/settings?tab=ads"),
    Named("ad_partners", "X (Twitter)", "_twclid", "_twclid", "marketing", "an advertisement on X", "30 days",
          "https://x.com/settings/account/personalization"),
    Named("portal", "Google Analytics", "_ga", "_ga", "analytics", "Tells visitors apart", "2 years", GOOGLE),
    Named("portal", "Google Analytics", "_ga_PORTAL01", "_ga_*", "analytics", "your visits", "2 years", GOOGLE),
    Named("portal", "Google Analytics", "_gid", "_gid", "analytics", "for a day", "24 hours", GOOGLE),
    Named("portal", "Google Tag Manager", "_dc_gtm_UA-250612-1", "_dc_gtm_*", "analytics",
          "through Google Tag Manager", "1 minute"),
    Named("portal", "SmartChat", "smartchat_visitor", "smartchat_visitor", "functional", "in the chat", SESSION),
    Named("hosting", "tawk.to", "twk_uuid_5f1e7a2b", "twk_uuid_*", "functional", "your conversation goes on",
          "6 months"),
    Named("hosting", "tawk.to", "twk_idm_key", "twk_idm_key", "functional", "between pages", SESSION),
    Named("hosting", "tawk.to", "TawkConnectionTime", "TawkConnectionTime", "functional", "several tabs", SESSION),
    Named("hosting", "Google Analytics", "_ga", "_ga", "analytics", "Tells visitors apart", "2 years", GOOGLE),
    Named("hosting", "Google Analytics", "_ga_NORTHPEAK1", "_ga_*", "analytics", "your visits", "2 years", GOOGLE),
    Named("hosting", "Google Analytics", "_gid", "_gid", "analytics", "for a day", "24 hours", GOOGLE),
    Named("hosting", "WHMCS", "WHMCSAffiliateID", "WHMCSAffiliateID", "marketing", "which partner sent you",
          "90 days"),
    Named("hosting", "WHMCS", "WHMCSLinkID", "WHMCSLinkID", "analytics", "which link brought you", "90 days"),
]
# fmt: on
ESSENTIAL = {"ad_partners": {"login_session"}, "portal": {"session_id"}, "hosting": set()}
SITES = [pytest.param(name, id=name) for name in WALKS]
EACH = [pytest.param(system, id=f"{system.site}-{system.cookie}") for system in SYSTEMS]


# The three states, over a whole site.


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("decide", [None, "none"], ids=["undecided", "refused"])
def test_only_essential_cookies_leave(name: str, decide: str | None) -> None:
    app = site(name)
    if decide:
        assert set_names(choose(app, decide)) == {"cookieguard"}
    assert walk(app, name) == ESSENTIAL[name]
    assert set(app.cookies) == ESSENTIAL[name] | ({"cookieguard"} if decide else set())


@pytest.mark.parametrize("name", SITES)
def test_accepted_cookies_leave_as_the_site_wrote_them(name: str) -> None:
    app = site(name)
    choose(app, "all")
    module = sys.modules[f"example_{name}_app"]
    sent = [
        line for method, path in WALKS[name] for line in _go(app, method, path).headers.getall("Set-Cookie")
    ]
    assert {line.partition("=")[0] for line in sent} >= {s.cookie for s in SYSTEMS if s.site == name}
    written = {*module.STATISTICS, *module.CHAT, *getattr(module, "ADVERTISING", ())}
    undeclared = {line for line in written if line.startswith("support_chat_visitor=")}
    assert written - undeclared <= set(sent)
    assert undeclared.isdisjoint(sent)


@pytest.mark.parametrize("name", SITES)
def test_withdrawing_leaves_what_is_essential_somewhere(name: str) -> None:
    app = site(name)
    choose(app, "all")
    walk(app, name)
    choose(app, "none")
    kept = {"hosting": {"WHMCSInstanceID"}}.get(name, set())
    assert set(app.cookies) == ESSENTIAL[name] | kept | {"cookieguard"}


@pytest.mark.parametrize("name", SITES)
def test_no_example_policy_warns(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "cookieguard"):
        site(name)
    assert caplog.messages == []


# Each system, by itself.


@pytest.mark.parametrize("system", EACH)
def test_a_system_waits_for_its_category_and_goes_with_it(system: Named) -> None:
    app = site(system.site)
    assert system.cookie not in walk(app, system.site)

    choose(app, "some", accept=(system.category,))
    assert system.cookie in walk(app, system.site)
    assert system.cookie in app.cookies

    withdrawn = choose(app, "none")
    assert any(
        line.startswith(f"{system.cookie}=;") and "1970" in line
        for line in withdrawn.headers.getall("Set-Cookie")
    )
    assert system.cookie not in app.cookies
    assert system.cookie not in walk(app, system.site)


@pytest.mark.parametrize("system", EACH)
def test_the_page_says_what_a_system_does(system: Named) -> None:
    html = site(system.site).get("/privacy-choices", headers=PAGE).html
    (row,) = [
        row
        for row in html.select(f"section[aria-labelledby=cg-{system.category}] .cg-cookie")
        if row.dt.get_text(strip=True) == system.declared and "third party" not in row.get_text()
    ]
    facts = {
        fact.select_one(".cg-key").get_text().rstrip(":"): " ".join(fact.get_text().split())
        for fact in row.select("dd")
    }
    assert system.purpose in facts["Purpose"]
    assert facts["Provider"].startswith(f"Provider: {system.provider}")
    assert facts["Kept for"] == f"Kept for: {system.lifetime}"
    assert "first party" in facts["Set by"]
    links = [link["href"] for link in row.select("a") if link.get_text() == "Opt out"]
    assert links == ([system.opt_out] if system.opt_out else [])


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        pytest.param("uuid2", "adnxs.com", id="appnexus"),
        pytest.param("IDE", "doubleclick.net", id="google"),
        pytest.param("any name", "nanigans.com", id="nanigans"),
        pytest.param("fr", "facebook.com", id="facebook"),
        pytest.param("personalization_id", "twitter.com", id="twitter"),
        pytest.param("JSESSIONID", "nr-data.net", id="new-relic"),
    ],
)
def test_the_page_names_what_partners_set_on_their_own_domains(name: str, domain: str) -> None:
    html = site("ad_partners").get("/privacy-choices", headers=PAGE).html
    rows = [row.get_text() for row in html.select(".cg-cookie") if row.dt.get_text(strip=True) == name]
    assert any(f"{domain} (third party)" in row for row in rows)


@pytest.mark.parametrize("name", SITES)
def test_the_page_speaks_german_throughout(name: str) -> None:
    html = site(name).get("/privacy-choices?lang=de", headers=PAGE).html
    assert html.html["lang"] == "de"
    # Where a wording is missing, another language's is shown and marked as such.
    assert [span.get_text() for span in html.select("main span[lang]")] == []


# The site with ad partners: its categories, and the change that it announces.


def test_the_shop_calls_its_categories_as_its_document_does() -> None:
    html = site("ad_partners").get("/privacy-choices", headers=PAGE).html
    assert [title.get_text() for title in html.select(".cg-category h3")] == [
        "Essential cookies",
        "Functional cookies",
        "Analytical cookies",
        "Targeting and advertising cookies",
    ]


def test_logging_in_and_out_needs_no_consent() -> None:
    app = site("ad_partners")
    assert "You are logged in." in app.post("/log-in").follow()
    assert "You are not logged in." in app.post("/log-out").follow()
    assert "login_session" not in app.cookies


@pytest.mark.parametrize(
    ("language", "heading", "summary"),
    [
        pytest.param(
            "en", "in force from February 1, 2027", "will recognise you when you come back", id="en"
        ),
        pytest.param("de", "gültig ab 1. Februar 2027", "wird Sie wiedererkennen", id="de"),
    ],
)
def test_a_change_is_announced_with_its_date(language: str, heading: str, summary: str) -> None:
    announced = site("ad_partners", EVE).get(f"/privacy-choices?lang={language}", headers=PAGE)
    section = announced.html.select_one(".cg-announcement").get_text()
    assert heading in section
    assert summary in section


def test_from_its_date_on_the_change_is_in_force_and_asked() -> None:
    clock = Clock(EVE)
    app = App(validator(load("ad_partners/app.py").make_app(clock=clock)))
    choose(app, "all")
    walk(app, "ad_partners")
    assert "support_chat" in app.cookies
    assert "support_chat_visitor" not in app.cookies

    clock.now = EFFECTIVE
    state = app.get("/privacy-choices", headers=JSON).json
    assert state["undecided"] == ["functional"]
    assert walk(app, "ad_partners") >= {"_ga", "_fbp"}
    assert not {"support_chat", "support_chat_visitor"} & set(app.cookies)
    page = app.get("/privacy-choices", headers=PAGE)
    assert page.html.select_one(".cg-announcement") is None
    assert "support_chat_visitor" in page

    choose(app, "all")
    assert walk(app, "ad_partners") >= {"support_chat", "support_chat_visitor", "_ga", "_fbp"}


def test_who_refused_before_the_change_stays_refused_and_is_asked() -> None:
    clock = Clock(EVE)
    app = App(validator(load("ad_partners/app.py").make_app(clock=clock)))
    choose(app, "none")
    clock.now = EFFECTIVE
    assert walk(app, "ad_partners") == {"login_session"}
    assert app.get("/privacy-choices", headers=JSON).json["undecided"] == ["functional"]


CHAT = "http://localhost:8001"


def test_the_chats_script_is_held_by_its_host_and_the_sites_own_by_its_mark() -> None:
    html = site("ad_partners", chat=CHAT).get("/").html
    assert [script for script in html.select("script") if CHAT in script.get("src", "")] == []
    (held,) = [script for script in html.select("script") if f"{CHAT}/chat.js" in script.attrs.values()]
    assert held.find_previous("p")["id"] == "chat"
    (gated,) = html.select("script[data-cookieguard]")
    assert (gated["type"], gated["data-cookieguard"]) == ("text/plain", "analytics")


def test_without_an_address_the_shop_has_no_chat() -> None:
    assert site("ad_partners").get("/").html.select_one("#chat") is None


@pytest.mark.parametrize("now", [pytest.param(EVE, id="before"), pytest.param(EFFECTIVE, id="announced")])
def test_the_table_knows_the_category_of_all_that_the_shop_stores(now: datetime) -> None:
    html = site("ad_partners", now).get("/").html
    categories = json.loads(html.select_one("#held")["data-categories"])
    assert {system.cookie for system in SYSTEMS if system.site == "ad_partners"} < categories.keys()
    assert categories["visits"] == categories["_ga"] == "analytics"
    assert categories["support_chat_messages"] == categories["support_chat"] == "functional"
    assert categories["support_chat_visitor"] == (None if now == EVE else "functional")


@pytest.mark.parametrize("path", ["/", "/shop", "/support", "/account", "/nowhere"])
def test_the_shop_runs_under_a_strict_content_security_policy(path: str) -> None:
    response = site("ad_partners", chat=CHAT).get(path, status="*")
    assert response.headers["Content-Security-Policy"] == f"default-src 'self'; script-src 'self' {CHAT}"
    html = response.html
    assert html.select("style, [style]") == []
    assert [script for script in html.select("script") if script.get_text(strip=True)] == []


@pytest.mark.parametrize("name", SITES)
def test_the_pages_files_are_there_and_set_no_cookie(name: str) -> None:
    app = site(name)
    html = app.get("/").html
    links = [link["href"] for link in html.select("link")]
    links += [script["src"] for script in html.select("script[src]")]
    assert "/shared/page.css" in links
    for link in links:
        response = app.get(link)
        assert response.body
        assert response.headers.getall("Set-Cookie") == []


# The portal: nobody logs in without cookies.


def test_the_session_id_ends_after_six_hours() -> None:
    lines = site("portal").get("/").headers.getall("Set-Cookie")
    assert [line.split("; ")[1:] for line in lines] == [
        ["Path=/", "Max-Age=21600", "HttpOnly", "SameSite=Lax"]
    ]


def test_a_longer_session_than_the_portal_declares_is_cut() -> None:
    module = load("portal/app.py")
    module.SIX_HOURS = 24 * 60 * 60
    (line,) = App(validator(module.make_app())).get("/").headers.getall("Set-Cookie")
    assert "Max-Age=21600;" in line


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("/account", "you can't log in", id="log-in"),
        pytest.param("/privacy-choices", "Logging in is impossible without cookies", id="settings"),
        pytest.param("/privacy-choices?lang=de", "Ohne Cookies ist keine Anmeldung möglich", id="german"),
    ],
)
def test_the_portal_says_that_logging_in_needs_cookies(path: str, text: str) -> None:
    page = site("portal").get(path, headers=PAGE)
    assert text in page.html.get_text()


def test_who_refuses_all_else_can_log_in_but_not_without_the_session_id() -> None:
    app = site("portal")
    choose(app, "none")
    app.get("/account")
    assert "You are logged in." in app.post("/log-in").follow()
    app.reset()
    assert "You can't log in" in app.post("/log-in", status=403).html.get_text()


# The hosting company: WHMCS's cookies are essential in the customer area only.


@pytest.mark.parametrize("decide", [None, "none"], ids=["undecided", "refused"])
def test_the_customer_area_works_without_consent(decide: str | None) -> None:
    app = site("hosting")
    if decide:
        choose(app, decide)
    assert "You are logged in." in app.post("/clientarea/login").follow()
    assert "WHMCSUser" not in app.cookies
    # No other cookie comes with it, and a page elsewhere takes it away from nobody.
    app.get("/order", headers=PAGE)
    assert set(app.cookies) - {"cookieguard"} == {"WHMCSInstanceID"}
    assert "You are logged in." in app.get("/clientarea")


def test_who_asks_to_be_remembered_is_for_a_year_or_until_logout() -> None:
    app = site("hosting")
    choose(app, "none")
    form = app.get("/clientarea").form
    form["remember"] = True
    lines = form.submit().headers.getall("Set-Cookie")
    (line,) = [line for line in lines if line.startswith("WHMCSUser=")]
    assert "Max-Age=31536000" in line

    app.cookiejar.clear_session_cookies()
    assert "You are logged in." in app.get("/clientarea", headers=PAGE)
    assert "You are not" not in app.post("/clientarea/logout").follow()
    assert "WHMCSUser" not in app.cookies


@pytest.mark.parametrize(
    ("path", "leaves"),
    [
        pytest.param("/clientarea/login", True, id="in-the-area"),
        pytest.param("/order", False, id="elsewhere"),
        pytest.param("/clientareas", False, id="another-segment"),
        pytest.param("/CLIENTAREA/login", False, id="other-case"),
        pytest.param("/x/../clientarea", False, id="dot-segments"),
        pytest.param("/clientarea//login", False, id="empty-segment"),
    ],
)
def test_essential_is_the_customer_areas_path_alone(path: str, leaves: bool) -> None:
    def whmcs(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        start_response(
            "200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "WHMCSInstanceID=7; Path=/")]
        )
        return [b""]

    policy = Policy.from_file(EXAMPLES / "hosting/cookies.toml")
    guarded = CookieGuard(whmcs, policy, secret_key="sixteen bytes or more")
    response = App(validator(guarded)).get("/", extra_environ={"PATH_INFO": path})
    assert set_names(response) == ({"WHMCSInstanceID"} if leaves else set())


def test_a_session_elsewhere_waits_for_functional_cookies() -> None:
    app = site("hosting")
    choose(app, "some", accept=("functional",))
    assert "WHMCSInstanceID" in walk(app, "hosting")


def test_redirects_of_partners_and_links_are_guarded_too() -> None:
    app = site("hosting")
    for path in ("/aff?aff=12", "/link?id=3"):
        response = app.get(path, status=303)
        assert response.headers.getall("Set-Cookie") == []


# One line around plain WSGI, Flask and Django.


@pytest.fixture(params=["plain", "flask", "django"])
def framework(request: pytest.FixtureRequest) -> Iterator[tuple[App, set[str]]]:
    name = request.param
    if name == "django":
        yield App(validator(request.getfixturevalue("django_app"))), {"sessionid", "csrftoken"}
    else:
        file = {"plain": "plain_wsgi.py", "flask": "flask_app.py"}[name]
        yield App(validator(load(file).app)), {"session"}


def test_a_framework_in_one_line(framework: tuple[App, set[str]]) -> None:
    app, essential = framework
    assert set_names(app.get("/", headers=PAGE)) == essential

    choose(app, "none")
    assert set_names(app.get("/", headers=PAGE)) == essential

    choose(app, "some", accept=("analytics",))
    assert set_names(app.get("/", headers=PAGE)) == essential | {"_ga"}

    choose(app, "all")
    assert set_names(app.get("/", headers=PAGE)) == essential | {"_ga", "theme"}

    choose(app, "none")
    assert set(app.cookies) == essential | {"cookieguard"}


def test_each_example_page_leads_to_the_settings(framework: tuple[App, set[str]]) -> None:
    app, _ = framework
    assert (
        app.get("/", headers=PAGE).click("Cookie settings", index=0).html.h1.get_text() == "Cookies on Hello"
    )


@pytest.mark.parametrize("name", SITES)
def test_each_site_page_leads_to_the_settings(name: str) -> None:
    app = site(name)
    for method, path in WALKS[name]:
        page = _go(app, method, path)
        if page.status_int == 200:
            assert page.click("Cookie settings", index=0).status_int == 200


@pytest.mark.parametrize(
    "file",
    # Those of examples/serving are a server's, and tried in test_serving_examples.py.
    sorted(file for file in EXAMPLES.rglob("*.toml") if file.parent.name != "serving"),
    ids=lambda file: str(file.relative_to(EXAMPLES)),
)
def test_each_policy_file_is_dated_and_says_whom_to_ask(file: Path) -> None:
    site = Policy.from_file(file).site
    assert site.name
    assert site.updated
    assert site.contact.startswith("privacy@")
    assert site.languages == ("en", "de")
