"""What is written as TOML reads back as it was."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.errors import UsageError
from cookieguard.policy.policy import Policy
from cookieguard.policy.writing import write_policy

DATA = {
    "use": ["flask", "google-analytics"],
    "site": {"name": 'The "Example" Ltd', "updated": date(2026, 11, 1)},
    "guard": {"inject": False},
    "categories": {"chat": {"title": {"en": "Chat", "pt-BR": "Conversa"}}},
    "providers": {"acme": {"name": "Acme", "hosts": ["cdn.acme.example"]}},
    "cookies": [
        {"name": "sid", "category": "essential", "purpose": "Keeps you signed in.", "lifetime": "session"},
        {
            "name": "_acme*",
            "category": "chat",
            "purpose": {"en": "Chats."},
            "lifetime": "1 day",
            "provider": "acme",
        },
    ],
}

TOML = """\
# Written by hand.
use = ["flask", "google-analytics"]

[site]
name = "The \\"Example\\" Ltd"
# the day of the last change
updated = 2026-11-01

[guard]
inject = false

[categories.chat]
title.en = "Chat"
title.pt-BR = "Conversa"

# seen on 3 pages
[providers.acme]
name = "Acme"
hosts = ["cdn.acme.example"]

[[cookies]]
name = "sid"
category = "essential"
purpose = "Keeps you signed in."
lifetime = "session"

# TODO: say what for
# and by whom
[[cookies]]
name = "_acme*"
category = "chat"
purpose.en = "Chats."
lifetime = "1 day"
provider = "acme"
"""

COMMENTS: dict[tuple[str | int, ...], str] = {
    (): "Written by hand.",
    ("site", "updated"): "the day of the last change",
    ("providers", "acme"): "seen on 3 pages",
    ("cookies", 1): "TODO: say what for\nand by whom",
}


def test_is_written_as_a_person_would() -> None:
    assert write_policy(DATA, COMMENTS) == TOML


def test_loads_as_a_policy() -> None:
    assert Policy.from_dict(tomllib.loads(write_policy(DATA))).warnings == ()


def test_a_long_list_has_a_line_for_each() -> None:
    hosts = [f"host-{number}.cdn.example" for number in range(9)]

    lines = write_policy({"providers": {"acme": {"hosts": hosts}}}).splitlines()

    assert lines[1:3] == ["hosts = [", '    "host-0.cdn.example",']
    assert max(map(len, lines)) < 100


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param({"site": {"name": None}}, r"site\.name is None", id="nothing"),
        pytest.param({"cookies": [{"name": {1}}]}, r"cookies\.0\.name", id="set"),
        pytest.param({"a": "\ud800"}, "half a character", id="surrogate"),
        pytest.param({"a": {5: 1}}, "the key 5 is no text", id="number for a key"),
        pytest.param({"\ud800": 1}, "half a character", id="surrogate in a key"),
    ],
)
def test_what_toml_cannot_say(data: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        write_policy(data)


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
scalars = (
    st.text()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | zones)
)
keys = st.sampled_from(["name", "a", "b c", "", "\u00e9", '"', "1"]) | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(
    keys, values | st.lists(st.dictionaries(keys, values, max_size=3), max_size=3), max_size=5
)


def commented(data: dict[str, Any], text: str) -> dict[tuple[str | int, ...], str]:
    """Return the comment for each table and key that can have one."""
    comments: dict[tuple[str | int, ...], str] = {(): text}
    for key, value in data.items():
        comments[(key,)] = text
        inner = (
            enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
        )
        for step, item in inner:
            comments[key, step] = text
            comments |= {(key, step, name): text for name in (item if isinstance(item, dict) else ())}
    return comments


@given(documents, st.text())
def test_reads_back_as_it_was(data: dict[str, Any], text: str) -> None:
    assert tomllib.loads(write_policy(data)) == data
    assert tomllib.loads(write_policy(data, commented(data, text))) == data


@pytest.mark.parametrize(
    "value", [time(1, 2, 3), datetime(2026, 1, 2, 3, 4, 5), [[{"a": 1}], []], {"a": {"b": {}}}]
)
def test_reads_back(value: Any) -> None:
    assert tomllib.loads(write_policy({"x": value})) == {"x": value}
