"""The banner, as the browser's script fetches it."""

from __future__ import annotations

from collections.abc import Sequence

from ..consent.consent import Consent
from .context import PageContext, shell
from .sections import titles_of


def render_banner(context: PageContext, *, stamp: str) -> str | None:
    """Render a document whose body is the banner; None where there is nothing to ask.

    `stamp` is its form's.
    """
    policy, consent, texts, links = context.policy, context.visit.consent, context.texts, context.links
    if not consent.undecided:
        return None
    changed = changed_of(consent, consent.undecided)
    values = {
        **shell(policy, texts, links, here=links.mount, script=None),
        "shown": stamp,
        "consent": consent,
        "today": context.visit.today,
        "categories": titles_of(consent.undecided, policy, texts),
        "changed": titles_of(changed, policy, texts),
    }
    return context.templates.render("banner-document.html", values)


def changed_of(consent: Consent, asked: Sequence[str]) -> list[str]:
    """Name the categories that are asked about anew, since their policy changed."""
    return [id for id in consent.stale if id in asked]
