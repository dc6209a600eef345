"""What templates ask of the guard."""

from __future__ import annotations

import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import Context, RequestContext, Template, TemplateSyntaxError
from django.test import Client, RequestFactory
from django.utils.functional import SimpleLazyObject, empty
from djangoshop import (
    SITE,
    accepting,
    render,
    with_settings,
)

from cookieguard import NoGuard, UnknownCategory
from cookieguard.django.middleware import CookieGuardMiddleware
from cookieguard.django.templatetags.cookieguard import _warn_of_nonce

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


def a_request() -> HttpRequest:
    """Return a request that the guard saw."""
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    CookieGuardMiddleware(view)(RequestFactory().get("/"))
    return seen[0]


class Lazy(SimpleLazyObject):
    """As Django 6 gives it: false until it is written, when the header gets it too."""

    def __init__(self) -> None:
        super().__init__(lambda: "lazy")

    def __bool__(self) -> bool:
        return self._wrapped is not empty


@pytest.mark.parametrize(
    ("arguments", "nonce", "warned"),
    [
        pytest.param("", None, None, id="none"),
        pytest.param('nonce="abc"', "abc", None, id="text"),
        pytest.param("nonce=given", "abc", None, id="variable"),
        pytest.param("given", "abc", None, id="by place"),
        pytest.param("nonce=lazy", "lazy", None, id="made when it is written"),
        pytest.param("nonce=empty", None, None, id="empty"),
        pytest.param("nonce=nothing", None, None, id="None"),
        pytest.param('nonce=unheard_of|default:""', None, None, id="with a default"),
        pytest.param("nonce=unheard_of", None, "nonce=unheard_of", id="undefined"),
        pytest.param("nonce=request.unheard_of", None, "nonce=request.unheard_of", id="undefined attribute"),
    ],
)
def test_nonces(
    arguments: str, nonce: str | None, warned: str | None, shop: None, caplog: pytest.LogCaptureFixture
) -> None:
    _warn_of_nonce.cache_clear()
    template = Template("{% load cookieguard %}{% cookieguard_script " + arguments + " %}")
    for _ in range(2):
        given = {"given": "abc", "lazy": Lazy(), "empty": "", "nothing": None}
        tag = template.render(RequestContext(a_request(), given))
        assert re.findall(r' nonce="(.*?)"', tag) == ([] if nonce is None else [nonce])

    said = [record.getMessage() for record in caplog.records if "nonce" in record.getMessage()]
    assert len(said) == (warned is not None)
    assert all(f"{warned} %}}: this template knows no " in each for each in said)


def test_the_tag_may_be_kept(shop: None) -> None:
    text = '{% load cookieguard %}{% cookieguard_script nonce="abc" as tag %}<head>{{ tag }}'
    kept = Template(text).render(RequestContext(a_request()))
    assert kept.startswith("<head><script") and 'nonce="abc"' in kept


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
