"""Flask under the guard: python examples/flask_app.py"""

from __future__ import annotations

import os
from wsgiref.simple_server import make_server

from flask import Flask, Response, make_response, render_template_string, session

from cookieguard.flask import CookieGuard

# For development only. A real site reads a secret of its own, and refuses to start without it.
SECRET_KEY = os.environ.get("COOKIEGUARD_SECRET") or "development-only-change-me"

PAGE = """<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Hello</title>
<p>Hello, page {{ visits }}. <a href="{{ url_for('cookieguard.preferences') }}">Cookie settings</a>
"""

app = Flask(__name__)
app.secret_key = SECRET_KEY


@app.get("/")
def hello() -> Response:
    session["visits"] = session.get("visits", 0) + 1
    response = make_response(render_template_string(PAGE, visits=session["visits"]))
    response.set_cookie("theme", "dark", max_age=15552000)
    response.set_cookie("_ga", "GA1.1.1604.1795305600", max_age=34560000)
    return response


# Reads cookies.toml beside this file. `app` stays a Flask app: `flask run` and its test client know it.
CookieGuard(app)


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, app) as server:
        print("http://127.0.0.1:8000/")
        server.serve_forever()
