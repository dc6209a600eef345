"""`report`: a log that the guard really wrote, read back."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import Client

from cookieguard import CookieGuard, Policy
from cookieguard.cli.logfile import read_log
from cookieguard.cli.main import main

POLICY = """
use = ["google-analytics", "django"]

[[cookies]]
name = "auth"
category = "essential"
purpose = "Keeps you signed in."
lifetime = "1 day"

[[cookies]]
name = "menu open: *"
category = "essential"
purpose = "Keeps the menu open."
lifetime = "session"
http_only = true
"""
LINES = (
    "auth=1; Max-Age=999999",
    "sessionid=1",
    "menu open: x=1",
    "_ga=1",
    "_gcl_au=1",
    "mystery cookie=1",
    "=nameless",
)


def app(environ: object, start_response: object) -> list[bytes]:
    start_response("200 OK", [("Set-Cookie", line) for line in LINES])  # type: ignore[operator]
    return []


class AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"level": record.levelname, "message": record.getMessage(), **self.fields(record)})

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        return {"cookieguard": record.cookieguard} if hasattr(record, "cookieguard") else {}


class AsMessage(AsJson):
    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        return {}


FORMATS = {
    "bare": logging.Formatter("%(message)s"),
    "python": logging.Formatter("%(levelname)s:%(name)s:%(message)s"),
    "dated": logging.Formatter("%(asctime)s [%(process)d] [%(levelname)s] %(name)s - %(message)s"),
    "json": AsJson(),
    "json-message": AsMessage(),
}


@pytest.fixture(params=FORMATS.values(), ids=FORMATS)
def form(request: pytest.FixtureRequest) -> logging.Formatter:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=["report", "enforce"])
def log(request: pytest.FixtureRequest, form: logging.Formatter, folder: Path) -> None:
    (folder / "cookies.toml").write_text(f'{POLICY}\n[guard]\nmode = "{request.param}"\n')
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(form)
    logger = logging.getLogger("cookieguard")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        guarded = CookieGuard(app, Policy.from_file("cookies.toml"), secret_key="0123456789abcdef")
        for _ in range(3):
            Client(guarded, use_cookies=False).get(
                "/", headers={"Cookie": "_ga=1", "Sec-Fetch-Mode": "navigate"}
            )
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    (folder / "app.log").write_text("Listening on port 80: 1\n{not json\n" + stream.getvalue())


@pytest.mark.usefixtures("log")
def test_the_guards_own_log_is_read_back() -> None:
    result = CliRunner().invoke(main, ["report", "app.log", "--policy", "cookies.toml", "--json"])
    found = json.loads(result.output)
    assert result.exit_code == 1
    undeclared = {(row["cookie"], row["times"]) for row in found["undeclared"]}
    assert undeclared == {("_gcl_au", 3), ("mystery\\x20cookie", 3), ("(nameless)", 3)}
    assert [(row["cookie"], row["category"]) for row in found["stripped"]] == [("_ga", "analytics")]
    assert [(row["cookie"], row["times"], row["category"]) for row in found["too_long_lived"]] == [
        ("auth", 3, "essential")
    ]
    assert [row["cookie"] for row in found["weak_attributes"]] == ["menu open: *"]
    assert [(row["cookie"], row["times"]) for row in found["swept"]] == [("_ga", 3)]
    never = {row["cookie"] for row in found["never_seen"]}
    assert {"csrftoken", "_gid"} <= never
    assert not {"sessionid", "auth", "_ga", "menu open: *", "cookieguard"} & never
    assert found["kept_are_logged"]


def test_what_is_kept_although_it_lives_too_long_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text(
        "kept sessionid: essential, lifetime\nkept auth: essential, essential\n"
    )
    result = CliRunner().invoke(main, ["report", str(tmp_path / "app.log"), "--json"])

    assert result.exit_code == 1
    assert [row["cookie"] for row in json.loads(result.output)["too_long_lived"]] == ["sessionid"]


@pytest.mark.usefixtures("log")
def test_the_text_says_the_same() -> None:
    said = CliRunner().invoke(main, ["report", "app.log", "--policy", "cookies.toml"]).output
    assert "Undeclared: 3 cookies" in said
    assert "Held back: 1 cookie" in said
    assert "Longer-lived than declared: 1 cookie" in said
    assert "Declared, but never seen" in said


def test_where_the_catalogue_has_it_is_told(folder: Path) -> None:
    line = 'stripped _gcl_au: undeclared; the catalogue has it: use = ["google-ads"]'
    (folder / "app.log").write_text(f"2026-11-25 INFO cookieguard: {line}\n")
    assert 'use = ["google-ads"]' in CliRunner().invoke(main, ["report", "app.log"]).output


EVENT = {"action": "stripped", "cookie": "PHPSESSID", "category": "undeclared", "reason": "undeclared"}
MESSAGE = 'stripped PHPSESSID: undeclared; the catalogue has it: use = ["magento"] or ["php"] or ["symfony"]'


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"2026-11-25 INFO cookieguard: {MESSAGE}", id="text"),
        pytest.param(json.dumps({"message": MESSAGE}), id="message"),
        pytest.param(json.dumps({"message": MESSAGE, "cookieguard": EVENT}), id="fields"),
    ],
)
def test_each_service_that_has_it_is_told(line: str, folder: Path) -> None:
    (folder / "app.log").write_text(f"{line}\n")
    assert (
        'use = ["magento"] or ["php"] or ["symfony"]'
        in CliRunner().invoke(main, ["report", "app.log"]).output
    )
    found = json.loads(CliRunner().invoke(main, ["report", "app.log", "--json"]).output)
    assert found["undeclared"][0]["use"] == ["magento", "php", "symfony"]


@pytest.mark.parametrize("flags", [pytest.param([], id="text"), pytest.param(["--json"], id="json")])
@pytest.mark.parametrize(
    "log",
    [
        pytest.param("", id="empty"),
        pytest.param("GET / 200\n", id="others"),
        pytest.param(
            "WARNING cookieguard: the app sets x, which the policy doesn't declare\n", id="warnings"
        ),
    ],
)
def test_a_log_that_tells_of_no_cookie_is_an_error(log: str, flags: list[str], folder: Path) -> None:
    (folder / "app.log").write_text(log)
    result = CliRunner().invoke(main, ["report", "app.log", *flags])
    assert result.exit_code == 2
    assert "says of no cookie what became of it" in result.stderr
    assert "COOKIEGUARD_LOG_LEVEL=debug" in result.stderr


TESTS = """
import pytest
from cookieguard.flask import CookieGuard
from flask import Flask

@pytest.fixture
def client():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="0123456789abcdef", COOKIEGUARD_POLICY={policy!r})
    CookieGuard(app)

    @app.get("/")
    def page():
        return "hello", {{"Set-Cookie": "theme=dark"}}

    return app.test_client()

def test_page(client):
    assert client.get("/").status_code == 200
"""
THEME = {
    "name": "theme",
    "category": "functional",
    "purpose": "Remembers the colours.",
    "lifetime": "session",
}


@pytest.mark.parametrize(
    ("cookies", "code", "said"),
    [
        pytest.param([], 1, "Undeclared: 1 cookie", id="undeclared"),
        pytest.param([THEME], 0, "Undeclared: none", id="declared"),
    ],
)
def test_a_sites_own_tests_fail_on_undeclared_cookies(
    cookies: list[dict[str, str]], code: int, said: str, folder: Path
) -> None:
    """The recipe of docs/operating.md."""
    (folder / "test_site.py").write_text(TESTS.format(policy={"cookies": cookies}))
    run = [sys.executable, "-m", "pytest", "-q", "--log-file=app.log", "--log-file-level=DEBUG"]
    subprocess.run(run, cwd=folder, check=True, capture_output=True)

    result = CliRunner().invoke(main, ["report", "app.log"])
    assert (result.exit_code, said in result.output) == (code, True)


def test_stdin_is_read(folder: Path) -> None:
    result = CliRunner().invoke(main, ["report", "-"], input="stripped x: undeclared\n")
    assert result.exit_code == 1
    assert "Undeclared: 1 cookie" in result.output


@given(st.lists(st.text()))
@example(["stripped a: undeclared; the catalogue has it: use = [1, {}]"])
@example([f"stripped a: undeclared; the catalogue has it: use = {'[' * 10_000}]"])
def test_no_log_is_an_error(lines: list[str]) -> None:
    read_log(lines)
