"""What templates ask of the guard."""

from __future__ import annotations

import pytest
from django.template import Context, RequestContext, Template, TemplateSyntaxError
from django.test import Client, RequestFactory
from djangoshop import (
    SITE,
    accepting,
    render,
    with_settings,
)

from cookieguard import NoGuard, UnknownCategory

CHOICE = '{% if_consent "analytics" %}yes{% else %}no{% endif_consent %}'


def test_templates(shop: None) -> None:
    assert render(CHOICE) == "no"
    assert render(CHOICE, accepting("analytics")) == "yes"
    assert render('{% if_consent "essential" %}yes{% endif_consent %}') == "yes"
    assert render('{% if_consent "analytics" %}yes{% endif_consent %}') == ""
    assert render("{% for id in cookie_consent.undecided %}{{ id }}{% endfor %}") == "analytics"
    assert render("{% cookie_preferences_url %}") == "/privacy-choices"
    assert render("{% cookie_preferences_url %}", SCRIPT_NAME="/shop") == "/shop/privacy-choices"
    assert render("{% cookie_policy_url %}", SCRIPT_NAME="/shop") == "/shop/privacy-choices/policy"


def test_the_script_by_hand() -> None:
    with with_settings({"POLICY": {**SITE, "guard": {"inject": False}}}):
        tag = render('<head>{% cookieguard_script nonce="abc" %}')
    with with_settings({"POLICY": {**SITE, "guard": {"mode": "report"}}}):
        assert render('<head>{% cookieguard_script nonce="abc" %}') == "<head>"

    assert "<script" in tag and "/privacy-choices/guard.js?v=en" in tag
    assert 'nonce="abc"' in tag


def test_a_page_varies_only_where_it_asks(shop: None) -> None:
    asks = Client().get("/template", {"template": CHOICE})
    plain = Client().get("/template", {"template": "hello"})

    assert asks.headers["Vary"].startswith("Cookie")
    assert "Vary" not in plain.headers


def test_template_mistakes_are_errors(shop: None) -> None:
    with pytest.raises(UnknownCategory, match="analitycs"):
        render('{% if_consent "analitycs" %}{% endif_consent %}')
    with pytest.raises(TemplateSyntaxError, match="takes one category"):
        render("{% if_consent %}{% endif_consent %}")
    with pytest.raises(TemplateSyntaxError, match="analytics is no variable here; a category has quotes"):
        render("{% if_consent analytics %}{% endif_consent %}")
    with pytest.raises(NoGuard, match="no request"):
        Template("{% load cookieguard %}" + CHOICE).render(Context())


def test_a_request_that_no_guard_saw_has_no_visitor(shop: None) -> None:
    request = RequestFactory().get("/")
    text = "{% load cookieguard %}" + CHOICE + "{% cookie_preferences_url %}"
    assert Template(text).render(RequestContext(request)) == "no/privacy-choices"
    with pytest.raises(NoGuard, match="no guard stands around this request"):
        Template("{% load cookieguard %}{% cookieguard_script %}").render(RequestContext(request))
