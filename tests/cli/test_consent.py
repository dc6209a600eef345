"""`consent decode` and `consent issue`."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cookieguard import Policy
from cookieguard.cli.main import main
from cookieguard.testing import consent_cookie

KEY = "a secret key for tests only"
POLICY = """
use = ["google-analytics"]
"""


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    (folder / "cookies.toml").write_text(POLICY)
    (folder / "keys").write_text(f"an older key, 16+ bytes\n{KEY}\n")


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(main, ["consent", *arguments], env=environ)


def issued(*arguments: str) -> str:
    result = run("issue", "--policy", "cookies.toml", "--secret-file", "keys", *arguments)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def decoded(value: str, *arguments: str, **environ: str) -> dict[str, object]:
    found = json.loads(run("decode", value, "--json", *arguments, **environ).output)
    assert isinstance(found, dict)
    return found


def test_what_is_issued_counts_with_the_guard() -> None:
    expected = consent_cookie(Policy.from_file("cookies.toml"), KEY, ["analytics"], https=True)
    assert issued("--accept", "analytics", "--https") == "=".join(expected)


@pytest.mark.parametrize(
    "accepts",
    [
        pytest.param(["--accept", "analytics", "--accept", "marketing"], id="repeated"),
        pytest.param(["--accept", "analytics,marketing"], id="commas"),
        pytest.param(["--accept", "analytics, marketing"], id="commas and spaces"),
    ],
)
def test_several_categories_are_accepted(accepts: list[str]) -> None:
    choices = decoded(issued(*accepts))["choices"]
    assert [choice["accepted"] for choice in choices] == [True, True]  # type: ignore[attr-defined]


def test_what_is_issued_as_json() -> None:
    assert json.loads(issued("--json"))["name"] == "cookieguard"


def test_what_is_issued_is_decoded() -> None:
    value = issued("--accept", "analytics", "--host", "shop.example", "--day", "2026-11-01")
    found = decoded(value, "--secret-file", "keys", "--host", "shop.example")
    assert found["signature"] == "valid"
    assert found["day"] == "2026-11-01"
    choices = {choice["category"]: choice["accepted"] for choice in found["choices"]}  # type: ignore[attr-defined]
    assert choices == {"analytics": True, "marketing": False}


@pytest.mark.parametrize(
    ("arguments", "environ", "signature"),
    [
        pytest.param(["--host", "localhost"], {"COOKIEGUARD_SECRET": KEY}, "valid", id="valid"),
        pytest.param(["--host", "localhost:8000"], {"COOKIEGUARD_SECRET": KEY}, "valid", id="port"),
        pytest.param(
            ["--host", "elsewhere.example"], {"COOKIEGUARD_SECRET": KEY}, "wrong", id="another site's"
        ),
        pytest.param(["--host", "localhost"], {"COOKIEGUARD_SECRET": KEY + "x"}, "wrong", id="another key"),
        pytest.param([], {"COOKIEGUARD_SECRET": KEY}, "not checked: give --host", id="no host"),
        pytest.param(["--host", "localhost"], {}, "not checked: give --secret-file", id="no key"),
    ],
)
def test_the_signature_is_checked_or_said_not_to_be(
    arguments: list[str], environ: dict[str, str], signature: str
) -> None:
    value = issued("--accept", "analytics")
    assert str(decoded(value, *arguments, **environ)["signature"]).startswith(signature)
    result = run("decode", value, *arguments, **environ)
    assert result.exit_code == (1 if signature == "wrong" else 0)
    assert f"signature  {signature}" in result.output


def test_what_nobody_signed_counts_for_nothing(folder: Path) -> None:
    value = issued("--accept", "analytics")
    policy = ["--policy", str(folder / "cookies.toml")]
    arguments, environ = [*policy, "--host", "localhost"], {"COOKIEGUARD_SECRET": KEY + "x"}
    assert "analytics" not in decoded(value, *arguments, **environ)["allows"]
    output = run("decode", value, *arguments, **environ).output
    assert "counts for nothing" in output and " allowed" not in output.replace("not allowed", "")


@pytest.mark.parametrize("around", ["{}", "Cookie: {}", "Set-Cookie: {}; Path=/", " {} "])
def test_the_cookie_may_be_pasted_as_it_is_found(around: str) -> None:
    value = issued("--accept", "analytics")
    assert (
        decoded(around.format(value), "--host", "localhost", COOKIEGUARD_SECRET=KEY)["signature"] == "valid"
    )


def test_under_a_policy_it_says_what_counts(folder: Path) -> None:
    value = issued("--accept", "analytics")
    found = decoded(value, "--policy", "cookies.toml")
    assert found["allows"] == ["essential", "analytics"]
    assert (found["stale"], found["expired"]) == ([], False)
    (folder / "next.toml").write_text(
        POLICY + '[[cookies]]\nname = "x"\ncategory = "analytics"\npurpose = "Counts."\nlifetime = "1 day"\n'
    )
    found = decoded(value, "--policy", "next.toml")
    assert (found["allows"], found["stale"]) == (["essential"], ["analytics"])
    assert "changed since: asked again" in run("decode", value, "--policy", "next.toml").output


def test_an_old_decision_counts_no_more() -> None:
    value = issued("--day", "2020-01-01")
    result = run("decode", value, "--policy", "cookies.toml")
    assert result.exit_code == 1
    assert "counts no more" in result.output


def test_a_day_that_no_calendar_has_is_left_out() -> None:
    value = "1.0001-01-01.+analytics:3f9aK1x0PQ4~5.SIG"
    assert decoded(value)["choices"][0]["day"] is None  # type: ignore[index]
    shown = run("decode", value, "--policy", "cookies.toml")
    assert (shown.exit_code, "analytics  accepted       3f9aK1x0PQ4" in shown.output) == (1, True)


def test_what_is_no_consent_is_told() -> None:
    result = run("decode", "GA1.1.1604")
    assert result.exit_code == 2
    assert "that is no consent cookie" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param([], "give --secret-file FILE, or set COOKIEGUARD_SECRET", id="no key"),
        pytest.param(["--secret-file", "empty"], "empty holds no key", id="empty"),
        pytest.param(["--secret-file", "weak"], "less than 16", id="weak"),
        pytest.param(["--secret-file", "keys", "--accept", "ads"], "unknown category 'ads'", id="category"),
        pytest.param(["--secret-file", "keys", "--host", "a/b"], "give the name alone", id="host"),
    ],
)
def test_a_wrong_call_exits_with_2_and_tells_no_key(folder: Path, arguments: list[str], says: str) -> None:
    (folder / "empty").write_text("# hunter2hunter2hunter2\n")
    (folder / "weak").write_text("hunter2\n")
    result = run("issue", "--policy", "cookies.toml", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "hunter2" not in result.output
    assert KEY not in result.output


def test_keys_are_read_as_servers_read_them(folder: Path) -> None:
    (folder / "commented").write_text(f"\ufeff# the old one\n\n  {KEY} \n# and no newer one yet\n", "utf-8")
    value = run("issue", "--policy", "cookies.toml", "--secret-file", "commented").output.strip()

    assert decoded(value, "--host", "localhost", COOKIEGUARD_SECRET=f" {KEY} ")["signature"] == "valid"


def test_the_key_is_never_an_argument() -> None:
    options = {option for command in ("decode", "issue") for option in run(command, "--help").output.split()}
    assert not {"--secret", "--secret-key", "--key"} & options


def test_today_is_the_default_day() -> None:
    assert decoded(issued())["day"] <= date.today().isoformat()  # type: ignore[operator]
