"""Where the visitor's pages are, as `url_for` tells it."""

from __future__ import annotations

from collections.abc import Callable

import flask
import pytest
from contract import SECRET
from flaskshop import NAVIGATION, SITE, guarded, set_names

from cookieguard.flask import CookieGuard, requires_consent


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
    assert (refused.status_code, refused.location) == (303, f"{mount}?next=/reports&needs=analytics")
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


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1", "shop.example.evil.example"])
@pytest.mark.parametrize(
    ("path", "status"),
    # Werkzeug's name for such a host matches a rule for any subdomain.
    [pytest.param("/nothing", 404, id="error page"), pytest.param("/", 200, id="page")],
)
def test_a_page_at_a_host_that_is_none_of_the_apps_leads_to_the_apps_own(
    host: str, path: str, status: int
) -> None:
    site = by_subdomain()
    site.config.update(SECRET_KEY=SECRET, COOKIEGUARD_POLICY=SITE)
    CookieGuard(site)
    site.register_error_handler(404, lambda error: (links(), 404))

    own = "https://shop.example/privacy-choices"
    with pytest.warns(UserWarning, match="doesn't match configured server name"):
        shown = site.test_client().get(path, base_url=f"https://{host}/")
    assert (shown.status_code, shown.json) == (status, [f"{own}?next=/", f"{own}/policy", f"{own}/policy"])
