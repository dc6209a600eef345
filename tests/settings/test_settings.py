"""Settings by environment, file and section: precedence, types, paths."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from cookieguard import Policy
from cookieguard.configured import load_policy
from cookieguard.errors import SettingsError
from cookieguard.policy.entries import PolicyFile
from cookieguard.settings import ServeSettings, Settings, WSGISettings, settings_of_process
from cookieguard.sidecar.configured import SidecarSettings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "etc").mkdir()
    for place in (tmp_path, tmp_path / "etc"):
        (place / "cookies.toml").write_text('[guard]\nmount = "/from-the-policy"\n')
        (place / "secret").write_text(
            "\ufeff# old\n  the older of two keys  \n\nthe newer of two keys\n", "utf-8"
        )
        (place / "secret").chmod(0o600)
    return tmp_path


def read(**said: str) -> WSGISettings:
    given = {"policy": "cookies.toml", "secret_file": "secret", **said}
    return settings_of_process(
        WSGISettings, {f"COOKIEGUARD_{name.upper()}": value for name, value in given.items()}
    )


def test_keys_are_the_oldest_first_without_comments(folder: Path) -> None:
    assert read().secret_keys == ("the older of two keys", "the newer of two keys")


def test_a_secret_in_place_is_one_key(folder: Path) -> None:
    assert read(secret_file="", secret="# one key of 16+").secret_keys == ("# one key of 16+",)


def test_settings_never_show_a_key(folder: Path) -> None:
    settings = read(secret_file="", secret="a key that nobody sees")

    assert "nobody sees" not in repr(settings) and settings.secret is None


@pytest.mark.parametrize(
    ("environment", "file", "mount"),
    [
        pytest.param({}, "", "/from-the-policy", id="policy"),
        pytest.param({}, 'guard_mount = "/from-the-file"', "/from-the-file", id="file"),
        pytest.param(
            {"guard_mount": "/from-outside"},
            'guard_mount = "/from-the-file"',
            "/from-outside",
            id="environment",
        ),
        pytest.param({"guard_mount": " "}, 'guard_mount = "/from-the-file"', "/from-the-file", id="empty"),
    ],
)
def test_the_first_to_say_it_wins(folder: Path, environment: dict[str, str], file: str, mount: str) -> None:
    (folder / "etc" / "guard.toml").write_text(file)

    assert load_policy(read(config="etc/guard.toml", **environment)).guard.mount == mount


def test_a_flag_wins_over_all(folder: Path) -> None:
    (folder / "etc" / "guard.toml").write_text('upstream = "http://file"\nport = 1\nhost = "::1"')
    variables = {
        "COOKIEGUARD_CONFIG": "nowhere.toml",
        "COOKIEGUARD_SECRET": "a key of the environment",
        "COOKIEGUARD_POLICY": "cookies.toml",
        "COOKIEGUARD_PORT": "2",
        "COOKIEGUARD_UPSTREAM": "http://variable",
        "COOKIEGUARD_READ_TIMEOUT": "2.5",
    }
    flags = {"config": "etc/guard.toml", "upstream": "http://flag", "secret_file": "secret", "port": None}
    settings = settings_of_process(SidecarSettings, variables, flags=flags)

    assert (settings.upstream, settings.port, settings.host) == ("http://flag", 2, "::1")
    assert (settings.read_timeout, settings.secret_keys[-1]) == (2.5, "the newer of two keys")
    assert settings.policy == folder / "cookies.toml"


def test_a_secret_of_the_environment_takes_the_files_place(folder: Path) -> None:
    (folder / "guard.toml").write_text('secret_file = "nowhere"')

    assert read(config="guard.toml", secret_file="", secret="a key of the environment").secret_keys == (
        "a key of the environment",
    )


def test_paths_begin_where_they_are_written(folder: Path) -> None:
    (folder / "etc" / "guard.toml").write_text('policy = "cookies.toml"\nsecret_file = "secret"')
    settings = settings_of_process(Settings, {"COOKIEGUARD_CONFIG": "etc/guard.toml"})

    assert (settings.policy, read().policy) == (folder / "etc" / "cookies.toml", folder / "cookies.toml")


@pytest.mark.parametrize(
    ("said", "table", "key", "value"),
    [
        pytest.param({"guard_debug": "Yes"}, "guard", "debug", True, id="yes"),
        pytest.param({"guard_inject": "0"}, "guard", "inject", False, id="no"),
        pytest.param({"guard_exclude": "/a, /b,"}, "guard", "exclude", ("/a", "/b"), id="list"),
        pytest.param({"consent_model": "opt-out"}, "consent", "model", "opt-out", id="choice"),
        pytest.param({"site_name": "Näme"}, "site", "name", "Näme", id="text"),
        pytest.param({"site_languages": "de"}, "site", "languages", ("de",), id="list of one"),
    ],
)
def test_every_table_of_the_policy_can_be_said(
    folder: Path, said: dict[str, str], table: str, key: str, value: object
) -> None:
    assert getattr(getattr(load_policy(read(**said)), table), key) == value


def test_an_announced_policy_is_under_the_same_settings(folder: Path) -> None:
    (folder / "next.toml").write_text("")
    announcement = '[announcement]\neffective = 2100-01-01\nsummary = "More."\npolicy = "next.toml"\n'
    (folder / "cookies.toml").write_text(announcement)
    policy = load_policy(read(site_name="Shop", guard_mount="/choices"))

    assert policy.announcement is not None
    following: Any = policy.announcement.policy
    assert (following.site.name, following.guard.mount, policy.warnings) == ("Shop", "/choices", ())


def test_lifetimes_and_dates_are_texts_too(folder: Path) -> None:
    policy = load_policy(read(consent_lifetime="30 days", site_updated="2026-11-01"))

    assert (policy.consent.lifetime.seconds, str(policy.site.updated)) == (30 * 86400, "2026-11-01")


@pytest.mark.parametrize(
    ("variables", "file", "mode"),
    [
        pytest.param({}, "", "enforce", id="default"),
        pytest.param({}, 'mode = "report"', "report", id="file"),
        pytest.param({"COOKIEGUARD_MODE": "off"}, 'mode = "report"', "off", id="environment"),
    ],
)
def test_mode(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], file: str, mode: str
) -> None:
    from cookieguard.configured import guard

    (folder / "guard.toml").write_text(file)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    said = read(config="guard.toml", **{name[12:].lower(): value for name, value in variables.items()})
    guarded: Any = guard(lambda environ, start_response: [], said)

    assert guarded.enforcer.mode == mode


@pytest.mark.parametrize(
    ("said", "form", "level"),
    [
        pytest.param({"log": "JSON", "log_level": "INFO"}, "json", "info", id="capitals"),
        pytest.param({"log": "Text", "log_level": "Debug"}, "text", "debug", id="mixed"),
        pytest.param({"config": "guard.toml"}, "json", "warning", id="in a file"),
    ],
)
def test_logs_are_named_in_any_case(folder: Path, said: dict[str, str], form: str, level: str) -> None:
    (folder / "guard.toml").write_text('log = "JSON"\nlog_level = "WARNING"\n')
    settings = read(**said)

    assert (settings.log, settings.log_level) == (form, level)


@pytest.mark.parametrize(
    ("shape", "variable", "remedy"),
    [
        pytest.param(ServeSettings, "proxy", "use COOKIEGUARD_PROXIES", id="one proxy"),
        pytest.param(SidecarSettings, "proxy", "use COOKIEGUARD_TRUST_FORWARDED", id="the sidecar's"),
        pytest.param(
            SidecarSettings, "proxies", "use COOKIEGUARD_TRUST_FORWARDED", id="the sidecar's proxies"
        ),
        pytest.param(ServeSettings, "trust_forwarded", "use COOKIEGUARD_PROXIES", id="as the sidecar has it"),
    ],
)
def test_what_is_called_otherwise_here(
    folder: Path, shape: type[Settings], variable: str, remedy: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of_process(shape, {f"COOKIEGUARD_{variable.upper()}": "1"})

    (problem,) = [each for each in caught.value.problems if each.id == "cookieguard.E021"]
    assert problem.remedy == remedy


def test_a_mistake_names_its_variable(folder: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read(proxies="-1", guard_inject="maybe")

    assert [(problem.id, problem.entry) for problem in caught.value.problems] == [
        ("cookieguard.E022", "COOKIEGUARD_PROXIES"),
        ("cookieguard.E022", "COOKIEGUARD_GUARD_INJECT"),
    ]


def test_a_table_that_is_none_is_the_files_mistake(folder: Path) -> None:
    (folder / "cookies.toml").write_text("guard = 1")

    with pytest.raises(ValueError, match="E102: guard: is a number"):
        load_policy(read(guard_mount="/x"))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o440])
def test_a_secret_that_few_can_read(folder: Path, mode: int, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "secret").chmod(mode)

    read()
    assert caplog.records == []


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o666])
def test_a_secret_that_others_can_read_or_change(
    folder: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "secret").chmod(mode)

    read()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "W302: COOKIEGUARD_SECRET_FILE" in caplog.text


@pytest.mark.parametrize(
    ("shape", "page"),
    [
        pytest.param(ServeSettings, "serving.md", id="cookieguard.serve"),
        pytest.param(SidecarSettings, "sidecar.md", id="cookieguard sidecar"),
    ],
)
def test_every_option_is_documented(shape: type[Settings], page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    options = {field.name for field in structs.fields(shape)} - {"secret_keys", "over", "said"}

    assert {name for name in [*options, "config"] if f"`COOKIEGUARD_{name.upper()}`" not in text} == set()
    assert {
        table
        for table in ("site", "guard", "consent", "ledger")
        if f"COOKIEGUARD_{table.upper()}_" not in text
    } == set()


def test_the_laid_over_tables_are_the_policys() -> None:
    from cookieguard.settings.settings import _TABLES

    assert {*_TABLES} <= {*PolicyFile.__struct_fields__}
    assert Policy.from_dict({}).guard.mount
