"""An app that stays as it is: nothing in it knows of the guard."""

from __future__ import annotations

from flask import Flask, Response, make_response, session

PAGE = """<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Shop</title>
<p>Hello, page {}. <a href="/privacy-choices">Cookie settings</a>
"""

app = Flask(__name__)
# For development only: a real app reads its own.
app.secret_key = "development-only-change-me"


@app.get("/")
def home() -> Response:
    session["visits"] = session.get("visits", 0) + 1
    response = make_response(PAGE.format(session["visits"]))
    response.set_cookie("theme", "dark", max_age=15552000)
    response.set_cookie("_ga", "GA1.1.1604.1795305600", max_age=34560000)
    return response
