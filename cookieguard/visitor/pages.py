"""The preferences, as a page and as a dialog, and the error page."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..policy.policy import Policy
from ..visit import Visit
from .origin import local_path
from .request import PageRequest
from .sections import contact_of, sections_of, site_name, titles_of
from .style import POLICY_STYLE, STYLE
from .templating import Templates
from .texts import Texts, choose_language, languages

SHIPPED = Templates()


class Links(Struct, frozen=True):
    """The addresses of the visitor's pages: `mount` is the first's, `language` what a link must keep."""

    mount: str
    language: str | None = None

    @property
    def preferences(self) -> str:
        return self._to("")

    @property
    def policy(self) -> str:
        return self._to("/policy")

    @property
    def markdown(self) -> str:
        return self._to("/policy.md")

    @property
    def style(self) -> str:
        return self.mount + STYLE.address

    @property
    def policy_style(self) -> str:
        return self.mount + POLICY_STYLE.address

    def _to(self, page: str) -> str:
        return f"{self.mount}{page}?lang={self.language}" if self.language else self.mount + page


def render_page(
    request: PageRequest,
    visit: Visit,
    mount: str,
    *,
    stale: Sequence[str] = (),
    enforced: bool = True,
    templates: Templates = SHIPPED,
    script: str | None = None,
    stamp: str = "",
) -> str:
    """Render the page at the mount: what there is to know, and the form to decide on it."""
    page = {
        **_preferences(request, visit, mount, enforced=enforced, script=script),
        "shown": stamp,
        "home": request.link("/"),
        "saved": request.query_value("saved") is not None,
        "following": local_path(request.query_value("next")),
        "stale": titles_of(stale, visit.policy, texts_for(request, visit.policy)),
    }
    return templates.render("page.html", page)


def render_dialog(
    request: PageRequest,
    visit: Visit,
    mount: str,
    *,
    enforced: bool = True,
    templates: Templates = SHIPPED,
    stamp: str = "",
) -> str:
    """Render a document whose body is the same as a dialog, for the script to move into a page."""
    page = {
        **_preferences(request, visit, mount, enforced=enforced, script=None),
        "shown": stamp,
        "saved": False,
        # For the script to fill in.
        "following": "",
        "stale": "",
    }
    return templates.render("dialog.html", page)


def _preferences(
    request: PageRequest, visit: Visit, mount: str, *, enforced: bool, script: str | None
) -> dict[str, object]:
    policy, texts = visit.policy, texts_for(request, visit.policy)
    return {
        **shell(policy, texts, links_for(request, texts, mount), here=mount, script=script),
        "consent": visit.consent,
        "today": visit.today,
        "contact": contact_of(policy),
        "sections": sections_of(policy, texts, visit.standing.scope.name),
        "enforced": enforced,
        "proves": visit.proves is not False,
    }


def render_error(
    request: PageRequest,
    visit: Visit,
    mount: str,
    message: str,
    *,
    templates: Templates = SHIPPED,
    script: str | None = None,
) -> str:
    """Render a short page that says what went wrong and leads back to the settings."""
    texts = texts_for(request, visit.policy)
    page = {
        **shell(visit.policy, texts, links_for(request, texts, mount), here=mount, script=script),
        "message": texts.say(message) if texts.knows(message) else message,
    }
    return templates.render("error.html", page)


def shell(policy: Policy, texts: Texts, links: Links, *, here: str, script: str | None) -> dict[str, object]:
    """Return what every template is given; `here` is the page's own address, without a query."""
    return {
        "policy": policy,
        "texts": texts,
        "links": links,
        "here": here,
        "script": script,
        "site_name": site_name(policy, texts),
        "languages": languages(policy),
        "following": None,
        # What the form says of its own text, where a ledger keeps it.
        "shown": "",
    }


def texts_for(request: PageRequest, policy: Policy) -> Texts:
    """Return the words in the language that a request wishes for."""
    language = choose_language(policy, request.query_value("lang"), request.headers.get("accept-language"))
    return Texts(language, policy.language)


def links_for(request: PageRequest, texts: Texts, mount: str) -> Links:
    """Return the addresses that keep a language which was asked for."""
    return Links(mount, texts.language if request.query_value("lang") else None)
