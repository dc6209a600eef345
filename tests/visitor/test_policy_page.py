"""The cookie policy as a document: all that was declared, in each language, as HTML and as Markdown."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from markdown_it import MarkdownIt

from cookieguard import Policy
from cookieguard.enforcer import Enforcer
from cookieguard.visit import Visit
from cookieguard.visitor.browsers import BROWSER_HELP
from cookieguard.visitor.context import Links, PageContext
from cookieguard.visitor.policy_page import Format, render_document, render_policy
from cookieguard.visitor.request import PageRequest
from cookieguard.visitor.templating import Templates
from cookieguard.visitor.texts import Texts, shipped_languages

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # html5lib's own
    import html5lib

TODAY = date(2026, 11, 22)
MOUNT = "/privacy-choices"
EVIL = "<script>alert(1)</script>|*\"'&lt;[x](y)\\"
FORMATS: list[Format] = ["html", "md"]

FULL: dict[str, Any] = {
    "site": {"name": "Example Ltd", "contact": "privacy@example.com", "updated": "2026-11-01"},
    "categories": {"chat": {"title": "Chat", "description": "Lets you talk to us."}},
    "providers": {
        "acme": {
            "name": "Acme Metrics",
            "privacy_url": "https://acme.test/privacy?a=1&b=2",
            "opt_out_url": "https://acme.test/opt-out",
        }
    },
    "cookies": [
        {"name": "sid", "category": "essential", "purpose": "Keeps you signed in.", "lifetime": "session"},
        {
            "name": "stats_*",
            "category": "analytics",
            "provider": "acme",
            "purpose": {"en": "Counts visitors.", "de": "Zählt Besucher."},
            "lifetime": "6 months",
        },
        {
            "name": "bar",
            "category": "marketing",
            "provider": "acme",
            "purpose": "Shows advertising.",
            "lifetime": "30 days",
            "party": "third",
            "domain": "ads.test",
        },
        {
            "name": "draft",
            "category": "functional",
            "purpose": "Keeps drafts.",
            "kind": "local-storage",
            "essential_under": ["/desk"],
        },
    ],
    "announcement": {"effective": "2027-01-15", "summary": "We add a support chat."},
}


def policy_of(**tables: Any) -> Policy:
    return Policy.from_dict({**FULL, **tables})


POLICY = policy_of()


def context_of(
    policy: Policy,
    language: str,
    *,
    today: date = TODAY,
    address: str = "https://www.example.com",
    keep_language: bool = False,
    script: str | None = None,
) -> PageContext:
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC).timestamp()
    enforcer = Enforcer(policy, secret_key="k" * 32, override=None, clock=lambda: noon)
    scheme, _, host = address.partition("://")
    return PageContext(
        request=PageRequest("GET", scheme, host, "", f"{MOUNT}/policy", "", {}, "", lambda: b""),
        visit=Visit(enforcer, None, host, scheme, None),
        texts=Texts(language, policy.language),
        links=Links(MOUNT, language if keep_language else None),
        templates=Templates(),
        enforced=True,
        script=script,
    )


class Document:
    """A policy as a reader sees it: rows of cells by the cookie's name, text, links."""

    def __init__(
        self, format: Format = "html", policy: Policy = POLICY, language: str = "en", **options: Any
    ):
        self.source = render_policy(context_of(policy, language, **options), format)
        html = (
            self.source if format == "html" else MarkdownIt("commonmark").enable("table").render(self.source)
        )
        parser = html5lib.HTMLParser(strict=format == "html", namespaceHTMLElements=False)
        self.root: Element = parser.parse(html)
        self.text = text_of(self.root)

    def all(self, path: str) -> list[Element]:
        return self.root.findall(f".//{path}")

    @property
    def rows(self) -> dict[str, list[str]]:
        rows = [[text_of(cell) for cell in row] for row in self.all("tbody/tr")]
        return {name: rest for name, *rest in rows}

    @property
    def links(self) -> dict[str, str]:
        return {link.attrib["href"]: text_of(link) for link in self.all("a")}

    @property
    def headings(self) -> list[str]:
        return [element.tag for element in self.root.iter() if element.tag in ("h1", "h2", "h3", "h4")]


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize("format", FORMATS)
def test_each_cookie_is_explained(format: Format) -> None:
    first = "this site (first party)"
    assert Document(format).rows == {
        "sid": ["Keeps you signed in.", "Example Ltd itself", "until you close the browser", first, "cookie"],
        "__Host-cookieguard": [
            "Remembers which categories of cookies you accepted or refused.",
            "Example Ltd itself",
            "6 months",
            first,
            "cookie",
        ],
        "draft": [
            "Keeps drafts. Essential on pages under: /desk",
            "Example Ltd itself",
            "not stated",
            first,
            "local storage",
        ],
        "stats_*": ["Counts visitors.", "Acme Metrics", "6 months", first, "cookie"],
        "bar": ["Shows advertising.", "Acme Metrics", "30 days", "ads.test (third party)", "cookie"],
    }


@pytest.mark.parametrize("format", FORMATS)
def test_a_third_party_without_a_provider_is_named_by_its_domain(format: Format) -> None:
    cookie = {"name": "px", "category": "marketing", "purpose": "P.", "party": "third", "domain": "ads.test"}
    row = Document(format, Policy.from_dict({"cookies": [cookie]})).rows["px"]

    assert row[1:4] == ["ads.test", "not stated", "ads.test (third party)"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "words",
    [
        "Cookie policy of Example Ltd",
        "Last updated on November 1, 2026.",
        "every cookie and similar entry that Example Ltd stores",
        "You can change or withdraw your choice at any time in the Cookie settings.",
        "Planned change, in force from January 15, 2027",
        "We add a support chat.",
        "Lets you talk to us.",
        "In this category there are no cookies at present.",
        "Every browser can show, delete and block cookies",
        "write to privacy@example.com.",
    ],
)
def test_the_rest_is_there(format: Format, words: str) -> None:
    assert words in Document(format).text


@pytest.mark.parametrize("format", FORMATS)
def test_links(format: Format) -> None:
    links = Document(format).links

    assert links[MOUNT] == "Cookie settings"
    assert links["https://acme.test/privacy?a=1&b=2"] == "Privacy policy"
    assert links["https://acme.test/opt-out"] == "Opt out"
    for browser, address in BROWSER_HELP.items():
        assert links[address] == browser


@pytest.mark.parametrize("format", FORMATS)
def test_links_keep_a_language_that_was_asked_for(format: Format) -> None:
    links = Document(format, language="de", keep_language=True).links

    assert links[f"{MOUNT}?lang=de"] == "Cookie-Einstellungen"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("language", shipped_languages())
def test_each_language(format: Format, language: str) -> None:
    document = Document(format, language=language)
    texts = Texts(language, "en")

    assert len(document.rows) == 5
    assert document.headings == ["h1", *["h2"] * (len(document.headings) - 1)]
    assert str(texts.say("policy.title", site="Example Ltd")) in document.text
    if format == "html":
        assert document.root.attrib["lang"] == language
        assert document.root.attrib["dir"] == texts.direction


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(Policy.from_dict({}), id="nothing-declared"),
        pytest.param(Policy.from_dict({"use": ["google-analytics", "facebook", "tawk-to"]}), id="catalogue"),
        pytest.param(policy_of(site={"languages": ["en", "cy"]}), id="a-language-not-shipped"),
    ],
)
def test_other_policies(format: Format, policy: Policy) -> None:
    document = Document(format, policy, policy.site.languages[-1] if policy.site.languages else "en")

    shown = [cookie for cookie in policy.declarations if cookie.name != "cookieguard"]
    assert len(document.all("tbody/tr")) == len(shown)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        pytest.param({}, "__Host-cookieguard", id="https"),
        pytest.param({"address": "http://www.example.com"}, "cookieguard", id="http"),
        pytest.param({"policy": policy_of(consent={"domain": "example.com"})}, "cookieguard", id="shared"),
    ],
)
def test_the_consent_cookie_has_its_own_row(options: Any, name: str) -> None:
    assert [row for row in Document(**options).rows if "cookieguard" in row] == [name]


@pytest.mark.parametrize("format", FORMATS)
def test_a_change_that_came_is_no_longer_announced(format: Format) -> None:
    assert "Planned change" not in Document(format, today=date(2027, 1, 15)).text


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_texts_of_a_policy_stay_text(format: Format, language: str) -> None:
    policy = Policy.from_dict(
        {
            "site": {"name": EVIL, "contact": EVIL},
            "categories": {"chat": {"title": EVIL, "description": f"- {EVIL}"}},
            "providers": {"p": {"name": EVIL, "privacy_url": "https://a.test/)<script>|"}},
            "cookies": [
                {"name": "a|b`<i>*", "category": "chat", "provider": "p", "purpose": f"# {EVIL}\n\n{EVIL}"}
            ],
            "announcement": {"effective": "2027-01-15", "summary": f"1. {EVIL}\n# {EVIL}"},
        }
    )
    document = Document(format, policy, language)

    assert not document.all("script") and not document.all("i") and not document.all("ol")
    assert document.text.count(EVIL) >= 8
    assert document.rows["a|b`<i>*"][:2] == [f"# {EVIL} {EVIL}", EVIL]
    assert {"x", "y"}.isdisjoint(document.links)


# The page.


def test_is_printable_and_readable_by_a_screen_reader() -> None:
    document = Document()
    ids = [element.attrib["id"] for element in document.root.iter() if "id" in element.attrib]

    assert all(id.startswith("cg-") for id in ids) and len(ids) == len(set(ids))
    for table in document.all("table"):
        assert {cell.attrib["scope"] for cell in table.findall("thead/tr/th")} == {"col"}
        assert {cell.attrib["scope"] for cell in table.findall("tbody/tr/th")} == {"row"}
        assert table.attrib["aria-labelledby"] in ids
    assert not document.all("script") and not document.all("style") and not document.all("*[@style]")


@pytest.mark.parametrize("script", [None, "/privacy-choices/guard.js?v=1"])
def test_the_script_comes_first(script: str | None) -> None:
    head = Document(script=script).root.find("head")

    assert head is not None
    assert (head[0].tag == "script") == (script is not None)
    assert script is None or head[0].attrib == {"src": script}


def test_other_languages_lead_to_this_page() -> None:
    links = Document(policy=policy_of(site={"languages": ["en", "de"]})).links

    assert {
        f"{MOUNT}/policy?lang=en": "English",
        f"{MOUNT}/policy?lang=de": "Deutsch",
    }.items() <= links.items()


def test_leads_back_where_there_is_a_way() -> None:
    assert Document().links["/"] == "Back to the site"
    assert "Back to the site" not in render_document(POLICY, "en", TODAY)


def test_no_markup_in_markdown() -> None:
    source = Document("md", language="de").source

    assert "<span" not in source and "Kategorie" in source
    assert "\n\n\n" not in source
