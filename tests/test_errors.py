"""Errors carry what a caller needs, and say whose fault it is."""

from __future__ import annotations

import pytest

from cookieguard import (
    ConfigurationError,
    CookieguardError,
    LedgerUnavailable,
    NoGuard,
    PolicyError,
    Problem,
    UnknownCategory,
    UnreadableImport,
    UsageError,
    visit_from,
)

MISTAKE = Problem(
    "cookieguard.E106", "error", "cookies[3].lifetime", "'soon' is no duration", "write '6 months'"
)
ADVICE = Problem("cookieguard.W202", "warning", "cookies[0]", "has no purpose", "add one", "cookies.toml", 7)


@pytest.mark.parametrize(
    ("error", "base"),
    [
        pytest.param(ConfigurationError, ValueError, id="configuration"),
        pytest.param(PolicyError, ConfigurationError, id="policy"),
        pytest.param(UsageError, ValueError, id="usage"),
        pytest.param(UnknownCategory, UsageError, id="category"),
        pytest.param(UnreadableImport, ValueError, id="import"),
        pytest.param(LedgerUnavailable, RuntimeError, id="ledger"),
        pytest.param(NoGuard, LookupError, id="no-guard"),
    ],
)
def test_tree(error: type[Exception], base: type[Exception]) -> None:
    assert issubclass(error, base) and issubclass(error, CookieguardError)


def test_whose_fault_is_told_apart() -> None:
    assert not issubclass(UsageError, ConfigurationError)
    assert not issubclass(ConfigurationError, UsageError)


def test_configuration_error_has_a_stable_id() -> None:
    error = ConfigurationError("cookieguard.E002", "no key")

    assert error.id == "cookieguard.E002"
    assert str(error) == "cookieguard.E002: no key"


def test_unknown_category_says_which_there_are() -> None:
    error = UnknownCategory("statistics", ["essential", "analytics"])

    assert (error.category, error.known) == ("statistics", ("essential", "analytics"))
    assert str(error) == "unknown category 'statistics': the policy has essential, analytics"


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        pytest.param(
            MISTAKE,
            "<dict>: error cookieguard.E106: cookies[3].lifetime: 'soon' is no duration; write '6 months'",
            id="from-a-dict",
        ),
        pytest.param(
            ADVICE,
            "cookies.toml:7: warning cookieguard.W202: cookies[0]: has no purpose; add one",
            id="with-line",
        ),
    ],
)
def test_problem_says_where_what_and_what_instead(problem: Problem, text: str) -> None:
    assert str(problem) == text


@pytest.mark.parametrize(
    ("problems", "headline"),
    [
        pytest.param([MISTAKE], "the policy has 1 mistake:", id="one"),
        pytest.param([MISTAKE, MISTAKE], "the policy has 2 mistakes:", id="two"),
        pytest.param([ADVICE, MISTAKE], "the policy has 1 mistake:", id="warnings-are-none"),
    ],
)
def test_policy_error_lists_them_all(problems: list[Problem], headline: str) -> None:
    error = PolicyError(problems)

    assert error.id == "cookieguard.E001"
    assert error.problems == tuple(problems)
    assert str(error).startswith(f"cookieguard.E001: {headline}")
    assert all(str(problem) in str(error) for problem in problems)


@pytest.mark.parametrize(
    ("line", "place"), [(None, "jar.txt: "), (3, "jar.txt:3: ")], ids=["the whole", "a line"]
)
def test_unreadable_import_says_where_what_and_what_instead(line: int | None, place: str) -> None:
    error = UnreadableImport("jar.txt", "is no cookie jar", "give one", line)

    assert str(error) == f"{place}is no cookie jar; give one"
    assert (error.source, error.reason, error.remedy, error.line) == (
        "jar.txt", "is no cookie jar", "give one", line,
    )  # fmt: skip


def test_no_guard_says_what_to_do() -> None:
    with pytest.raises(NoGuard, match="CookieGuard"):
        visit_from({})
