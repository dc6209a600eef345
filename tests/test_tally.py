"""What is counted: verdicts, decisions, pages left alone, undeclared names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from asking import CHOICE_NONE, FORM, App, ask, consent, guarded, lined
from contract import MOUNT, responding

from cookieguard import visit_from
from cookieguard.tally import MOST_NAMES, step_between


def deciding(decide: Callable[[Any], object]) -> App:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        decide(visit_from(environ))
        return responding("session=1")(environ, start_response)

    return app


@pytest.mark.parametrize(
    ("before", "after", "decision"),
    [
        pytest.param([], ["a"], "grant", id="first yes"),
        pytest.param([], [], "refusal", id="first no"),
        pytest.param(["a"], [], "withdrawal", id="taken back"),
        pytest.param(["a", "b"], ["a"], "withdrawal", id="one taken back"),
        pytest.param(["a"], ["a", "b"], "grant", id="one more"),
        pytest.param(["a"], ["b"], "grant", id="one for another"),
        pytest.param(["a"], ["a"], "refusal", id="the rest refused"),
    ],
)
def test_step_between(before: list[str], after: list[str], decision: str) -> None:
    assert step_between(before, after) == decision


@pytest.mark.parametrize(
    ("decide", "accepted", "counted"),
    [
        pytest.param(lambda visit: visit.grant(["analytics"]), None, {"grant": 1}, id="grant"),
        pytest.param(lambda visit: visit.grant(["analytics"]), ["analytics"], {}, id="nothing new"),
        pytest.param(lambda visit: visit.withdraw(), ["analytics"], {"withdrawal": 1}, id="withdrawal"),
        pytest.param(lambda visit: visit.withdraw(), None, {"refusal": 1}, id="refusal"),
        pytest.param(lambda visit: visit.decide([]), None, {"refusal": 1}, id="form"),
        pytest.param(
            lambda visit: (visit.grant(["analytics"]), visit.withdraw()), None, {"refusal": 1}, id="last word"
        ),
    ],
)
def test_decisions(
    decide: Callable[[Any], object], accepted: list[str] | None, counted: dict[str, int]
) -> None:
    app = lined(deciding(decide))
    ask(app, cookie=None if accepted is None else consent(*accepted))

    assert app.enforcer.tally.decisions == counted


def test_the_visitors_form_counts() -> None:
    app = lined(responding())
    ask(app, MOUNT, method="POST", headers=FORM, body=CHOICE_NONE)

    assert app.enforcer.tally.decisions == {"refusal": 1}


def test_report_mode_counts_no_decision() -> None:
    app = lined(deciding(lambda visit: visit.grant(["analytics"])), guard={"mode": "report"})
    ask(app)

    assert app.enforcer.tally.decisions == {}


def test_a_response_begun_anew_is_one_decision() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit_from(environ).grant(["analytics"])
        start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")])
        try:
            raise ValueError
        except ValueError:
            start_response(
                "500 Oh No", [("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")], sys.exc_info()
            )
        return [b"sorry"]

    guard = guarded(app)
    ask(guard)

    assert guard.enforcer.tally.decisions == {"grant": 1}
    assert guard.enforcer.counts == {("kept", "analytics"): 1}


def test_undeclared_names_are_told_apart_up_to_a_bound() -> None:
    app = guarded(
        lambda environ, start_response: responding(environ["QUERY_STRING"])(environ, start_response)
    )
    for name in ("one=1", "two=1", "one=2", "ads=1", "=nameless"):
        ask(app, f"/?{name}")
    assert app.enforcer.tally.undeclared_names == 2

    for number in range(MOST_NAMES + 10):
        ask(app, f"/?x{number}=1")
    assert app.enforcer.tally.undeclared_names == MOST_NAMES
