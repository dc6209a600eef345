"""The contract, in place of an app's own WSGI and through its views."""

from __future__ import annotations

import flask
import pytest
from asking import ask
from contract import CASES, POLICY, Case
from contract import app as contract_app
from flaskshop import make

from cookieguard.flask import CookieGuard


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
