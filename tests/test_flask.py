"""The Flask extension: the contract, the app's own cookies, its configuration, views and templates."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import flask_login
import pytest
from asking import ask
from contract import CASES, HOST, POLICY, SECRET, Case
from contract import app as contract_app
from werkzeug.test import Client

from cookieguard import ConfigurationError, NoGuard, Policy, PolicyError, UnknownCategory
from cookieguard import CookieGuard as WSGIGuard
from cookieguard.flask import CookieGuard, cookie_consent, current_visit, requires_consent
from cookieguard.testing import consent_cookie

NAVIGATION = {"Accept": "text/html"}
COUNTER = {"name": "_ga", "category": "analytics", "purpose": "Counts visits.", "lifetime": "1 day"}
SITE = {"cookies": [COUNTER], "site": {"languages": ["en"]}}


def make(policy: Any = SITE, **config: Any) -> flask.Flask:
    """Make an app with one page that sets an essential, an optional and an undeclared cookie."""
    app = flask.Flask("shop")
    app.config.update({"SECRET_KEY": SECRET, "COOKIEGUARD_POLICY": policy, **config})

    @app.get("/")
    def home() -> flask.Response:
        flask.session["seen"] = True
        response = flask.make_response(
            flask.render_template_string("{{ cookie_consent.allows('analytics') }}")
        )
        response.set_cookie("_ga", "1")
        response.set_cookie("unheard-of", "1")
        return response

    return app


def guarded(policy: Any = SITE, **config: Any) -> flask.Flask:
    app = make(policy, **config)
    CookieGuard(app)
    return app


def set_names(response: Any) -> list[str]:
    return [line.partition("=")[0] for line in response.headers.getlist("Set-Cookie")]


def accepting(app: flask.Flask, *categories: str) -> Any:
    client = app.test_client()
    client.set_cookie(*consent_cookie(app.extensions["cookieguard"].policy, SECRET, categories))
    return client


# The contract


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_contract_in_place_of_the_apps_own_wsgi(case: Case) -> None:
    app = make(POLICY)
    app.wsgi_app = contract_app  # type: ignore[method-assign]
    CookieGuard().init_app(app)

    case.check(ask(app, case.path, method=case.method, headers=case.request_headers()))


# Flask gives 204 a Content-Type, and knows no write callable and no second start.
NO_VIEW = ("no-content", "write-callable", "exc-info-before-the-body")
THROUGH_VIEWS = [case for case in CASES if case.id not in NO_VIEW]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in THROUGH_VIEWS])
def test_contract_through_a_view(case: Case) -> None:
    app = make(POLICY)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"], endpoint="all")
    @app.route("/<path:path>", methods=["GET", "POST"], endpoint="all")
    def serve(path: str) -> flask.Response:
        return flask.Response.from_app(contract_app, flask.request.environ)

    app.view_functions["home"] = lambda: serve("")
    CookieGuard(app)
    case.check(ask(app, case.path, method=case.method, headers=case.request_headers()))


# The app's own cookies


def test_the_session_passes_and_nothing_optional_does() -> None:
    response = guarded().test_client().get("/")

    assert set_names(response) == ["session"]
    assert response.text == "False"


def test_who_accepted_gets_the_optional_cookies() -> None:
    response = accepting(guarded(), "analytics").get("/")

    assert sorted(set_names(response)) == ["_ga", "session"]
    assert response.text == "True"
    assert "Cookie" in response.headers["Vary"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_session_has_the_name_that_the_app_gives_it(when: str) -> None:
    app = make()
    if when == "before":
        app.config["SESSION_COOKIE_NAME"] = "basket"
    guard = CookieGuard()
    guard.init_app(app)
    app.config["SESSION_COOKIE_NAME"] = "basket"

    assert set_names(app.test_client().get("/")) == ["basket"]


def with_login(app: flask.Flask) -> flask.Flask:
    manager = flask_login.LoginManager(app)
    manager.user_loader(lambda name: User())

    @app.get("/login")
    def login() -> str:
        flask_login.login_user(User(), remember=True)
        return "ok"

    return app


class User(flask_login.UserMixin):
    id = "ann"


@pytest.mark.parametrize("order", ["login first", "guard first"])
@pytest.mark.parametrize("name", ["remember_token", "stay"])
def test_flask_logins_remember_cookie_is_functional(order: str, name: str) -> None:
    app = make(REMEMBER_COOKIE_NAME=name)
    if order == "login first":
        with_login(app)
        CookieGuard(app)
    else:
        CookieGuard(app)
        with_login(app)

    assert set_names(app.test_client().get("/login")) == ["session"]
    assert sorted(set_names(accepting(app, "functional").get("/login"))) == sorted([name, "session"])


def test_without_flask_login_nothing_functional_is_asked() -> None:
    assert [category.id for category in guarded().extensions["cookieguard"].policy.optional] == ["analytics"]


def test_the_page_shows_them_with_the_apps_own_lifetimes() -> None:
    app = with_login(make(SESSION_COOKIE_NAME="basket", PERMANENT_SESSION_LIFETIME=3600))
    CookieGuard(app)
    page = app.test_client().get("/privacy-choices/policy", headers=NAVIGATION).text

    assert "basket" in page and "1 hour" in page
    assert "remember_token" in page and "365 days" in page


def test_the_sites_own_declaration_stands() -> None:
    mine = {"name": "session", "category": "analytics", "purpose": "Counts.", "lifetime": "session"}
    policy = guarded({"cookies": [mine]}).extensions["cookieguard"].policy

    assert [cookie.category for cookie in policy.declarations if cookie.name == "session"] == ["analytics"]


def test_a_pattern_that_swallows_the_session_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "cookies.toml"
    file.write_text(
        '[[cookies]]\nname = "sess*"\ncategory = "analytics"\npurpose = "Counts."\nlifetime = "1 day"\n'
    )
    with pytest.raises(PolicyError, match=r"cookies\.toml:1: error cookieguard\.E129"):
        guarded(file)


# Configuration


def test_a_policy_beside_the_app_needs_no_word(tmp_path: Path) -> None:
    (tmp_path / "cookies.toml").write_text('use = ["google-analytics"]')
    app = flask.Flask("shop", root_path=str(tmp_path))
    app.config["SECRET_KEY"] = SECRET
    CookieGuard(app)

    assert "analytics" in app.extensions["cookieguard"].policy.categories
    assert app.test_client().get("/privacy-choices").status_code == 200


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param(
            {"COOKIEGUARD_POLICI": "x"},
            r"E041: unknown setting COOKIEGUARD_POLICI; did you mean 'COOKIEGUARD_POLICY'\?",
            id="unknown",
        ),
        pytest.param(
            {"COOKIEGUARD_X": 1}, "use one of COOKIEGUARD_OVERRIDE, COOKIEGUARD_PO", id="unlike any"
        ),
        pytest.param(
            {"COOKIEGUARD_MODE": "report"},
            r"E041: unknown setting COOKIEGUARD_MODE; set the environment variable .*, or \[guard\] mode in",
            id="mode",
        ),
        pytest.param({"COOKIEGUARD_POLICY": "nowhere.toml"}, r"E101.*|nowhere\.toml", id="wrong path"),
        pytest.param({"COOKIEGUARD_POLICY": 7}, "E043: COOKIEGUARD_POLICY is int", id="no path"),
        pytest.param({"COOKIEGUARD_POLICY": {"cookeis": []}}, "E103", id="mistake in the policy"),
        pytest.param({"SECRET_KEY": "dev"}, "E003: SECRET_KEY is 3 bytes long", id="weak secret"),
        pytest.param(
            {"SECRET_KEY_FALLBACKS": [SECRET, b"dev"]},
            "E003: a key of SECRET_KEY_FALLBACKS is 3 bytes",
            id="weak fallback",
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": "dev"},
            "E003: COOKIEGUARD_SECRET_KEY is 3 bytes",
            id="weak secret of our own",
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": [SECRET, "dev"]},
            "E003: a key of COOKIEGUARD_SECRET_KEY is 3 bytes",
            id="weak secret of several",
        ),
        pytest.param(
            {"SECRET_KEY": 12345678901234567890}, "E002: SECRET_KEY is int; give", id="digits alone"
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": 7}, "E002: COOKIEGUARD_SECRET_KEY is int; give", id="a number"
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": [SECRET, 7]},
            "E002: a key of COOKIEGUARD_SECRET_KEY is int; give",
            id="a number among several",
        ),
        pytest.param(
            {"COOKIEGUARD_SECRET_KEY": []}, "E002: COOKIEGUARD_SECRET_KEY is an empty", id="empty list"
        ),
        pytest.param({"COOKIEGUARD_TEMPLATES": "nowhere"}, "E008", id="templates"),
        pytest.param({"COOKIEGUARD_OVERRIDE": "nothing"}, "E007", id="override"),
        pytest.param({"SESSION_COOKIE_NAME": "cookieguard"}, "E109", id="our own name"),
    ],
)
def test_a_mistake_shows_at_start(config: dict[str, Any], says: str) -> None:
    app = make(**config)
    with pytest.raises(ConfigurationError, match=says):
        CookieGuard(app)


def test_a_secret_may_come_after_init_app() -> None:
    app = make(SECRET_KEY=None)
    CookieGuard(app)
    app.config["SECRET_KEY"] = SECRET

    assert set_names(accepting(app, "analytics").get("/")).count("_ga") == 1


def test_without_a_secret_no_request_is_served_unguarded(caplog: pytest.LogCaptureFixture) -> None:
    app = make(SECRET_KEY=None)
    CookieGuard(app)
    assert "W314: the app 'shop' has no secret" in caplog.text
    with pytest.raises(ConfigurationError, match=r"E046: the app 'shop' has no secret.*set SECRET_KEY or"):
        app.test_client().get("/")


def test_what_is_set_too_late_is_named() -> None:
    app = guarded()
    app.config["COOKIEGUARD_TEMPLATES"] = "templates"
    with pytest.raises(ConfigurationError, match="E045: COOKIEGUARD_TEMPLATES was set after init_app"):
        app.test_client().get("/")


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"SECRET_KEY_FALLBACKS": [SECRET]}, id="fallbacks"),
        pytest.param({"COOKIEGUARD_SECRET_KEY": [SECRET, "the newest key there is"]}, id="our own"),
    ],
)
def test_old_keys_still_count_and_the_newest_signs(config: dict[str, Any]) -> None:
    newest = "the newest key there is"
    app = guarded(SECRET_KEY=newest, **config)
    client = accepting(app, "marketing")
    app.view_functions["home"] = lambda: str(current_visit.grant(["analytics"]))
    (written,) = client.get("/").headers.getlist("Set-Cookie")

    # What was signed with the old key came along.
    assert "+marketing" in written
    for keys, accepted in ((newest, True), (SECRET, False)):
        other = guarded(SECRET_KEY=keys).test_client()
        name, value = written.partition(";")[0].split("=", 1)
        other.set_cookie(name, value)
        assert (other.get("/").text == "True") is accepted


def test_init_app_twice_is_refused() -> None:
    app = make()
    guard = CookieGuard(app)
    with pytest.raises(ConfigurationError, match="E044: the app 'shop' has its guard already"):
        guard.init_app(app)


def test_two_guards_are_refused_whichever_stands_outside() -> None:
    app = make()
    app.wsgi_app = WSGIGuard(app.wsgi_app, Policy.from_dict(SITE), secret_key=SECRET)  # type: ignore[method-assign]
    with pytest.raises(ConfigurationError, match="E006"):
        CookieGuard(app)
    with pytest.raises(ConfigurationError, match="E006"):
        WSGIGuard(guarded(), Policy.from_dict(SITE), secret_key=SECRET)


def test_one_extension_serves_several_apps() -> None:
    guard, first, second = CookieGuard(), make(), make({"guard": {"mount": "/cookies"}})
    guard.init_app(first)
    guard.init_app(second)

    assert first.test_client().get("/cookies").status_code == 404
    assert second.test_client().get("/cookies").status_code == 200


def test_warnings_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    cookie = {"name": "theme", "category": "functional", "lifetime": "1 day"}
    with caplog.at_level(logging.WARNING, "cookieguard"):
        guarded({"cookies": [cookie]}).test_client().get("/")

    assert [record.message.count("W202") for record in caplog.records] == [1]


# Views and templates


def test_the_preferences_have_an_address() -> None:
    app = guarded()
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/shop"}):
        assert flask.url_for("cookieguard.preferences") == "/shop/privacy-choices"
        assert flask.url_for("cookieguard.policy") == "/shop/privacy-choices/policy"
    with app.test_request_context("/"):
        assert app.test_client().get(flask.url_for("cookieguard.preferences")).status_code == 200


def by_host() -> flask.Flask:
    app = flask.Flask("shop", host_matching=True, static_host="shop.example")
    for host in ("shop.example", "<language>.shop.example", "other.example:8000"):
        app.add_url_rule("/", host, links, host=host)
        app.add_url_rule("/reports", f"{host}/reports", requires_consent("analytics")(links), host=host)
    return app


def by_subdomain() -> flask.Flask:
    app = flask.Flask("shop", subdomain_matching=True)
    app.config["SERVER_NAME"] = "shop.example"
    for subdomain in ("", "<language>"):
        app.add_url_rule("/", f"{subdomain}/", links, subdomain=subdomain)
        reports = requires_consent("analytics")(links)
        app.add_url_rule("/reports", f"{subdomain}/reports", reports, subdomain=subdomain)
    return app


def links(language: str = "") -> list[str]:
    own = [flask.url_for("cookieguard.preferences", next="/"), flask.url_for("cookieguard.policy")]
    return [*own, flask.url_for("cookieguard.policy", _external=True)]


@pytest.mark.parametrize(
    ("app", "host"),
    [
        pytest.param(by_host, "shop.example", id="by host"),
        pytest.param(by_host, "de.shop.example", id="by host, a part of it"),
        pytest.param(by_host, "other.example:8000", id="by host, with a port"),
        pytest.param(by_subdomain, "shop.example", id="by subdomain, none"),
        pytest.param(by_subdomain, "de.shop.example", id="by subdomain"),
    ],
)
def test_where_pages_are_told_apart_by_host_a_visitor_stays_at_hers(
    app: Callable[[], flask.Flask], host: str
) -> None:
    site = app()
    site.config.update(SECRET_KEY=SECRET, COOKIEGUARD_POLICY=SITE)
    CookieGuard(site)
    client, base, mount = site.test_client(), f"https://{host}/", "/privacy-choices"

    shown = client.get("/", base_url=base).json
    assert shown == [f"{mount}?next=/", f"{mount}/policy", f"https://{host}{mount}/policy"]
    refused = client.get("/reports", base_url=base, headers=NAVIGATION)
    assert (refused.status_code, refused.location) == (303, f"{mount}?next=/reports")
    digests = client.get(mount, base_url=base, headers={"Accept": "application/json"}).json["categories"]
    choice = {"accept": ["analytics"], "digests": {id: each["digest"] for id, each in digests.items()}}
    decided = client.post(mount, base_url=base, json=choice, headers={"Origin": f"https://{host}"})
    assert set_names(decided) == ["__Host-cookieguard"]
    assert client.get("/reports", base_url=base).status_code == 200


def test_by_host_an_address_without_a_visitor_is_that_of_the_server_name() -> None:
    for site in (by_host(), by_subdomain()):
        site.config.update(SECRET_KEY=SECRET, COOKIEGUARD_POLICY=SITE, SERVER_NAME="shop.example")
        CookieGuard(site)
        with site.app_context():
            assert flask.url_for("cookieguard.policy") == "http://shop.example/privacy-choices/policy"


def test_without_a_visitor_nothing_is_decided() -> None:
    with guarded().test_request_context("/"):
        assert not cookie_consent.allows("analytics")
        assert cookie_consent.undecided == ("analytics",)
    with guarded().app_context():
        assert cookie_consent.allows("essential")
    with make().test_request_context("/"), pytest.raises(NoGuard):
        _ = cookie_consent.undecided


def test_a_page_that_asks_nothing_does_not_vary() -> None:
    app = guarded()
    app.view_functions["home"] = lambda: flask.render_template_string("hello")

    assert "Vary" not in app.test_client().get("/").headers


def test_a_view_grants() -> None:
    app = guarded()
    app.view_functions["home"] = lambda: str(current_visit.grant(["analytics"]))

    assert set_names(app.test_client().get("/")) == ["cookieguard"]


def with_reports(view: Callable[..., Any] | None = None, **policy: Any) -> flask.Flask:
    app = guarded({**SITE, **policy})
    app.add_url_rule(
        "/reports/<name>",
        view_func=requires_consent("analytics")(view or (lambda name: name)),
        methods=["GET", "POST"],
        endpoint="reports",
    )
    return app


def test_requires_consent_lets_those_pass_who_gave_it() -> None:
    assert accepting(with_reports(), "analytics").get("/reports/a").text == "a"


def test_requires_consent_awaits_a_view() -> None:
    async def view(name: str) -> str:
        return name

    assert accepting(with_reports(view), "analytics").get("/reports/a").text == "a"


def test_requires_consent_sends_others_to_the_preferences_and_back() -> None:
    client = with_reports().test_client()
    response = client.get("/reports/ä b?q=%26&r", headers=NAVIGATION, environ_overrides={"SCRIPT_NAME": "/x"})
    assert response.status_code == 303
    assert response.location.startswith("/x/privacy-choices?next=")
    assert "Cookie" in response.headers["Vary"]

    page = client.get(response.location.removeprefix("/x"), headers=NAVIGATION).text
    assert 'name="next" value="/x/reports/%C3%A4%20b?q=%26&amp;r"' in page


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("POST", NAVIGATION, id="form"),
        pytest.param("GET", {"Accept": "application/json"}, id="json"),
        pytest.param("GET", {"Accept": "text/html", "Sec-Fetch-Mode": "cors"}, id="script"),
    ],
)
def test_requires_consent_refuses_what_is_no_page(method: str, headers: dict[str, str]) -> None:
    response = with_reports().test_client().open("/reports/a", method=method, headers=headers)

    assert response.status_code == 403
    assert "/privacy-choices" in response.text


@pytest.mark.parametrize(
    "guard", [{"mode": "report"}, {"exclude": ["/reports"]}], ids=["report mode", "excluded"]
)
def test_requires_consent_locks_nobody_out_where_nothing_is_enforced(guard: dict[str, Any]) -> None:
    assert with_reports(guard=guard).test_client().get("/reports/a").text == "a"


def test_requires_consent_knows_the_categories() -> None:
    app = guarded()
    app.testing = True
    app.view_functions["home"] = requires_consent("analitycs")(lambda: "")
    with pytest.raises(UnknownCategory, match="analitycs"):
        app.test_client().get("/")
    with pytest.raises(TypeError, match="at least one category"):
        requires_consent()


# The command and the servers


def run_flask(folder: Path, *arguments: str, code: str) -> subprocess.CompletedProcess[str]:
    (folder / "site_app.py").write_text(code)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("FLASK")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "site_app", *arguments],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=30,
    )


FACTORY = """
from flask import Flask
from cookieguard.flask import CookieGuard

guard = CookieGuard()

def create_app():
    app = Flask(__name__)
    guard.init_app(app)
    app.config["SECRET_KEY"] = {key!r}
    return app
"""


@pytest.mark.parametrize(
    ("policy", "key", "code", "says"),
    [
        pytest.param('use = ["google-analytics"]', SECRET, 0, "visitors decide on: analytics", id="right"),
        pytest.param('use = ["gogle-analytics"]', SECRET, 1, "did you mean 'google-analytics'", id="policy"),
        pytest.param("", "dev", 1, "cookieguard.E003: SECRET_KEY is", id="weak secret"),
        pytest.param("", None, 1, "cookieguard.E046", id="no secret"),
    ],
)
def test_flask_cookieguard_check(tmp_path: Path, policy: str, key: str, code: int, says: str) -> None:
    (tmp_path / "cookies.toml").write_text(policy)
    done = run_flask(tmp_path, "cookieguard", "check", code=FACTORY.format(key=key))

    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert says in done.stdout + done.stderr
    assert ("session (essential)" in done.stdout) is (code == 0)


@pytest.mark.parametrize(
    "logs",
    [pytest.param("", id="no logging"), pytest.param("import logging; logging.basicConfig()", id="logging")],
)
def test_the_check_says_each_warning_once(tmp_path: Path, logs: str) -> None:
    (tmp_path / "cookies.toml").write_text('[consent]\nlifetime = "500 days"\n')
    done = run_flask(tmp_path, "cookieguard", "check", code=f"{logs}\n{FACTORY.format(key=SECRET)}")

    assert (done.returncode, (done.stdout + done.stderr).count("W204")) == (0, 1)


def test_the_check_says_whom_a_change_asks_again(tmp_path: Path) -> None:
    (tmp_path / "cookies.toml").write_text('use = ["google-analytics", "matomo"]')
    (tmp_path / "old.toml").write_text('use = ["google-analytics"]')
    code = FACTORY.format(key=SECRET)
    changed = run_flask(tmp_path, "cookieguard", "check", "--against", "old.toml", code=code)
    same = run_flask(tmp_path, "cookieguard", "check", "--against", "cookies.toml", code=code)

    assert "analytics: visitors are asked again\n  if the change is editorial: [categories" in changed.stdout
    assert same.stdout.endswith("no visitor is asked again\n")


def test_the_check_says_where_the_guard_is_missing(tmp_path: Path) -> None:
    done = run_flask(tmp_path, "cookieguard", "check", code="from flask import Flask\napp = Flask('a')")

    assert done.returncode == 1
    assert "the app 'a' has no guard" in done.stderr


def test_behind_a_prefix() -> None:
    page = Client(guarded()).get("/privacy-choices", environ_overrides={"SCRIPT_NAME": "/shop"}).text

    assert 'action="/shop/privacy-choices' in page
    assert HOST not in page
