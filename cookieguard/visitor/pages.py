"""The preferences-and-policy page, rendered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from msgspec import Struct

from ..policy.model import CONSENT_COOKIES, Category, Declaration, Provider
from ..policy.policy import Policy
from ..visit import Visit
from .ask import Ask
from .origin import local_path
from .texts import Texts, choose_language, languages

STYLE = (Path(__file__).parent / "style.css").read_bytes()
STYLE_PATH = "/style.css"
# The address changes with the bytes, so that a cache may keep them for ever.
STYLE_VERSION = hashlib.sha256(STYLE).hexdigest()[:12]

_templates = Environment(
    loader=PackageLoader("cookieguard.visitor"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_ADDRESS = re.compile(r"[!-~]+@[!-~]+")
_MAIL = Markup('<a href="mailto:{}">{}</a>')


class Row(Struct, frozen=True):
    """One cookie on the page."""

    declaration: Declaration
    provider: Provider | None
    purpose: str | Markup


class Section(Struct, frozen=True):
    """One category on the page."""

    category: Category
    title: str | Markup
    description: str | Markup
    rows: tuple[Row, ...]


def render_page(ask: Ask, visit: Visit, mount: str, *, stale: Sequence[str], enforced: bool) -> str:
    """Render the page at the mount: what there is to know, and the form to decide on it."""
    texts = _texts(ask, visit.policy)
    contact = visit.policy.site.contact
    return _templates.get_template("page.html").render(
        policy=visit.policy,
        consent=visit.consent,
        today=visit.today,
        texts=texts,
        mount=mount,
        action=f"{mount}?lang={texts.language}" if ask.asked("lang") == texts.language else mount,
        home=ask.link("/"),
        style=f"{mount}{STYLE_PATH}?v={STYLE_VERSION}",
        contact=_MAIL.format(contact, contact) if _ADDRESS.fullmatch(contact) else contact,
        site_name=visit.policy.site.name or texts.say("page.this_site"),
        sections=[
            _section(category, visit, texts)
            for category in visit.policy.categories.values()
            if category.shown
        ],
        languages=languages(visit.policy),
        saved=ask.asked("saved") is not None,
        following=local_path(ask.asked("next")),
        stale=[_title(visit.policy.category(id), texts) for id in stale],
        enforced=enforced,
    )


def render_error(ask: Ask, visit: Visit, mount: str, message: str) -> str:
    """Render a short page that says what went wrong and leads back to the settings."""
    texts = _texts(ask, visit.policy)
    return _templates.get_template("error.html").render(
        texts=texts,
        mount=mount,
        style=f"{mount}{STYLE_PATH}?v={STYLE_VERSION}",
        message=texts.say(message) if texts.knows(message) else message,
    )


def _texts(ask: Ask, policy: Policy) -> Texts:
    return Texts(
        choose_language(policy, ask.asked("lang"), ask.headers.get("accept-language")), policy.language
    )


def _section(category: Category, visit: Visit, texts: Texts) -> Section:
    policy = visit.policy
    # Of the consent cookie's two names only one is in use here.
    unused = {*CONSENT_COOKIES} - {visit.arrival.scope.name}
    rows = tuple(
        Row(declaration, policy.providers.get(declaration.provider or ""), _purpose(declaration, texts))
        for declaration in policy.of_category(category.id)
        if declaration.name not in unused
    )
    description = texts.site(category.description)
    standard = f"categories.{category.id}.description"
    if not description and texts.knows(standard):
        description = texts.say(standard)
    return Section(category, _title(category, texts), description, rows)


def _title(category: Category, texts: Texts) -> str | Markup:
    standard = f"categories.{category.id}.title"
    if category.title:
        return texts.site(category.title)
    return texts.say(standard) if texts.knows(standard) else category.id.capitalize()


def _purpose(declaration: Declaration, texts: Texts) -> str | Markup:
    if declaration.name in CONSENT_COOKIES:
        return texts.say("cookie.consent")
    return texts.site(declaration.purpose) or texts.say("cookie.no_purpose")
