"""The request's `Cookie` header: split, filtered, and put together again byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .setcookie import WSP


def split_cookie_header(header: str) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of each cookie in the order sent; any text is answered, none raises.

    A cookie without `=` is given under its whole text: a browser that stored it nameless and one
    that stored it as a name without value send the same bytes, and servers read a name.
    """
    for piece in header.split(";"):
        name, _, value = piece.partition("=")
        name, value = name.strip(WSP), value.strip(WSP)
        if not name:
            # A nameless cookie whose value holds a `=` comes back as `=name=value` from some
            # clients: a server that skips the first `=` reads a name.
            name, _, value = value.partition("=")
            name = name.strip(WSP)
        if name:
            yield name, value


def filter_cookie_header(header: str, keep: Callable[[str], bool]) -> str | None:
    """Leave out the cookies whose name `keep` refuses; None where nothing remains.

    What remains keeps each of its bytes; where nothing is refused the very same string returns.
    """
    pieces = header.split(";")
    kept = [piece for piece in pieces if all(keep(name) for name, _ in split_cookie_header(piece))]
    if len(kept) == len(pieces):
        return header
    remaining = ";".join(kept).lstrip(WSP)
    return remaining if remaining.strip(WSP + ";") else None
