"""A deployment that is configured wrongly doesn't start, and says why: by environment, file and .ini."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from paste.deploy import loadapp
from served import BIN, GUNICORN, WAITRESS, clean
from werkzeug.test import Client

from cookieguard import ConfigurationError

SECRET = "long enough to be a secret"
INI = """
[pipeline:main]
pipeline = guard app
[app:app]
paste.app_factory = shop:make
[filter:guard]
use = egg:cookieguard
"""
RIGHT = {
    "app": "shop:make()",
    "policy": "cookies.toml",
    "secret_file": "secret",
}
MISTAKES = [
    pytest.param(
        {"secret_file": None},
        ["E023", "secret_file: is missing", "or set COOKIEGUARD_SECRET; make one: python -c"],
        id="missing secret",
    ),
    pytest.param({"secret_file": "nowhere"}, ["E024", "nowhere", "No such file"], id="no secret file"),
    pytest.param(
        {"secret_file": "cookieguard_production_secret_key"},
        ["E024", "cookieguard_production_secret_key can't be read", "write one key a line"],
        id="no secret file of a long name",
    ),
    pytest.param(
        {"secret_file": "Wicd1CrpjlUMZGLQkP1lwg4bEJ07jTt2ZT8tWloAxlM"},
        ["E024", "secret_file: names no file, and looks like a key"],
        id="a key for its file",
    ),
    pytest.param({"secret_file": "empty"}, ["E024", "holds no key"], id="empty secret file"),
    pytest.param({"secret_file": "weak"}, ["E003", "line 3", "5 bytes", "token_urlsafe"], id="weak secret"),
    pytest.param(
        {"secret_file": None, "secret": "short"}, ["E003", "secret: is 5 bytes"], id="weak, in place"
    ),
    pytest.param({"secret": "long enough to be a secret"}, ["E022", "keep one"], id="two secrets"),
    pytest.param({"policy": None}, ["E023", "policy: is missing"], id="missing policy"),
    pytest.param({"policy": "cokies.toml"}, ["E022", "there is no file", "cokies.toml"], id="wrong path"),
    pytest.param({"policy": "mistaken.toml"}, ["E103", "mistaken.toml:1", "gaurd"], id="mistaken policy"),
    pytest.param({"templates": "nowhere"}, ["E022", "there is no folder"], id="no templates"),
    pytest.param({"polcy": "x"}, ["E021", "unknown; did you mean", "policy?"], id="unknown option"),
    pytest.param(
        {"secret_key": "x" * 32}, ["E021", "isn't known here; use", "secret"], id="as frameworks call it"
    ),
    pytest.param({"guard_mont": "/x"}, ["E021", "guard_mount?"], id="unknown setting of the policy"),
    pytest.param({"proxies": "-1"}, ["E022", "proxies"], id="fewer proxies than none"),
    pytest.param({"trust_forwarded": "*"}, ["E021", "proxies"], id="of the sidecar"),
    pytest.param(
        {"guard_mode": "report"}, ["E021", "isn't known here; use", "mode"], id="the mode's other name"
    ),
    pytest.param({"domain": "x.test"}, ["E021", "did you mean", "consent_domain?"], id="without its table"),
    pytest.param({"guard": "x"}, ["E021", "did you mean", "guard_"], id="a table of the policy file"),
    pytest.param({"port": "80"}, ["E021", "unknown; take it out; docs/serving.md"], id="nothing like it"),
    pytest.param({"proxies": "yes"}, ["E022", "proxies", "write a number"], id="no number"),
    pytest.param({"proxy_headers": "for, hots"}, ["E022", "proxy_headers", "'host'"], id="no such header"),
    pytest.param({"mode": "audit"}, ["E022", "mode", "'report'"], id="no such mode"),
    pytest.param({"guard_mount": "here"}, ["E111", "guard_mount", "'here' is no path"], id="bad mount"),
    pytest.param(
        {"guard_debug": "perhaps"}, ["E022", "guard_debug", "true or false"], id="neither true nor false"
    ),
    pytest.param({"override": "shop:nothing"}, ["E025", "override", "has no 'nothing'"], id="no such hook"),
    pytest.param({"metrics": "metrics"}, ["E022", "metrics", "/metrics"], id="no path for metrics"),
    pytest.param(
        {"metrics": "/privacy-choices"}, ["E025", "metrics", "visitor's"], id="metrics over the pages"
    ),
]
APPS = [
    pytest.param({"app": None}, ["E023", "app: is missing"], id="missing app"),
    pytest.param({"app": "shop"}, ["E025", "app: 'shop' names nothing", "module:name"], id="no name"),
    pytest.param({"app": "shpo:app"}, ["E025", "there is no module 'shpo'"], id="no module"),
    pytest.param({"app": "shop:ap"}, ["E025", "shop has no 'ap'"], id="no attribute"),
    pytest.param({"app": "shop:make"}, ["E025", "write () behind a factory"], id="factory, not called"),
    pytest.param({"app": "shop:not_callable"}, ["E025", "is str"], id="not callable"),
    pytest.param({"app": "shop:asgi"}, ["E025", "is an ASGI app"], id="ASGI app"),
    pytest.param({"app": "broken_app:app"}, ["the app's own mistake"], id="app fails"),
    pytest.param({"app": "shop:guarded"}, ["E006", "two guards"], id="two guards"),
]
SHOP = """
from cookieguard import CookieGuard, Policy
from werkzeug.middleware.proxy_fix import ProxyFix

def unguarded(environ, start_response):
    start_response("200 OK", [])
    return []

def make(global_conf=None):
    return unguarded

async def asgi(scope, receive, send):
    pass

guarded = CookieGuard(unguarded, Policy.from_dict({}), secret_key="one guard is there already")
proxied = ProxyFix(unguarded)

import flask
flask_app = flask.Flask(__name__)
flask_app.wsgi_app = ProxyFix(flask_app.wsgi_app)
not_callable = "an app's name"

from werkzeug import Request, Response

@Request.application
def decorated(request):
    return Response()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "cookies.toml": "",
        "mistaken.toml": "[gaurd]\n",
        "secret": f"{SECRET}\n",
        "empty": "# no key yet\n\n",
        "weak": f"# two keys\n{SECRET}\nshort\n",
        "broken_app.py": 'raise RuntimeError("the app\'s own mistake")\n',
        "shop.py": SHOP,
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o640)
    return tmp_path


def variables(options: Mapping[str, str | None]) -> dict[str, str]:
    said = {**RIGHT, **options}
    return {f"COOKIEGUARD_{name.upper()}": value for name, value in said.items() if value is not None}


@pytest.fixture
def started(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Callable[..., str]:
    """Import `cookieguard.serve`, or load an .ini file, in this environment; return the error, "" for none."""

    def start(ini: str | None = None, /, **given: str) -> str:
        for name in [name for name in os.environ if name.startswith("COOKIEGUARD_")]:
            monkeypatch.delenv(name)
        monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "shop", raising=False)
        error = ""
        try:
            runpy.run_module("cookieguard.serve") if ini is None else loadapp(f"config:{folder / ini}")
        except (ConfigurationError, RuntimeError) as raised:
            error = "".join(traceback.format_exception(raised))
        sys.modules.pop("shop", None)
        # A key must not be told, not even one that is too weak.
        assert SECRET not in error + caplog.text
        return error

    return start


def says(error: str, words: list[str]) -> None:
    assert [word for word in words if word.lower() not in error.lower()] == [], error


@pytest.mark.parametrize(("options", "words"), [*MISTAKES, *APPS])
def test_by_environment(
    started: Callable[..., str], options: dict[str, str | None], words: list[str]
) -> None:
    says(started(**variables(options)), words)


@pytest.mark.parametrize(("options", "words"), [*MISTAKES, *APPS])
def test_by_file(
    folder: Path, started: Callable[..., str], options: dict[str, str | None], words: list[str]
) -> None:
    lines = [f'{name} = "{value}"' for name, value in {**RIGHT, **options}.items() if value is not None]
    (folder / "cookieguard.toml").write_text("\n".join(lines))

    # The policy's own check says this of a text that stands where `true` should.
    words = ["E104" if word == "E022" and "guard_debug" in options else word for word in words]
    says(started(COOKIEGUARD_CONFIG="cookieguard.toml"), words)


@pytest.mark.parametrize(
    ("options", "words"), [*MISTAKES, pytest.param({"app": "shop:make"}, ["E021"], id="app")]
)
def test_by_ini(
    folder: Path, started: Callable[..., str], options: dict[str, str | None], words: list[str]
) -> None:
    said = {**RIGHT, "app": None, **options}
    lines = [f"{name} = {value}" for name, value in said.items() if value is not None]
    (folder / "site.ini").write_text(INI + "\n".join(lines))

    says(started("site.ini"), words)


@pytest.mark.parametrize(
    ("variable", "path"),
    [
        pytest.param({}, "/privacy-choices", id="the section alone"),
        pytest.param({"COOKIEGUARD_GUARD_MOUNT": "/choices"}, "/choices", id="the environment wins"),
    ],
)
def test_the_environment_wins_over_an_ini_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: dict[str, str], path: str
) -> None:
    monkeypatch.syspath_prepend(folder)
    for name, value in variable.items():
        monkeypatch.setenv(name, value)
    (folder / "site.ini").write_text(INI + "policy = cookies.toml\nsecret_file = secret")

    assert Client(loadapp(f"config:{folder / 'site.ini'}")).get(path).status_code == 200
    sys.modules.pop("shop", None)


@pytest.mark.server
@pytest.mark.parametrize(
    "command",
    [
        pytest.param([*GUNICORN, "--workers=2", "cookieguard.serve:app"], id="gunicorn"),
        pytest.param([*GUNICORN, "--check-config", "cookieguard.serve:app"], id="gunicorn --check-config"),
        pytest.param([*WAITRESS, "cookieguard.serve:app"], id="waitress"),
        pytest.param(
            [str(BIN / "uwsgi"), "--need-app", "--http-socket=127.0.0.1:0", "--module=cookieguard.serve"],
            id="uWSGI",
        ),
    ],
)
def test_a_server_stops(folder: Path, command: list[str]) -> None:
    done = subprocess.run(
        [argument.replace("{port}", "0") for argument in command],
        cwd=folder,
        env=clean(**variables({"policy": "nowhere.toml"})) | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode != 0
    assert "COOKIEGUARD_POLICY: there is no file" in done.stdout + done.stderr
    if "--check-config" in command:
        assert "COOKIEGUARD_POLICY: there is no file" in done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"app": "shop:proxied"}, "W301: ProxyFix stands inside", id="wrong order"),
        pytest.param({"app": "shop:proxied", "proxies": "1"}, "", id="ProxyFix on both sides"),
        pytest.param({"app": "shop:flask_app"}, "W301: ProxyFix stands inside", id="wrong order, in Flask"),
        pytest.param({"secret_file": "open"}, "W302", id="secret that all can read"),
        pytest.param({"app": "shop:decorated"}, "", id="an app that a decorator made of something else"),
        pytest.param({}, "", id="all is well"),
    ],
)
def test_warns(
    folder: Path,
    started: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
    options: dict[str, str | None],
    words: str,
) -> None:
    (folder / "open").write_text(SECRET)
    (folder / "open").chmod(0o644)

    assert started(**variables(options)) == ""
    assert (words in caplog.text) if words else (caplog.text == "")


def test_metrics_need_their_folder(started: Callable[..., str], folder: Path) -> None:
    said = variables({"metrics": "/metrics"})
    error = started(**said, PROMETHEUS_MULTIPROC_DIR=str(folder / "nowhere"))

    says(error, ["E025", "COOKIEGUARD_METRICS", "PROMETHEUS_MULTIPROC_DIR names no folder", "make it"])


def test_metrics_need_their_library(started: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cookieguard.prometheus", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    says(started(**variables({"metrics": "/metrics"})), ["E025", "pip install 'cookieguard[prometheus]'"])


def test_all_mistakes_at_once(started: Callable[..., str]) -> None:
    error = started(COOKIEGUARD_POLCY="x", COOKIEGUARD_PROXIES="x")

    assert [line.split(": ")[2] for line in error.splitlines() if " error " in line] == [
        "COOKIEGUARD_POLCY",
        "COOKIEGUARD_PROXIES",
        "COOKIEGUARD_SECRET_FILE",
        "COOKIEGUARD_POLICY",
        "COOKIEGUARD_APP",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            None, ["E024", "COOKIEGUARD_CONFIG", "give the path of a configuration file"], id="not there"
        ),
        pytest.param("app = ", ["E024", "config.toml:1", "isn't TOML"], id="not TOML"),
        pytest.param("app = 'x:y'\npolicy = 1\n", ["E022", "config.toml:2", "policy: is 1"], id="wrong type"),
        pytest.param("mode = 'off'", ["E022", "COOKIEGUARD_MODE=off"], id="off"),
        pytest.param("secret = 1", ["E022", "secret: is no text"], id="no text"),
    ],
)
def test_a_config_file(folder: Path, started: Callable[..., str], text: str | None, words: list[str]) -> None:
    if text is not None:
        (folder / "config.toml").write_text(text)

    says(started(COOKIEGUARD_CONFIG="config.toml"), words)
