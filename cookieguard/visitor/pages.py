"""The preferences, as a page and as a dialog, and the error page."""

from __future__ import annotations

from collections.abc import Sequence

from .context import PageContext, shell
from .origin import local_path
from .sections import contact_of, sections_of, titles_of


def render_page(context: PageContext, *, stale: Sequence[str], stamp: str) -> str:
    """Render the page at the mount: what there is to know, and the form to decide on it.

    `stale` names what was accepted under another wording than today's, `stamp` is the form's.
    """
    request = context.request
    page = {
        **_preferences(context, context.script),
        "shown": stamp,
        "home": request.link("/"),
        "saved": request.query_value("saved") is not None,
        "following": local_path(request.query_value("next")),
        "needed": _needed(context),
        "stale": titles_of(stale, context.policy, context.texts),
    }
    return context.templates.render("page.html", page)


def render_dialog(context: PageContext, *, stamp: str) -> str:
    """Render a document whose body is the same as a dialog, for the script to move into a page."""
    page = {
        **_preferences(context, script=None),
        "shown": stamp,
        "saved": False,
        # For the script to fill in.
        "following": "",
        "stale": "",
    }
    return context.templates.render("dialog.html", page)


def _preferences(context: PageContext, script: str | None) -> dict[str, object]:
    policy, visit, texts, links = context.policy, context.visit, context.texts, context.links
    return {
        **shell(policy, texts, links, here=links.mount, script=script),
        "consent": visit.consent,
        "today": visit.today,
        "contact": contact_of(policy),
        "sections": sections_of(policy, texts, visit.standing.scope.name),
        "enforced": context.enforced,
        "proves": visit.proves is not False,
    }


def _needed(context: PageContext) -> list[str]:
    """Return the categories for want of which a view of the app sent the visitor here."""
    needs, consent = context.request.query_values("needs"), context.visit.consent
    optional = [category.id for category in context.policy.optional]
    return [id for id in optional if id in needs and not consent.allows(id)]


def render_error(context: PageContext, message: str) -> str:
    """Render a short page that says what went wrong and leads back to the settings."""
    texts, links = context.texts, context.links
    page = {
        **shell(context.policy, texts, links, here=links.mount, script=context.script),
        "message": texts.say(message) if texts.knows(message) else message,
    }
    return context.templates.render("error.html", page)
