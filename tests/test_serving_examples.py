"""The examples of examples/serving/: each runs, or is linted."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract import MOUNT
from served import BIN, Site, clean, free_port, serving

EXAMPLES = Path(__file__).parent.parent / "examples" / "serving"
SECRET = "a secret of the tests, long enough"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the examples beside a secret, which no repository holds."""
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("__pycache__", "secret"))
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    return folder


def holds(site: Site) -> None:
    """Assert that the shop keeps its session, and sets nothing else before the visitor said yes."""
    answer = site.ask("/", {"X-Forwarded-Proto": "https"})
    assert (answer.status, answer.names) == (200, ["session"])
    assert f"{MOUNT}/guard.js".encode() in answer.body
    assert b"Shop" in site.ask(MOUNT).body


@pytest.fixture
def gunicorn(folder: Path) -> Iterator[tuple[Site, int]]:
    port = free_port()
    command = [
        str(BIN / "gunicorn"),
        "--no-control-socket",
        "-c",
        "gunicorn.conf.py",
        "--bind=127.0.0.1:{port}",
    ]
    with serving(command, folder, clean(METRICS_PORT=str(port), TMPDIR=str(folder.parent))) as site:
        yield site, port


@pytest.mark.server
def test_gunicorn(gunicorn: tuple[Site, int], folder: Path) -> None:
    site, metrics = gunicorn
    holds(site)

    shown = site.ask("/metrics", port=metrics).body.decode()
    assert 'cookieguard_verdicts_total{action="stripped",category="analytics"}' in shown
    # The site itself shows nothing of it.
    assert site.ask("/metrics").status == 404
    assert len(list(folder.parent.glob("cookieguard-counts-*"))) == 1


@pytest.mark.server
@pytest.mark.parametrize(
    "command",
    [
        pytest.param([str(BIN / "uwsgi"), "--ini", "uwsgi.ini"], id="uwsgi.ini"),
        pytest.param(
            [str(BIN / "gunicorn"), "--paste", "site.ini", "--bind=127.0.0.1:{port}"], id="site.ini"
        ),
        pytest.param([str(BIN / "pserve"), "site.ini"], id="site.ini, pserve"),
    ],
)
def test_runs(folder: Path, command: list[str]) -> None:
    # Their port may be taken here; all else stays as it is.
    port = free_port()
    for name in ("uwsgi.ini", "site.ini"):
        (folder / name).write_text((folder / name).read_text().replace(":8000", f":{port}"))
    with serving(command, folder, clean(PYTHONPATH=str(folder)), port=port) as site:
        holds(site)


APACHE = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog {folder}/errors
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule wsgi_module {modules}/mod_wsgi.so
WSGISocketPrefix {folder}/wsgi
Include {folder}/shop/apache.conf
"""
MODULES = Path("/usr/lib/apache2/modules")
MOD_WSGI = MODULES / f"mod_wsgi.so-{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def public(folder: Path) -> Iterator[Path]:
    """A folder that Apache's own user may enter, with the examples in it."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(folder, Path(name, "shop"))
        Path(name).chmod(0o755)
        if os.getuid() == 0:
            shutil.chown(Path(name, "shop", "secret"), "www-data")
        yield Path(name)


def others_may_enter(folder: Path) -> bool:
    return all(each.stat().st_mode & 0o001 for each in [folder, *folder.parents])


@pytest.mark.server
def test_mod_wsgi(request: pytest.FixtureRequest) -> None:
    apache = shutil.which("apache2", path=f"{os.environ['PATH']}:/usr/sbin")
    if apache is None or not MOD_WSGI.exists():
        absent = f"no Apache with {MOD_WSGI.name} on this machine: apt install libapache2-mod-wsgi-py3"
        if os.environ.get("CI"):
            pytest.fail(f"{absent}; with CI set nothing is skipped", pytrace=False)
        pytest.skip(absent)
    if not others_may_enter(BIN):
        pytest.skip(f"Apache's user may not enter {BIN}")
    public: Path = request.getfixturevalue("public")
    port, shop = free_port(), public / "shop"
    text = (shop / "apache.conf").read_text().replace("/srv/shop/.venv", str(BIN.parent))
    (shop / "apache.conf").write_text(text.replace("/srv/shop", str(shop)))
    (public / "apache.conf").write_text(APACHE.format(folder=public, port=port, modules=MODULES))
    command = [apache, "-f", str(public / "apache.conf"), "-DFOREGROUND"]
    with serving(command, public, port=port) as site:
        holds(site)

        # As docs/operating.md has it: a new policy, and the script touched.
        policy = (shop / "cookies.toml").read_text()
        (shop / "cookies.toml").write_text(policy.replace('name = "Shop"', 'name = "Boots"'))
        (shop / "shop.wsgi").touch()
        assert b"Boots" in site.ask(MOUNT).body

    assert "error]" not in (public / "errors").read_text()


def unit() -> configparser.RawConfigParser:
    # A unit repeats keys; the last would win here, so `Environment` is told apart by what it sets.
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    lines = (EXAMPLES / "shop.service").read_text().splitlines()
    parser.read_string("\n".join(line.replace("Environment=", "Environment ") for line in lines))
    return parser


def of_the_unit() -> list[str]:
    return unit()["Service"]["ExecStart"].split()


def of_the_container() -> list[str]:
    (line,) = re.findall(r"^CMD (\[.*\])$", (EXAMPLES / "Containerfile").read_text(), re.MULTILINE)
    return list(json.loads(line))


@pytest.mark.server
@pytest.mark.parametrize(
    "command",
    [pytest.param(of_the_unit(), id="shop.service"), pytest.param(of_the_container(), id="Containerfile")],
)
def test_gunicorn_needs_no_home(folder: Path, command: list[str]) -> None:
    _, *options = [re.sub(r"^[0-9.]+:8000$", "127.0.0.1:{port}", each) for each in command]
    environ = clean(COOKIEGUARD_CONFIG="cookieguard.toml", PYTHONPATH=str(folder), HOME="/proc/nobody")
    with serving([str(BIN / "gunicorn"), *options], folder, environ) as site:
        holds(site)

    (log,) = folder.glob("log-*")
    assert "ERROR" not in log.read_text()


def test_the_unit_sets_what_is_known() -> None:
    service = dict(unit()["Service"])
    said = {
        name.removeprefix("Environment "): value
        for name, value in service.items()
        if name.startswith("Environment ")
    }

    assert {*said} == {
        "COOKIEGUARD_APP",
        "COOKIEGUARD_POLICY",
        "COOKIEGUARD_SECRET_FILE",
        "COOKIEGUARD_PROXIES",
    }
    credential = service["LoadCredential"].partition(":")[0]
    assert said["COOKIEGUARD_SECRET_FILE"] == f"%d/{credential}"
    assert service["ExecStart"].endswith("cookieguard.serve:app")


def test_systemd_finds_nothing_in_the_unit(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        absent = "no systemd-analyze on this machine: apt install systemd"
        if os.environ.get("CI"):
            pytest.fail(f"{absent}; with CI set nothing is skipped", pytrace=False)
        pytest.skip(absent)
    # The program itself is the one thing that can't be there.
    text = (EXAMPLES / "shop.service").read_text().replace("/srv/shop/.venv/bin/gunicorn", "/bin/true")
    (tmp_path / "shop.service").write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "shop.service"], capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_hadolint_finds_nothing_in_the_containerfile() -> None:
    done = subprocess.run([BIN / "hadolint", EXAMPLES / "Containerfile"], capture_output=True, text=True)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_container_has_what_it_reads() -> None:
    text = (EXAMPLES / "Containerfile").read_text()
    copied = next(line for line in text.splitlines() if line.startswith("COPY")).split()[1:-1]

    assert {"shop.py", "cookies.toml", "cookieguard.toml"} == set(copied)
    assert all((EXAMPLES / name).is_file() for name in copied)
