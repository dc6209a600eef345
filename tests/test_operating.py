"""The recipes of docs/operating.md, each over a real gunicorn with two workers under load."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from contract import CASES, HOST, MOUNT, POLICY, SECRET, Answer
from served import GUNICORN, Site, clean, serving

from cookieguard.consent.seal import Seal

pytestmark = pytest.mark.server

NEW = "the new key, long enough for anybody"
VARIABLES = {
    "COOKIEGUARD_APP": "served_app:make()",
    "COOKIEGUARD_POLICY": "cookies.json",
    "COOKIEGUARD_SECRET_FILE": "secret",
    "COOKIEGUARD_LOG": "json",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "cookies.json").write_text(json.dumps(POLICY))
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "secret").chmod(0o600)
    with serving([*GUNICORN, "--workers=2", "cookieguard.serve:app"], tmp_path, clean(**VARIABLES)) as site:
        yield site


@contextmanager
def under_load(site: Site) -> Iterator[None]:
    """Ask the site all the time from four sides; fail if one request fails."""
    done, failures, answered = threading.Event(), [], []

    def visit() -> None:
        while not done.is_set():
            try:
                answer = site.ask("/", {"X-Case": "first-visit"})
                answered.append(answer.status)
                if answer.names != ["session"]:
                    failures.append(str(answer))
            except OSError as error:
                failures.append(repr(error))

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    try:
        yield
    finally:
        done.set()
        for visitor in visitors:
            visitor.join()
    assert failures == []
    assert len(answered) > 20 and set(answered) == {200}


def await_that(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def decide(site: Site, accept: list[str], cookie: str = "") -> str:
    """Accept categories as the banner does; return the consent cookie."""
    shown = state(site, cookie)["categories"]
    choice = {"accept": accept, "digests": {id: category["digest"] for id, category in shown.items()}}
    headers = {"Origin": f"http://{HOST}", "Content-Type": "application/json", "Cookie": cookie}
    answer = site.ask(MOUNT, headers, "POST", json.dumps(choice).encode())
    assert answer.status == 200
    return answer.cookies[-1].partition(";")[0]


def state(site: Site, cookie: str) -> dict[str, Any]:
    answer: Answer = site.ask(MOUNT, {"Accept": "application/json", "Cookie": cookie})
    found: dict[str, Any] = json.loads(answer.body)
    return found


def signed_by(cookie: str, key: str) -> bool:
    return Seal(key).loads(cookie.partition("=")[2], HOST) is not None


def test_a_new_key_signs_and_the_old_one_counts_on(site: Site, tmp_path: Path) -> None:
    old = decide(site, ["analytics"])
    assert signed_by(old, SECRET)

    with under_load(site):
        with (tmp_path / "secret").open("a") as file:
            file.write(f"{NEW}\n")
        site.reload()
        await_that(lambda: signed_by(decide(site, ["analytics"]), NEW))
        # Both workers are new ones now, or soon.
        await_that(lambda: all(signed_by(decide(site, ["analytics"]), NEW) for _ in range(20)))

    assert site.ask("/", {"X-Case": "accepted", "Cookie": old}).names == ["session", "_ga", "_ga_X1"]
    assert state(site, old)["undecided"] == []


def test_an_old_key_that_is_taken_out_counts_no_more(site: Site, tmp_path: Path) -> None:
    old = decide(site, ["analytics"])

    with under_load(site):
        (tmp_path / "secret").write_text(f"{NEW}\n")
        site.reload()
        await_that(lambda: all(state(site, old)["undecided"] for _ in range(20)))

    assert site.ask("/", {"X-Case": "accepted", "Cookie": old}).names == ["session"]


def test_a_changed_policy_asks_about_the_change_alone(site: Site, tmp_path: Path) -> None:
    decided = decide(site, ["analytics", "marketing"])
    changed = [
        {**cookie, "lifetime": "2 days"} if cookie["name"] == "ads" else cookie
        for cookie in POLICY["cookies"]
    ]

    with under_load(site):
        (tmp_path / "cookies.json").write_text(json.dumps({**POLICY, "cookies": changed}))
        site.reload()
        await_that(lambda: all(state(site, decided)["undecided"] == ["marketing"] for _ in range(20)))

    assert site.ask("/", {"X-Case": "first-visit", "Cookie": decided}).names == ["session", "_ga", "_ga_X1"]
    again = decide(site, ["analytics", "marketing"], decided)
    assert "ads" in site.ask("/", {"X-Case": "first-visit", "Cookie": again}).names


def test_a_wrong_policy_is_found_before_it_is_loaded(site: Site, tmp_path: Path) -> None:
    """`gunicorn --check-config` with the site's own environment, before the reload."""
    (tmp_path / "next.json").write_text(json.dumps({**POLICY, "gaurd": {}}))
    check = [*GUNICORN, "--check-config", "cookieguard.serve:app"]
    environment = clean(**{**VARIABLES, "COOKIEGUARD_POLICY": "next.json"})
    done = subprocess.run(
        [argument.replace("{port}", "0") for argument in check],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0 and "E103: gaurd: unknown table" in done.stderr

    assert site.ask("/", {"X-Case": "first-visit"}).names == ["session"]


def test_rolling_out_in_report_mode(tmp_path: Path) -> None:
    """All passes, nothing is added, and the log says what would have been held back."""
    (tmp_path / "cookies.json").write_text(json.dumps(POLICY))
    case = next(case for case in CASES if case.id == "first-visit")
    given = {
        **VARIABLES,
        "COOKIEGUARD_SECRET_FILE": "",
        "COOKIEGUARD_SECRET": SECRET,
        "COOKIEGUARD_MODE": "report",
    }
    with serving([*GUNICORN, "cookieguard.serve:app"], tmp_path, clean(**given)) as site:
        answer = site.ask(case.path, case.request_headers())
        assert answer.names == ["session", "_ga", "_ga_X1", "ads", "chat", "unheard-of"]
        assert answer.get("Cache-Control") is None
        lines = [json.loads(line) for line in site.said.splitlines() if line.startswith("{")]
        told = [line["cookieguard"] for line in lines if line["level"] != "warning"]

        (tmp_path / "site.log").write_text(site.said)

    report = [sys.executable, "-m", "cookieguard", "report", "--json", "site.log"]
    summed = json.loads(subprocess.run(report, cwd=tmp_path, capture_output=True, text=True).stdout)
    assert [row["cookie"] for row in summed["undeclared"]] == ["unheard-of"]
    held_back = {event["cookie"]: event["reason"] for event in told}
    assert held_back == {
        "_ga": "undecided",
        "_ga_*": "undecided",
        "ads": "undecided",
        "chat": "undecided",
        "unheard-of": "undeclared",
    }
    assert {event["mode"] for event in told} == {"report"}
