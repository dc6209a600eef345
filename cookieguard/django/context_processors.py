"""For the templates' `context_processors`."""

from __future__ import annotations

from django.http import HttpRequest

from .visits import ConsentOf, consent_of


def cookie_consent(request: HttpRequest) -> dict[str, object]:
    """Give templates `cookie_consent`: `{% if cookie_consent.undecided %}`."""
    return {"cookie_consent": ConsentOf(lambda: consent_of(request))}
