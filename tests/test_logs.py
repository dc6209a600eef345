"""The guard's log: what each record carries, and what it never does."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asking import ask, guarded
from contract import ALL, NAVIGATION, responding

from cookieguard.guard.verdict import logger
from cookieguard.logs import JSONLines, log_to_stderr

Written = Callable[[], str]


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    handlers, level, propagate = [*logger.handlers], logger.level, logger.propagate
    written: list[str] = []

    def read() -> str:
        written.append(capsys.readouterr().err)
        return "".join(written)

    yield read
    logger.handlers[:] = handlers
    logger.propagate = propagate
    logger.setLevel(level)


def events(stderr: Written) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in stderr().splitlines()]
    return [line["cookieguard"] for line in lines if "cookieguard" in line]


def test_each_cookie_is_one_record(stderr: Written) -> None:
    log_to_stderr("json", "debug")
    app = guarded(
        responding("session=hush; Max-Age=999999", "csrf=hush; HttpOnly", "ads=hush", "x\ty=hush", "new=hush")
    )
    ask(app, "/hush/?q=hush", cookie="_ga=hush", headers=NAVIGATION)

    told = events(stderr)
    assert [tuple(event.values()) for event in told] == [
        ("capped", "session", "essential", "lifetime", "enforce"),
        ("kept", "csrf", "essential", "essential", "enforce"),
        ("stripped", "ads", "marketing", "undecided", "enforce"),
        ("stripped", r"x\x09y", "undeclared", "undeclared", "enforce"),
        ("stripped", "new", "undeclared", "undeclared", "enforce"),
        ("swept", "_ga", "analytics", "undecided", "enforce"),
    ]
    assert {tuple(event) for event in told} == {("action", "cookie", "category", "reason", "mode")}
    assert "hush" not in stderr()


def test_kept_cookies_are_for_debugging(stderr: Written) -> None:
    log_to_stderr("json", "info")
    ask(guarded(responding(*ALL), guard={"mode": "report"}))

    assert {(event["action"], event["mode"]) for event in events(stderr)} == {("stripped", "report")}


def test_a_cookie_that_is_left_longer_than_visitors_were_told_is_no_debugging(stderr: Written) -> None:
    log_to_stderr("json", "info")
    ask(guarded(responding("session=1; Max-Age=999999", "csrf=1; HttpOnly"), guard={"lifetimes": "report"}))

    assert [(event["cookie"], event["reason"]) for event in events(stderr)] == [("session", "lifetime")]


def test_a_line_is_whole(stderr: Written) -> None:
    log_to_stderr("json", "info")
    ask(guarded(responding("ads=1")))
    line = json.loads(stderr())

    assert {key: line[key] for key in ("level", "logger", "message")} == {
        "level": "info",
        "logger": "cookieguard",
        "message": "stripped ads: marketing, undecided",
    }
    assert line["time"].endswith("+00:00")


def test_what_failed_is_told_too(stderr: Written) -> None:
    def hook(details: Any) -> Any:
        raise RuntimeError("the site's own mistake")

    log_to_stderr("json", "warning")
    ask(guarded(responding("ads=1"), override=hook))

    assert "the site's own mistake" in json.loads(stderr())["exception"]


def test_text_is_for_people(stderr: Written) -> None:
    log_to_stderr("text", "info")
    ask(guarded(responding("ads=1")))

    assert stderr().endswith(" INFO cookieguard: stripped ads: marketing, undecided\n")


def test_asked_twice_each_line_comes_once(stderr: Written) -> None:
    log_to_stderr("text", "info")
    log_to_stderr("json", "info")
    ask(guarded(responding("ads=1")))

    assert len(events(stderr)) == 1


def test_any_record_of_others_is_a_line(stderr: Written) -> None:
    record = logging.LogRecord("else", logging.ERROR, "", 0, "a %s\nb", ("x",), None)

    assert json.loads(JSONLines().format(record))["message"] == "a x\nb"
