"""What becomes of a response's headers, once it is known what each of them is."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from .caching import PRIVATE, Headers, make_private
from .headers import CACHING, LINK, PAGE
from .ruling import Ruling
from .verdict import Verdict

Known = Ruling | int
"""What is known of a header: the ruling, if it is a cookie, or else its kind."""


class Outcome(Struct, frozen=True, eq=False):
    """What becomes of headers of which these things are known; the same few come again and again.

    `verdicts` are those over the cookies, in their order. `concerns_page` tells whether a header makes
    browsers show a page, or fetch what a page would.
    """

    verdicts: Sequence[Verdict]
    concerns_page: bool
    # Places in the list of headers; those to strip from the last to the first, so that no deletion moves a
    # place still to come.
    _amended: tuple[tuple[int, Ruling], ...]
    _stripped: tuple[int, ...]
    # Whether the response says something of the visitor's decision, and something to caches.
    _personal: bool
    _caching: bool

    @classmethod
    def of(cls, known: Sequence[Known]) -> Outcome:
        """Add up what is known of each header, in their order."""
        rulings = [(place, each) for place, each in enumerate(known) if isinstance(each, Ruling)]
        return cls(
            verdicts=tuple([ruling.verdict for _, ruling in rulings]),
            concerns_page=LINK in known or PAGE in known,
            _amended=tuple([(place, ruling) for place, ruling in rulings if ruling.amended is not None]),
            _stripped=tuple([place for place, ruling in reversed(rulings) if ruling.stripped]),
            _personal=any(ruling.personal for _, ruling in rulings),
            _caching=CACHING in known,
        )

    def apply(self, headers: Headers) -> Headers:
        """Return, in a new list, what of these headers may leave: byte for byte, but what is amended.

        A response from which a cookie was stripped, or that keeps one which isn't essential, becomes
        private.
        """
        leaving = [*headers]
        for place, ruling in self._amended:
            name, value = leaving[place]
            leaving[place] = (name, ruling.apply(value))
        for place in self._stripped:
            del leaving[place]
        if self._personal:
            if self._caching:
                return make_private(leaving)
            leaving.append(PRIVATE)
        return leaving
