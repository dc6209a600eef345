"""The guard's options in a framework's own settings: checked by name, the policy loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from .adapter.guarded import Guarded
from .consent.seal import key_bytes
from .errors import ConfigurationError
from .guard.verdict import Override
from .policy.document import Document, read_file
from .policy.framework import declare
from .policy.model import Declaration
from .policy.policy import Policy
from .policy.reader import suggest

Keys = tuple[str | bytes, ...]
Guard = TypeVar("Guard", bound=Guarded[Any])
OPTIONS = ("POLICY", "SECRET_KEY", "TEMPLATES", "OVERRIDE")
_MODE = "set the environment variable COOKIEGUARD_MODE, or [guard] mode in the policy"


class Options(Struct, frozen=True, kw_only=True):
    """The guard's options, as the site gave them until they are `completed`.

    `policy` is till then the site's own, without the framework's cookies; `document` is what stands in
    its file. `keys`, the oldest first, is empty where the framework's own secret is to serve.
    """

    policy: Policy
    document: Document | None = None
    keys: Keys = ()
    templates: Path | None = None
    override: Override | None = None

    def __repr__(self) -> str:
        # Error reports keep the variables of a frame: the keys are in it.
        return f"<Options from {self.document and self.document.source!r}>"

    def completed(self, cookies: Sequence[Declaration], keys: Keys) -> Options:
        """Return them with the framework's cookies declared, signing with these keys.

        PolicyError as `declare` says.
        """
        return replace(self, policy=declare(self.policy, cookies, self.document), keys=keys)

    def guard(self, kind: type[Guard], app: Any) -> Guard:
        """Put the guard of a protocol around an app. ConfigurationError says what is wrong."""
        return kind(
            app,
            self.policy,
            secret_key=list(self.keys),
            override=self.override,
            templates=self.templates,
        )


def read_options(
    given: Mapping[str, Any], spelled: Callable[[str], str], base: Path | None, *, usual: str | None = None
) -> Options:
    """Read the options by their names in `OPTIONS`; ConfigurationError for any other.

    `spelled` writes an option as the site's author has to, `base` is the folder that paths start
    from, and `usual` is where the policy stands if nothing says so.
    """
    for key in given:
        if key not in OPTIONS:
            remedy = _MODE if key == "MODE" else suggest(key, OPTIONS, spelled)
            raise ConfigurationError("cookieguard.E041", f"unknown setting {spelled(key)}; {remedy}")
    policy, document = _policy(given.get("POLICY", usual), spelled("POLICY"), base)
    keys, templates = given.get("SECRET_KEY", ()), given.get("TEMPLATES")
    listed = isinstance(keys, list | tuple)
    name = spelled("SECRET_KEY")
    if listed and not keys and "SECRET_KEY" in given:
        raise ConfigurationError("cookieguard.E002", f"{name} is an empty list; give at least one key")
    return Options(
        policy=policy,
        document=document,
        keys=named_keys(keys, f"a key of {name}") if listed else named_keys((keys,), name),
        templates=None if templates is None else _path(templates, spelled("TEMPLATES"), base),
        override=given.get("OVERRIDE"),
    )


def own_keys(fallbacks: Iterable[str | bytes], key: str | bytes) -> Keys:
    """Return the framework's own secrets, the oldest first; ConfigurationError names one that is none."""
    return (*named_keys(fallbacks, "a key of SECRET_KEY_FALLBACKS"), *named_keys((key,), "SECRET_KEY"))


def named_keys(keys: Iterable[str | bytes], name: str) -> Keys:
    """Return the keys; ConfigurationError says by what name one is known that can't be one."""
    kept = tuple(keys)
    for key in kept:
        key_bytes(key, name)
    return kept


def _policy(given: Any, option: str, base: Path | None) -> tuple[Policy, Document | None]:
    if isinstance(given, Policy):
        return given, None
    if isinstance(given, Mapping):
        return Policy.from_dict(given, base=base or "."), None
    if given is None:
        raise ConfigurationError(
            "cookieguard.E042", f"{option} is missing; give the path of the policy file, as 'cookies.toml'"
        )
    file = _path(given, option, base)
    return Policy.from_file(file), read_file(file)


def _path(given: Any, option: str, base: Path | None) -> Path:
    if not isinstance(given, str | PathLike):
        raise ConfigurationError("cookieguard.E043", f"{option} is {type(given).__name__}; give a path")
    path = Path(given)
    if base is None and not path.is_absolute():
        raise ConfigurationError(
            "cookieguard.E043",
            f"{option} is {str(path)!r}, and there is no BASE_DIR to find it from; give the whole path",
        )
    return (base or Path()) / path
