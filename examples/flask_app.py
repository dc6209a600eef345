"""Flask under the guard: python examples/flask_app.py"""

from __future__ import annotations

import os
from pathlib import Path
from wsgiref.simple_server import make_server

from flask import Flask, Response, make_response, session

from cookieguard import CookieGuard, Policy

# For development only. A real site reads a secret of its own, and refuses to start without it.
SECRET_KEY = os.environ.get("COOKIEGUARD_SECRET") or "development-only-change-me"

app = Flask(__name__)
app.secret_key = SECRET_KEY


@app.get("/")
def hello() -> Response:
    session["visits"] = session.get("visits", 0) + 1
    response = make_response(
        f"<!doctype html><title>Hello</title><p>Hello, page {session['visits']}. "
        '<a href="/privacy-choices">Cookie settings</a>'
    )
    response.set_cookie("theme", "dark", max_age=15552000)
    response.set_cookie("_ga", "GA1.1.1604.1795305600", max_age=34560000)
    return response


# `app` stays a Flask app, so that `flask run` and its test client know it.
app.wsgi_app = CookieGuard(  # type: ignore[method-assign]
    app.wsgi_app, Policy.from_file(Path(__file__).with_name("cookies.toml")), secret_key=SECRET_KEY
)


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, app) as server:
        print("http://127.0.0.1:8000/")
        server.serve_forever()
