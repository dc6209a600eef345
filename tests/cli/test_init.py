"""`init`: what it refuses, what it asks, and what it makes of a recorded visit."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cookieguard import Policy
from cookieguard.cli.main import main

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from cookieguard.cli import run; run()", "init"]
APPS = {
    "raises.py": "import os\nos.environ['NOPE']\n",
    "ends.py": "raise SystemExit('usage: ends')\n",
    "none.py": "x = 3\ndef make(): return 3\ndef fails(): raise ValueError('no')\ndef wants(x): return x\n",
    "needs.py": "import a_module_that_nobody_has\n",
    "wrapped.py": "from cookieguard import Policy\nPolicy.from_file('cookies.toml')\n",
    "wrong.py": "def app(): pass\n",
    "asgi.py": "async def app(scope, receive, send): pass\n",
    "shop.py": """
from html import escape
from cookieguard import parse_set_cookie

PAGE = '''<title>The shop</title><a href="/more">more</a> <a href="/log-out">Log out</a>
<script src="https://www.googletagmanager.com/gtag/js"></script><script src="//cdn.nobody.example/x.js"></script>'''
LOG_IN = '<form method=post action=/in><input name=u><input type=password name=p><input type=checkbox name=remember>'

def app(environ, start_response):
    path, held = environ["PATH_INFO"], environ.get("HTTP_COOKIE", "")
    headers = [("Content-Type", "text/html")]
    if path == "/log-out":
        raise SystemError("nobody may come here")
    if path == "/broken":
        raise ZeroDivisionError
    if path == "/in" and environ["REQUEST_METHOD"] == "POST":
        posted = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        if "p=right" in posted and "visit=1" in held:
            headers.append(("Set-Cookie", "who=anna; Path=/; HttpOnly"))
            headers.append(("Set-Cookie", "last=now; Path=/; HttpOnly"))
            if "remember" in posted:
                headers.append(("Set-Cookie", "stay=1; Path=/; Max-Age=86400"))
        start_response("303 See Other", [*headers, ("Location", "/")])
        return []
    headers.append(("Set-Cookie", "visit=1; Path=/"))
    headers.append(("Set-Cookie", "taste=sweet; Path=/; Max-Age=86400"))
    start_response("200 OK", headers)
    member = "who=anna" in held
    return [(PAGE + ('<a href="/members">members</a>' if member else LOG_IN)).encode()]
""",
}


@pytest.fixture(autouse=True)
def apps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in APPS.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in APPS:
        sys.modules.pop(name.removesuffix(".py"), None)


def init(*arguments: str, password: str = "", stdin: str | None = None) -> Result:
    environ = {"COOKIEGUARD_LOGIN_PASSWORD": password} if password else {}
    return CliRunner().invoke(main, ["init", *arguments], env=environ, input=stdin)


def found(*arguments: str, password: str = "") -> dict[str, object]:
    done = init("--app", "shop:app", "--json", *arguments, password=password)
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def categories(told: dict[str, object]) -> dict[str, str]:
    return {each["name"]: each["category"] for each in told["cookies"]}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        pytest.param("raises:app", "loading raises:app raised KeyError: 'NOPE' (", id="raises at import"),
        pytest.param("ends:app", "loading ends:app raised SystemExit: usage: ends", id="ends at import"),
        pytest.param("none:app", "none has no 'app'; it has fails, make, wants", id="no such attribute"),
        pytest.param("none", "none has no 'application'; it has fails", id="none of the usual names"),
        pytest.param("none:wants()", "can be called without arguments", id="a factory that wants arguments"),
        pytest.param("none:make(1)", "'none:make(1)' names nothing", id="arguments"),
        pytest.param("none:x", "none:x is an int, and no WSGI app", id="not callable"),
        pytest.param("none:make()", "none:make() is an int", id="a factory of something else"),
        pytest.param(
            "none:fails()", "loading none:fails() raised ValueError: no (", id="a factory that raises"
        ),
        pytest.param("nowhere:app", "there is no module 'nowhere'; start where it lies", id="no module"),
        pytest.param("nowhere.py:app", "there is no file 'nowhere.py'", id="no file"),
        pytest.param("needs:app", "No module named 'a_module_that_nobody_has'", id="a module that it needs"),
        pytest.param("wrapped:app", "run this before you wrap the app", id="a policy that isn't there"),
        pytest.param("wrong:app", "if that is a factory, write () behind its name", id="answers nothing"),
        pytest.param("asgi:app", "asgi:app is an ASGI app", id="asgi"),
        pytest.param(":app", "write module:attribute", id="no module named"),
    ],
)
def test_what_is_no_app_is_a_sentence(spec: str, says: str, folder: Path) -> None:
    done = init("--app", spec, "--yes")
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "cookies.toml").exists()


def test_a_file_need_not_be_named_as_modules_are(folder: Path) -> None:
    (folder / "shops").mkdir()
    (folder / "shop.py").rename(folder / "shops" / "my-shop.py")

    assert init("--app", "shops/my-shop.py:app", "--yes").exit_code == 0


def test_without_a_source_it_says_which_there_are() -> None:
    result = CliRunner().invoke(main, ["init"])
    assert result.exit_code == 2
    assert "give --app MODULE:APP, or --har FILE" in result.stderr


def test_toml_is_what_it_writes(folder: Path) -> None:
    done = init("--app", "shop:app", "--output", "cookies.yaml")

    assert (done.exit_code, "doesn't end with .toml" in done.stderr) == (2, True)
    assert not (folder / "cookies.yaml").exists()


def test_nothing_is_written_over(folder: Path) -> None:
    (folder / "cookies.toml").write_text("# mine\n")
    done = init("--app", "shop:app")
    assert (done.exit_code, "give --force" in done.stderr) == (2, True)
    assert (folder / "cookies.toml").read_text() == "# mine\n"
    assert init("--app", "shop:app", "--force").exit_code == 0
    assert "mine" not in (folder / "cookies.toml").read_text()


def test_which_cookies_the_log_in_needs_is_tried() -> None:
    told = found("--user", "anna", password="right")
    assert told["log_in"] == "works"
    assert categories(told) == {
        "visit": "essential",
        "who": "essential",
        "last": "functional",
        "stay": "functional",
        "taste": "functional",
    }
    # Several services load from the one host, and which of them it is can't be seen.
    assert "google-analytics" in told["use"]  # type: ignore[operator]
    assert "TODO decide: pages load from www.googletagmanager.com" in Path("cookies.toml").read_text("utf-8")
    assert told["unknown_hosts"] == ["cdn.nobody.example"]
    assert Policy.from_file("cookies.toml").site.name == "The shop"


def test_without_a_user_the_password_form_is_left_alone() -> None:
    told = found()
    assert told["log_in"] == "unknown"
    assert categories(told) == {"visit": "functional", "taste": "functional"}


def test_a_wrong_password_is_told() -> None:
    done = init("--app", "shop:app", "--user", "anna", password="wrong")
    assert done.exit_code == 0
    assert "the log-in at http://localhost/ didn't work" in done.stderr
    assert "wrong" not in done.output


def test_a_user_without_a_password_is_refused() -> None:
    done = init("--app", "shop:app", "--user", "anna")
    assert done.exit_code == 2
    assert "set COOKIEGUARD_LOGIN_PASSWORD" in done.stderr


def test_a_page_that_fails_is_told_and_the_rest_is_read() -> None:
    done = init("--app", "shop:app", "--path", "/broken")
    assert done.exit_code == 0
    assert "http://localhost/broken failed: ZeroDivisionError" in done.stderr


def test_what_to_do_next_is_said() -> None:
    said = init("--app", "shop.py", "--name", "Mine", "--contact", "me@shop.example").stdout
    assert "cookieguard check cookies.toml" in said
    site = Policy.from_file("cookies.toml").site
    assert (site.name, site.contact) == ("Mine", "me@shop.example")


DJANGO = """
from django.conf import settings
settings.configure(SECRET_KEY="a key for these tests only", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
import django
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("hello"))]
app = get_wsgi_application()
"""


@pytest.mark.parametrize(
    ("app", "output", "lines"),
    [
        pytest.param(
            None,
            "cookies.toml",
            [
                "from cookieguard import CookieGuard, Policy",
                'app = CookieGuard(app, Policy.from_file("cookies.toml"), secret_key=…)',
            ],
            id="plain WSGI",
        ),
        pytest.param(
            "import flask\napp = flask.Flask(__name__)",
            "cookies.toml",
            [
                "from cookieguard.flask import CookieGuard",
                "CookieGuard(app)  # reads cookies.toml beside the app's module",
            ],
            id="Flask",
        ),
        pytest.param(
            "import flask\napp = flask.Flask(__name__)",
            "first.toml",
            [
                "from cookieguard.flask import CookieGuard",
                'app.config["COOKIEGUARD_POLICY"] = "{folder}/first.toml"',
                "CookieGuard(app)",
            ],
            id="Flask, another file",
        ),
        pytest.param(
            DJANGO,
            "cookies.toml",
            [
                'INSTALLED_APPS += ["cookieguard.django"]',
                'MIDDLEWARE.insert(0, "cookieguard.django.middleware.CookieGuardMiddleware")',
                'COOKIEGUARD = {"POLICY": BASE_DIR / "cookies.toml"}',
                "from cookieguard.django.wsgi import get_wsgi_application  # in wsgi.py, for Django's own",
            ],
            id="Django",
        ),
    ],
)
def test_how_the_framework_is_guarded_is_said(
    app: str | None, output: str, lines: list[str], folder: Path
) -> None:
    if app:
        (folder / "shop.py").write_text(app)
    done = subprocess.run(
        [*COMMAND, "--app", "shop:app", "--output", output, "--yes"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    _check, *steps, _report = done.stdout.partition("Next:\n")[2].splitlines()
    assert steps == [f"  {line.replace('{folder}', str(folder))}" for line in lines]


def test_a_recorded_visit_alone(folder: Path) -> None:
    def entry(url: str, *cookies: str) -> object:
        headers = [{"name": "set-cookie", "value": cookie} for cookie in cookies]
        return {
            "request": {"url": url, "headers": []},
            "response": {"headers": headers, "content": {"mimeType": "text/html"}},
        }

    entries = [
        entry("https://shop.example/", "_ga=1; Max-Age=60", "mystery=1"),
        entry("https://x.nobody.example/", "t=1"),
    ]
    (folder / "visit.har").write_text(json.dumps({"log": {"entries": entries}}))
    result = init("--har", "visit.har", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert categories(told) == {"_ga": "analytics", "mystery": "functional", "t": "marketing"}
    assert told["unknown_hosts"] == ["x.nobody.example"]
    assert CliRunner().invoke(main, ["check", "cookies.toml"]).exit_code == 0


def test_an_app_and_a_recorded_visit_together(folder: Path) -> None:
    request = {"url": "https://shop.example/", "headers": [{"name": "cookie", "value": "_fbp=1"}]}
    entries = [{"request": request, "response": {"headers": [], "content": {"mimeType": "text/html"}}}]
    (folder / "visit.har").write_text(json.dumps({"log": {"entries": entries}}))
    assert categories(found("--har", "visit.har")) == {
        "visit": "functional",
        "taste": "functional",
        "_fbp": "marketing",
    }


def test_no_form_is_sent_where_none_may_be() -> None:
    assert found("--user", "anna", "--no-forms", password="right")["log_in"] == "unknown"


def test_wsgi_variables_are_passed_on(folder: Path) -> None:
    (folder / "wrong.py").write_text(
        "def app(environ, start):\n"
        "    start('200 OK', [('Set-Cookie', environ['REMOTE_USER'] + '=1')])\n"
        "    return [b'']\n"
    )
    done = init("--app", "wrong:app", "--environ", "REMOTE_USER=anna", "--json")
    assert categories(json.loads(done.output)) == {"anna": "functional"}
    done = init("--app", "wrong:app", "--environ", "anna", "--force")
    assert (done.exit_code, "write KEY=VALUE" in done.stderr) == (2, True)


def test_many_failing_pages_are_told_in_short() -> None:
    paths = [option for number in range(8) for option in ("--path", f"/broken?{number}")]
    done = init("--app", "shop:app", *paths)
    assert "and 3 more pages" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
@pytest.mark.parametrize(
    ("environ", "coloured"),
    [pytest.param({}, True, id="terminal"), pytest.param({"NO_COLOR": "1"}, False, id="NO_COLOR")],
)
def test_at_a_terminal_it_asks_and_has_colours(environ: dict[str, str], coloured: bool, folder: Path) -> None:
    ours, theirs = pty.openpty()
    plain = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI", "GITHUB_ACTIONS")
    }
    run = subprocess.Popen(
        [*COMMAND, "--app", "shop:app"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**plain, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "100", **environ},
    )
    os.write(ours, b"Asked\nme@shop.example\n")
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    assert run.wait(timeout=60) == 0
    site = Policy.from_file(folder / "cookies.toml").site
    assert (site.name, site.contact) == ("Asked", "me@shop.example")
    table = said.partition(b"because")[2]
    assert (b"\x1b[36m" in table) == coloured
