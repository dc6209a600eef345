"""Tables are converted field by field; reading goes on behind a mistake."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cookieguard.cookies.lifetime import parse_lifetime
from cookieguard.policy.document import read_dict
from cookieguard.policy.entries import ConsentSettings, CookieEntry, ProviderEntry, Site
from cookieguard.policy.reader import Reader, suggest


def reader() -> Reader:
    return Reader(read_dict({}))


def mistakes(reader: Reader) -> list[tuple[str, str]]:
    return [(problem.id[-4:], problem.entry) for problem in reader.problems]


def test_converts_each_kind_of_field() -> None:
    reading = reader()
    site = reading.table(("site",), {"name": "A", "updated": "2026-11-01", "languages": ["en"]}, Site)
    consent = reading.table(("consent",), {"lifetime": "P1Y", "model": "opt-out"}, ConsentSettings)

    assert site == Site(name="A", updated=date(2026, 11, 1), languages=("en",))
    assert consent == ConsentSettings(lifetime=parse_lifetime("1 year"), model="opt-out")
    assert reading.problems == []


def test_a_wrong_optional_field_keeps_its_default() -> None:
    reading = reader()

    assert reading.table(("site",), {"name": "A", "contact": 1, "nmae": 2}, Site) == Site(name="A")
    assert mistakes(reading) == [("E104", "site.contact"), ("E103", "site.nmae")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param({}, [("E105", "x")], id="missing"),
        pytest.param({"name": 1}, [("E104", "x.name")], id="of the wrong type"),
        pytest.param({"name": None}, [("E104", "x.name")], id="null"),
    ],
)
def test_a_blank_stands_for_a_required_field(value: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    reading = reader()

    assert reading.table(("x",), value | {"hosts": ["a.example"]}, ProviderEntry) == ProviderEntry(
        name="", hosts=("a.example",)
    )
    assert mistakes(reading) == expected
    assert reading.has_reported(("x", "name"))
    assert not reading.has_reported(("x", "hosts"))


@pytest.mark.parametrize("value", ["Acme", None, 5, ["a"]], ids=repr)
def test_what_is_no_table_is_none(value: Any) -> None:
    reading = reader()

    assert reading.table(("x",), value, ProviderEntry) is None
    assert mistakes(reading) == [("E102", "x")]


def test_each_missing_field_is_told() -> None:
    reading = reader()
    reading.table(("cookies", 0), {}, CookieEntry)

    assert [problem.reason for problem in reading.problems] == ["'name' is missing", "'category' is missing"]


def test_bad_tables_are_left_out_and_keep_their_places() -> None:
    reading = reader()
    good = {"name": "a", "category": "analytics"}

    read = reading.tables(("cookies",), [good, 5, good | {"name": "c"}], CookieEntry, listed=True)

    assert {key: entry.name for key, entry in read.items()} == {0: "a", 2: "c"}
    assert mistakes(reading) == [("E102", "cookies[2]")]


@pytest.mark.parametrize(
    ("value", "listed", "says", "remedy"),
    [
        pytest.param({}, True, "a table, not a list", "write [[x]] for each", id="table for a list"),
        pytest.param([], False, "a list, not a table", "write [x.ID] for each", id="list for a table"),
        pytest.param(5, False, "a number, not a table", "write [x.ID] for each", id="number"),
        pytest.param(True, True, "true or false, not a list", "write [[x]] for each", id="true or false"),
        pytest.param("a", True, "a text, not a list", "write [[x]] for each", id="text"),
        pytest.param(None, True, "empty, not a list", "write [[x]] for each", id="empty in YAML"),
    ],
)
def test_the_shape_that_is_wanted(value: Any, listed: bool, says: str, remedy: str) -> None:
    reading = reader()

    assert reading.tables(("x",), value, ProviderEntry, listed=listed) == {}
    (problem,) = reading.problems
    assert problem.id == "cookieguard.E102"
    assert says in problem.reason
    assert problem.remedy == remedy


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("anlytics", "did you mean 'analytics'?"),
        ("xyz", "use one of analytics, marketing"),
        (5, "use one of analytics, marketing"),
    ],
)
def test_suggest(word: object, answer: str) -> None:
    assert suggest(word, ("marketing", "analytics")) == answer
