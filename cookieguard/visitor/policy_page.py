"""The site's cookie policy, generated from its declarations: a page to read and print, or Markdown."""

from __future__ import annotations

from datetime import date
from typing import Literal

from markupsafe import Markup

from ..policy.model import CONSENT_COOKIES
from ..policy.policy import Policy
from .browsers import BROWSER_HELP
from .markdown import Markdown, escape_markdown, link_markdown
from .pages import SHIPPED, Links, shell
from .sections import contact_of, sections_of
from .style import POLICY_STYLE, STYLE
from .templating import Templates
from .texts import Texts

Format = Literal["html", "md"]

_LINK = Markup('<a href="{}">{}</a>')
# Stands for a link while the sentence around it is escaped; no text has it.
_PLACE = "\ue000"


def render_policy(
    policy: Policy,
    language: str,
    today: date,
    mount: str,
    *,
    format: Format = "html",
    consent_cookie: str | None = None,
    keep_language: bool = False,
    home: str | None = None,
    enforced: bool = True,
    templates: Templates = SHIPPED,
    script: str | None = None,
    style: str | None = None,
) -> str:
    """Render the policy in force, in one of its languages.

    `mount` is the address of the visitor's pages. `consent_cookie` is the name that the consent
    cookie has here, by default the one over https. With `keep_language` links lead to pages in this
    language, and `home` is an address to go back to. Where nothing is `enforced` it promises no choice.
    With a `style` the page is a file of its own.
    """
    texts = Texts(language, policy.language)
    links = Links(mount, language if keep_language else None)
    name = consent_cookie or CONSENT_COOKIES[policy.consent.domain is None]
    page = {
        **shell(policy, texts, links, here=f"{mount}/policy", script=script),
        "today": today,
        "home": home,
        "contact": contact_of(policy),
        "sections": sections_of(policy, texts, name),
        "browsers": BROWSER_HELP,
        "enforced": enforced,
        "change": _change(texts, links, format) if enforced else texts.say("page.report"),
        "style": style,
    }
    if format == "md":
        return templates.render("policy.md", {**page, "link": link_markdown})
    return templates.render("policy.html" if style is None else "policy-document.html", page)


def render_document(
    policy: Policy, language: str, today: date, *, site: str = "", format: Format = "html"
) -> str:
    """Render the policy as a file that needs no other; `site` is the guarded site's address, for links."""
    style = (STYLE.body + POLICY_STYLE.body).decode()
    mount = site.rstrip("/") + policy.guard.mount
    return render_policy(policy, language, today, mount, format=format, style=style)


def _change(texts: Texts, links: Links, format: Format) -> Markup | Markdown:
    """Say how to change or withdraw, with a link to where."""
    settings = texts.say("banner.settings")
    if format == "html":
        return Markup("{}").format(
            texts.say("policy.change", settings=_LINK.format(links.preferences, settings))
        )
    sentence = escape_markdown(texts.say("policy.change", settings=_PLACE))
    return Markdown(sentence.replace(_PLACE, link_markdown(settings, links.preferences)))
