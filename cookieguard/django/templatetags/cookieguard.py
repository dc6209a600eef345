"""`{% load cookieguard %}`: what a page asks of the guard."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template import Context, Library, Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from ...errors import NoGuard
from ...visitor.script import page_language, script_tag
from ..visits import consent_of, preferences_url, visit_of

register = Library()


class _IfConsent(Node):
    def __init__(self, category: FilterExpression, yes: NodeList, no: NodeList) -> None:
        self.category, self.nodelist_true, self.nodelist_false = category, yes, no

    child_nodelists = ("nodelist_true", "nodelist_false")

    def render(self, context: Context) -> Any:
        category = self.category.resolve(context, ignore_failures=True)
        if category is None:
            raise TemplateSyntaxError(
                f'if_consent: {self.category} is no variable here; a category has quotes: "analytics"'
            )
        allowed = consent_of(_request(context)).allows(category)
        return (self.nodelist_true if allowed else self.nodelist_false).render(context)


@register.tag
def if_consent(parser: Parser, token: Token) -> Node:
    """`{% if_consent "analytics" %}…{% else %}…{% endif_consent %}`; UnknownCategory for another."""
    name, *arguments = token.split_contents()
    if len(arguments) != 1:
        raise TemplateSyntaxError(f'{name} takes one category: {{% {name} "analytics" %}}')
    yes = parser.parse(("else", "endif_consent"))
    no = NodeList()
    if parser.next_token().contents == "else":
        no = parser.parse(("endif_consent",))
        parser.delete_first_token()
    return _IfConsent(parser.compile_filter(arguments[0]), yes, no)


@register.simple_tag(takes_context=True)
def cookie_preferences_url(context: Context) -> str:
    """Return the address at which the visitor decides anew."""
    return preferences_url(_request(context))


@register.simple_tag(takes_context=True)
def cookie_policy_url(context: Context) -> str:
    """Return the address of the cookie policy."""
    return f"{preferences_url(_request(context))}/policy"


@register.simple_tag(takes_context=True)
def cookieguard_script(context: Context, nonce: str | None = None) -> str:
    """Place the browser guard by hand (`[guard] inject = false`): first in `head`.

    `nonce` is that of the page's Content-Security-Policy.
    """
    request = _request(context)
    visit = visit_of(request)
    if not visit.enforced:
        return ""
    language = page_language(visit.policy, get_language())
    tag: str = SafeString(script_tag(visit.policy, preferences_url(request), language, nonce))
    return tag


def _request(context: Context) -> HttpRequest:
    try:
        return context["request"]
    except KeyError:
        raise NoGuard(
            "this template has no request: render it with one, and with the context processor "
            "django.template.context_processors.request"
        ) from None
