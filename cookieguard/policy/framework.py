"""A framework's own cookies, under the names that the app gave them, declared automatically."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import inf
from typing import Any

from msgspec.structs import replace

from ..cookies.lifetime import SESSION, Lifetime
from ..errors import ConfigurationError, PolicyError
from . import conflicts
from .catalogue import load_service
from .document import Document, read_dict
from .model import GUARD_COOKIES, Declaration, gathered
from .pattern import Exact
from .policy import Policy
from .reader import Reader

SECONDS = "write a number of seconds, as 1209600, or a timedelta"
NAME = "write the cookie's name, in ASCII letters, digits, - and _"

# What comes back under the same name: of any other a framework reads another one, or none.
_NAME = re.compile(r"[!#-:<>-~]+")


def framework_cookie(
    service: str,
    usual: str,
    name: str,
    *,
    age: timedelta | float | None,
    domain: str | None = None,
    path: str | None = None,
) -> Declaration:
    """Declare what the catalogue's `service` knows under its `usual` name, as the app configured it.

    `age` is in seconds, None for a session cookie; `domain` and `path` say where the cookie lies.
    """
    if name in GUARD_COOKIES:
        raise ConfigurationError(
            "cookieguard.E109",
            f"the cookie {usual!r} of {service} is named {name!r} here, as one of the guard's own cookies; "
            "give it another name",
        )
    known = next(cookie for cookie in load_service(service).declarations if cookie.name == usual)
    return replace(
        known,
        name=name,
        pattern=Exact(name),
        origin="framework",
        service=None,
        lifetime=_lifetime(age),
        domain=domain or None,
        path=path or None,
    )


def setting_name(setting: str, value: Any) -> str:
    """Return the name that a framework's setting gives to a cookie; ConfigurationError where it is none."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise wrong_setting(setting, value, NAME)
    return value


def setting_place(setting: str, value: Any) -> str | None:
    """Return the domain or path of a framework's setting, None for none; ConfigurationError for all else."""
    if value and not isinstance(value, str):
        raise wrong_setting(setting, value, "write a text, or None")
    return value or None


def setting_age(setting: str, value: Any) -> timedelta | float | None:
    """Return how long a framework's setting lets a cookie stay; ConfigurationError where it is no time."""
    if value is None or isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and -inf < value < inf:
        return value
    raise wrong_setting(setting, value, SECONDS)


def wrong_setting(setting: str, value: Any, remedy: str, why: str = "") -> ConfigurationError:
    """Build the error of a framework's own setting that no cookie can be declared by."""
    return ConfigurationError("cookieguard.E048", f"{setting} is {value!r}{why}; {remedy}")


def declare(policy: Policy, cookies: Sequence[Declaration], document: Document | None = None) -> Policy:
    """Return the policy that also declares these; what the site itself says of a cookie stands.

    They count for an announced policy too. PolicyError where a pattern of the site swallows an
    essential one of them; `document` is what the policy was read from, for the line.
    """
    own = [cookie for cookie in policy.declarations if cookie.origin == "site"]
    said = {cookie.identity for cookie in own}
    added = [cookie for cookie in cookies if cookie.identity not in said]
    _check(own, added, document or read_dict({}))
    names = {cookie.identity for cookie in added}
    others = [cookie for cookie in policy.declarations if cookie.identity not in names]
    declarations = (*others, *added)
    announced = policy.announcement
    if announced is not None and announced.policy is not None:
        announced = replace(announced, policy=declare(announced.policy, cookies))
    categories = {
        id: gathered(category, declarations, policy.providers, policy.language)
        for id, category in policy.categories.items()
    }
    return replace(policy, declarations=declarations, categories=categories, announcement=announced)


def _check(own: Iterable[Declaration], added: Sequence[Declaration], document: Document) -> None:
    reader = Reader(document)
    # The site's declarations stand in front, in the file's order.
    declared = [(("cookies", position), cookie) for position, cookie in enumerate(own)]
    conflicts.check_swallowed(reader, declared, added)
    if reader.failed:
        raise PolicyError(reader.problems)


def _lifetime(age: timedelta | float | None) -> Lifetime:
    if age is None:
        return SESSION
    seconds = int(age.total_seconds() if isinstance(age, timedelta) else age)
    return Lifetime.of_seconds(seconds) if seconds > 0 else SESSION
