"""The site's cookie policy, generated from its declarations: a page to read and print, or Markdown."""

from __future__ import annotations

from datetime import date
from typing import Literal

from markupsafe import Markup

from ..policy.model import CONSENT_COOKIES
from ..policy.policy import Policy
from .browsers import BROWSER_HELP
from .context import Links, PageContext, shell
from .markdown import Markdown, escape_markdown, link_markdown
from .sections import contact_of, sections_of
from .style import POLICY_STYLE, STYLE
from .templating import Templates
from .texts import Texts

Format = Literal["html", "md"]

_SHIPPED = Templates()
_LINK = Markup('<a href="{}">{}</a>')
# Stands for a link while the sentence around it is escaped; no text has it.
_PLACE = "\ue000"


def render_policy(context: PageContext, format: Format) -> str:
    """Render the policy in force, in the visitor's language."""
    visit = context.visit
    page = {
        **_values(
            context.policy,
            context.texts,
            context.links,
            visit.today,
            visit.standing.scope.name,
            format,
            enforced=context.enforced,
        ),
        "script": context.script,
        "home": context.request.link("/"),
    }
    return context.templates.render("policy.md" if format == "md" else "policy.html", page)


def render_document(
    policy: Policy, language: str, today: date, *, site: str = "", format: Format = "html"
) -> str:
    """Render the policy as a file that needs no other; `site` is the guarded site's address, for links.

    The consent cookie is called in it as it is over https. Like the page it promises nothing that the
    policy's mode doesn't enforce.
    """
    texts = Texts(language, policy.language)
    enforced = policy.guard.mode == "enforce"
    links = Links(site.rstrip("/") + policy.guard.mount)
    name = CONSENT_COOKIES[policy.consent.domain is None]
    page = {
        **_values(policy, texts, links, today, name, format, enforced=enforced),
        "style": (STYLE.body + POLICY_STYLE.body).decode(),
    }
    return _SHIPPED.render("policy.md" if format == "md" else "policy-document.html", page)


def _values(
    policy: Policy,
    texts: Texts,
    links: Links,
    today: date,
    consent_cookie: str,
    format: Format,
    *,
    enforced: bool,
) -> dict[str, object]:
    """Return what the templates of a policy are given; `consent_cookie` is the name in use."""
    values = {
        **shell(policy, texts, links, here=f"{links.mount}/policy", script=None),
        "today": today,
        "home": None,
        "contact": contact_of(policy),
        "sections": sections_of(policy, texts, consent_cookie),
        "browsers": BROWSER_HELP,
        "enforced": enforced,
        "change": _change(texts, links, format) if enforced else texts.say("page.report"),
        "style": None,
    }
    return {**values, "link": link_markdown} if format == "md" else values


def _change(texts: Texts, links: Links, format: Format) -> Markup | Markdown:
    """Say how to change or withdraw, with a link to where."""
    settings = texts.say("banner.settings")
    if format == "html":
        return Markup("{}").format(
            texts.say("policy.change", settings=_LINK.format(links.preferences, settings))
        )
    sentence = escape_markdown(texts.say("policy.change", settings=_PLACE))
    return Markdown(sentence.replace(_PLACE, link_markdown(settings, links.preferences)))
