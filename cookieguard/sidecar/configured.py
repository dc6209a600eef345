"""The sidecar as a deployment's settings describe it."""

from __future__ import annotations

import logging
from ipaddress import ip_network
from typing import Annotated

from msgspec import Meta

from ..configured import load_override, load_policy, show_metrics
from ..logs import log_to_stderr
from ..settings import Settings
from .app import HEALTH_PATH, Sidecar
from .upstream import Upstream

Seconds = Annotated[float, Meta(ge=0, le=86400)]


class SidecarSettings(Settings, frozen=True, kw_only=True):
    """Those of `cookieguard sidecar`: where the app is, where to listen, whom to believe.

    Times are in seconds, 0 for ever.
    """

    upstream: str
    upstream_host: str | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    fd: int | None = None
    trust_forwarded: tuple[str, ...] = ()
    connect_timeout: Seconds = 5.0
    read_timeout: Seconds = 60.0
    health_path: str = HEALTH_PATH


def sidecar(settings: SidecarSettings) -> Sidecar:
    """Build the sidecar, and its log and metrics; ConfigurationError says what is wrong."""
    form = settings.log or "text"
    log_to_stderr(form, settings.log_level)
    # Never more than that it runs: below `info` are others' headers.
    log_to_stderr(
        form, "info" if settings.log_level == "debug" else settings.log_level, logging.getLogger("uvicorn")
    )
    for proxy in settings.trust_forwarded:
        if not _is_proxy(proxy):
            raise settings.wrong(
                "trust_forwarded",
                f"{proxy!r} is no address",
                "write those of your proxies, or networks, or '*'",
            )
    upstream = Upstream(
        settings.upstream,
        settings.upstream_host,
        settings.connect_timeout or None,
        settings.read_timeout or None,
    )
    app = Sidecar(
        upstream,
        load_policy(settings),
        secret_key=settings.secret_keys,
        override=load_override(settings),
        templates=settings.templates,
        health_path=settings.health_path,
    )
    if settings.metrics == settings.health_path:
        raise settings.wrong("metrics", f"{settings.metrics} is where health is asked", "write another path")
    path = show_metrics(settings, app.enforcer)
    if path is not None:
        from ..prometheus import exposition

        app.show(path, exposition())
    return app


def _is_proxy(text: str) -> bool:
    # What is neither, uvicorn takes for the name of a peer, which no address ever has.
    try:
        ip_network(text)
    except ValueError:
        return text == "*"
    return True
