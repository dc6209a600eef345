"""`init` on real apps: a policy that `check` passes, under which the log-in works before any consent."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from guarded import PASSWORD, USER

from cookieguard.cli.main import main

ROOT = Path(__file__).parents[2]
GUARDED = ROOT / "tests" / "support" / "guarded.py"


class Site(NamedTuple):
    name: str
    essential: set[str]
    options: tuple[str, ...] = ()
    needs: str | None = None


SITES = [
    Site("portal", {"session_id"}),
    Site("ad_partners", {"login_session"}),
    Site("hosting", {"WHMCSInstanceID"}),
    Site("plain_wsgi", {"session"}),
    Site("flask_app", {"session"}),
    Site("django_app", {"sessionid"}),
    Site("django_admin", {"staff", "form_guard"}, ("--user", USER)),
    Site("roundup", {"roundup_session_Roundupissuetracker"}, ("--user", USER), "roundup"),
    Site("trac", {"trac_auth"}, ("--environ", f"REMOTE_USER={USER}", "--pages", "20"), "trac"),
]


def python(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "COOKIEGUARD_LOGIN_PASSWORD": PASSWORD}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_the_first_policy_lets_people_log_in(site: Site, folder: Path) -> None:
    if site.needs and importlib.util.find_spec(site.needs) is None:
        pytest.skip(f"{site.needs} isn't installed")
    command = ("-c", "from cookieguard.cli import run; run()")
    app = f"{GUARDED}:{site.name}()"
    made = python(*command, "init", "--app", app, "--yes", "--json", *site.options, folder=folder)
    found = json.loads(made.stdout)
    decided = {each["name"]: each["category"] for each in found["cookies"]}
    assert {decided.get(name, "essential") for name in site.essential} == {"essential"}
    assert found["log_in"] in ("works", "none")

    checked = CliRunner().invoke(main, ["check", "cookies.toml"])
    assert checked.exit_code == 0, checked.output

    seen = json.loads(python(GUARDED, site.name, "cookies.toml", folder=folder).stdout)
    assert seen["works"]
    assert not seen["consented"]
    assert site.essential <= set(seen["held"])
    # What isn't essential waited for a consent that nobody gave.
    classified = CliRunner().invoke(main, ["classify", *seen["held"], "--policy", "cookies.toml", "--json"])
    assert {row["category"] for row in json.loads(classified.output)} == {"essential"}

    # What was measured is the policy: without it the same log-in fails.
    (folder / "empty.toml").write_text("")
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, GUARDED, site.name, "empty.toml"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0 or not json.loads(done.stdout)["works"]
