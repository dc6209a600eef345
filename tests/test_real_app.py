"""Roundup, the issue tracker, guarded by configuration alone and without any consent."""

from __future__ import annotations

import http.cookiejar
import re
import sysconfig
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
import roundup.configuration
import roundup.init
import roundup.instance
import roundup.password
from served import GUNICORN, Site, clean, free_port, serving

pytestmark = pytest.mark.server

# As Roundup's own manual has it; nothing in it knows of the guard.
WSGI = """
from roundup.cgi.wsgi_handler import RequestDispatcher
app = RequestDispatcher({home!r})
"""
POLICY = """
use = ["roundup", "google-analytics"]
[site]
name = "Tracker"
"""


class Browser:
    """Keeps cookies, and sends forms as a page of the site does."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.page = ""

    def get(self, path: str) -> str:
        return self._open(urllib.request.Request(self._address + path))

    def send(self, path: str, **fields: str) -> str:
        """Send a form, with the token against forgery of the page that is open."""
        token = re.search(r'name="@csrf"[^>]*value="([^"]+)"', self.page)
        return self.post(path, [*([("@csrf", token[1])] if token else []), *fields.items()])

    def post(self, path: str, data: list[tuple[str, str]]) -> str:
        request = urllib.request.Request(self._address + path, urllib.parse.urlencode(data).encode())
        request.add_header("Origin", self._address.rstrip("/"))
        request.add_header("Referer", self._address)
        return self._open(request)

    def _open(self, request: urllib.request.Request) -> str:
        request.add_header("Sec-Fetch-Mode", "navigate")
        with self._opener.open(request, timeout=20) as response:
            self.page = response.read().decode()
        return self.page

    @property
    def cookies(self) -> set[str]:
        return {cookie.name for cookie in self.jar}


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("roundup")
    home, port = str(folder / "home"), free_port()
    roundup.init.install(home, f"{sysconfig.get_path('data')}/share/roundup/templates/classic")
    config = roundup.configuration.CoreConfig()
    config["TRACKER_HOME"], config["DATABASE"], config["RDBMS_BACKEND"] = home, "db", "sqlite"
    config["MAIL_HOST"] = config["MAIL_DOMAIN"] = "localhost"
    config["MAIL_DEBUG"] = str(folder / "mail")
    config["WEB_SECRET_KEY"] = "a secret of the tests, long enough"
    config["TRACKER_WEB"] = f"http://127.0.0.1:{port}/"
    config.save(f"{home}/config.ini")
    roundup.instance.open(home).init(roundup.password.Password("pass", config=config))
    for name, text in {
        "tracker_app.py": WSGI.format(home=home),
        "cookies.toml": POLICY,
        "secret": "s" * 32,
    }.items():
        (folder / name).write_text(text)
    (folder / "secret").chmod(0o600)
    given = {
        "COOKIEGUARD_APP": "tracker_app:app",
        "COOKIEGUARD_POLICY": "cookies.toml",
        "COOKIEGUARD_SECRET_FILE": "secret",
        "PYTHONPATH": str(folder),
    }
    command = [*GUNICORN, "--workers=2", "cookieguard.serve:app"]
    with serving(command, folder, clean(**given), port=port) as site:
        yield site


@pytest.fixture
def browser(tracker: Site) -> Browser:
    return Browser(f"http://127.0.0.1:{tracker.port}/")


def test_without_any_consent_everything_essential_works(browser: Browser) -> None:
    """Log in, report an issue, change it, log out; and nothing optional is set."""
    assert 'name="__login_name"' in browser.get("")
    assert "/privacy-choices/guard.js" in browser.page

    browser.send("", **{"@action": "login", "__login_name": "admin", "__login_password": "pass"})
    assert "Logout" in browser.page
    session = {name for name in browser.cookies if name.startswith("roundup_session_")}
    assert len(session) == 1

    browser.get("issue?@template=item")
    browser.send(
        "issue?@template=item",
        **{"@action": "new", "title": "The printer is on fire", "@note": "Since noon.", "priority": "1"},
    )
    assert "The printer is on fire" in browser.page and "Since noon." in browser.page

    number = re.search(r"issue(\d+)", browser.page)
    assert number is not None
    browser.get(f"issue{number[1]}")
    browser.send(f"issue{number[1]}", **{"@action": "edit", "@note": "It is out again."})
    assert "It is out again." in browser.get(f"issue{number[1]}")

    # The cookie that would keep a language is for comfort.
    assert "@action=logout" in browser.get("?@language=de")
    assert "Logout" in browser.get("")
    assert browser.cookies == session

    browser.get("?@action=logout")
    assert 'name="__login_name"' in browser.get("")
    assert browser.cookies <= session


def test_with_consent_the_language_is_kept(browser: Browser) -> None:
    browser.get("privacy-choices")
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', browser.page)
    browser.post("privacy-choices", [*hidden, ("choice", "all")])
    assert browser.cookies == {"cookieguard"}

    browser.get("?@language=de")
    assert browser.cookies == {"cookieguard", "roundup_language"}
