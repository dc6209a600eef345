"""The banner, as the browser's script fetches it."""

from __future__ import annotations

from collections.abc import Sequence

from ..consent.consent import Consent
from ..visit import Visit
from .pages import SHIPPED, links_for, shell, texts_for
from .request import PageRequest
from .sections import titles_of
from .templating import Templates


def render_banner(
    request: PageRequest, visit: Visit, mount: str, *, templates: Templates = SHIPPED, stamp: str = ""
) -> str | None:
    """Render a document whose body is the banner; None where there is nothing to ask.

    `stamp` is its form's.
    """
    policy, consent = visit.policy, visit.consent
    if not consent.undecided:
        return None
    texts = texts_for(request, policy)
    changed = changed_of(consent, consent.undecided)
    values = {
        **shell(policy, texts, links_for(request, texts, mount), here=mount, script=None),
        "shown": stamp,
        "consent": consent,
        "today": visit.today,
        "categories": titles_of(consent.undecided, policy, texts),
        "changed": titles_of(changed, policy, texts),
    }
    return templates.render("banner-document.html", values)


def changed_of(consent: Consent, asked: Sequence[str]) -> list[str]:
    """Name the categories that are asked about anew, since their policy changed."""
    return [id for id in consent.stale if id in asked]
