"""Apps guarded by configuration alone, under real servers: the contract, streams, proxies."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from contract import CASES, HOST, MOUNT, POLICY, SECRET, Case
from served import BIN, GUNICORN, UWSGI, WAITRESS, Site, clean, serving
from servers_app import FIRST, LAST

pytestmark = pytest.mark.server

VARIABLES = {
    "COOKIEGUARD_APP": "served_app:make()",
    "COOKIEGUARD_POLICY": "cookies.json",
    "COOKIEGUARD_SECRET_FILE": "secret",
    "COOKIEGUARD_METRICS": "/metrics",
    "COOKIEGUARD_PROXIES": "1",
    "COOKIEGUARD_TEMPLATES": "templates",
    "COOKIEGUARD_OVERRIDE": "served_app:keeps_beta",
    "COOKIEGUARD_GUARD_EXCLUDE": "/left/alone, /health",
}
CONFIG = """
app = "served_app:make()"
policy = "cookies.json"
secret_file = "secret"
metrics = "/metrics"
proxies = 1
templates = "templates"
override = "served_app:keeps_beta"
guard_exclude = ["/left/alone", "/health"]
"""
INI = """
[pipeline:main]
pipeline = cookieguard contract

[filter:cookieguard]
use = egg:cookieguard
policy = cookies.json
secret_file = secret
metrics = /metrics
proxies = 1
templates = templates
override = served_app:keeps_beta
guard_exclude = /left/alone, /health

[app:contract]
paste.app_factory = served_app:make
"""
PSERVE = """
[server:main]
use = egg:waitress#main
listen = 127.0.0.1:%(http_port)s
clear_untrusted_proxy_headers = false
"""
SERVERS = {
    "gunicorn": ([*GUNICORN, "cookieguard.serve:app"], VARIABLES),
    "gunicorn, by file": (
        [*GUNICORN, "cookieguard.serve"],
        {"COOKIEGUARD_CONFIG": "config/cookieguard.toml"},
    ),
    # It takes what proxies say away, unless told which to trust: then they are its own matter.
    "waitress": ([*WAITRESS, "--no-clear-untrusted-proxy-headers", "cookieguard.serve:app"], VARIABLES),
    "uWSGI": ([*UWSGI, "--module=cookieguard.serve"], VARIABLES),
    "gunicorn, PasteDeploy": ([*GUNICORN, "--paste=site.ini"], {}),
    "pserve, PasteDeploy": ([str(BIN / "pserve"), "pserve.ini", "http_port={port}"], {}),
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    with ExitStack() as stack:
        yield _Sites(tmp_path_factory.mktemp("sites"), stack)


class _Sites(dict[str, Site]):
    """Starts each server on its first use, all with the same policy and secret."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        for place in (folder, folder / "config"):
            (place / "templates").mkdir(parents=True)
            (place / "cookies.json").write_text(json.dumps(POLICY))
            (place / "secret").write_text(f"# one key\n{SECRET}\n")
            (place / "secret").chmod(0o600)
        (folder / "config" / "cookieguard.toml").write_text(CONFIG)
        (folder / "site.ini").write_text(INI)
        (folder / "pserve.ini").write_text(INI + PSERVE)

    def __missing__(self, name: str) -> Site:
        command, variables = SERVERS[name]
        site = self[name] = self._stack.enter_context(serving(command, self._folder, clean(**variables)))
        return site


@pytest.fixture(params=SERVERS)
def site(request: pytest.FixtureRequest, sites: dict[str, Site]) -> Site:
    return sites[request.param]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_contract(site: Site, case: Case, request: pytest.FixtureRequest) -> None:
    if case.id == "exc-info-before-the-body" and "uWSGI" in request.node.name:
        # uWSGI itself sends no body then, whatever the app returns.
        case = dataclasses.replace(case, body=None)
    case.check(site.ask(case.path, case.request_headers(), case.method))


def test_streams_piece_by_piece(site: Site, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    gate.touch()

    assert site.ask("/pieces", {"X-Gate": str(gate)}).body == FIRST + LAST


def test_a_trusted_proxy_tells_https(site: Site) -> None:
    answer = site.ask("/", {"X-Case": "grant", "X-Forwarded-Proto": "https"})

    assert answer.names == ["_ga", "__Host-cookieguard"]


def test_what_no_proxy_was_trusted_to_tell_is_not_believed(site: Site) -> None:
    assert b"evil.example" not in site.ask(MOUNT, {"X-Forwarded-Host": "evil.example"}).body


def test_settings_reach_the_policy(site: Site) -> None:
    left_alone = site.ask("/left/alone", {"Host": HOST})

    assert "ads" in left_alone.names


def test_metrics_are_where_they_were_asked_for(site: Site) -> None:
    site.ask("/", {"X-Case": "first-visit"})
    answer = site.ask("/metrics")

    assert answer.status == 200
    assert b'cookieguard_verdicts_total{action="stripped",category="marketing"}' in answer.body


def test_nobody_is_told_the_secret(site: Site) -> None:
    assert SECRET not in site.said
