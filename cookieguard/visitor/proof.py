"""What the desk does for a ledger: which text a form shows, and which one was decided on."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from ..ledger.drafting import Occasion
from ..ledger.receipt import Layer, Shown
from ..visit import Visit
from .banner import changed_of
from .choice import Posted
from .context import PageContext
from .origin import local_path, sender
from .request import PageRequest
from .shown import ShownTexts, read_stamp, write_stamp


class Proof:
    """Ties what a visitor decides to the very text in front of them."""

    def __init__(self, shown: ShownTexts) -> None:
        self._shown = shown

    def stamp(self, layer: Layer, context: PageContext) -> str:
        """Return the stamp of a form, which names the text that it stands under."""
        visit = context.visit
        asked = visit.consent.undecided if layer == "banner" else ()
        return write_stamp(self._text(layer, context.texts.language, visit, asked))

    def take(self, posted: Posted, request: PageRequest, visit: Visit) -> Posted:
        """Tell the visit what a decision was made on.

        What is accepted under a text that isn't today's any more counts for nothing: it is asked again.
        """
        asked = visit.occasion or Occasion()
        visit.occasion = replace(asked, path=_page_of(posted, request) or asked.path)
        stamp = read_stamp(posted.stamp, visit.policy)
        if stamp is None:
            return posted
        text = self._text(stamp.layer, stamp.language, visit, posted.asked)
        is_todays = text.hash == stamp.hash
        visit.occasion = replace(
            visit.occasion, method=stamp.layer, form=stamp.token, shown=text if is_todays else None
        )
        return posted if is_todays else replace(posted, accepted=(), stale=(*posted.accepted, *posted.stale))

    def _text(self, layer: Layer, language: str, visit: Visit, asked: tuple[str, ...]) -> Shown:
        return self._shown.of(
            layer,
            language,
            visit.policy,
            visit.today,
            visit.standing.scope.name,
            asked=asked,
            changed=changed_of(visit.consent, asked),
        )


def _page_of(posted: Posted, request: PageRequest) -> str | None:
    """Return the path of the page on which somebody decided, None where the browser doesn't tell."""
    referer = request.headers.get("referer")
    if referer and sender(request) == "same-origin":
        try:
            page = local_path(urlsplit(referer).path)
        except ValueError:
            page = None
        if page:
            return unquote(page)
    following = local_path(posted.next)
    return unquote(following.partition("?")[0].partition("#")[0]) if following else None
