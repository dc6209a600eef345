"""The banner: asked for by script, moved into any page, and fair."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
import webtest

from cookieguard import CookieGuard, Policy
from cookieguard.enforcer import Enforcer
from cookieguard.testing import consent_cookie
from cookieguard.visit import Visit
from cookieguard.visitor.desk import Desk
from cookieguard.visitor.request import PageRequest, Reply
from cookieguard.visitor.texts import Texts, shipped_languages

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # html5lib's own
    import html5lib

KEY = "k" * 32
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
TODAY = datetime.fromtimestamp(NOON, UTC).date()
MOUNT = "/privacy-choices"
EVIL = "<script>alert(1)</script>\"'&lt;"


def policy_of(purpose: str = "Counts.", **tables: Any) -> Policy:
    cookies = [
        {"name": "sid", "category": "essential", "purpose": "P.", "lifetime": "1 day"},
        {"name": "stats", "category": "analytics", "purpose": purpose, "lifetime": "1 day"},
        {"name": "ads", "category": "marketing", "purpose": "P.", "lifetime": "1 day"},
    ]
    return Policy.from_dict({"site": {"name": "Example Ltd"}, "cookies": cookies, **tables})


POLICY = policy_of()
OPT_OUT = policy_of(consent={"model": "opt-out"})
ANNOUNCED = policy_of(announcement={"effective": "2027-01-15", "summary": "We add a chat."})


def asked(
    path: str = "banner",
    policy: Policy = POLICY,
    query: str = "",
    *,
    consent: tuple[Policy, list[str]] | None = None,
    **headers: str,
) -> webtest.TestResponse:
    guard = CookieGuard(lambda environ, start: [], policy, secret_key=KEY, clock=lambda: NOON)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if consent:
        sent["Cookie"] = "=".join(consent_cookie(consent[0], KEY, consent[1], day=TODAY))
    return webtest.TestApp(guard).get(f"{MOUNT}/{path}{query}", headers=sent)


class Fragment:
    """What the script moves into a page: the body's one element. A parse error fails the test."""

    def __init__(self, response: webtest.TestResponse) -> None:
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.document: Element = parser.parse(response.text)
        body = self.document.find("body")
        assert body is not None and len(body) == 1
        assert not (body.text or "").strip() and not (body[0].tail or "").strip()
        self.root = body[0]
        self.text = " ".join("".join(self.root.itertext()).split())

    def all(self, path: str) -> list[Element]:
        return self.root.findall(f".//{path}")

    @property
    def links(self) -> dict[str, str]:
        return {"".join(link.itertext()): link.attrib["href"] for link in self.all("a")}

    @property
    def hidden(self) -> list[tuple[str, str]]:
        return [(field.attrib["name"], field.attrib["value"]) for field in self.all("input[@type='hidden']")]


def banner(*args: Any, **options: Any) -> Fragment:
    return Fragment(asked("banner", *args, **options))


@pytest.mark.parametrize("path", ["banner", "dialog"])
@pytest.mark.parametrize("language", shipped_languages())
def test_each_language(path: str, language: str) -> None:
    fragment = Fragment(asked(path, ANNOUNCED, f"?lang={language}"))
    texts = Texts(language, "en")

    assert (fragment.root.attrib["lang"], fragment.root.attrib["dir"]) == (language, texts.direction)
    assert str(texts.say("choice.reject_all")) in fragment.text
    # The way to the other pages stays in the language.
    assert f"{MOUNT}/policy?lang={language}" in fragment.links.values()


@pytest.mark.parametrize(
    ("lang", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("no", "nb"),
        ("zh-TW", "zh-Hant"),
        ("xx", "fr"),
        ("", "fr"),
        ("<b>", "fr"),
    ],
)
def test_the_pages_language_may_name_a_region(lang: str, language: str) -> None:
    fragment = banner(query=f"?lang={lang}", Accept_Language="fr")

    assert fragment.root.attrib["lang"] == language


def test_is_a_region_of_its_own() -> None:
    root = banner().root

    assert root.tag == "aside" and "data-nosnippet" in root.attrib
    assert root.attrib["class"] == "cg-banner" and root.attrib["role"] == "region"
    assert root.attrib["aria-label"] == "Cookie choice"


@pytest.mark.parametrize("path", ["banner", "dialog"])
def test_nothing_inline_and_no_name_of_the_pages(path: str) -> None:
    fragment = Fragment(asked(path, ANNOUNCED))

    for element in fragment.root.iter():
        assert element.tag not in ("script", "style", "main", "link")
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")]
        assert element.attrib.get("id", "cg-").startswith("cg-")
        assert all(name.startswith("cg-") for name in element.attrib.get("class", "cg-").split())
        assert "autofocus" not in element.attrib


@pytest.mark.parametrize("policy", [POLICY, OPT_OUT, ANNOUNCED], ids=["opt-in", "opt-out", "announced"])
def test_reject_is_as_good_a_button_as_accept(policy: Policy) -> None:
    [accepting, rejecting] = banner(policy).all("button")

    assert accepting.attrib == {"class": "cg-button", "name": "choice", "value": "all"}
    assert rejecting.attrib == {"class": "cg-button", "name": "choice", "value": "none"}
    assert (accepting.text, rejecting.text) == ("Accept all", "Reject all")


def test_leads_to_policy_and_preferences() -> None:
    fragment = banner()

    assert fragment.links == {"Manage preferences": MOUNT, "Cookie policy": f"{MOUNT}/policy"}
    assert [link.attrib["href"] for link in fragment.all("a[@class='cg-manage']")] == [MOUNT]
    assert "We use cookies." in fragment.text
    assert "change or withdraw your choice at any time" in fragment.text


def test_the_form_carries_the_digests() -> None:
    fragment = banner()
    [form] = fragment.all("form")

    assert form.attrib == {"method": "post", "action": MOUNT}
    asked = [[("asked", c.id), ("digest", f"{c.id}:{c.token}")] for c in POLICY.optional]
    assert fragment.hidden == [*chain.from_iterable(asked)]


def test_under_a_script_name() -> None:
    guard = CookieGuard(lambda environ, start: [], POLICY, secret_key=KEY)
    browser = webtest.TestApp(guard, extra_environ={"SCRIPT_NAME": "/app"})
    fragment = Fragment(browser.get(f"{MOUNT}/banner"))

    assert fragment.links["Cookie policy"] == f"/app{MOUNT}/policy"
    [link] = fragment.document.findall("head/link")
    assert link.attrib["href"].startswith(f"/app{MOUNT}/style.css?v=")


@pytest.mark.parametrize(
    ("policy", "options", "words", "absent"),
    [
        pytest.param(
            POLICY,
            {},
            "With your consent we also use cookies for: Statistics and Advertising.",
            "refuse",
            id="new",
        ),
        pytest.param(
            OPT_OUT,
            {},
            "we use cookies for: Statistics and Advertising. You can refuse them",
            "consent",
            id="opt-out",
        ),
        pytest.param(POLICY, {"Sec_GPC": "1"}, "cookies for: Statistics.", "Advertising", id="gpc"),
        pytest.param(
            policy_of("Counts and profiles."),
            {"consent": (POLICY, ["analytics"])},
            "cookies for: Statistics. You can change or withdraw your choice at any time in the cookie settings. "
            "What we say about these categories has changed since your choice, so we ask again: Statistics.",
            "Advertising",
            id="changed",
        ),
        pytest.param(
            policy_of(categories={"chat": {"title": "Chat"}}),
            {"consent": (POLICY, [])},
            "cookies for: Chat.",
            "has changed",
            id="one-more-category",
        ),
        pytest.param(
            ANNOUNCED, {}, "in force from January 15, 2027: We add a chat.", "refuse", id="announced"
        ),
    ],
)
def test_names_what_is_asked(policy: Policy, options: Mapping[str, Any], words: str, absent: str) -> None:
    text = banner(policy, **options).text

    assert words in text and absent not in text


def test_an_announced_change_is_a_link() -> None:
    links = banner(ANNOUNCED).links

    assert links["Planned change, in force from January 15, 2027"] == f"{MOUNT}/policy#cg-announced"


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        pytest.param(POLICY, {"consent": (POLICY, [])}, id="refused"),
        pytest.param(POLICY, {"consent": (POLICY, ["analytics", "marketing"])}, id="accepted"),
        pytest.param(Policy.from_dict({}), {}, id="nothing-to-ask"),
        pytest.param(policy_of(guard={"mode": "report"}), {}, id="report"),
        pytest.param(
            policy_of(categories={"analytics": {"sold": True}}), {"Sec_GPC": "1"}, id="all-refused-by-gpc"
        ),
    ],
)
def test_nobody_is_asked_without_need(policy: Policy, options: Mapping[str, Any]) -> None:
    response = asked("banner", policy, **options)

    assert (response.status_int, response.body) == (204, b"")
    assert "no-store" in response.headers["Cache-Control"]
    assert not {"Content-Type", "Content-Length"}.intersection(response.headers)


@pytest.mark.parametrize("path", ["banner", "dialog"])
def test_is_never_cached(path: str) -> None:
    response = asked(path)

    assert response.content_type == "text/html"
    assert "no-store" in response.headers["Cache-Control"]
    assert {"Cookie", "Sec-GPC", "Accept-Language"} <= {
        part.strip() for part in response.headers["Vary"].split(",")
    }


def test_titles_stay_text() -> None:
    policy = policy_of(
        site={"name": EVIL},
        categories={"chat": {"title": EVIL}, "more": {"title": {"en": EVIL, "de": "Mehr"}}},
        announcement={"effective": "2027-01-15", "summary": EVIL},
    )
    for language in ("en", "de", "ar"):
        fragment = banner(policy, f"?lang={language}")
        assert not fragment.all("script") and fragment.text.count(EVIL) >= 3
        assert "&lt;span" not in fragment.text and "<span" not in fragment.text


# The preferences, as a dialog.


def test_the_dialog_is_the_page_and_can_be_closed() -> None:
    fragment = Fragment(asked("dialog", consent=(POLICY, ["analytics"])))
    [closing, choosing] = fragment.all("form")

    assert (fragment.root.tag, fragment.root.attrib["class"]) == ("dialog", "cg-dialog")
    assert closing.attrib == {"method": "dialog"} and [b.text for b in closing.iter("button")] == ["Close"]
    assert choosing.attrib == {"method": "post", "action": MOUNT}
    assert [b.attrib["value"] for b in choosing.iter("button")] == ["some", "all", "none", "some"]
    boxes = fragment.all("input[@type='checkbox']")
    assert {box.attrib["value"]: "checked" in box.attrib for box in boxes} == {
        "analytics": True,
        "marketing": False,
    }
    [title] = [element for element in fragment.root.iter() if element.get("id") == "cg-title"]
    assert fragment.root.attrib["aria-labelledby"] == "cg-title" and title.tag == "h1"
    assert fragment.hidden[0] == ("next", "")


def test_the_dialog_in_report_mode_offers_nothing() -> None:
    fragment = Fragment(asked("dialog", policy_of(guard={"mode": "report"})))

    assert "only being counted" in fragment.text and [b.text for b in fragment.all("button")] == ["Close"]


# A site's own template.


def answer(templates: Path, path: str = f"{MOUNT}/banner") -> Reply:
    enforcer = Enforcer(ANNOUNCED, secret_key=KEY, override=None, clock=lambda: NOON)
    ask = PageRequest("GET", "http", "localhost", "", path, "", {}, "", lambda: b"")
    return Desk(enforcer, templates).answer(ask, Visit(enforcer, None, "localhost", "http", None))


def test_a_site_replaces_a_part(tmp_path: Path) -> None:
    (tmp_path / "banner.html").write_text(
        '{% extends "cookieguard/banner.html" %}{% block text %}<p>{{ site_name }} bakes.</p>{% endblock %}'
    )
    body = answer(tmp_path).body.decode()

    assert "<p>Example Ltd bakes.</p>" in body and "We use cookies" not in body
    assert "Reject all" in body and "in force from" in body


def test_a_visitor_never_meets_a_broken_template(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "preferences.html").write_text("{{ consent.nothing.at_all }}")
    reply = answer(tmp_path, MOUNT)

    assert reply.status == "200 OK" and b"Reject all" in reply.body
    assert "page.html failed" in caplog.text
