"""`{% load cookieguard %}`: what a page asks of the guard."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.template import Context, Library, Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, Variable, VariableDoesNotExist
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from ...errors import NoGuard
from ...logger import logger
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
def cookieguard_script(context: Context, nonce: Any = None) -> str:
    """Place the browser guard by hand (`[guard] inject = false`): first in `head`.

    `nonce` is that of the page's Content-Security-Policy.
    """
    request = _request(context)
    visit = visit_of(request)
    if not visit.enforced:
        return ""
    language = page_language(visit.policy, get_language())
    # Django's own is made when it is written, and until then false.
    given = None if nonce is None else str(nonce)
    tag: str = SafeString(script_tag(visit.policy, preferences_url(request), language, given))
    return tag


class _Script(Node):
    """The tag, which warns of a nonce that nobody gave to the template."""

    def __init__(self, tag: Any) -> None:
        self.tag = tag
        nonces = [*tag.args, *(value for key, value in tag.kwargs.items() if key == "nonce")]
        self.nonce: FilterExpression | None = nonces[0] if nonces else None

    def render(self, context: Context) -> Any:
        if self.nonce is not None and _is_undefined(self.nonce, context):
            _warn_of_nonce(str(self.nonce))
        return self.tag.render(context)


_parse_script = register.tags["cookieguard_script"]


@register.tag("cookieguard_script")
def _script(parser: Parser, token: Token) -> Node:
    return _Script(_parse_script(parser, token))


def _is_undefined(expression: FilterExpression, context: Context) -> bool:
    # A filter says what is meant instead: `nonce=csp_nonce|default:""`.
    if expression.filters or not isinstance(expression.var, Variable):
        return False
    try:
        expression.var.resolve(context)
    except VariableDoesNotExist:
        return True
    return False


@lru_cache(maxsize=64)
def _warn_of_nonce(expression: str) -> None:
    logger.warning(
        "{%% cookieguard_script nonce=%s %%}: this template knows no %s, so the tag has no nonce, and "
        "browsers may refuse it; is the context processor missing that gives it?",
        expression,
        expression,
    )


def _request(context: Context) -> HttpRequest:
    try:
        return context["request"]
    except KeyError:
        raise NoGuard(
            "this template has no request: render it with one, and with the context processor "
            "django.template.context_processors.request"
        ) from None
