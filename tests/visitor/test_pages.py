"""The page: valid HTML, everything a visitor must find on it, nothing that a policy could smuggle in."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

import pytest
import webtest

from cookieguard import CookieGuard, Policy, PolicyError
from cookieguard.testing import consent_cookie
from cookieguard.visitor.texts import shipped_languages

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # html5lib's own
    import html5lib

KEY = "k" * 32
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
TODAY = datetime.fromtimestamp(NOON, UTC).date()
MOUNT = "/privacy-choices"
EVIL = "<script>alert(1)</script>\"'&lt;"

COOKIES: list[dict[str, Any]] = [
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
    {"name": "draft", "category": "functional", "purpose": "Keeps drafts.", "kind": "local-storage"},
]
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
    "cookies": COOKIES,
    "announcement": {"effective": "2027-01-15", "summary": "We add a support chat."},
}


def policy_of(data: Mapping[str, Any] = FULL, **more: Any) -> Policy:
    return Policy.from_dict({**data, **more})


POLICY = policy_of()
OPT_OUT = policy_of(consent={"model": "opt-out"})
REPORT = policy_of(guard={"mode": "report"})


class Page:
    """The page as a browser reads it; a parse error fails the test."""

    def __init__(
        self,
        policy: Policy = POLICY,
        query: str = "",
        *,
        accept: list[str] | None = None,
        under_gpc: bool = False,
        **headers: str,
    ) -> None:
        guard = CookieGuard(lambda environ, start: [], policy, secret_key=KEY, clock=lambda: NOON)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if accept is not None:
            cookie = consent_cookie(policy, KEY, accept, day=TODAY, under_gpc=under_gpc)
            sent["Cookie"] = "=".join(cookie)
        self.source = webtest.TestApp(guard).get(MOUNT + query, headers=sent).text
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.root: Element = parser.parse(self.source)
        self.text = " ".join("".join(self.root.itertext()).split())

    def all(self, path: str) -> list[Element]:
        return self.root.findall(f".//{path}")

    @property
    def boxes(self) -> dict[str, bool]:
        """The categories that can be ticked, and whether they are."""
        return {box.attrib["value"]: "checked" in box.attrib for box in self.all("input[@name='accept']")}

    @property
    def buttons(self) -> dict[str, Element]:
        return {button.attrib["value"]: button for button in self.all("button")}

    def cookie(self, name: str) -> str:
        """All that the page says of one cookie."""
        [entry] = [
            entry for entry in self.all("div[@class='cg-cookie']") if entry.findtext("dt/code") == name
        ]
        return " ".join("".join(entry.itertext()).split())


@pytest.mark.parametrize("language", shipped_languages())
def test_speaks_each_language(language: str) -> None:
    page = Page(query=f"?lang={language}")

    assert page.root.attrib["lang"] == language
    assert page.root.attrib["dir"] == ("rtl" if language in ("ar", "he") else "ltr")
    # Babel says so where it has no word for a unit.
    assert "duration-" not in page.text


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(POLICY, id="full"),
        pytest.param(OPT_OUT, id="opt-out"),
        pytest.param(REPORT, id="report"),
        pytest.param(Policy.from_dict({}), id="nothing-declared"),
        pytest.param(Policy.from_dict({"use": ["google-analytics", "facebook", "tawk-to"]}), id="catalogue"),
        pytest.param(policy_of(site={"languages": ["en", "cy", "de"], "name": EVIL}), id="more-languages"),
    ],
)
@pytest.mark.parametrize("query", ["", "&saved", "&next=%2Fshop", "&saved=%22%3E%3Cb%3E"])
def test_is_valid_html(policy: Policy, language: str, query: str) -> None:
    page = Page(policy, f"?lang={language}{query}", Sec_GPC="1")

    assert page.root.attrib["lang"] == language
    assert page.root.findtext("head/title")
    assert len(page.all("h1")) == len(page.all("main")) == 1
    ids = [element.attrib["id"] for element in page.root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    for element in page.all("*[@aria-labelledby]"):
        assert element.attrib["aria-labelledby"] in ids


@pytest.mark.parametrize("query", ["", "?lang=de", "?saved"])
def test_nothing_is_inline(query: str) -> None:
    page = Page(query=query)

    for element in page.root.iter():
        assert element.tag != "style"
        assert element.tag != "script" or (element.attrib.keys() == {"src"} and not element.text)
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("policy", [POLICY, OPT_OUT], ids=["opt-in", "opt-out"])
@pytest.mark.parametrize("accept", [None, [], ["analytics"]])
def test_reject_is_as_good_a_button_as_accept(policy: Policy, accept: list[str] | None) -> None:
    buttons = Page(policy, accept=accept).buttons
    accepting, rejecting = buttons["all"], buttons["none"]

    # The Enter key presses the first: it must not be "all".
    assert list(buttons) == ["some", "all", "none"]
    assert accepting.tag == rejecting.tag == "button"
    assert accepting.attrib["class"] == rejecting.attrib["class"] == buttons["some"].attrib["class"]
    assert accepting.attrib.keys() == rejecting.attrib.keys()
    assert (accepting.text, rejecting.text) == ("Accept all", "Reject all")


@pytest.mark.parametrize(
    ("policy", "accept", "gpc", "ticked"),
    [
        pytest.param(POLICY, None, None, set(), id="opt-in-first-render"),
        pytest.param(POLICY, ["analytics"], None, {"analytics"}, id="stored-state"),
        pytest.param(POLICY, [], None, set(), id="all-refused"),
        pytest.param(
            OPT_OUT,
            None,
            None,
            {"analytics", "marketing", "functional", "chat"},
            id="opt-out-effective-state",
        ),
        pytest.param(OPT_OUT, None, "1", {"analytics", "functional", "chat"}, id="opt-out-under-gpc"),
        pytest.param(OPT_OUT, ["chat"], None, {"chat"}, id="opt-out-decided"),
        pytest.param(POLICY, ["marketing"], "1", set(), id="gpc-beats-acceptance"),
    ],
)
def test_boxes(policy: Policy, accept: list[str] | None, gpc: str | None, ticked: set[str]) -> None:
    page = Page(policy, accept=accept, **({"Sec_GPC": gpc} if gpc else {}))

    assert {id for id, checked in page.boxes.items() if checked} == ticked
    assert set(page.boxes) == {"analytics", "marketing", "functional", "chat"}


def test_each_box_has_a_label_and_its_digest() -> None:
    page = Page()
    labelled = {box.attrib["value"] for box in page.all("label/input")}
    digests = [field.attrib["value"] for field in page.all("input[@name='digest']")]

    assert labelled == set(page.boxes)
    assert digests == [f"{category.id}:{category.token}" for category in POLICY.optional]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param(
            "sid", ["Keeps you signed in.", "Example Ltd itself", "until you close the browser"], id="own"
        ),
        pytest.param(
            "stats_*",
            ["Counts visitors.", "Acme Metrics", "Privacy policy", "Opt out", "6 months", "first party"],
            id="provider",
        ),
        pytest.param("bar", ["Shows advertising.", "30 days", "ads.test (third party)"], id="third-party"),
        pytest.param("draft", ["Keeps drafts.", "local storage", "not stated"], id="storage"),
        pytest.param("cookieguard", ["Remembers which categories", "6 months"], id="the-consent-itself"),
    ],
)
def test_each_cookie_is_explained(name: str, said: list[str]) -> None:
    text = Page().cookie(name)

    assert not [words for words in said if words not in text]


THIRD = {"name": "px", "category": "marketing", "purpose": "P.", "party": "third", "domain": "ads.test"}


def test_a_third_party_without_a_provider_is_named_by_its_domain() -> None:
    text = Page(Policy.from_dict({"cookies": [THIRD]})).cookie("px")

    assert "Provider: ads.test" in text and "itself" not in text


def test_providers_can_be_left() -> None:
    links = {link.attrib["href"]: link.text for link in Page().all("a")}

    assert links["https://acme.test/opt-out"] == "Opt out"
    assert links["https://acme.test/privacy?a=1&b=2"] == "Privacy policy"


@pytest.mark.parametrize(
    "words",
    [
        "Cookies on Example Ltd",
        "withdraw your choice on this page at any time",
        "privacy@example.com",
        "Last updated on November 1, 2026",
        "in force from January 15, 2027",
        "We add a support chat.",
        "Lets you talk to us.",
        "In your browser",
    ],
)
def test_the_rest_is_there(words: str) -> None:
    assert words in Page().text


@pytest.mark.parametrize(
    ("policy", "query", "accept", "headers", "words", "absent"),
    [
        pytest.param(POLICY, "", None, {}, "only essential cookies are set", "stored", id="undecided"),
        pytest.param(
            OPT_OUT, "", None, {}, "the ticked categories are in use", "only essential", id="opt-out"
        ),
        pytest.param(
            POLICY,
            "",
            ["analytics"],
            {},
            "You decided on November 22, 2026. We ask again after 6 months",
            "haven't decided",
            id="decided",
        ),
        pytest.param(POLICY, "?saved", [], {}, "Your choice is stored.", "haven't decided", id="saved"),
        pytest.param(POLICY, "?saved", None, {}, "didn't keep the choice", "is stored", id="not-kept"),
        pytest.param(REPORT, "?saved", None, {}, "only being counted", "didn't keep", id="saved-in-report"),
        pytest.param(
            POLICY,
            "?next=%2Freports&needs=marketing&needs=chat",
            ["chat"],
            {},
            "is shown once you accept “Advertising”.",
            "you accept “Chat”",
            id="needed",
        ),
        pytest.param(
            POLICY, "?next=%2F&needs=essential&needs=x", None, {}, "", "is shown once", id="none-needed"
        ),
        pytest.param(POLICY, "?needs=marketing", None, {}, "", "is shown once", id="needed-for-nothing"),
        pytest.param(REPORT, "?next=%2F&needs=chat", None, {}, "", "is shown once", id="needed-in-report"),
        pytest.param(POLICY, "", None, {"Sec_GPC": "1"}, "We honour it", "stored", id="gpc"),
        pytest.param(
            POLICY,
            "",
            None,
            {"Sec_GPC": "1"},
            "Refused by your browser's Global Privacy",
            "stored",
            id="gpc-category",
        ),
        pytest.param(POLICY, "", None, {"Sec_GPC": "0"}, "haven't decided", "Global Privacy", id="no-gpc"),
        pytest.param(
            policy_of(consent={"gpc": "ignore"}),
            "",
            None,
            {"Sec_GPC": "1"},
            "haven't decided",
            "Global Privacy",
            id="gpc-ignored",
        ),
        pytest.param(REPORT, "", None, {}, "only being counted", "haven't decided", id="report"),
        pytest.param(REPORT, "", None, {}, "Counts visitors.", "withdraw", id="report-promises-nothing"),
        pytest.param(REPORT, "", ["chat"], {}, "only being counted", "You decided", id="decided-in-report"),
        pytest.param(
            REPORT, "", None, {"Sec_GPC": "1"}, "only being counted", "Global Privacy", id="gpc-in-report"
        ),
    ],
)
def test_notices(
    policy: Policy, query: str, accept: list[str] | None, headers: dict[str, str], words: str, absent: str
) -> None:
    text = Page(policy, query, accept=accept, **headers).text

    assert words in text and absent not in text


def test_a_choice_that_was_not_kept_is_an_alert() -> None:
    [notice] = Page(query="?saved").all("p[@role='alert']")

    assert "blocks the cookie that stores it" in (notice.text or "")


def test_leads_to_the_policy() -> None:
    assert f"{MOUNT}/policy" in [link.attrib["href"] for link in Page().all("a")]
    assert f"{MOUNT}/policy?lang=de" in [link.attrib["href"] for link in Page(query="?lang=de").all("a")]


def test_another_language_keeps_what_is_needed() -> None:
    page = Page(query="?next=%2Fshop&needs=chat&needs=x%22&lang=de")

    assert f"{MOUNT}?lang=fr&next=/shop&needs=chat" in [link.attrib["href"] for link in page.all("a")]


def test_another_language_keeps_the_way_back() -> None:
    links = [link.attrib["href"] for link in Page(query="?next=%2Fshop%3Fa%3Db%26c").all("a[@hreflang='de']")]

    assert links == [f"{MOUNT}?lang=de&next=/shop%3Fa%3Db%26c"]


def test_acceptance_under_gpc_is_not_called_refused() -> None:
    page = Page(accept=["marketing"], under_gpc=True, Sec_GPC="1")

    assert page.boxes["marketing"]
    assert "Refused by your browser" not in page.text


def test_report_mode_offers_no_choice_that_would_not_count() -> None:
    page = Page(REPORT)

    assert not page.buttons and not page.all("input")
    assert "Counts visitors." in page.text


def test_nothing_to_decide_offers_no_choice() -> None:
    page = Page(Policy.from_dict({}))

    assert not page.buttons and not page.boxes


@pytest.mark.parametrize(
    ("query", "headers", "language", "words"),
    [
        pytest.param("", {}, "en", "Reject all", id="the-sites"),
        pytest.param("?lang=de", {}, "de", "Alle ablehnen", id="asked"),
        pytest.param("", {"Accept_Language": "de"}, "de", "Alle ablehnen", id="the-browsers"),
        pytest.param("?lang=en", {"Accept_Language": "de"}, "en", "Reject all", id="asked-beats-browsers"),
        pytest.param("?lang=xx", {"Accept_Language": "de"}, "de", "Alle ablehnen", id="not-offered"),
        pytest.param("?lang=%22%3E%3Cscript%3E", {}, "en", "Reject all", id="markup"),
    ],
)
def test_language(query: str, headers: dict[str, str], language: str, words: str) -> None:
    page = Page(query=query, **headers)

    assert page.root.attrib["lang"] == language
    assert words in page.text


def test_what_is_missing_in_a_language_is_marked() -> None:
    page = Page(query="?lang=de")
    foreign = {"".join(span.itertext()) for span in page.all("span[@lang='en']")}

    assert {"Keeps you signed in.", "Lets you talk to us.", "Chat"} <= foreign
    assert "Zählt Besucher." in page.text and "Counts visitors." not in page.text
    # The marked title stands within a sentence too, and is markup there as well.
    assert "„Chat“ zulassen" in page.text and "<span" not in page.text


def test_each_language_is_a_link_in_itself() -> None:
    page = Page(query="?lang=de")
    links = {link.attrib["hreflang"]: link for link in page.all("a[@hreflang]")}

    assert set(links) == set(shipped_languages())
    assert (links["de"].text, links["de"].attrib["lang"]) == ("Deutsch", "de")
    assert [id for id, link in links.items() if "aria-current" in link.attrib] == ["de"]


def evil_policy(language: str) -> Policy:
    return Policy.from_dict(
        {
            "site": {
                "name": EVIL,
                "contact": EVIL,
                "languages": [language, *{"en", "de", "cy"} - {language}],
            },
            "categories": {"chat": {"title": EVIL, "description": EVIL}},
            "providers": {"p": {"name": EVIL, "privacy_url": 'https://a.test/"><script>'}},
            "cookies": [
                {
                    "name": '"><script>*',
                    "category": "chat",
                    "provider": "p",
                    "purpose": EVIL,
                    "lifetime": "1 day",
                },
                {
                    "name": "t",
                    "category": "chat",
                    "purpose": {language: EVIL},
                    "lifetime": "1 day",
                },
            ],
            "announcement": {"effective": "2027-01-15", "summary": EVIL},
        }
    )


@pytest.mark.parametrize("language", ["en", "de", "cy"])
@pytest.mark.parametrize("wanted", ["en", "de", "cy"])
def test_texts_of_a_policy_stay_text(language: str, wanted: str) -> None:
    page = Page(evil_policy(language), f"?lang={wanted}&next=/%22%3E%3Cscript%3E", Accept_Language=wanted)

    assert [script.text for script in page.all("script")] == [None]
    assert page.text.count(EVIL) >= 7
    assert EVIL in (page.root.findtext("head/title") or "")
    assert "&lt;script" not in page.text and "<span" not in page.text


@pytest.mark.parametrize("id", ['"><script>', "a b", "Chat", "", "é"])
def test_a_category_cannot_be_called_markup(id: str) -> None:
    with pytest.raises(PolicyError, match="E120"):
        Policy.from_dict({"categories": {id: {}}})


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.test", "https://a b"])
def test_a_provider_cannot_be_linked_by_script(url: str) -> None:
    with pytest.raises(PolicyError, match="E115"):
        Policy.from_dict({"providers": {"p": {"name": "P", "privacy_url": url}}})


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("?next=%2Fshop%3Fa%3Db", "/shop?a=b"),
        ("?next=%2F%2Fevil.test", None),
        ("?next=https%3A%2F%2Fevil.test", None),
        ("", None),
    ],
)
def test_the_form_leads_back_to_where_the_visitor_was(query: str, target: str | None) -> None:
    fields = [field.attrib["value"] for field in Page(query=query).all("input[@name='next']")]

    assert fields == ([target] if target else [])
