"""A site's own templates: each stands in for one of ours, and none can take the pages down."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from cookieguard.errors import ConfigurationError
from cookieguard.visitor.templating import Templates

LAYOUT = '{% extends "cookieguard/layout.html" %}'


def folder(at: Path, **templates: str) -> Path:
    for name, text in templates.items():
        (at / f"{name}.html").write_text(text, "utf-8")
    return at


def error_page(templates: Templates, message: str = "No & no.") -> str:
    class Said:
        language, direction = "en", "ltr"

        def say(self, key: str) -> str:
            return key

        def name_of(self, language: str) -> str:
            return language

    class Links:
        preferences, style = "/p", "/p/style.css"

    values: dict[str, Any] = {"texts": Said(), "links": Links(), "message": message, "here": "/p"}
    return templates.render("error.html", {**values, "languages": ["en"], "script": None, "following": None})


def test_shipped() -> None:
    page = error_page(Templates())

    assert "No &amp; no." in page and '<link rel="stylesheet" href="/p/style.css">' in page


def test_one_is_replaced(tmp_path: Path) -> None:
    own = folder(tmp_path, error="<p>Ours: {{ message }}</p>")

    assert error_page(Templates(own)) == "<p>Ours: No &amp; no.</p>"
    assert error_page(Templates(str(own))) == "<p>Ours: No &amp; no.</p>"


def test_a_block_of_the_shipped_is_replaced(tmp_path: Path) -> None:
    own = folder(tmp_path, error='{% extends "cookieguard/error.html" %}{% block title %}Oops{% endblock %}')
    page = error_page(Templates(own))

    assert "<title>Oops</title>" in page and "No &amp; no." in page


def test_the_layout_is_replaced_under_every_page(tmp_path: Path) -> None:
    own = folder(tmp_path, layout="<header>Shop</header>{% block main %}{% endblock %}")
    page = error_page(Templates(own))

    assert page.startswith("<header>Shop</header>") and "No &amp; no." in page


def test_a_part_of_the_sites_own(tmp_path: Path) -> None:
    own = folder(tmp_path, error='{% include "logo.html" %} {{ message }}', logo="<img>")

    assert error_page(Templates(own)) == "<img> No &amp; no."


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        pytest.param("error", "\n{% if %}", r"error\.html, line 2: .*; mend it", id="syntax"),
        pytest.param("error", "{{ message | shout }}", "error.html, line 1: .*shout", id="unknown-filter"),
        pytest.param(
            "error", '{% extends "nothing.html" %}', "no template is called 'nothing.html'", id="lost"
        ),
        pytest.param("error", '{% include "part.html" %}', "part.html, line 1", id="part-with-an-error"),
        pytest.param(
            "layout", '{% extends "layout.html" %}', 'names itself; .*"cookieguard/layout.html"', id="itself"
        ),
    ],
)
def test_what_is_wrong_is_said_at_start(tmp_path: Path, name: str, text: str, words: str) -> None:
    own = folder(tmp_path, part="{% endif %}", **{name: text})

    with pytest.raises(ConfigurationError, match=words) as raised:
        Templates(own)
    assert raised.value.id == "cookieguard.E008"


def test_other_encodings_are_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "banner.html").write_bytes(b"\xe9")

    with pytest.raises(ConfigurationError, match=r"E008.*banner.html isn't UTF-8; save it as UTF-8"):
        Templates(tmp_path)


@pytest.mark.parametrize(
    ("given", "named"),
    [("nowhere", "'nowhere'"), (Path("no/where"), "'no/where'"), ("", "''"), (7, "7"), (b"x", "b'x'")],
)
def test_no_folder(given: Any, named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"E008: templates: {named} is no folder; give the path"):
        Templates(given)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    folder(tmp_path, banner="x")

    with pytest.raises(ConfigurationError, match="is no folder"):
        Templates(tmp_path / "banner.html")


def test_other_files_are_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    own = folder(tmp_path, django="{% load static %}")

    assert "No &amp; no." in error_page(Templates(own))
    assert "holds none of announcement.html, banner-document.html" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ nothing }}", id="unknown-name"),
        pytest.param("{{ 1 // 0 }}", id="error"),
        pytest.param('{% extends "layout.html" %}{% block main %}{{ message.no }}{% endblock %}', id="late"),
        pytest.param('{% include ["a" ~ "b"] %}', id="computed-name"),
    ],
)
def test_one_that_fails_gives_way_to_the_shipped(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    templates = Templates(folder(tmp_path, error=text))
    with caplog.at_level(logging.ERROR, "cookieguard"):
        page = error_page(templates)

    assert page == error_page(Templates())
    assert "error.html failed, so the shipped one was shown" in caplog.text and caplog.records[0].exc_info


def test_a_failing_layout_takes_nothing_down(tmp_path: Path) -> None:
    templates = Templates(folder(tmp_path, layout="{{ nothing }}"))

    assert error_page(templates) == error_page(Templates())
