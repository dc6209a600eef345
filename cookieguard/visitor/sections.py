"""What the policy says of each category and cookie, in one language: what every page shows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from babel.lists import format_list
from markupsafe import Markup, escape
from msgspec import Struct

from ..policy.model import CONSENT_COOKIES, GUARD_COOKIES, RECEIPT_COOKIES, Category, Declaration, Provider
from ..policy.policy import Policy
from .texts import Texts

_ADDRESS = re.compile(r"[!-~]+@[!-~]+")
_MAIL = Markup('<a href="mailto:{}">{}</a>')


class Row(Struct, frozen=True):
    """One cookie on a page."""

    declaration: Declaration
    provider: Provider | None
    purpose: str | Markup


class Section(Struct, frozen=True):
    """One category on a page."""

    category: Category
    title: str | Markup
    description: str | Markup
    rows: tuple[Row, ...]

    @property
    def linked(self) -> tuple[Provider, ...]:
        """The providers that have an address to go to, each once."""
        providers = {row.provider.id: row.provider for row in self.rows if row.provider}
        return tuple(each for each in providers.values() if each.privacy_url or each.opt_out_url)


def sections_of(policy: Policy, texts: Texts, consent_cookie: str) -> list[Section]:
    """Describe each category that a visitor is shown; of the consent cookie's two names one is in use."""
    used = {consent_cookie, RECEIPT_COOKIES[consent_cookie != CONSENT_COOKIES[0]]}
    unused = GUARD_COOKIES - used
    return [
        _section(category, policy, texts, unused) for category in policy.categories.values() if category.shown
    ]


def _section(category: Category, policy: Policy, texts: Texts, unused: frozenset[str]) -> Section:
    rows = tuple(
        Row(declaration, policy.providers.get(declaration.provider or ""), _purpose(declaration, texts))
        for declaration in policy.of_category(category.id)
        if declaration.name not in unused
    )
    description = texts.site(category.description)
    standard = f"categories.{category.id}.description"
    if not description and texts.knows(standard):
        description = texts.say(standard)
    return Section(category, title_of(category, texts), description, rows)


def title_of(category: Category, texts: Texts) -> str | Markup:
    """Name a category."""
    standard = f"categories.{category.id}.title"
    if category.title:
        return texts.site(category.title)
    return texts.say(standard) if texts.knows(standard) else category.id.capitalize()


def titles_of(ids: Iterable[str], policy: Policy, texts: Texts) -> Markup:
    """Name categories one after the other, as the language does."""
    titles = [title_of(policy.category(id), texts) for id in ids]
    # A title may be markup, being marked as another language's: Babel joins what stands for them.
    places = format_list([f"{{{place}}}" for place in range(len(titles))], locale=texts.locale)
    return escape(places).format(*titles)


def site_name(policy: Policy, texts: Texts) -> str | Markup:
    """Name the site."""
    return policy.site.name or texts.say("page.this_site")


def contact_of(policy: Policy) -> str | Markup:
    """Return whom to request, a mail address as a link."""
    contact = policy.site.contact
    return _MAIL.format(contact, contact) if _ADDRESS.fullmatch(contact) else contact


def _purpose(declaration: Declaration, texts: Texts) -> str | Markup:
    if declaration.name in CONSENT_COOKIES:
        return texts.say("cookie.consent")
    if declaration.name in RECEIPT_COOKIES:
        return texts.say("cookie.receipt")
    return texts.site(declaration.purpose) or texts.say("cookie.no_purpose")
