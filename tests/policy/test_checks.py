"""One mistake an id, each told by its entry and its line."""

from __future__ import annotations

import inspect
import json
import re
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from cookieguard.errors import PolicyError, Problem
from cookieguard.policy import (
    building,
    checks,
    conflicts,
    cookiechecks,
    declaring,
    policy,
    reader,
    textchecks,
)
from cookieguard.policy.policy import Policy

# So that no mistake stands on the first line.
HEAD = """\
# What Example Ltd sets


"""


def cookie(**changes: str | None) -> str:
    """Write one declaration; a change that is None takes the line out."""
    lines = {"name": '"a"', "category": '"analytics"', "purpose": '"P."', "lifetime": '"1 day"'} | changes
    return "[[cookies]]\n" + "".join(
        f"{key} = {value}\n" for key, value in lines.items() if value is not None
    )


LEDGERS = [
    pytest.param(
        f"[ledger]\nurl = '{url}'\nretention = '3 years'",
        "E132",
        "ledger.url",
        5,
        "neither",
        id=f"ledger {url}",
    )
    for url in ("sqlite://", "sqlite:///:memory:", "mysql://host/name", "receipts.db")
] + [
    pytest.param(
        f"[ledger]\nurl = 'sqlite:///r.db'\nretention = '{kept}'",
        "E106",
        "ledger.retention",
        6,
        "whole days",
        id=f"retention {kept}",
    )
    for kept in ("session", "6 hours")
]
MISTAKES = [
    *LEDGERS,
    pytest.param("[guard]\nmode = 'enforce'\n[consent]\nx = 1", "E103", "consent.x", 7, "unknown key", id="unknown key"),
    pytest.param("[gaurd]", "E103", "gaurd", 4, "unknown table", id="unknown table"),
    pytest.param("guard.debug = true\nguard.mont = '/a'", "E103", "guard.mont", 5, "unknown key", id="dotted key"),
    pytest.param("guard = { debug = true, mont = '/a' }", "E103", "guard.mont", 4, "unknown key", id="inline table"),
    pytest.param("use = 'flask'", "E104", "use", 4, "isn't a list", id="one service without a list"),
    pytest.param("use = [\n'flask',\n'flaks']", "E117", "use[2]", 6, "flaks", id="unknown service"),
    pytest.param(cookie(secret="1"), "E103", "cookies[1].secret", 9, "unknown key", id="unknown key of a cookie"),
    pytest.param("[cookies]\nname = 'a'", "E102", "cookies", 4, "is a table", id="one table for cookies"),
    pytest.param("[[categories]]\ntitle = 'A'", "E102", "categories", 4, "is a list", id="a list of categories"),
    pytest.param("[providers]\nacme = 'Acme'", "E102", "providers.acme", 5, "is a text", id="a text for a table"),
    pytest.param("[guard]\ninject = 'yes'", "E104", "guard.inject", 5, "is a text", id="text for true or false"),
    pytest.param("[guard]\nmode = 'on'", "E104", "guard.mode", 5, "'on'", id="a word that isn't offered"),
    pytest.param("[guard]\nexclude = '/a'", "E104", "guard.exclude", 5, "is a text", id="text for a list"),
    pytest.param("[site]\nupdated = 2026-11-01T10:00:00", "E104", "site.updated", 5, "time of day", id="date with time"),
    pytest.param("[site]\nupdated = 1", "E104", "site.updated", 5, "is a number", id="number for a date"),
    pytest.param(cookie(party='"second"'), "E104", "cookies[1].party", 9, "second", id="party"),
    pytest.param(cookie(category=None), "E105", "cookies[1]", 4, "'category' is missing", id="no category"),
    pytest.param("[announcement]\nsummary = 'S'", "E105", "announcement", 4, "'effective' is missing", id="no day"),
    pytest.param("[ledger]\nurl = 'sqlite:///r.db'", "E105", "ledger", 4, "'retention' is", id="no retention"),
    pytest.param("[ledger]\nretention = '3 years'", "E105", "ledger", 4, "'url' is missing", id="no database"),
    pytest.param(
        "[ledger]\nurl = 'sqlite:///r.db'\nretention = 'long'", "E106", "ledger.retention", 6, "long", id="wrong retention"
    ),
    pytest.param("[providers.acme]\nhosts = []", "E105", "providers.acme", 4, "'name' is missing", id="no name"),
    pytest.param(cookie(lifetime='"half a year"'), "E106", "cookies[1].lifetime", 8, "half a year", id="no duration"),
    pytest.param(cookie(lifetime="30"), "E106", "cookies[1].lifetime", 8, "30", id="number for a duration"),
    pytest.param("[consent]\nlifetime = 'session'", "E106", "consent.lifetime", 5, "every visit", id="session consent"),
    pytest.param("[consent]\nlifetime = '2 hours'", "E106", "consent.lifetime", 5, "whole days", id="consent by hours"),
    pytest.param(cookie(category='"analytic"'), "E107", "cookies[1].category", 6, "analytic", id="unknown category"),
    pytest.param(cookie(provider='"acme"'), "E108", "cookies[1].provider", 9, "acme", id="unknown provider"),
    pytest.param(cookie() + cookie(), "E109", "cookies[2]", 9, "a second time, after cookies[1] in line 4", id="declared twice"),
    pytest.param(
        cookie() + cookie(match='"exact"'), "E109", "cookies[2]", 9, "second time", id="declared twice in other words"
    ),
    pytest.param(cookie(name='"cookieguard"'), "E109", "cookies[1]", 4, "guard's own", id="the consent cookie's name"),
    pytest.param(
        cookie(name='"__Host-cookieguard"'), "E109", "cookies[1]", 4, "guard's own", id="its name over https"
    ),
    *(
        pytest.param(f"[guard]\nmount = '{mount}'", "E111", "guard.mount", 5, repr(mount), id=f"mount {mount!r}")
        for mount in ("", "/", "privacy", "/a/", "/a b", "/a/../b", "/a?b", "//a", "https://a.example/", "/ä")
    ),
    pytest.param(f"[guard]\nmount = '/{'m' * 100}'", "E111", "guard.mount", 5, "101 characters", id="long mount"),
    pytest.param("[guard]\nmount = '/.well-known/gpc.json'", "E111", "guard.mount", 5, "Global Privacy", id="mount at gpc.json"),
    pytest.param(cookie(name='"a;b"'), "E112", "cookies[1].name", 5, "no browser stores", id="name with semicolon"),
    pytest.param(cookie(name='" a"'), "E112", "cookies[1].name", 5, "no browser stores", id="name with space"),
    pytest.param(cookie(name='"a=b"'), "E112", "cookies[1].name", 5, "no browser stores", id="name with equals sign"),
    pytest.param(cookie(name='""'), "E112", "cookies[1].name", 5, "empty", id="empty name"),
    pytest.param(cookie(name=r'"a\r\nX: y*"'), "E112", "cookies[1].name", 5, "no browser stores", id="glob of lines"),
    pytest.param(
        cookie(name="'(a+)+'", match='"regex"'), "E112", "cookies[1].name", 5, "nested quantifier", id="bad regex"
    ),
    pytest.param(cookie(party='"third"'), "E113", "cookies[1]", 4, "without its domain", id="third party's domain"),
    pytest.param(
        cookie(category='"essential"', purpose=None), "E114", "cookies[1]", 4, "without a purpose", id="no purpose"
    ),
    *(
        pytest.param(
            cookie(category='"essential"', purpose=purpose), "E114", "cookies[1]", 4, "without a purpose", id=f"purpose {purpose}"
        )
        for purpose in ('""', '" \\t"', '{ en = "" }', '{ en = " ", de = "" }')
    ),
    *(
        pytest.param(text, "E133", entry, line, "is blank", id=f"blank {entry} {at}")
        for at, (text, entry, line) in enumerate([
            ("[providers.acme]\nname = ''", "providers.acme.name", 5),
            ("[providers.acme]\nname = ' '", "providers.acme.name", 5),
            ("[announcement]\neffective = 2027-01-01\nsummary = ''", "announcement.summary", 6),
            ("[announcement]\neffective = 2027-01-01\nsummary = { en = ' ' }", "announcement.summary", 6),
            ("[ledger]\nurl = 'sqlite:///r.db'\nretention = '3 years'\nspool = ''", "ledger.spool", 7),
        ])
    ),
    *(
        pytest.param(
            cookie(name=f'"{name}"', domain='".a.example"', match=match), "E134", "cookies[1].domain", 9, "no domain",
            id=f"domain of {name}",
        )
        for name, match in (("__Host-a", None), ("__host-a", None), ("__Host-a*", None), ("__Host-[ab]", '"regex"'))
    ),
    pytest.param(cookie(name='"__Host-a"', path='"/shop"'), "E134", "cookies[1].path", 9, "no path but", id="path of __Host-"),
    *(
        pytest.param(
            f"[providers.acme]\nname = 'Acme'\nprivacy_url = '{url}'", "E115", "providers.acme.privacy_url", 6, repr(url),
            id=f"address {url!r}",
        )
        for url in ("javascript:alert(1)", "acme.example", "//acme.example", "https://", "https://[a", "https://a b", "ftp://a.example")
    ),
    pytest.param(
        "[providers.acme]\nname = 'Acme'\nopt_out_url = 'data:x'", "E115", "providers.acme.opt_out_url", 6, "data:x",
        id="opt-out address",
    ),
    pytest.param(
        "[consent]\nmodel = 'opt-out'\ngpc = 'ignore'", "E116", "consent.gpc", 6, "Global Privacy Control", id="gpc"
    ),
    pytest.param("[announcement]\neffective = 2027-01-01\nsummary = 'S'\npolicy = ' '", "E118", "announcement.policy", 7,
                 "there is no file", id="announced file"),
    pytest.param(cookie(path='"shop"'), "E119", "cookies[1].path", 9, "no path", id="path"),
    pytest.param(cookie(path='"/a;b"'), "E119", "cookies[1].path", 9, "no path", id="path with semicolon"),
    *(
        pytest.param(cookie(essential_under=f"['/ok', '{prefix}']"), "E119", "cookies[1].essential_under[2]", 9,
                     "no plain path", id=f"essential under {prefix!r}")
        for prefix in ("a", "/a/../b", "/a//b", "/a;b", "/a%2fb", "/a?b", "/.", "/a#b")
    ),
    pytest.param(
        "[categories.Stats]\ntitle = 'S'", "E120", "categories.Stats", 4, "no name for a category", id="category's id"
    ),
    pytest.param(
        "[providers.'a b']\nname = 'A'", "E120", "providers.a b", 4, "no name for a provider", id="provider's id"
    ),
    pytest.param(cookie(purpose='{ de = "Z." }'), "E121", "cookies[1].purpose", 7, "'en'", id="purpose in English"),
    pytest.param(cookie(purpose='{ en = " ", de = "Z." }'), "E121", "cookies[1].purpose", 7, "'en'", id="purpose blank in English"),
    pytest.param(
        "[categories.stats]\ntitle.de = 'S'", "E121", "categories.stats.title", 5, "'en'", id="title in English"
    ),
    pytest.param("[announcement]\neffective = 2027-01-01\nsummary.fr = 'S'", "E121", "announcement.summary", 6,
                 "'en'", id="summary in English"),
    pytest.param(
        "[categories.analytics]\naccepts = [\n'abc']", "E122", "categories.analytics.accepts[1]", 6, "no digest",
        id="digest",
    ),
    pytest.param("[guard]\nexclude = [\n'/a',\n'b']", "E123", "guard.exclude[2]", 7, "no path", id="excluded path"),
    pytest.param("[guard]\nexclude = ['/']", "E124", "guard.exclude[1]", 5, "hides", id="all excluded"),
    pytest.param(
        "[guard]\nexclude = ['/privacy-choices']", "E124", "guard.exclude[1]", 5, "hides", id="mount excluded"
    ),
    pytest.param(
        "[guard]\nmount = '/a/b'\nexclude = ['/a']", "E124", "guard.exclude[1]", 6, "hides", id="above the mount excluded"
    ),
    pytest.param("[site]\nlanguages = ['en',\n'klingon!']", "E125", "site.languages[2]", 6, "klingon!", id="language"),
    *(
        pytest.param(f"[site]\nlanguages = ['en',\n'{tag}']", "E125", "site.languages[2]", 6, "no language", id=f"tag {tag}")
        for tag in ('en."><script>', 'en-US-abcde"><b>', "en@x y", "en.utf-8")
    ),
    *(
        pytest.param(text, "E125", f"{entry}.klingon!", line, "no language tag", id=f"language of {entry}")
        for text, entry, line in (
            (cookie(purpose="{ en = 'P.', 'klingon!' = 'P.' }"), "cookies[1].purpose", 7),
            ("[categories.chat]\ntitle.en = 'C'\ntitle.'klingon!' = 'C'", "categories.chat.title", 6),
            ("[categories.chat]\ndescription = { en = 'C', 'klingon!' = 'C' }", "categories.chat.description", 5),
            ("[announcement]\neffective = 2027-01-01\nsummary.en = 'S'\nsummary.'klingon!' = 'S'", "announcement.summary", 7),
        )
    ),
    *(
        pytest.param(f"[consent]\ndomain = 'shop{letter}.example'", "E126", "consent.domain", 5, "no domain", id=ascii(letter))
        # Each of them folds to a letter of ASCII.
        for letter in "\u017f\u212a\u0130\u0131"
    ),
    pytest.param("[consent]\ndomain = '.example.com'", "E126", "consent.domain", 5, ".example.com", id="dot in front"),
    pytest.param("[consent]\ndomain = 'localhost'", "E126", "consent.domain", 5, "localhost", id="one label"),
    pytest.param(cookie(domain='"a b.com"'), "E126", "cookies[1].domain", 9, "a b.com", id="cookie's domain"),
    pytest.param("[categories.essential]\nsold = true", "E127", "categories.essential", 4, "no consent", id="sold"),
    pytest.param(
        "[providers.acme]\nname = 'Acme'\nhosts = ['a.example', 'https://b.example']", "E128", "providers.acme.hosts[2]", 6,
        "https://b.example", id="host",
    ),
    pytest.param(
        cookie(name='"sid_*"', category='"essential"') + cookie(name='"sid_0*"'), "E129", "cookies[2]", 9,
        "swallows the essential cookie 'sid_*'", id="swallowed",
    ),
    pytest.param(cookie(name='"s*"', category='"essential"'), "E130", "cookies[1].name", 5, "nearly every", id="wide"),
    pytest.param(
        cookie(name="'.*'", match='"regex"', category='"essential"'), "E130", "cookies[1].name", 5, "nearly every",
        id="wide regex",
    ),
]  # fmt: skip

WARNINGS = [
    pytest.param(
        cookie(name='"_ga"', category='"essential"'),
        "W201",
        "cookies[1].category",
        6,
        "analytics",
        id="contradiction",
    ),
    pytest.param(
        cookie(name='"csrftoken"'),
        "W201",
        "cookies[1].category",
        6,
        "essential",
        id="essential in the catalogue",
    ),
    pytest.param(
        cookie(name='"auth_*_token"', category='"essential"')
        + cookie(name='"auth_x*"', category='"marketing"'),
        "W212",
        "cookies[2]",
        9,
        "the essential 'auth_*_token'",
        id="some of an essential pattern's names",
    ),
    *(
        pytest.param(cookie(purpose=purpose), "W202", "cookies[1]", 4, "no purpose", id=f"purpose {purpose}")
        for purpose in (None, '""', '" "', '{ en = "" }')
    ),
    *(
        pytest.param(
            f"[categories.analytics]\nconsent_mode = ['ad_storage',\n'{signal}']",
            "W213",
            "categories.analytics.consent_mode[2]",
            6,
            f"no signal '{signal}'",
            id=f"signal {signal!r}",
        )
        for signal in ("analytic_storage", "", "AD_STORAGE")
    ),
    *(
        pytest.param(
            cookie(kind=f'"{kind}"', **{key: value}),
            "W214",
            f"cookies[1].{key}",
            10,
            f"{kind} knows no {key}",
            id=f"{key} of {kind}",
        )
        for kind in ("local-storage", "session-storage")
        for key, value in (
            ("domain", '"a.example"'),
            ("path", '"/"'),
            ("secure", "true"),
            ("http_only", "true"),
            ("same_site", '"None"'),
        )
    ),
    pytest.param(
        cookie(same_site='"None"'), "W215", "cookies[1].same_site", 9, "isn't Secure", id="SameSite=None"
    ),
    pytest.param(
        cookie(name="'[ab]'", match='"regex"'), "W203", "cookies[1].name", 5, "no fixed text", id="no head"
    ),
    pytest.param(
        cookie(name="'naïve_*'"), "W209", "cookies[1].name", 5, "beyond ASCII", id="no response's name"
    ),
    pytest.param(
        "[consent]\nlifetime = '2 years'", "W204", "consent.lifetime", 5, "2 years", id="longer than browsers"
    ),
    pytest.param(cookie(lifetime=None), "W205", "cookies[1]", 4, "no lifetime", id="no lifetime"),
    pytest.param(
        "[ledger]\nurl = 'sqlite:///r.db'\nretention = '30 days'",
        "W208",
        "ledger.retention",
        6,
        "6 months",
        id="proof gone before",
    ),
    pytest.param(
        "[providers.maps]\nname = 'Maps'\nhosts = ['maps.example']",
        "W210",
        "providers.maps.hosts",
        6,
        "wait for nothing",
        id="hosts that wait for nothing",
    ),
    pytest.param(
        "[guard]\nexclude = ['/api/*']",
        "W211",
        "guard.exclude[1]",
        5,
        "no pattern",
        id="exclude by a pattern",
    ),
    pytest.param(
        cookie(essential_under="['/shop/*']"),
        "W211",
        "cookies[1].essential_under[1]",
        9,
        "no pattern",
        id="essential by a pattern",
    ),
]


def problems(path: Path) -> list[Problem]:
    try:
        return list(Policy.from_file(path).warnings)
    except PolicyError as error:
        return [problem for problem in error.problems if problem.level == "error"]


def only(path: Path) -> Problem:
    (problem,) = problems(path)
    assert problem.source == str(path)
    assert problem.remedy
    return problem


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize(("body", "id", "entry", "line", "says"), MISTAKES)
def test_mistake(tmp_path: Path, body: str, id: str, entry: str, line: int, says: str) -> None:
    problem = only(write(tmp_path, "p.toml", HEAD + body))

    assert (problem.level, problem.id) == ("error", f"cookieguard.{id}")
    assert (problem.entry, problem.line) == (entry, line)
    assert says in problem.reason


@pytest.mark.parametrize(
    ("body", "remedy"),
    [
        *(
            pytest.param(
                f"{table}\n{key} = []",
                f"{key} belongs to the file itself: write it above the first table",
                id=f"{key} below {table}",
            )
            for table, key in (
                ("[site]", "use"),
                ("[site]", "import"),
                ("[guard]", "use"),
                (cookie(), "use"),
                ("[providers.acme]\nname = 'Acme'", "use"),
            )
        ),
        *(
            pytest.param(
                cookie(category=f'"{word}"'),
                f"did you mean '{meant}'?",
                id=f"category {word}",
            )
            for word, meant in (
                ("statistics", "analytics"),
                ("Statistics", "analytics"),
                ("necessary", "essential"),
                ("Strictly Necessary", "essential"),
                ("preferences", "functional"),
                ("performance", "analytics"),
                ("targeting", "marketing"),
                ("advertising", "marketing"),
                ("analytic", "analytics"),
            )
        ),
        pytest.param(
            cookie(category='"ads"'),
            "use one of analytics, essential, functional, marketing",
            id="category ads",
        ),
        pytest.param(
            "[guard]\nmount = '/choices/'",
            'write it without the slash at its end: "/choices"',
            id="slash at the end",
        ),
        pytest.param("[guard]\nmount = '/'", 'write a path like "/privacy-choices"', id="slash alone"),
        pytest.param("use = ['gtm']", "did you mean 'google-tag-manager'?", id="another name of a service"),
        pytest.param("use = ['google-maps']", "docs/catalogue.md lists what it has", id="no service"),
    ],
)
def test_remedy(tmp_path: Path, body: str, remedy: str) -> None:
    problem = only(write(tmp_path, "p.toml", HEAD + body))

    assert problem.remedy.startswith(remedy)


@pytest.mark.parametrize(("body", "id", "entry", "line", "says"), WARNINGS)
def test_warning(tmp_path: Path, body: str, id: str, entry: str, line: int, says: str) -> None:
    problem = only(write(tmp_path, "p.toml", HEAD + body))

    assert (problem.level, problem.id) == ("warning", f"cookieguard.{id}")
    assert (problem.entry, problem.line) == (entry, line)
    assert says in problem.reason


def test_each_id_has_its_row() -> None:
    modules = (building, checks, conflicts, cookiechecks, declaring, policy, reader, textchecks)
    source = "".join(map(inspect.getsource, modules))
    # W206 takes two files: its test stands in test_policy.py.
    rows = {row.values[1] for row in MISTAKES + WARNINGS} | {"W206"}

    assert set(re.findall(r'"cookieguard\.([EW][0-9]+)"', source)) == rows


RIGHT = [
    pytest.param("", id="nothing"),
    pytest.param(
        cookie(name='"sid_1"', category='"essential"') + cookie(name='"sid_*"'), id="exact beside a pattern"
    ),
    pytest.param(
        cookie(name='"sid_01*"', category='"essential"') + cookie(name='"sid_*"'),
        id="longer beside a shorter pattern",
    ),
    pytest.param(cookie() + cookie(kind='"local-storage"'), id="cookie and storage of one name"),
    pytest.param(
        cookie() + cookie(party='"third"', domain='"ads.example"'), id="first and third party of one name"
    ),
    pytest.param(
        cookie(party='"third"', domain='"a.example"') + cookie(party='"third"', domain='"b.example"'),
        id="one name on two domains",
    ),
    pytest.param(cookie(name='"a;b"', kind='"local-storage"'), id="any name for storage"),
    pytest.param(cookie(name='"*"', party='"third"', domain='"ads.example"'), id="all of a third party"),
    pytest.param(cookie(category='"stats"') + "[categories.stats]\ntitle = 'Stats'", id="own category"),
    pytest.param("[guard]\nmount = '/a'\nexclude = ['/ab', '/b']", id="excluded beside the mount"),
    pytest.param(
        "[site]\nlanguages = ['de']\n" + cookie(purpose='{ de = "Z." }'), id="purpose in the site's language"
    ),
    pytest.param(
        cookie(kind='"local-storage"', party='"third"', domain='"ads.example"'), id="a third party's storage"
    ),
    pytest.param(
        cookie(name='"__Host-a"', party='"third"', domain='"ads.example"', path='"/"'),
        id="a third party's __Host-",
    ),
    pytest.param(cookie(name='"__Secure-a"', domain='"a.example"', path='"/b"'), id="__Secure-"),
    pytest.param(cookie(same_site='"None"', secure="true"), id="SameSite=None and Secure"),
    pytest.param("[guard]\nmount = '/.well-known/privacy'", id="a mount beside gpc.json"),
    pytest.param("[consent]\nlifetime = '400 days'", id="as long as browsers keep it"),
    pytest.param("[consent]\ngpc = 'ignore'", id="gpc ignored where visitors opt in"),
    pytest.param("[categories.analytics]\naccepts = ['" + "a" * 11 + "', '" + "_" * 43 + "']", id="digests"),
]


@pytest.mark.parametrize("body", RIGHT)
def test_no_mistake(tmp_path: Path, body: str) -> None:
    assert problems(write(tmp_path, "p.toml", HEAD + body)) == []


TWO_COOKIES = [
    {"name": "a", "category": "analytics", "purpose": "P.", "lifetime": "1 day"},
    {"name": "b", "category": "marketing", "purpose": "P.", "lifetime": "1 day"},
]


# `marker` is text that stands on the mistake's line only.
@pytest.mark.parametrize(
    ("data", "id", "entry", "marker"),
    [
        pytest.param({"site": {"name": "X"}, "gaurd": {"debug": True}}, "E103", "gaurd", "gaurd", id="unknown table"),
        pytest.param({"site": {"name": "X", "nmae": "Y"}}, "E103", "site.nmae", "nmae", id="unknown key"),
        pytest.param({"use": ["flask", "flaks"]}, "E117", "use[2]", "flaks", id="element of a list"),
        pytest.param({"guard": {"debug": True, "mount": "here"}}, "E111", "guard.mount", "here", id="value"),
        pytest.param(
            {"cookies": [TWO_COOKIES[0], TWO_COOKIES[1] | {"lifetime": "soon"}]}, "E106", "cookies[2].lifetime", "soon",
            id="in the second cookie",
        ),
        pytest.param(
            {"cookies": TWO_COOKIES, "providers": {"acme": {"name": "A", "hosts": ["a.example", "b/"]}}}, "E128",
            "providers.acme.hosts[2]", "b/", id="deep",
        ),
    ],
)  # fmt: skip
def test_json_and_yaml_have_lines_too(
    tmp_path: Path, data: dict[str, object], id: str, entry: str, marker: str
) -> None:
    texts = {"p.json": json.dumps(data, indent=2), "p.yaml": yaml.safe_dump(data, sort_keys=False)}
    for name, text in texts.items():
        problem = only(write(tmp_path, name, text))
        (line,) = (number for number, line in enumerate(text.splitlines(), 1) if marker in line)

        assert (problem.id, problem.entry, problem.line) == (f"cookieguard.{id}", entry, line)


def test_ten_at_once_by_line(tmp_path: Path) -> None:
    body = (
        "use = ['flaks']\n[gaurd]\n[guard]\nmount = 'x'\ninject = 1\n[consent]\nlifetime = 'long'\ndomain = 'x'\n"
        "[providers.acme]\nhosts = ['a.example']\n"
    )
    broken = cookie(category='"stats"', provider='"nobody"', path='"x"') + cookie(name='"("', match='"regex"')

    found = problems(write(tmp_path, "p.toml", (body + broken).replace("\n", "\r\n")))

    assert [(problem.line, problem.id[-4:]) for problem in found] == [
        (1, "E117"), (2, "E103"), (4, "E111"), (5, "E104"), (7, "E106"), (8, "E126"), (9, "E105"), (13, "E107"),
        (16, "E108"), (17, "E119"), (19, "E112"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "named", "found"),
    [
        pytest.param(["Acme"], "Acme", [], id="the id itself"),
        pytest.param(["Acme"], "acme", [], id="as it should be called"),
        pytest.param(["ACME", "Acme"], "acme", [], id="twice"),
        pytest.param(["acme", "Acme"], "Acme", [], id="beside a usable one"),
        pytest.param(["Acme"], "acne", ["declare [providers.acne]"], id="another"),
        pytest.param(
            ["Acme", "acma"],
            "acmf",
            ["did you mean 'acma'? (or declare [providers.acmf])"],
            id="a usable one",
        ),
    ],
)
def test_an_id_that_cannot_be_used_is_told_once_and_not_suggested(
    ids: list[str], named: str, found: list[str]
) -> None:
    entry = {"name": "a", "category": "analytics", "purpose": "P.", "lifetime": "1 day", "provider": named}
    tables = {id: {"name": "A", "category": "analytics"} for id in ids}
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({"providers": tables, "cookies": [entry]})

    others = [problem for problem in caught.value.problems if problem.id != "cookieguard.E120"]
    assert [problem.remedy for problem in others] == found


@pytest.mark.parametrize(
    ("ids", "named", "found"),
    [
        pytest.param(["Stats"], "Stats", [], id="the id itself"),
        pytest.param(["Stats"], "stats", [], id="as it should be called"),
        pytest.param(["STATS", "Stats"], "stats", [], id="twice"),
        pytest.param(["stats", "Stats"], "stats", [], id="beside a usable one"),
        pytest.param(
            ["Analytics"],
            "analytic",
            ["did you mean 'analytics'? (or declare [categories.analytic])"],
            id="a standard one",
        ),
        pytest.param(
            ["Statz"],
            "stats",
            ["use one of analytics, essential, functional, marketing (or declare [categories.stats])"],
            id="another",
        ),
        pytest.param(["stats"], "Stats", ["did you mean 'stats'?"], id="the cookie's alone"),
    ],
)
def test_a_category_that_cannot_be_used_is_told_once_and_not_suggested(
    ids: list[str], named: str, found: list[str]
) -> None:
    entry = {"name": "a", "category": named, "purpose": "P.", "lifetime": "1 day"}
    tables = {id: {"title": "S"} for id in ids}
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({"categories": tables, "cookies": [entry]})

    others = [problem for problem in caught.value.problems if problem.id != "cookieguard.E120"]
    assert [problem.remedy for problem in others] == found


@pytest.mark.parametrize(
    ("table", "id", "says"),
    [
        pytest.param("categories", "Stats", 'lower case; write "stats", here and where', id="category"),
        pytest.param("providers", "Acme.com", 'lower case; write "acme.com", here and where', id="provider"),
        pytest.param("categories", "Our stats", "no name for a category; use a-z", id="a space in it"),
        pytest.param("categories", False, "no name for a category; use a-z", id="no text"),
    ],
)
def test_an_id_in_capitals_is_told_in_which_letters_to_write_it(table: str, id: object, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({table: {id: {"name": "A"} if table == "providers" else {}}})

    (problem,) = caught.value.problems
    assert problem.id == "cookieguard.E120" and says in str(problem)


def test_a_dict_has_entries_without_lines() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({"guard": {"mount": "x"}})

    (problem,) = caught.value.problems
    assert (problem.entry, problem.line, problem.source) == ("guard.mount", None, "<dict>")
    assert str(problem).startswith("<dict>: error cookieguard.E111: guard.mount: ")


def test_a_dicts_second_declaration_names_the_first() -> None:
    entry = {"name": "a", "category": "analytics", "purpose": "P.", "lifetime": "1 day"}
    with pytest.raises(
        PolicyError, match=r"cookies\[2\]: 'a' is declared a second time, after cookies\[1\];"
    ):
        Policy.from_dict({"cookies": [entry, entry]})


@pytest.mark.parametrize("name", [None, '""', "1"], ids=["none", "empty", "a number"])
def test_what_has_no_name_is_warned_of_nothing_else(tmp_path: Path, name: str | None) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_file(write(tmp_path, "p.toml", cookie(name=name, purpose=None, lifetime=None)))

    assert [problem.level for problem in caught.value.problems] == ["error"]


def test_the_message_says_all(tmp_path: Path) -> None:
    path = write(tmp_path, "p.toml", "[guard]\nmount = 'x'\n" + cookie(purpose=None, category='"stats"'))

    with pytest.raises(PolicyError, match="the policy has 2 mistakes") as caught:
        Policy.from_file(path)

    assert caught.value.id == "cookieguard.E001"
    assert f"{path}:2: error cookieguard.E111" in str(caught.value)
    assert f"{path}:5: error cookieguard.E107" in str(caught.value)
    assert f"{path}:3: warning cookieguard.W202" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "remedy"),
    [
        ("[gaurd]", "did you mean 'guard'?"),
        ("[site]\nnmae = 'x'", "did you mean 'name'?"),
        ("[site]\nNAME = 'x'", "did you mean 'name'?"),
        (cookie(lifetme='"1 day"'), "did you mean 'lifetime'?"),
        (cookie(category='"analytic"'), "did you mean 'analytics'? (or declare [categories.analytic])"),
        ("use = ['google_analytics']", "did you mean 'google-analytics'?"),
        ("[categories.a]\nconsent_mode = ['analytic_storage']", "did you mean 'analytics_storage'?"),
        ("[site]\nzzz = 1", "use one of contact, languages, name, updated"),
        ("[guard]\nmode = 'on'", 'write "enforce" or "report"'),
        ("[guard]\ninject = 'on'", "write true or false"),
        ("[site]\nlanguages = 'en'", "write a list of texts"),
        ("[site]\nupdated = 'soon'", "write a date (2026-11-01)"),
        (cookie(purpose="1"), "write a text or a table by language"),
        (cookie(same_site='"lax"'), 'write "Lax" or "None" or "Strict"'),
        ("cookies = 1", "write [[cookies]] for each"),
        ("providers = 1", "write [providers.ID] for each"),
    ],
)
def test_says_what_to_write_instead(tmp_path: Path, body: str, remedy: str) -> None:
    assert only(write(tmp_path, "p.toml", body)).remedy == remedy


@pytest.mark.parametrize(
    ("essential", "other"),
    [("sess_[a-f]+", "sess_a*"), ("sess_[a-f]+", "sess*b"), ("(a|bc)_id", "bc*"), ("t[0-9]{4}", "t7*")],
)
def test_a_glob_that_takes_part_of_an_essential_regex(tmp_path: Path, essential: str, other: str) -> None:
    text = cookie(name=f'"{essential}"', match='"regex"', category='"essential"') + cookie(name=f'"{other}"')

    assert "cookieguard.E129" in [problem.id for problem in problems(write(tmp_path, "p.toml", text))]


# Each element of a list or a text by language, with what is wrong of it.
@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(
            {"guard": {"exclude": ["/a", 5, "b", None, "/privacy-choices"]}},
            [("guard.exclude[2]", "E104"), ("guard.exclude[3]", "E123"), ("guard.exclude[4]", "E104"), ("guard.exclude[5]", "E124")],
            id="paths",
        ),
        pytest.param(
            {"site": {"languages": ["en", 1, "klingon!", 2.5]}},
            [("site.languages[2]", "E104"), ("site.languages[3]", "E125"), ("site.languages[4]", "E104")],
            id="languages",
        ),
        pytest.param(
            {"providers": {"acme": {"name": "Acme", "hosts": [True, "a.example", "b/"], "category": "analytics"}}},
            [("providers.acme.hosts[1]", "E104"), ("providers.acme.hosts[3]", "E128")],
            id="hosts",
        ),
        pytest.param(
            {"categories": {"chat": {"accepts": ["abc", ["a" * 11]], "consent_mode": [{}]}}},
            [("categories.chat.accepts[1]", "E122"), ("categories.chat.accepts[2]", "E104"), ("categories.chat.consent_mode[1]", "E104")],
            id="digests and signals",
        ),
        pytest.param(
            {"cookies": [{"name": "a", "category": "analytics", "lifetime": "1 day", "purpose": "P.", "essential_under": [1, "b"]}]},
            [("cookies[1].essential_under[1]", "E104"), ("cookies[1].essential_under[2]", "E119")],
            id="prefixes",
        ),
        pytest.param(
            {"cookies": [{"name": "a", "category": "essential", "lifetime": "1 day", "purpose": {"en": 1, "de": 2, "fr!": "P."}}]},
            [("cookies[1].purpose.de", "E104"), ("cookies[1].purpose.en", "E104"), ("cookies[1].purpose.fr!", "E125")],
            id="purpose",
        ),
        pytest.param(
            {"categories": {"chat": {"title": {"en": "Chat", False: "Prat"}, "description": {"de": 1}}}},
            [("categories.chat.description", "E121"), ("categories.chat.description.de", "E104"), ("categories.chat.title.no", "E125")],
            id="title and description",
        ),
        pytest.param(
            {"announcement": {"effective": "2027-01-01", "summary": {"en": 1}}}, [("announcement.summary.en", "E104")], id="summary"
        ),
        pytest.param(
            {"site": {"languages": [1, "de"]}, "categories": {"chat": {"title": {"de": "Chat"}}}},
            [("site.languages[1]", "E104")],
            id="texts under an unknown first language",
        ),
        pytest.param(
            {"site": {"languages": "de"}, "categories": {"chat": {"title": {"de": "Chat"}}}},
            [("site.languages", "E104")],
            id="texts under unknown languages",
        ),
    ],
)  # fmt: skip
def test_each_element_is_told(data: dict[str, object], found: list[tuple[str, str]]) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(data)

    problems = sorted(caught.value.problems, key=lambda problem: problem.entry)
    assert [(problem.entry, problem.id[-4:]) for problem in problems] == found
    assert not [problem for problem in problems if "Expected" in problem.reason or "$" in problem.reason]


QUOTED_NO = 'YAML reads no and off as false: write "no" or "off" with quotes'
QUOTED_YES = 'YAML reads yes and on as true: write "yes" or "on" with quotes'


@pytest.mark.parametrize(
    ("body", "id", "entry", "line", "remedy"),
    [
        pytest.param("site:\n  languages: [en,\n no]", "E104", "site.languages[2]", 3,
                     f"write a text; {QUOTED_NO}", id="languages"),
        pytest.param("categories:\n  chat:\n    title: {en: Chat,\n     no: Prat}", "E125", "categories.chat.title.no", 4,
                     'write "no" with quotes: YAML reads no without them as false', id="language of a text"),
        pytest.param("site:\n  name: on", "E104", "site.name", 2, f"write a text; {QUOTED_YES}", id="name"),
        pytest.param("guard:\n  gate: off", "E104", "guard.gate", 2,
                     f'write "browser" or "off" or "server"; {QUOTED_NO}', id="word"),
        pytest.param("guard:\n  inject: 1", "E104", "guard.inject", 2, "write true or false", id="no word"),
    ],
)  # fmt: skip
def test_a_word_that_yaml_reads_as_true_or_false_is_to_be_quoted(
    tmp_path: Path, body: str, id: str, entry: str, line: int, remedy: str
) -> None:
    problem = only(write(tmp_path, "p.yaml", body))

    assert (problem.id, problem.entry, problem.line) == (f"cookieguard.{id}", entry, line)
    assert problem.remedy == remedy


@pytest.mark.parametrize(
    ("table", "key", "value", "reason"),
    [
        ("site", "name", 1, "is a number"),
        ("site", "languages", "en", "is a text"),
        ("site", "languages", None, "is empty"),
        ("site", "updated", "soon", "'soon' is no date"),
        ("site", "updated", datetime(2026, 11, 1), "is a date with time of day"),
        ("guard", "mode", "on", "'on' isn't offered"),
        ("guard", "mode", True, "is true or false"),
        ("guard", "inject", 1.5, "is a number"),
        ("guard", "exclude", {}, "is a table"),
        ("consent", "domain", ["a.example"], "is a list"),
        ("ledger", "url", ["postgresql://user:secret@host/name"], "is a list"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_in_our_words(
    table: str, key: str, value: object, reason: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({table: {key: value}})

    assert [problem.reason for problem in caught.value.problems if problem.id[-4:] == "E104"] == [reason]
