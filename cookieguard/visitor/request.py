"""What an adapter hands to the visitor's pages, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, quote

from msgspec import Struct


class PageRequest(Struct, frozen=True):
    """A request to one of our own pages.

    `root` is where the guarded app is mounted (SCRIPT_NAME), `path` what follows it, `headers` have
    lower-case names. `read` returns the body, or None where it has no length or too much of it.
    """

    method: str
    scheme: str
    host: str
    root: str
    path: str
    query: str
    headers: Mapping[str, str]
    content_type: str
    read: Callable[[], bytes | None]

    def __repr__(self) -> str:
        return f"<PageRequest for {self.path!r}>"

    def query_value(self, key: str) -> str | None:
        """Return the last value of a key in the query."""
        values = self.query_values(key)
        return values[-1] if values else None

    def query_values(self, key: str) -> list[str]:
        """Return every value of a key in the query."""
        return parse_qs(self.query, keep_blank_values=True).get(key, [])

    def link(self, path: str) -> str:
        """Return the address of one of our paths, as a link in a page needs it."""
        return quoted_root(self.root) + path


def quoted_root(root: str) -> str:
    """Return where the app is mounted as an address needs it, without a slash at its end."""
    # A double slash in front would name another host.
    root = "/" + root.strip("/") if root.strip("/") else ""
    return quote(root, safe="/!$&'()*+,:;=@~-._%", encoding="latin-1")


class Reply(Struct, frozen=True):
    """A whole answer; `status` as in a WSGI call, `Content-Length` included in the headers."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


# The page loads nothing from elsewhere, and no script but the browser guard; framed, its buttons could be
# clicked by somebody else's visitor unawares.
_GUARDED = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # The same-origin check of old browsers reads the Referer.
    ("Referrer-Policy", "same-origin"),
)


def reply(
    status: str, body: str | bytes, content_type: str, *headers: tuple[str, str], cached: bool = False
) -> Reply:
    """Build an answer that no cache keeps, unless `cached` for ever."""
    content = body.encode() if isinstance(body, str) else body
    caching = "public, max-age=31536000, immutable" if cached else "no-store"
    return Reply(
        status,
        (
            ("Content-Type", content_type),
            ("Content-Length", str(len(content))),
            ("Cache-Control", caching),
            *_GUARDED,
            *headers,
        ),
        content,
    )


# "A server MUST NOT send a Content-Length header field in any response with a status code of [...]
# 204" (RFC 9110, 8.6).
NOTHING = Reply("204 No Content", (("Cache-Control", "no-store"), *_GUARDED))
