"""The settings themselves: which there are, who says them first, and what is wrong with them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

from msgspec import Meta, Struct, structs

from ..errors import Problem, SettingsError
from ..logs import Form, Level
from ..policy.document import Overlay
from ..policy.entries import ConsentSettings, GuardSettings, LedgerSettings, Site
from . import source as sources
from .secret import MAKE_ONE, check_key, read_keys
from .source import Source
from .values import BadValue, convert, from_text

S = TypeVar("S", bound="Settings")

ProxyHeader = Literal["for", "proto", "host", "port", "prefix"]

_TABLES: Mapping[str, type[Struct]] = {
    "site": Site,
    "guard": GuardSettings,
    "consent": ConsentSettings,
    "ledger": LedgerSettings,
}
_FILES, _FOLDERS = ("policy",), ("templates",)
# The standard library writes levels in capitals.
_IN_ANY_CASE = ("log", "log_level")


class Settings(Struct, frozen=True, kw_only=True):
    """What every deployment may say; each field up to `secret_keys` is an option.

    A subclass adds its own. `secret_keys` are the keys, oldest first, wherever they were said, `over`
    is what is said in place of the policy file (`guard_mount` for `[guard] mount`), and `said` tells
    where each option was said, and how it is spelled there.
    """

    policy: Path
    secret: str | None = None
    secret_file: Path | None = None
    mode: Literal["enforce", "report", "off"] | None = None
    templates: Path | None = None
    override: str | None = None
    metrics: str | None = None
    log: Form | None = None
    log_level: Level = "info"
    secret_keys: tuple[str, ...] = ()
    over: Overlay = {}
    said: Mapping[str, tuple[str, str]] = {}

    def wrong(self, name: str, reason: str, remedy: str) -> SettingsError:
        """Build the error of an option whose value turned out to be wrong only when it was used."""
        title, spelled = self.said.get(name, ("the settings", name))
        return SettingsError([Problem("cookieguard.E025", "error", spelled, reason, remedy, title)])

    def __repr__(self) -> str:
        # Error reports keep the variables of a frame: no key gets into a log by this way.
        return f"<{type(self).__name__} of {self.policy}>"


class WSGISettings(Settings, frozen=True, kw_only=True):
    """Those of the guard in a WSGI server; it can't tell how many `proxies` stand in front of it."""

    proxies: Annotated[int, Meta(ge=0)] = 0
    proxy_headers: tuple[ProxyHeader, ...] = ("for", "proto")


class ServeSettings(WSGISettings, frozen=True, kw_only=True):
    """Those of `cookieguard.serve`: `app` is `module:name`, or `module:name()` for a factory."""

    app: str


def settings_of_process(
    shape: type[S],
    variables: Mapping[str, str] = os.environ,
    *,
    flags: Mapping[str, str | None] | None = None,
) -> S:
    """Read the flags, the environment, and behind them the file that `config` names in one of them.

    SettingsError lists every mistake.
    """
    return settings_from(shape, *said_to_process(variables, flags))


def said_to_process(
    variables: Mapping[str, str], flags: Mapping[str, str | None] | None = None
) -> list[Source]:
    """Return the flags, the environment and the file, the first of which wins."""
    said = [] if flags is None else [sources.command_line(flags)]
    said.append(sources.environment(variables))
    naming = next((source for source in said if "config" in source.values), None)
    if naming is not None:
        config = naming.folder / Path(naming.values["config"]).expanduser()
        said.append(sources.file(config, naming.spell("config")))
    return said


def overlay_of_process() -> Overlay:
    """Return what the environment, and the file that it names, say in place of the policy's own tables.

    SettingsError lists the mistakes in those.
    """
    reader = _Reader(Settings, said_to_process(os.environ))
    over = reader.tables()
    reader.raise_problems()
    return over


def keys_of_process() -> tuple[str, ...]:
    """Return the keys, oldest first, that the environment says, or the file that it names; () for none.

    SettingsError lists the mistakes in those.
    """
    reader = _Reader(Settings, said_to_process(os.environ))
    keys = reader.keys()
    reader.raise_problems()
    return keys


def settings_from(shape: type[S], *said: Source) -> S:
    """Read the options of `shape` from sources, the first of which wins; SettingsError lists the mistakes."""
    reader = _Reader(shape, said)
    values = reader.read()
    reader.raise_problems()
    return shape(**values)


class _Reader:
    def __init__(self, shape: type[Settings], said: Sequence[Source]) -> None:
        derived = ("secret_keys", "over", "said")
        self._hints = {
            name: hint
            for name, hint in get_type_hints(shape, include_extras=True).items()
            if name not in derived
        }
        self._tables = dict(_table_options())
        self._said = said
        # Where the site says most of it, what is missing belongs too.
        self._usual = next((source for source in said if source.values), said[0])
        self._required = [field.name for field in structs.fields(shape) if field.required]
        self.problems: list[Problem] = []

    def read(self) -> dict[str, Any]:
        for source in self._said:
            self._refuse_unknown(source)
        values = {name: value for name in self._hints if (value := self._option(name)) is not None}
        keys = self.keys()
        self._refuse_keyless()
        self._refuse_missing(values)
        values |= {"secret_keys": keys, "over": self.tables(), "secret": None, "secret_file": None}
        return values | {"said": {name: self._place(name) for name in values if self._source_of(name)}}

    def raise_problems(self) -> None:
        """Raise SettingsError, where anything that was read is wrong."""
        if self.problems:
            raise SettingsError(self.problems)

    def _refuse_unknown(self, source: Source) -> None:
        known = [*self._hints, *self._tables]
        if source.spelling != "key":
            known.append("config")
        for name in source.values:
            if name in known:
                continue
            if (counterpart := _counterpart(name, known)) is not None:
                reason, remedy = "isn't known here", f"use {source.spell(counterpart)}"
            elif (meant := _meant(name, known)) is not None:
                reason, remedy = "unknown", f"did you mean {source.spell(meant)}?"
            else:
                reason, remedy = "unknown", f"take it out; {_LISTED}"
            self._add(source, "cookieguard.E021", name, reason, remedy)

    def _add(self, source: Source, id: str, name: str, reason: str, remedy: str) -> None:
        self.problems.append(source.problem(id, name, reason, remedy))

    def _source_of(self, *names: str) -> Source | None:
        return next((source for source in self._said if not source.values.keys().isdisjoint(names)), None)

    def _option(self, name: str) -> Any:
        source = self._source_of(name)
        if source is None:
            return None
        try:
            value = source.values[name]
            value = from_text(value, self._hints[name]) if source.text else value
            if name in _IN_ANY_CASE and isinstance(value, str):
                value = value.lower()
            converted = convert(value, self._hints[name], source.folder)
            self._check(name, converted, source)
        except BadValue as error:
            # Whatever is wrong with a secret, it isn't shown.
            reason = "is no text" if name == "secret" else str(error)
            self._add(source, "cookieguard.E022", name, reason, error.remedy)
            return None
        return converted

    def _check(self, name: str, value: Any, source: Source) -> None:
        if name in _FILES and not os.path.isfile(value):  # noqa: PTH113 - Path.is_file raises for a name too long
            raise BadValue(f"there is no file {value}", "give the path of the policy file")
        if name in _FOLDERS and not os.path.isdir(value):  # noqa: PTH112
            raise BadValue(f"there is no folder {value}", "give the folder with your templates")
        if name == "metrics" and value != "files" and not _is_path(value):
            raise BadValue(f"{value!r} is no path", "write a path of your own, as /metrics, or 'files'")
        if name == "mode" and value == "off" and source.spelling == "key":
            raise BadValue(
                "a file can't switch the guard off", "use 'enforce' or 'report', or COOKIEGUARD_MODE=off"
            )

    def keys(self) -> tuple[str, ...]:
        """Read the keys, oldest first; () where none are said."""
        source = self._source_of("secret", "secret_file")
        if source is None:
            return ()
        if {"secret", "secret_file"} <= source.values.keys():
            other = source.spell("secret")
            self._add(source, "cookieguard.E022", "secret_file", f"stands beside {other}", "keep one of them")
            return ()
        if "secret" in source.values:
            key = source.values["secret"]
            self.problems += check_key(source, key) if isinstance(key, str) else []
            return (key,)
        path = source.values["secret_file"]
        if not isinstance(path, str):
            return ()
        keys, problems = read_keys(source, source.folder / Path(path).expanduser())
        self.problems += problems
        return keys

    def _refuse_keyless(self) -> None:
        if self._source_of("secret", "secret_file") is None:
            place = self._usual.spell("secret_file")
            # Keys belong neither beside settings nor on a command line.
            remedy = f"write a key into a file, and its path into {place}, or set {sources.PREFIX}SECRET"
            self._add(self._usual, "cookieguard.E023", "secret_file", "is missing", f"{remedy}; {MAKE_ONE}")

    def _refuse_missing(self, values: Mapping[str, Any]) -> None:
        for name in self._required:
            if name not in values and self._source_of(name) is None:
                self._add(self._usual, "cookieguard.E023", name, "is missing", _WANTED.get(name, "set it"))

    def tables(self) -> Overlay:
        """Read what is said in place of the policy's tables."""
        over: dict[tuple[str, str], tuple[Any, str]] = {}
        for name, (table, key, hint) in self._tables.items():
            if (source := self._source_of(name)) is None:
                continue
            try:
                value = source.values[name]
                value = from_text(value, hint) if source.text else value
                over[table, key] = value, ": ".join(self._place(name))
            except BadValue as error:
                self._add(source, "cookieguard.E022", name, str(error), error.remedy)
        source = self._source_of("mode")
        # The guard itself reads the variable, which has the last word.
        if source is not None and source.spelling == "key":
            over["guard", "mode"] = source.values["mode"], ": ".join(self._place("mode"))
        return over

    def _place(self, name: str) -> tuple[str, str]:
        source = self._source_of(name)
        return (source.title, source.spell(name)) if source else ("the settings", name)


def _is_path(text: str) -> bool:
    return text.startswith("/") and len(text) > 1 and text.isascii() and text.isprintable()


def _table_options() -> Iterator[tuple[str, tuple[str, str, Any]]]:
    for table, shape in _TABLES.items():
        for key, hint in get_type_hints(shape).items():
            if (table, key) != ("guard", "mode"):
                yield f"{table}_{key}", (table, key, hint)


def _counterpart(name: str, known: Collection[str]) -> str | None:
    """Return what stands for an option here, None where nothing does."""
    counterpart = _COUNTERPARTS.get(name)
    if counterpart in known:
        return counterpart
    other = _COUNTERPARTS.get(counterpart or "")
    return other if other in known else None


def _meant(name: str, known: Sequence[str]) -> str | None:
    """Return what a name stands for that was written as elsewhere, without its table, or misspelt."""
    # An environment's spelling in a file; and a whole table of the policy file's.
    plain = name.lower().removeprefix(sources.PREFIX.lower())
    for each in known:
        if each == plain or each.endswith(f"_{plain}") or (plain in _TABLES and each.startswith(f"{plain}_")):
            return each
    return next(iter(difflib.get_close_matches(plain, known, n=1, cutoff=0.7)), None)


# What stands for it where the guard is switched on another way.
_COUNTERPARTS = {
    # Flask and Django call it so.
    "secret_key": "secret",
    "app": "upstream",
    "upstream": "app",
    "proxy": "proxies",
    "proxies": "trust_forwarded",
    "trust_forwarded": "proxies",
    "guard_mode": "mode",
}
_LISTED = "docs/serving.md and docs/sidecar.md list what there is"
_WANTED = {
    "app": "name your app as module:name, or module:name() for a factory",
    "upstream": "say where your app is, as http://127.0.0.1:8080",
    "policy": "give the path of the policy file; the README has one to begin with",
}
