"""The script as it is served, its tag, and the bar."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from minified import SERVED, minified

from cookieguard import Policy
from cookieguard.visitor.script import link_bar, page_language, script_for, script_tag
from cookieguard.visitor.style import STYLE

POLICY = Policy.from_dict(
    {
        "use": ["google-analytics"],
        "site": {"languages": ["en", "de", "pt-BR", "ar"]},
    }
)
MOUNT = "/privacy-choices"


def test_what_is_served_was_made_of_what_is_written() -> None:
    assert SERVED.read_text("ascii") == minified(), "guard.js was changed; run: make script"


def test_script_and_style_together_stay_small() -> None:
    sizes = [len(gzip.compress(file, 9, mtime=0)) for file in (SERVED.read_bytes(), STYLE.body)]

    assert sum(sizes) <= 6 * 1024


def test_the_script_carries_the_rules_and_its_own_words() -> None:
    script = script_for(POLICY, "de")
    argument = re.search(rb"\)\((\{.*\})\)$", script.body)

    assert argument is not None
    told = json.loads(argument[1])
    assert told["words"] == "Cookie-Einstellungen"
    assert told["categories"].keys() == {"analytics", "marketing"}
    assert script.body.isascii()


def test_the_address_is_the_hash_of_the_bytes() -> None:
    changed = Policy.from_dict({"use": ["google-analytics"], "guard": {"undeclared": "allow"}})
    paths = {script_for(POLICY, language).path for language in ("en", "de")} | {
        script_for(changed, "en").path
    }

    assert len(paths) == 3
    assert script_for(POLICY, "en").path == script_for(POLICY, "en").path


@pytest.mark.parametrize(
    ("lang", "language"),
    [
        (None, "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("pt_BR", "pt-BR"),
        ("pt", "pt-BR"),
        ("ar-EG", "ar"),
        ("xx", "en"),
        ("", "en"),
        ("de;q=0", "en"),
        ('"><script>', "en"),
    ],
)
def test_the_pages_own_language(lang: str | None, language: str) -> None:
    assert page_language(POLICY, lang) == language


@pytest.mark.parametrize("nonce", [None, "r4nd0m+/_-=="])
def test_the_tag_is_short_and_ascii(nonce: str | None) -> None:
    tag = script_tag(POLICY, MOUNT, "de", nonce)

    assert re.fullmatch(
        rf'<script src="{MOUNT}/guard\.js\?v=de\.[0-9a-f]{{12}}"(?: nonce="r4nd0m\+/_-==")?></script>', tag
    )
    assert len(tag) < 200
    assert ("nonce" in tag) == bool(nonce)


def test_the_bar_leads_to_the_same_pages_in_the_pages_language() -> None:
    bar = link_bar(POLICY, MOUNT, "ar")

    assert bar.isascii()
    assert 'lang="ar" dir="rtl"' in bar
    assert re.findall('href="(.*?)"', bar) == [f"{MOUNT}?lang=ar", f"{MOUNT}/policy?lang=ar"]
