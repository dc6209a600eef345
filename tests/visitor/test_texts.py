"""Which language, whose words, and what to do where they are missing."""

from __future__ import annotations

import string
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

import cookieguard.visitor
from cookieguard import Policy
from cookieguard.cookies.lifetime import parse_lifetime
from cookieguard.visitor.texts import Texts, choose_language, languages, shipped_languages

FOLDER = Path(cookieguard.visitor.__file__).parent / "languages"


def policy_of(*languages: str) -> Policy:
    return Policy.from_dict({"site": {"languages": list(languages)}})


def messages(file: str) -> dict[str, Message]:
    with (FOLDER / file).open("rb") as opened:
        return {str(message.context): message for message in read_po(opened) if message.context}


def places(sentence: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(sentence) if field is not None}


@pytest.mark.parametrize("language", [tag for tag in shipped_languages() if tag != "en"])
def test_each_language_is_complete(language: str) -> None:
    ours, english = messages(f"{language}.po"), messages("cookieguard.pot")

    assert ours.keys() == english.keys()
    for key, message in ours.items():
        # A sentence whose English changed must be translated anew.
        assert message.id == english[key].id, key
        assert str(message.string).strip(), key
        assert places(str(message.string)) == places(str(message.id)), key
        assert "fuzzy" not in message.flags, key


def test_english_is_shipped() -> None:
    assert "en" in shipped_languages()


@pytest.mark.parametrize(
    ("policy", "asked", "accept", "expected"),
    [
        pytest.param(policy_of("en", "de"), None, None, "en", id="the-sites-first"),
        pytest.param(policy_of("de", "en"), None, None, "de", id="whichever-that-is"),
        pytest.param(policy_of("en", "de"), "de", "en", "de", id="asked-beats-the-browser"),
        pytest.param(policy_of("en", "de"), "fr", "de", "de", id="asked-for-what-there-is-not"),
        pytest.param(policy_of("en", "de"), "../en", None, "en", id="asked-for-a-path"),
        pytest.param(policy_of("en", "de"), "", "de", "de", id="asked-for-nothing"),
        pytest.param(policy_of("en", "de"), None, "de", "de", id="the-browsers"),
        pytest.param(policy_of("en", "de"), None, "de-AT, en;q=0.5", "de", id="a-region-of-it"),
        pytest.param(policy_of("en", "de"), None, "en;q=0.4, de;q=0.8", "de", id="by-quality"),
        pytest.param(policy_of("en", "de"), None, "fr, es", "en", id="none-of-the-browsers"),
        pytest.param(policy_of("en", "de"), None, "de;q=0, *", "en", id="refused"),
        pytest.param(policy_of("en", "de"), None, ";;=,\x00", "en", id="garbage"),
        pytest.param(policy_of("en", "de"), None, "xx," * 19 + "de", "de", id="the-last-that-is-read"),
        pytest.param(policy_of("en", "de"), None, "xx," * 20 + "de", "en", id="more-than-browsers-send"),
        pytest.param(policy_of(), "de", None, "de", id="all-shipped-by-default"),
        pytest.param(policy_of(), None, None, "en", id="english-by-default"),
    ],
)
def test_choose(policy: Policy, asked: str | None, accept: str | None, expected: str) -> None:
    assert choose_language(policy, asked, accept) == expected


@given(st.text(), st.text(st.characters(max_codepoint=255)))
def test_any_wish_is_answered(asked: str, accept: str) -> None:
    policy = policy_of("en", "de")

    assert choose_language(policy, asked, accept) in languages(policy)


def test_the_sites_own_comes_first() -> None:
    assert languages(policy_of("de", "en")) == ("de", "en")
    assert languages(policy_of())[0] == "en" and set(languages(policy_of())) == set(shipped_languages())


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        pytest.param("en", None, "", id="none"),
        pytest.param("en", "Counts.", "Counts.", id="own-language"),
        pytest.param("en-GB", "Counts.", "Counts.", id="own-languages-region"),
        pytest.param("de", "Counts.", Markup('<span lang="en">Counts.</span>'), id="missing"),
        pytest.param("de", {"en": "Counts.", "de": "Zählt."}, "Zählt.", id="translated"),
        pytest.param("de-AT", {"en": "Counts.", "de": "Zählt."}, "Zählt.", id="translated-for-the-region"),
        pytest.param(
            "fr", {"de": "Zählt.", "en": "Counts."}, Markup('<span lang="en">Counts.</span>'), id="source"
        ),
        pytest.param(
            "fr", {"de": "Zählt."}, Markup('<span lang="de">Zählt.</span>'), id="the-first-there-is"
        ),
        pytest.param("de", "<b>&", Markup('<span lang="en">&lt;b&gt;&amp;</span>'), id="escaped"),
    ],
)
def test_the_sites_words(language: str, text: Any, expected: str) -> None:
    said = Texts(language, "en").site(text)

    assert said == expected
    assert isinstance(said, Markup) == isinstance(expected, Markup)


def test_our_words_in_a_language_that_we_do_not_ship() -> None:
    assert Texts("cy", "cy").say("choice.save") == Markup('<span lang="en">Save my choice</span>')
    assert Texts("de-AT", "en").say("choice.save") == "Meine Wahl speichern"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("Tom & <b>Jerry</b>", "Cookies on Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;", id="text"),
        pytest.param(
            Markup('<span lang="de">Wir</span>'), 'Cookies on <span lang="de">Wir</span>', id="marked-up"
        ),
        pytest.param("{site} {0} {site.__class__}", "Cookies on {site} {0} {site.__class__}", id="braces"),
    ],
)
def test_what_is_put_into_a_sentence(value: str, expected: str) -> None:
    assert str(escape(Texts("en", "en").say("page.title", site=value))) == expected


def test_what_is_put_into_a_sentence_of_another_language() -> None:
    said = Texts("cy", "cy").say("page.title", site="<b>")

    assert said == Markup('<span lang="en">Cookies on &lt;b&gt;</span>')


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("categories.analytics.title", True),
        ("categories.chat.title", False),
        ("nothing", False),
        ("page.title.x", False),
        ("page.saved", True),
        ("send a Content-Length. of", False),
        ("", False),
    ],
)
def test_knows(key: str, known: bool) -> None:
    assert Texts("en", "en").knows(key) == known


@pytest.mark.parametrize(
    ("language", "lifetime", "expected"),
    [
        pytest.param("en", "6 months", "6 months", id="months"),
        pytest.param("de", "1 year", "1 Jahr", id="german"),
        pytest.param("en", "P1DT12H", "1 day, 12 hours", id="two-units"),
        pytest.param("he", "P1DT12H", "1 יום, 12 שעות", id="two-units-where-babel-lists-none"),
        pytest.param("et", "6 months", "6 kuud", id="no-long-form"),
        pytest.param("en", "session", "until you close the browser", id="session"),
        pytest.param("en", None, "not stated", id="none"),
        pytest.param("de", None, "nicht angegeben", id="none-german"),
    ],
)
def test_lifetime(language: str, lifetime: str | None, expected: str) -> None:
    assert Texts(language, "en").lifetime(parse_lifetime(lifetime) if lifetime else None) == expected


def test_days_names_and_direction() -> None:
    english, arabic = Texts("en", "en"), Texts("ar", "en")

    assert english.day(date(2026, 11, 22)) == "November 22, 2026"
    assert Texts("de", "en").day(date(2026, 11, 22)) == "22. November 2026"
    assert english.name_of("de") == "Deutsch"
    assert (english.direction, arabic.direction) == ("ltr", "rtl")


@pytest.mark.parametrize(
    ("tag", "spoken"),
    [
        ("zh-TW", "zh-Hant"),
        ("zh-CN", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("pt-PT", "pt"),
        ("no", "nb"),
        ("de-AT", "de"),
    ],
)
def test_a_near_language_serves(tag: str, spoken: str) -> None:
    said = Texts(spoken, "en").say("choice.reject_all")

    assert said != Texts("en", "en").say("choice.reject_all")
    assert Texts(tag, "en").say("choice.reject_all") in (
        said,
        Markup('<span lang="{}">{}</span>').format(spoken, said),
    )
    assert choose_language(policy_of("en", spoken), None, tag) == spoken


@pytest.mark.parametrize(
    ("asked", "accept", "chosen"),
    [
        pytest.param(None, "pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7", "pt-BR", id="a-region-of-its-own"),
        pytest.param(None, "pt-PT,pt-BR;q=0.9", "pt", id="a-region-without"),
        pytest.param("pt-br", "de", "pt-BR", id="asked-in-lower-case"),
        pytest.param("pt_BR", None, "pt-BR", id="asked-with-an-underscore"),
        pytest.param(None, "zh-hant-hk", "zh-Hant", id="accepted-in-lower-case"),
        pytest.param("tlh", "de-CH, en;q=0.5", "de", id="asked-for-nothing-we-have"),
        pytest.param(None, "de;q=0, fr;q=0.5", "fr", id="never-that-one"),
        pytest.param(None, "*", "en", id="any"),
    ],
)
def test_the_nearest_of_all_is_chosen(asked: str | None, accept: str | None, chosen: str) -> None:
    assert choose_language(Policy.from_dict({}), asked, accept) == chosen


def test_another_region_is_better_than_another_language() -> None:
    assert choose_language(policy_of("en", "pt-BR"), None, "pt-PT, en;q=0.5") == "pt-BR"
