"""What a WSGI environ says of its request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..adapter.fields import FieldsRequest, decoded_path, form_length, hides_separators
from ..visitor.request import PageRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Request(FieldsRequest):
    """`visit.Request` over an environ.

    `root` and `below` are SCRIPT_NAME and PATH_INFO as the server gave them: Django writes decoded ones
    over them, and a dispatcher moves the border.
    """

    __slots__ = ("_path",)

    def __init__(self, environ: WSGIEnvironment, root: str, below: str) -> None:
        self._fields = environ
        self._path = root + below

    @property
    def path(self) -> str | None:
        environ = self._fields
        # The decoded path can't tell `/a%2Fb` from `/a/b`; some servers keep the raw one beside it.
        if hides_separators(environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""):
            return None
        return decoded_path(self._path)


def page_request(environ: WSGIEnvironment) -> PageRequest:
    """Return the request as the visitor's pages take it."""
    return PageRequest(
        method=environ["REQUEST_METHOD"],
        scheme=environ["wsgi.url_scheme"],
        host=environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""),
        root=environ.get("SCRIPT_NAME", ""),
        path=environ.get("PATH_INFO", ""),
        query=environ.get("QUERY_STRING", ""),
        headers={
            key[5:].replace("_", "-").lower(): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        },
        content_type=environ.get("CONTENT_TYPE", ""),
        read=lambda: _read_form(environ),
    )


def _read_form(environ: WSGIEnvironment) -> bytes | None:
    """Read the body once, up to a capped Content-Length; None where it is too long or has none, and
    nothing where it breaks off."""
    length = form_length(environ.get("CONTENT_LENGTH") or "")
    if length is None:
        return None
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except OSError:
        # So do some servers tell of a client that went away; others by less than was promised.
        return b""
    return body if len(body) == length else b""
