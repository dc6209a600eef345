"""What views and templates ask of the guard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import pytest
from flaskshop import NAVIGATION, SITE, accepting, guarded, make, set_names

from cookieguard import NoGuard, UnknownCategory, UsageError
from cookieguard.flask import cookie_consent, current_visit, requires_consent


def test_without_a_visitor_nothing_is_decided() -> None:
    with guarded().test_request_context("/"):
        assert not cookie_consent.allows("analytics")
        assert cookie_consent.undecided == ("analytics",)
    with guarded().app_context():
        assert cookie_consent.allows("essential")


@pytest.mark.parametrize(
    ("app", "says"),
    [
        pytest.param(make(), r"this app has no guard: CookieGuard\(app\) switches it on", id="no guard"),
        pytest.param(guarded(), r"app.test_client\(\) asks through it", id="no visitor"),
    ],
)
def test_without_a_guard_flasks_own_way_is_told(app: flask.Flask, says: str) -> None:
    with app.test_request_context("/"), pytest.raises(NoGuard, match=says):
        current_visit.grant(["analytics"])


def test_without_a_guard_no_consent() -> None:
    app = make()
    with app.test_request_context("/"), pytest.raises(NoGuard, match=r"from cookieguard\.flask"):
        _ = cookie_consent.undecided
    with app.app_context(), pytest.raises(NoGuard, match=r"from cookieguard\.flask"):
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
    assert "The page that you wanted to open is shown once you accept “Statistics”." in page


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


def test_requires_consent_of_what_nobody_is_asked_about_says_so() -> None:
    app = guarded()
    app.testing = True
    app.view_functions["home"] = requires_consent("analytics", "functional")(lambda: "")
    with pytest.raises(UsageError, match=r"nothing is declared in 'functional', so that no visitor can"):
        app.test_client().get("/", headers=NAVIGATION)


def test_requires_consent_knows_the_categories() -> None:
    app = guarded()
    app.testing = True
    app.view_functions["home"] = requires_consent("analitycs")(lambda: "")
    with pytest.raises(UnknownCategory, match="analitycs"):
        app.test_client().get("/")
    with pytest.raises(TypeError, match="at least one category"):
        requires_consent()
