"""`sidecar`: guard an app in any language, in front of it."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, Any

import click

from ..settings import settings_of_process
from .manual import Command, Failure

if TYPE_CHECKING:
    import uvicorn

    from ..sidecar.configured import SidecarSettings

_GRACE_SECONDS = 30
_BACKLOG = 2048
_MOST_HEADER_BYTES = 64 * 1024


@click.command(
    cls=Command,
    examples=(
        "cookieguard sidecar --upstream http://127.0.0.1:8080 \\\n"
        "      --policy cookies.toml --secret-file secret",
        "cookieguard sidecar --upstream https://app.internal --host 0.0.0.0 \\\n"
        "      --policy cookies.toml --secret-file secret --trust-forwarded 10.0.0.0/8",
        "COOKIEGUARD_CONFIG=/etc/cookieguard.toml cookieguard sidecar",
    ),
    files={
        "--secret-file": "a secret of 16 bytes or more; for rotation several, oldest first, a line each",
        "--config": (
            'each option by its name, as upstream = "http://127.0.0.1:8080", and those of docs/sidecar.md'
        ),
    },
)
@click.option("--upstream", metavar="URL", help="Where the app is, as http://127.0.0.1:8080. Needed.")
@click.option("--policy", metavar="FILE", help="The policy. Needed.")
@click.option("--secret-file", metavar="FILE", help="The secret. Needed, here or as $COOKIEGUARD_SECRET.")
@click.option("--config", metavar="FILE", help="A file with these and other options; .toml, .json or .yaml.")
@click.option("--host", metavar="ADDRESS", help="The address to listen at.  [default: 127.0.0.1]")
@click.option("--port", metavar="PORT", help="The port.  [default: 8000]")
@click.option("--fd", metavar="N", help="Listen on this inherited socket instead.")
@click.option(
    "--trust-forwarded",
    metavar="ADDRESSES",
    help="Proxies in front whose X-Forwarded-For and -Proto count: 127.0.0.1,10.0.0.0/8 or *.",
)
@click.option("--upstream-host", metavar="NAME", help="The Host to send to the app, not the visitor's.")
@click.option(
    "--connect-timeout",
    metavar="SECONDS",
    help="For a connection to the app; 0 for ever.  [default: 5]",
)
@click.option(
    "--read-timeout",
    metavar="SECONDS",
    help="Between two pieces of an answer or upload; 0 for ever.  [default: 60]",
)
@click.option("--templates", metavar="FOLDER", help="Your own of the visitor's pages.")
@click.option("--health-path", metavar="PATH", help="[default: /.well-known/cookieguard/health]")
@click.option("--metrics", metavar="PATH", help="Where Prometheus asks, as /metrics; 'files': elsewhere.")
@click.option("--log", metavar="FORM", help="text or json.  [default: text]")
@click.option(
    "--log-level", metavar="LEVEL", help="debug (kept cookies too), info, warning.  [default: info]"
)
def sidecar(**flags: str | None) -> None:
    """Guard an app in any language, in front of it.

    Visitors come here, requests go on to the app at --upstream, and what it sets is judged by the
    policy on the way back. It runs until SIGTERM or Ctrl-C, and ends once the answers under way
    are done. docs/sidecar.md says what it passes on.

    Each option is a variable too, $COOKIEGUARD_UPSTREAM and so on, or stands in the file that
    --config names; who wins is said in this order.
    """
    try:
        from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

        from ..sidecar import configured
        from ..sidecar.logger import logger
        from ..sidecar.upstream import refuse_itself
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("uvicorn", "httpcore", "httpx"):
            raise
        raise Failure("the sidecar needs an extra: pip install 'cookieguard[sidecar]'") from error

    # The site's hook is found as other servers find it.
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as Python itself does it
    settings = settings_of_process(configured.SidecarSettings, flags=flags)
    app = configured.sidecar(settings)
    served: Any = app
    if settings.trust_forwarded:
        served = ProxyHeadersMiddleware(served, [*settings.trust_forwarded])
    listening = _inherited(settings, settings.fd) if settings.fd is not None else _listening(settings)
    with listening:
        refuse_itself(app.upstream, listening)
        logger.info("listening at %s, guarding %s", _place(listening), settings.upstream)
        _server(served).run([listening])


def _server(app: Any) -> uvicorn.Server:
    import uvicorn

    from ..sidecar.protocol import ResettableProtocol

    return uvicorn.Server(
        uvicorn.Config(
            app,
            # One parser everywhere, whatever else is installed.
            http=ResettableProtocol,
            h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
            ws="none",
            lifespan="on",
            # The app's own headers pass; a second Server or Date would stand beside them.
            server_header=False,
            date_header=False,
            proxy_headers=False,
            # An access log would hold paths and queries.
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )


def _listening(settings: SidecarSettings) -> socket.socket:
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Failure(f"can't listen at {host}, port {port}: {error.strerror}") from error


def _place(listening: socket.socket) -> str:
    address = listening.getsockname()
    return ", port ".join(map(str, address[:2])) if isinstance(address, tuple) else repr(address)


def _inherited(settings: SidecarSettings, fd: int) -> socket.socket:
    # Given to uvicorn by its number it would pass for a Unix socket: without TCP_NODELAY each answer
    # waits for the last one's ACK.
    try:
        return socket.socket(fileno=fd)
    except OSError as error:
        raise settings.wrong(
            "fd", f"{fd} is no socket: {error.strerror}", "give the number of one that is handed down"
        ) from error
