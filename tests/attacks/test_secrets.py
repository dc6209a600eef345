"""Secrets: no key, password or cookie's value gets into a log, an error, a repr or an answer.

What the log holds is also in tests/test_logs.py, reprs in tests/wsgi/test_guard.py.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import FORM, JSON, Server, an_environ, ask, consent, guarded, policy_of
from click.testing import CliRunner
from contract import ALL, HOST, MOUNT, NAVIGATION, responding

from cookieguard import ConfigurationError, CookieGuard, Policy, PolicyError, visit_from
from cookieguard.cli.main import main
from cookieguard.consent.seal import Seal
from cookieguard.logs import JSONLines
from cookieguard.options import Options
from cookieguard.settings.settings import ServeSettings, settings_of_process

KEY = "KEYKEYKEYKEYKEYKEYKEY"
VALUE = "VALUEVALUE"
PASSWORD = "PASSWORDPASSWORD"
HUSH = (KEY, VALUE, PASSWORD)
LEDGER = {"url": f"postgresql+psycopg://site:{PASSWORD}@db/receipts", "retention": "3 years"}


class WithLocals(logging.Formatter):
    def formatException(self, ei: Any) -> str:
        # Of frames of the guard: the app's and the hook's own are theirs.
        return with_locals(ei[1])


@pytest.fixture
def told() -> Iterator[Callable[[], str]]:
    """All that is logged, by everybody, as text, as JSON, and as an error report made of it."""
    root, out = logging.getLogger(), io.StringIO()
    handlers = [logging.StreamHandler(out) for _ in range(3)]
    handlers[1].setFormatter(JSONLines())
    handlers[2].setFormatter(WithLocals())
    level = root.level, logging.getLogger("cookieguard").level
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("cookieguard").setLevel(logging.DEBUG)
    yield out.getvalue
    for handler in handlers:
        root.removeHandler(handler)
    root.setLevel(level[0])
    logging.getLogger("cookieguard").setLevel(level[1])


def hushed(text: str) -> bool:
    return not any(word in text or word.lower() in text.lower() for word in HUSH)


def with_locals(error: BaseException) -> str:
    """A traceback with each frame's variables, as error reports keep them."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


COOKIES = tuple(f"{name.partition('=')[0]}={VALUE}; Path=/{VALUE}" for name in ALL)


@pytest.mark.parametrize("mode", ["enforce", "report"])
def test_a_whole_visit_tells_no_value(told: Callable[[], str], mode: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        visit = visit_from(environ)
        visit.grant(["analytics"])
        visit.withdraw(["marketing"])
        return responding(*COOKIES, f"x={VALUE}", f"={VALUE}")(environ, start_response)

    def hook(details: Any) -> Any:
        raise RuntimeError("the site's own mistake")

    guard = guarded(app, guard={"mode": mode, "debug": True}, secret_key=KEY, override=hook)
    sent = {**NAVIGATION, "Authorization": VALUE, "Referer": f"http://{HOST}/{VALUE}", "User-Agent": VALUE}
    cookie = f"_ga={VALUE}; session={VALUE}; x={VALUE}; cookieguard={VALUE}; {consent('analytics')}"
    answer = ask(guard, f"/{VALUE}?q={VALUE}", cookie=cookie, headers=sent)
    for body, headers in ((f"choice={VALUE}", FORM), (json.dumps({"accept": [], "digests": VALUE}), JSON)):
        refused = ask(
            guard, MOUNT, method="POST", cookie=cookie, headers={**headers, **sent}, body=body.encode()
        )
        assert hushed(refused.body.decode())

    # The rest of the answer is the app's own.
    assert told() and hushed(told())
    assert hushed(answer.get("X-Cookieguard") or "")


def test_no_repr_tells_a_key_or_a_password() -> None:
    policy = policy_of(ledger=LEDGER)
    guard = CookieGuard(responding(), policy, secret_key=[KEY, KEY])
    options = Options(policy=policy, keys=(KEY,))
    things = [options, guard, guard.enforcer, guard.enforcer.carrier, Seal(KEY), policy, policy.ledger]
    # Also within others, as an error report prints them.
    assert hushed(repr(things)) and hushed(str(things)) and hushed(repr(vars(guard)))
    assert hushed(repr({name: getattr(guard.enforcer, name) for name in vars(guard.enforcer)}))


@pytest.mark.parametrize("key", [[KEY, PASSWORD[:9]], [KEY, 7], (), [KEY, None]])
def test_a_wrong_key_tells_no_other(key: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        CookieGuard(responding(), policy_of(), secret_key=key)

    assert hushed(str(caught.value)) and PASSWORD[:9] not in str(caught.value)


def test_a_policy_that_does_not_load_tells_no_password() -> None:
    for wrong in (
        {"retention": "for ever"},
        {"address": "plain"},
        {"passwd": PASSWORD},
        {"url": [PASSWORD]},
        {"url": {"x": PASSWORD}},
    ):
        with pytest.raises(PolicyError) as caught:
            Policy.from_dict({"ledger": {**LEDGER, **wrong}})
        assert hushed(str(caught.value).replace("passwd", ""))


def test_a_wrong_header_tells_nothing_of_other_visitors() -> None:
    headers: list[tuple[str, Any]] = [("Set-Cookie", f"session={VALUE}; Path=/")]

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", list(headers))
        return [b"ok"]

    guard = guarded(app, secret_key=KEY)
    for _ in range(4):
        guard(an_environ(), Server().start_response)
    headers[:] = [("X-Count", 5)]
    with pytest.raises((TypeError, AttributeError)) as caught:
        guard(an_environ(), Server().start_response)

    assert hushed(with_locals(caught.value))


def test_an_apps_error_keeps_no_value_beside_the_apps_own() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        visit = visit_from(environ)
        visit.grant(["analytics"])
        # The app's own frame holds the request, and is the app's to keep.
        environ = {}
        raise RuntimeError("the app's own mistake")

    guard = guarded(app, secret_key=KEY)
    environ = {
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "PATH_INFO": "/",
    }
    try:
        guard({**environ, "HTTP_COOKIE": f"_ga_1={VALUE}; {consent('analytics')}"}, lambda *given: None)
    except RuntimeError:
        error = sys.exc_info()[1]
    assert error is not None
    report = with_locals(error)
    # `environ` and `cookies` are the server's; of what we make of them nothing is told.
    ours = [
        line
        for line in report.splitlines()
        if not line.strip().startswith(("environ =", "cookies =", "visible ="))
    ]

    assert KEY not in report and hushed("\n".join(ours))


# Deployments


def test_settings_tell_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cookies.toml").write_text('[site]\nname = "S"\n')
    monkeypatch.chdir(tmp_path)
    said = {"COOKIEGUARD_APP": "a:b", "COOKIEGUARD_POLICY": "cookies.toml", "COOKIEGUARD_SECRET": KEY}
    settings = settings_of_process(ServeSettings, said)

    assert settings.secret_keys == (KEY,) and hushed(repr(settings)) and hushed(str([settings]))
    for wrong in (
        {"COOKIEGUARD_LOG": "x"},
        {"COOKIEGUARD_SECRET_FILE": "f"},
        {"COOKIEGUARD_SECRETS": PASSWORD},
    ):
        with pytest.raises(ConfigurationError) as caught:
            settings_of_process(ServeSettings, {**said, **wrong})
        assert hushed(str(caught.value)), wrong
    laid = {"COOKIEGUARD_LEDGER_RETENTION": "x", "COOKIEGUARD_LEDGER_URL": LEDGER["url"]}
    with pytest.raises(PolicyError, match="COOKIEGUARD_LEDGER_RETENTION") as caught:
        Policy.from_file("cookies.toml", over=settings_of_process(ServeSettings, {**said, **laid}).over)
    assert hushed(str(caught.value))


POLICY = f"""
[site]
name = "S"
[ledger]
url = "{LEDGER["url"]}"
retention = "3 years"
[[cookies]]
name = "ads"
category = "marketing"
lifetime = "1 day"
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "cookies.toml", "--json"],
        ["check", "cookies.toml"],
        ["check", "broken.toml", "--json"],
        ["classify", "ads", "--policy", "cookies.toml", "--json"],
        ["consent", "issue", "--policy", "cookies.toml", "--json"],
        ["consent", "decode", "1.2026-11-22.-marketing:AAAAAAAAAAA." + "A" * 43, "--host", HOST, "--json", "--policy", "cookies.toml"],
        ["consent", "issue", "--policy", "none.toml"],
        ["policy", "render", "cookies.toml"],
        ["schema"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)  # fmt: skip
def test_no_command_prints_a_key_or_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cookies.toml").write_text(POLICY)
    (tmp_path / "broken.toml").write_text(POLICY.replace("3 years", "for ever") + "lifetime = 1\n")
    result = CliRunner().invoke(
        main, arguments, env={"COOKIEGUARD_SECRET": KEY, "COOKIEGUARD_LOGIN_PASSWORD": PASSWORD}
    )

    assert result.output and hushed(result.output)
