"""What is said of cookies that the policy doesn't declare, whatever the log's level."""

from __future__ import annotations

from typing import Any

import pytest
from asking import ask, guarded
from contract import responding

from cookieguard.cli.logfile import read_log
from cookieguard.policy.framework import declare, framework_cookie
from cookieguard.policy.policy import Policy
from cookieguard.undeclared import MOST_WARNINGS
from cookieguard.wsgi import CookieGuard

PASSES = 'let all such cookies pass by [guard] undeclared = "allow"'


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize(
    ("line", "changes", "said"),
    [
        pytest.param(
            "mystery=1",
            {},
            f"the app sets mystery, which the policy doesn't declare, so it is stripped; "
            f"declare it in [[cookies]], or {PASSES}",
            id="nobody knows it",
        ),
        pytest.param(
            "mystery=1",
            {"guard": {"mode": "report"}},
            f"the app sets mystery, which the policy doesn't declare, so it would be stripped; "
            f"declare it in [[cookies]], or {PASSES}",
            id="report mode",
        ),
        pytest.param(
            "_gcl_au=1",
            {},
            f"the app sets _gcl_au, which the policy doesn't declare, so it is stripped; "
            f'write use = ["google-ads"], or declare it in [[cookies]], or {PASSES}',
            id="the catalogue has it",
        ),
        pytest.param(
            "PHPSESSID=1",
            {},
            "the app sets PHPSESSID, which the policy doesn't declare, so it is stripped "
            '(it is essential to some apps); write use = ["magento"] or ["php"] or ["symfony"], '
            f"or declare it in [[cookies]], or {PASSES}",
            id="some app needs it",
        ),
        pytest.param(
            "sessionid=1",
            {},
            "the app sets sessionid, which the policy doesn't declare, so it is stripped "
            '(it is essential to some apps); write use = ["django"], or declare it in [[cookies]], '
            f"or {PASSES}; cookieguard.django would declare the framework's own by itself",
            id="a framework's",
        ),
        pytest.param(
            "a\x01b=1",
            {"guard": {"undeclared": "block"}},
            None,
            id="no browser would store it",
        ),
        pytest.param("mystery=1", {"guard": {"undeclared": "allow"}}, None, id="allowed"),
        pytest.param("mystery=; Max-Age=0", {}, None, id="deleted"),
        pytest.param("ads=1", {}, None, id="declared"),
    ],
)
def test_warned_of(
    line: str, changes: dict[str, Any], said: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    app = guarded(responding(line), **changes)
    for _ in range(3):
        ask(app)

    assert warnings(caplog) == ([] if said is None else [said])


def test_who_has_the_frameworks_own_guard_hears_nothing_of_it(caplog: pytest.LogCaptureFixture) -> None:
    policy = declare(Policy.from_dict({}), [framework_cookie("django", "sessionid", "sid", age=None)])
    ask(CookieGuard(responding("csrftoken=1"), policy, secret_key="0123456789abcdef"))

    (said,) = warnings(caplog)
    assert 'use = ["django"]' in said and "cookieguard.django" not in said


def test_an_app_that_invents_names_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    app = guarded(
        lambda environ, start_response: responding(environ["QUERY_STRING"])(environ, start_response)
    )
    for number in range(MOST_WARNINGS + 10):
        ask(app, f"/?x{number}=1")

    said = warnings(caplog)
    assert len(said) == MOST_WARNINGS + 1
    assert said[-1].startswith(
        f"the app sets more than {MOST_WARNINGS} names that the policy doesn't declare"
    )


def test_a_warning_is_no_event_of_a_report(caplog: pytest.LogCaptureFixture) -> None:
    ask(guarded(responding("PHPSESSID=1", "mystery=1")))

    assert not read_log(warnings(caplog))
