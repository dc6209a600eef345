"""The Open Cookie Database: what is taken over, what is refused, and that no login is taken away."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.errors import CookieguardError, UnreadableImport
from cookieguard.guard.verdict import classify_here
from cookieguard.importers.open_cookie_database import Imported, import_open_cookie_database
from cookieguard.policy.catalogue import load_service, service_names
from cookieguard.policy.classifier import Classifier
from cookieguard.policy.index import Index
from cookieguard.policy.model import Declaration
from cookieguard.policy.pattern import sample_names
from cookieguard.policy.policy import Policy
from cookieguard.policy.writing import write_policy

COLUMNS = [
    "ID", "Platform", "Category", "Cookie / Data Key name", "Domain", "Description", "Retention period",
    "Data Controller", "User Privacy & GDPR Rights Portals", "Wildcard match",
]  # fmt: skip


def row(
    name: str, category: str = "Marketing", domain: str = "", wildcard: str = "0", **more: str
) -> list[str]:
    given = {
        "ID": "1",
        "Platform": "Acme",
        "Category": category,
        "Cookie / Data Key name": name,
        "Domain": domain,
        "Description": "Counts.",
        "Retention period": "2 years",
        "Wildcard match": wildcard,
    } | more
    return [given.get(column, "") for column in COLUMNS]


def table(*rows: list[str], header: list[str] = COLUMNS) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def take(*rows: list[str]) -> Imported:
    return import_open_cookie_database(table(*rows))


def test_a_row_becomes_a_declaration() -> None:
    portal = {"User Privacy & GDPR Rights Portals": "https://acme.example/privacy"}
    imported = take(row("_acme", Platform="Acme, Inc.", Description="Counts\n\n visits.", **portal))

    assert imported == Imported(
        declarations=(
            {
                "name": "_acme",
                "category": "marketing",
                "purpose": {"en": "Counts visits."},
                "lifetime": "2 years",
                "provider": "acme-inc",
            },
        ),
        providers={"acme-inc": {"name": "Acme, Inc.", "privacy_url": "https://acme.example/privacy"}},
    )


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Functional", "functional"),
        ("Personalization", "functional"),
        ("Security", "essential"),
        ("Necessary", "essential"),
        ("Analytics", "analytics"),
        (" marketing ", "marketing"),
    ],
)
def test_categories(theirs: str, ours: str) -> None:
    assert [cookie["category"] for cookie in take(row("_acme", theirs)).declarations] == [ours]


@pytest.mark.parametrize(
    ("domain", "declared"),
    [
        pytest.param("", [None], id="none is the site's own"),
        pytest.param("Advertiser's website domain (1st party)", [None], id="the site's own"),
        pytest.param("acme.example (3rd party)", ["acme.example"], id="third party"),
        pytest.param("cdn.acme.example", ["cdn.acme.example"], id="bare"),
        pytest.param(
            "acme.example (3rd party) or advertiser's website domain (1st party)",
            [None, "acme.example"],
            id="both",
        ),
        pytest.param("a.example, .B.example", ["a.example", "b.example"], id="two"),
    ],
)
def test_a_row_applies_to_its_domain_only(domain: str, declared: list[str | None]) -> None:
    imported = take(row("_acme", domain=domain))

    assert [cookie.get("domain") for cookie in imported.declarations] == declared
    assert [cookie.get("party", "first") for cookie in imported.declarations] == [
        "third" if domain else "first" for domain in declared
    ]


@pytest.mark.parametrize(
    ("text", "lifetime"),
    [
        ("2 years", "2 years"),
        ("1 Day", "1 day"),
        ("1 months", "1 month"),
        ("30 minutes after last activity", "30 minutes"),
        ("Session", "session"),
        ("End of session (browser)", "session"),
        ("30 seconds till 1 year", None),
        ("180 days after last activity or 10 years when opting out", None),
        ("0 days", None),
        ("Unlimited", None),
        ("", None),
    ],
)
def test_lifetimes(text: str, lifetime: str | None) -> None:
    (cookie,) = take(row("_acme", **{"Retention period": text})).declarations

    assert cookie.get("lifetime") == lifetime


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        pytest.param([row("_s", wildcard="1")], ["a prefix of fewer than 4"], id="short prefix"),
        pytest.param([row("*")], ["a * in the name"], id="literal star"),
        pytest.param([row("_acme*", wildcard="1")], ["a * in the name"], id="star and wildcard"),
        pytest.param([row("SR<RotatorID>")], ["placeholder"], id="placeholder"),
        pytest.param([row("CookieConsent [x4]")], ["placeholder"], id="remark"),
        pytest.param([row("")], ["no name"], id="no name"),
        pytest.param([row("a" * 250)], ["250 characters"], id="long name"),
        pytest.param([row("_acme", "Whatever")], ["'Whatever' is unknown"], id="category"),
        pytest.param([row("_acme", wildcard="yes")], ["neither 0 nor 1"], id="wildcard"),
        pytest.param([row("_acme", domain="N/A")], ["the domain 'N/A' is none"], id="domain"),
        pytest.param([row("_acme", "Security", Description="Pending")], ["without a desc"], id="essential unexplained"),
        pytest.param([row("cookieguard")], ["the guard's own cookies"], id="consent cookie"),
        pytest.param([row("cook", wildcard="1")], ["the guard's own cookies"], id="consent cookie by prefix"),
        pytest.param([row("sessionid")], ["catalogue's django has 'sessionid' as essential"], id="session"),
        pytest.param([row("sessionid", "Functional")], ["as essential, not functional"], id="functional session"),
        pytest.param([row("sess", wildcard="1")], ["as essential, not marketing"], id="session by prefix"),
        pytest.param([row("wordpress_logged_in_0", wildcard="1")], ["'wordpress_logged_in_"], id="in a glob"),
        pytest.param([row("_ga", "Security")], ["has '_ga' as analytics, not essential"], id="tracker"),
        pytest.param([row("_gat", "Security", wildcard="1")], ["not essential"], id="tracker by prefix"),
        pytest.param([row("_acme"), row("_acme", "Analytics")], ["line 3 says", "line 2 says"], id="conflict"),
        pytest.param([row("_acme"), row("_acme")], ["line 2 has it already"], id="twice"),
        pytest.param([row("_acme")[:-1]], ["has 9 fields, the header has 10"], id="field missing"),
        pytest.param([[*row("_acme"), "x"]], ["has 11 fields"], id="field too many"),
    ],
)  # fmt: skip
def test_refuses_and_reports(rows: list[list[str]], reasons: list[str]) -> None:
    imported = take(*rows, row("_kept"))

    assert [cookie["name"] for cookie in imported.declarations if cookie["name"] == "_kept"] == ["_kept"]
    assert len(imported.refused) == len(reasons)
    for refused, reason in zip(imported.refused, reasons, strict=True):
        assert reason in refused.reason


def test_a_refused_row_says_where_it_stands() -> None:
    imported = take(row("_acme", Description="two\nlines"), row("_s", Platform="Bcme", wildcard="1"))

    (refused,) = imported.refused
    assert (refused.line, refused.name, refused.platform) == (4, "_s", "Bcme")


def test_one_name_may_differ_by_domain() -> None:
    imported = take(
        row("sid"), row("sid", "Analytics", domain="a.example"), row("sid", "Security", "b.example")
    )

    assert [(cookie.get("domain"), cookie["category"]) for cookie in imported.declarations] == [
        (None, "marketing"), ("a.example", "analytics"), ("b.example", "essential"),
    ]  # fmt: skip


def test_a_broken_row_leaves_the_others() -> None:
    data = table(row("_acme")) + b'1,"a"b,c\r\n' + table(row("_bcme"), header=row("_ccme"))

    imported = import_open_cookie_database(data)

    assert [cookie["name"] for cookie in imported.declarations] == ["_acme", "_ccme", "_bcme"]
    assert [(refused.line, refused.reason[:11]) for refused in imported.refused] == [(3, "isn't CSV: ")]


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        pytest.param(b"", 1, "lacks the columns 'Platform'", id="empty"),
        pytest.param(b"a,b\n1,2\n", 1, "lacks the columns 'Platform'", id="another table"),
        pytest.param(
            table(header=COLUMNS[:-1]), 1, "lacks the columns 'Wildcard match'", id="a column missing"
        ),
        pytest.param(b'"\n', 1, "lacks the columns", id="no csv"),
        pytest.param(table(row("a")) + b"\xff", 3, "isn't UTF-8", id="encoding"),
    ],
)
def test_what_is_no_such_file(data: bytes, line: int, says: str) -> None:
    with pytest.raises(UnreadableImport, match=says) as caught:
        import_open_cookie_database(data, "x.csv")

    assert (caught.value.source, caught.value.line) == ("x.csv", line)


def test_only_what_a_site_sets() -> None:
    imported = take(row("_acme", wildcard="1"), row("_bcme", Platform="Bcme"), row("_ccme", Platform="Ccme"))

    some = imported.only(["_acme_1", "_bcme", "other"])

    assert [cookie["name"] for cookie in some.declarations] == ["_acme*", "_bcme"]
    assert [*some.providers] == ["acme", "bcme"]
    assert some.refused == imported.refused


# "An imported Open Cookie Database never changes the class of a framework's session or CSRF cookie."

EVERYTHING = [cookie for name in service_names() for cookie in load_service(name).declarations]
ESSENTIAL = [
    cookie
    for cookie in EVERYTHING
    if cookie.essential and cookie.party == "first" and cookie.kind == "cookie"
]
NAMES = sorted({name for cookie in ESSENTIAL for name in sample_names(cookie.pattern)})
SERVICES = sorted({str(cookie.service) for cookie in ESSENTIAL})


def first_party(cookies: Iterable[Declaration]) -> list[Declaration]:
    return [cookie for cookie in cookies if cookie.party == "first" and cookie.kind == "cookie"]


INDEXES = {service: Index(first_party(load_service(service).declarations)) for service in SERVICES}
BEFORE = {
    (service, name): getattr(index.find(name), "category", None)
    for service, index in INDEXES.items()
    for name in NAMES
}
CATEGORIES = ["Functional", "Personalization", "Analytics", "Marketing", "Security"]
DOMAINS = ["", "shop.example", "Advertiser's website domain", "shop.example or the website's domain"]


def importing(folder: Path, data: dict[str, Any], *services: str) -> Policy:
    (folder / "import.toml").write_text(write_policy(data), "utf-8")
    return Policy.from_dict({"use": services, "import": ["import.toml"]}, base=folder)


def unchanged(folder: Path, data: dict[str, Any]) -> None:
    policy = importing(folder, data)
    imported = [cookie for cookie in policy.declarations if cookie.origin == "imported"]
    for service in SERVICES:
        index = Index([*first_party(imported), *first_party(load_service(service).declarations)])
        found = {name: index.find(name) for name in NAMES if BEFORE[service, name] == "essential"}
        assert {name for name, winner in found.items() if winner is None or not winner.essential} == set()
    # On a domain that the rows name, and as the guard asks.
    classifier = Classifier(importing(folder, data, "django", "flask"))
    for name in ("sessionid", "csrftoken", "session"):
        assert classifier.classify(name).category == "essential"
        assert classify_here(name, "shop.example", classifier).category == "essential"


def hostile_rows() -> list[list[str]]:
    """Return each name exactly, and each of its beginnings as a prefix; each category, with and without domain."""
    rows = []
    for position, name in enumerate(NAMES):
        category, domain = CATEGORIES[position % 4], DOMAINS[position % 2 * 3]
        rows += [row(name, each, where) for each in CATEGORIES for where in DOMAINS]
        rows += [row(name[:length], category, domain, "1") for length in range(1, len(name) + 1)]
        rows.append(row(name + "_more", category, domain, "1"))
    return rows


@pytest.fixture(scope="module")
def hostile() -> list[list[str]]:
    return hostile_rows()


def test_hostile_rows_one_by_one_change_no_class(hostile: list[list[str]], tmp_path: Path) -> None:
    # Conflicting rows refuse each other, so each row is read as if it were alone.
    cookies: dict[tuple[str, str | None], dict[str, Any]] = {}
    for each in hostile:
        for cookie in take(each).declarations:
            cookies.setdefault((cookie["name"], cookie.get("domain")), cookie)

    unchanged(tmp_path, {"providers": {"acme": {"name": "Acme"}}, "cookies": [*cookies.values()]})


def test_a_hostile_file_changes_no_class(hostile: list[list[str]], tmp_path: Path) -> None:
    imported = take(*hostile)

    assert len(imported.refused) > len(NAMES)
    unchanged(tmp_path, imported.policy)


def test_hostile_rows_past_the_importer_change_no_class(hostile: list[list[str]], tmp_path: Path) -> None:
    cookies: dict[tuple[str, str], dict[str, Any]] = {}
    for _, _, _, name, domain, *_, wildcard in hostile:
        pattern = name + "*" * (wildcard == "1")
        entry = {"name": pattern, "category": "marketing", "purpose": "P.", "lifetime": "1 day"}
        if domain == "shop.example":
            entry |= {"party": "third", "domain": domain}
        cookies.setdefault((pattern, domain), entry)
    unique = {(entry["name"], entry.get("domain")): entry for entry in cookies.values()}

    unchanged(tmp_path, {"cookies": [*unique.values()]})


names = st.sampled_from(NAMES).flatmap(
    lambda name: st.integers(1, len(name)).map(lambda length: name[:length])
)
names |= st.sampled_from(NAMES) | st.text("_saecion*", max_size=6) | st.text(max_size=5)
rows = st.builds(
    row,
    names,
    st.sampled_from([*CATEGORIES, "x"]),
    st.sampled_from([*DOMAINS, "x"]),
    st.sampled_from(["0", "1"]),
)


@given(st.lists(rows, max_size=12), st.sampled_from(SERVICES))
def test_no_import_changes_an_essential_cookie(
    tmp_path_factory: pytest.TempPathFactory, given_rows: list[list[str]], service: str
) -> None:
    imported = take(*given_rows)
    folder = tmp_path_factory.getbasetemp()

    assert tomllib.loads(write_policy(imported.policy)) == imported.policy
    classifier = Classifier(importing(folder, imported.policy, service))
    for name in NAMES:
        if BEFORE[service, name] == "essential":
            assert classifier.classify(name).category == "essential", name


def test_what_is_imported_loads_and_wins_over_the_catalogue(tmp_path: Path) -> None:
    imported = take(row("_acme"), row("_gid", "Marketing"), row("uid", domain="acme.example"))

    classifier = Classifier(importing(tmp_path, imported.policy, "google-analytics"))

    assert classifier.classify("_acme").category == "marketing"
    assert classifier.classify("_gid").category == "marketing"
    assert classifier.classify("_ga").category == "analytics"
    assert classifier.classify("uid").category is None
    found = classifier.explain("uid", "cdn.acme.example").declaration
    assert isinstance(found, Declaration) and found.origin == "imported"


cells = (
    st.sampled_from([*CATEGORIES, "0", "1", "_acme", "", "acme.example", "2 years", '"', "\n", "\x00"])
    | st.text()
)


@given(st.binary() | st.lists(st.lists(cells, min_size=8, max_size=11)).map(lambda given: table(*given))
       | st.binary().map(lambda more: table() + more))  # fmt: skip
def test_anything_is_answered(data: bytes) -> None:
    with suppress(CookieguardError):
        imported = import_open_cookie_database(data)
        assert tomllib.loads(write_policy(imported.policy)) == imported.policy
        Policy.from_dict(imported.policy)
