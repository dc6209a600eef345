"""The settings of `cookieguard sidecar`, and every mistake in them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from contract import MOUNT, SECRET
from misbehaving import Upstream
from sidecars import POLICY, RUN, running

from cookieguard.cli.main import main

pytestmark = pytest.mark.server


def test_all_can_be_said_in_a_file_and_a_flag_wins(seen: Upstream, tmp_path: Path) -> None:
    """The hook is imported from where the sidecar is started."""
    (tmp_path / "hook.py").write_text("def keep(verdict, details):\n    return None\n")
    (tmp_path / "sidecar.toml").write_text(
        'upstream = "http://nowhere.invalid"\noverride = "hook:keep"\nread_timeout = 9.5\nport = 1\n'
        'health_path = "/file"\nguard_mount = "/choices"\ntrust_forwarded = ["127.0.0.1"]\n'
    )
    given = {"COOKIEGUARD_CONFIG": "sidecar.toml", "COOKIEGUARD_HEALTH_PATH": "/variable"}
    with running(tmp_path, seen.url, "--health-path=/flag", **given) as sidecar:
        asked = [sidecar.ask(path).body[:1] for path in ("/flag", "/variable", "/file")]
        page = sidecar.ask("/choices", X_Forwarded_Proto="https")

    assert (asked, page.status) == ([b"{", b"o", b"o"], 200)
    assert "W30" not in sidecar.log.read_text()


RIGHT = {"upstream": "http://127.0.0.1:1", "policy": "cookies.toml", "secret_file": "secret"}
MISTAKES = [
    pytest.param({"upstream": None}, ["E023", "upstream: is missing", "http://127.0.0.1:8080"], id="no app"),
    pytest.param({"upstream": "localhost:8080"}, ["E030"], id="no scheme"),
    pytest.param({"upstream": "ftp://localhost"}, ["E030"], id="another scheme"),
    pytest.param({"upstream": "http://localhost/app"}, ["only scheme, host and port"], id="a path"),
    pytest.param({"upstream": "http://"}, ["E030"], id="no host"),
    pytest.param({"upstream_host": "n\u00e4"}, ["E030"], id="a Host that is none"),
    pytest.param({"health_path": "up"}, ["E031"], id="a health path that is none"),
    pytest.param({"health_path": f"{MOUNT}/policy"}, ["E031"], id="a health path of the visitor's"),
    pytest.param({"fd": "99"}, ["E025", "fd: 99 is no socket"], id="no socket"),
    pytest.param({"fd": "stdin"}, ["E022", "fd: 'stdin' is no number"], id="no number"),
    pytest.param({"port": "65536"}, ["E022", "port: is 65536", "from 0 to 65535"], id="no port"),
    pytest.param({"read_timeout": "1m"}, ["E022", "read_timeout: '1m' is no number"], id="no seconds"),
    pytest.param({"policy": "bad.toml"}, ["E103", "bad.toml:1"], id="a policy with mistakes"),
    pytest.param({"policy": "missing.toml"}, ["E022", "there is no file", "missing.toml"], id="wrong path"),
    pytest.param({"policy": None}, ["E023", "policy: is missing"], id="missing policy"),
    pytest.param({"secret_file": "short"}, ["E003", "line 1"], id="a weak secret"),
    pytest.param({"secret_file": "empty"}, ["E024", "holds no key; write one"], id="an empty secret file"),
    pytest.param({"secret_file": "nowhere"}, ["E024", "nowhere can't be read"], id="no secret file"),
    pytest.param(
        {"secret_file": None},
        ["E023", "secret_file: is missing", "or set COOKIEGUARD_SECRET; make one: python -c"],
        id="missing secret",
    ),
    pytest.param({"templates": "nowhere"}, ["E022", "there is no folder"], id="no templates"),
    pytest.param({"metrics": MOUNT}, ["E025", "metrics", "visitor's"], id="metrics over the pages"),
    pytest.param(
        {"metrics": "/up", "health_path": "/up"}, ["E025", "where health is asked"], id="metrics over health"
    ),
    pytest.param({"log": "xml"}, ["E022", "log", "'json'"], id="no such log"),
    pytest.param({"upstream_host": "a b"}, ["E030", "'a b'"], id="no Host"),
    pytest.param({"upstream_host": "http://x/"}, ["E030", "give a name"], id="an address for a Host"),
    *(
        pytest.param(
            {"trust_forwarded": proxy}, ["E025", "trust_forwarded", "no address"], id=f"proxy {proxy}"
        )
        for proxy in ("proxy.local", "300.1.1.1", "10.0.0.0/33", "10.0.0.1/8")
    ),
    pytest.param({"port": "8017", "upstream": "http://localhost:8017"}, ["E032"], id="itself"),
    pytest.param(
        {"port": "8018", "host": "0.0.0.0", "upstream": "http://127.0.0.1:8018"},
        ["E032"],
        id="itself, by all",
    ),
]
ELSEWHERE = [
    pytest.param({"proxies": "1"}, ["E021", "proxies", "TRUST_FORWARDED"], id="of servers"),
    pytest.param({"app": "shop:app"}, ["E021", "app", "UPSTREAM"], id="of cookieguard.serve"),
    pytest.param({"polcy": "x"}, ["E021", "did you mean COOKIEGUARD_POLICY?"], id="unknown"),
    pytest.param({"secret": "a long enough secret"}, ["E022", "keep one"], id="two secrets"),
    pytest.param({"override": "nowhere:keep"}, ["E025", "no module 'nowhere'"], id="no hook"),
]
Start = Callable[..., str]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a sidecar that can't start; return what it says."""
    (tmp_path / "cookies.toml").write_text(POLICY)
    (tmp_path / "bad.toml").write_text("[gaurd]\n")
    (tmp_path / "secret").write_text(f"# the newest last\n\n{SECRET}\n")
    (tmp_path / "short").write_text("short")
    (tmp_path / "empty").write_text("\n")
    for name in [name for name in os.environ if name.startswith("COOKIEGUARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr("cookieguard.cli.sidecar._server", lambda app: pytest.fail("it starts"))
    loggers = [logging.getLogger(name) for name in ("cookieguard", "uvicorn")]
    before = [(logger.level, logger.propagate, [*logger.handlers]) for logger in loggers]

    def start(*flags: str, **variables: str) -> str:
        done = CliRunner().invoke(main, ["sidecar", *flags], env=variables)
        assert done.exit_code == 2
        assert SECRET not in done.output
        return done.stderr

    yield start
    for logger, (level, propagate, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.propagate, logger.handlers = propagate, handlers


def said(options: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**RIGHT, **options}.items() if value is not None}


@pytest.mark.parametrize(("options", "words"), MISTAKES)
def test_what_is_wrong_is_said_at_start(
    start: Start, options: dict[str, str | None], words: list[str]
) -> None:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in said(options).items()]
    told = start(*flags)

    assert [word for word in words if word.replace("_", "-") not in told.replace("_", "-")] == [], told


@pytest.mark.parametrize(("options", "words"), [*MISTAKES, *ELSEWHERE])
def test_and_of_the_environment(start: Start, options: dict[str, str | None], words: list[str]) -> None:
    told = start(**{f"COOKIEGUARD_{name.upper()}": value for name, value in said(options).items()})

    assert [word for word in words if word.lower() not in told.lower()] == [], told


def test_all_mistakes_at_once_each_where_it_was_said(start: Start, tmp_path: Path) -> None:
    (tmp_path / "sidecar.toml").write_text("\n\nread_timeout = -1\n")
    given = {"COOKIEGUARD_CONFIG": "sidecar.toml", "COOKIEGUARD_PORT": "x"}
    told = start("--upstream=http://localhost", "--log=xml", **given)

    assert [line.partition("Error: ")[2].split(": ")[0] for line in told.splitlines()] == [
        "the command line",
        "the environment",
        f"{tmp_path}/sidecar.toml:3",
        "the command line",
        "the command line",
    ]


def test_a_taken_port_is_said(tmp_path: Path, seen: Upstream) -> None:
    with running(tmp_path, seen.url):
        given = [
            f"--upstream={seen.url}",
            "--policy=cookies.toml",
            "--secret-file=secret",
            f"--port={seen.port}",
        ]
        done = subprocess.run([*RUN, *given], cwd=tmp_path, capture_output=True, text=True, timeout=30)

    assert done.returncode == 2
    assert f"can't listen at 127.0.0.1, port {seen.port}: " in done.stderr


@pytest.mark.parametrize("missing", ["httpcore", "httpx", "uvicorn"])
def test_a_missing_extra_is_said(tmp_path: Path, missing: str) -> None:
    (tmp_path / "cookies.toml").write_text(POLICY)
    code = f"import sys; sys.modules[{missing!r}] = None; from cookieguard.cli import run; run()"
    given = ["sidecar", "--upstream=http://localhost", "--policy=cookies.toml", "--secret-file=cookies.toml"]
    done = subprocess.run(
        [sys.executable, "-c", code, *given], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: the sidecar needs an extra: pip install 'cookieguard[sidecar]'\n"
