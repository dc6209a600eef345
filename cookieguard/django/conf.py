"""The settings `COOKIEGUARD`, and the guard that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string
from msgspec import Struct

from ..errors import ConfigurationError
from ..options import Guard, Options, own_keys, read_options
from ..policy.policy import Policy
from .cookies import framework_cookies


@cache
def configuration() -> Options:
    """Read the settings, with Django's own cookies and secrets; ConfigurationError says what is wrong."""
    given = getattr(settings, "COOKIEGUARD", None)
    if not isinstance(given, Mapping):
        what = "is missing" if given is None else f"is {type(given).__name__}, and must be a dict"
        raise ConfigurationError(
            "cookieguard.E042",
            f'COOKIEGUARD {what}; write COOKIEGUARD = {{"POLICY": BASE_DIR / "cookies.toml"}}',
        )
    read = read_options(_imported(given), 'COOKIEGUARD["{}"]'.format, _base())
    # Django lists the newest of its old secrets first.
    keys = read.keys or own_keys(reversed(settings.SECRET_KEY_FALLBACKS or ()), settings.SECRET_KEY)
    return read.completed(framework_cookies(), keys)


def policy() -> Policy:
    """Return the policy, Django's own cookies included."""
    return configuration().policy


def guard(kind: type[Guard], app: Any) -> Guard:
    """Put the guard that the settings describe around an app; `kind` is that of its protocol."""
    return configuration().guard(kind, app)


def is_behind_proxy() -> bool:
    """Tell whether Django takes the scheme, the host or the prefix from elsewhere than the request."""
    trusted = settings.SECURE_PROXY_SSL_HEADER or settings.USE_X_FORWARDED_HOST
    return bool(trusted) or settings.FORCE_SCRIPT_NAME is not None


class Believed(Struct, frozen=True):
    """What Django goes by in place of what the request says; None where that stands.

    `root` is decoded.
    """

    scheme: str | None
    host: str | None
    root: str | None


def believed(sent: Callable[[str], str | None]) -> Believed:
    """Read what a trusted proxy tells, and the settings themselves.

    `sent` returns a header by the key that an environ has for it, None where it wasn't sent.
    """
    scheme = None
    if settings.SECURE_PROXY_SSL_HEADER:
        header, secure = settings.SECURE_PROXY_SSL_HEADER
        if (said := sent(header)) is not None:
            scheme = "https" if said.partition(",")[0].strip() == secure else "http"
    host = sent("HTTP_X_FORWARDED_HOST") if settings.USE_X_FORWARDED_HOST else None
    root = settings.FORCE_SCRIPT_NAME
    # Django takes either; behind a slash the site's paths would begin with two.
    return Believed(scheme, host, root if root is None else root.rstrip("/"))


def policy_file() -> Path | None:
    """Return where the policy is read from, whether or not it loads; None where it is no file."""
    given = getattr(settings, "COOKIEGUARD", None)
    named = given.get("POLICY") if isinstance(given, Mapping) else None
    return (_base() or Path()) / named if isinstance(named, str | PathLike) else None


def _base() -> Path | None:
    # A setting by custom alone: Django asks nothing of it.
    base = getattr(settings, "BASE_DIR", None)
    return Path(base) if isinstance(base, str | PathLike) else None


def _imported(given: Mapping[str, Any]) -> dict[str, Any]:
    override = given.get("OVERRIDE")
    if not isinstance(override, str):
        return dict(given)
    try:
        return {**given, "OVERRIDE": import_string(override)}
    except Exception as error:  # whatever its module raises
        raise ConfigurationError(
            "cookieguard.E047",
            f'COOKIEGUARD["OVERRIDE"] can\'t be imported: {type(error).__name__}: {error}',
        ) from error


@receiver(setting_changed)
def _forget(**_: object) -> None:
    # Tests change settings, and names of cookies follow from many of them.
    configuration.cache_clear()
