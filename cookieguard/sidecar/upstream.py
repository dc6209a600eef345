"""Where the app is: checked at start, as far as that can be told without asking it for anything."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from ipaddress import ip_address

import httpx
from msgspec import Struct

from ..errors import ConfigurationError
from .logger import logger

_GREETING_SECONDS = 2.0
_PORTS = {"http": 80, "https": 443}
# A name or an address, with a port or without.
AUTHORITY = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class Upstream(Struct, frozen=True):
    """Where the app is: `url` is scheme, host and port alone.

    `host` is the `Host` to send in place of the visitor's. Seconds: `connect` for a connection,
    `read` between two pieces of an answer or of an upload; None for ever.
    """

    url: str
    host: str | None = None
    connect: float | None = 5.0
    read: float | None = 60.0

    def __post_init__(self) -> None:
        try:
            url = httpx.URL(self.url)
        except (httpx.InvalidURL, TypeError) as error:
            raise _bad_upstream(self.url, str(error)) from error
        if url.scheme not in _PORTS or not url.host:
            raise _bad_upstream(self.url, "it isn't an http or https address")
        if url.path not in ("", "/") or url.query or url.fragment or url.userinfo:
            raise _bad_upstream(self.url, "only scheme, host and port can be said")
        if self.host is not None and not AUTHORITY.fullmatch(self.host):
            raise ConfigurationError(
                "cookieguard.E030", f"the Host to send is {self.host!r}; give a name, with a port or without"
            )

    @property
    def timeout(self) -> httpx.Timeout:
        return httpx.Timeout(connect=self.connect, read=self.read, write=self.read, pool=None)

    @property
    def address(self) -> tuple[str, int]:
        """The host, and the port that it is asked at."""
        url = httpx.URL(self.url)
        return url.host, url.port or _PORTS[url.scheme]


def _bad_upstream(url: object, why: str) -> ConfigurationError:
    return ConfigurationError(
        "cookieguard.E030", f"upstream is {url!r}: {why}; write it as http://127.0.0.1:8080"
    )


def refuse_itself(upstream: Upstream, listening: socket.socket) -> None:
    """Raise ConfigurationError where a sidecar that listens on this socket would ask itself."""
    host, port = upstream.address
    if listening.family not in (socket.AF_INET, socket.AF_INET6):
        return
    own_host, own_port = listening.getsockname()[:2]
    if port != own_port:
        return
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        # Its name may come to be known later.
        return
    everywhere = ip_address(own_host).is_unspecified
    for family, _, _, _, address in found:
        if address[0] == own_host or (everywhere and _is_of_this_machine(family, str(address[0]))):
            raise ConfigurationError(
                "cookieguard.E032",
                f"upstream is {upstream.url!r}, where the sidecar itself is to listen; "
                "give the app's own port, or the sidecar another one",
            )


def _is_of_this_machine(family: int, address: str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as trying:
        try:
            trying.bind((address, 0))
        except OSError:
            return False
    return True


async def greet(upstream: Upstream, context: ssl.SSLContext) -> None:
    """Open a connection to the app, and close it; log a warning where nobody is there yet."""
    tls = context if upstream.url.startswith("https:") else None
    try:
        async with asyncio.timeout(_GREETING_SECONDS):
            _, writer = await asyncio.open_connection(*upstream.address, ssl=tls)
        writer.close()
    except OSError as error:
        logger.warning(
            "cookieguard.W303: the app at %s isn't to be reached: %s; until it is, visitors get 502",
            upstream.url,
            _why(error, tls=tls is not None),
        )


def _why(error: OSError, *, tls: bool) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{error.verify_message}, so name who signed its certificate in SSL_CERT_FILE"
    if isinstance(error, ssl.SSLError):
        return "it speaks no TLS, so write http:// if that is what it speaks"
    if isinstance(error, TimeoutError):
        return "it takes too long" + (" to begin TLS; is it http:// that it speaks?" if tls else "")
    return error.strerror or str(error)
