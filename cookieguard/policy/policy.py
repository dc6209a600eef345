"""The whole policy: loaded, checked, frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..errors import PolicyError, Problem, UnknownCategory
from .building import Draft, check_draft, freeze, guard_cookies, read_draft
from .document import Document, Overlay, read_dict, read_file
from .entries import AnnouncementEntry, ConsentSettings, GuardSettings, LedgerSettings, Site, Text
from .keypath import KeyPath
from .model import GUARD_COOKIES, Category, Declaration, Provider
from .reader import Reader
from .textchecks import check_languages, check_not_blank, check_texts


class Policy(Struct, frozen=True, kw_only=True, eq=False):
    """All that the site declares.

    `categories` and `providers` are keyed by id, `declarations` in the file's order with those of
    the catalogue and of imports behind. `warnings` holds what is allowed but likely a mistake.
    """

    site: Site
    guard: GuardSettings
    consent: ConsentSettings
    categories: Mapping[str, Category]
    providers: Mapping[str, Provider]
    declarations: tuple[Declaration, ...]
    ledger: LedgerSettings | None = None
    announcement: Announcement | None = None
    warnings: tuple[Problem, ...] = ()

    @classmethod
    def from_file(cls, path: str | PathLike[str], *, over: Overlay | None = None) -> Policy:
        """Load a .toml, .json or .yaml file; PolicyError lists every mistake with its line.

        `over` is what the deployment says in place of the file.
        """
        file = Path(path)
        return _load(file, (), over or {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, base: str | PathLike[str] = ".") -> Policy:
        """Load the same shape from a dict; `base` is the folder of announced and imported files."""
        return _build(read_dict(data), Path(base), ())

    @property
    def language(self) -> str:
        """The site's own language: what texts without a tag are in."""
        return self.site.language

    @property
    def optional(self) -> tuple[Category, ...]:
        """The categories that a visitor is asked about."""
        return tuple(
            category for category in self.categories.values() if category.shown and not category.essential
        )

    def category(self, id: str) -> Category:
        """Return a category by its id; UnknownCategory names those there are."""
        try:
            return self.categories[id]
        except (KeyError, TypeError):
            raise UnknownCategory(id, tuple(self.categories)) from None

    def of_category(self, id: str) -> tuple[Declaration, ...]:
        """Return the declarations of one category."""
        return tuple(declaration for declaration in self.declarations if declaration.category == id)

    def on(self, day: date) -> Policy:
        """Return the policy in force on a day (UTC): the announced one once its time has come."""
        announced = self.announcement
        if announced is None or announced.policy is None or day < announced.effective:
            return self
        return announced.policy.on(day)

    def asks_again(self, old: Policy) -> tuple[str, ...]:
        """Name the categories about which some are asked again whose decision holds under `old`."""
        return tuple(
            category.id
            for category in self.optional
            if category.id not in old.categories
            or not old.categories[category.id].counting <= category.counting
        )


class Announcement(Struct, frozen=True, kw_only=True):
    """A planned change; `policy` is what will be in force from the day `effective` on, UTC."""

    effective: date
    summary: Text
    policy: Policy | None = None


def _load(file: Path, announcing: tuple[Path, ...], over: Overlay) -> Policy:
    return _build(read_file(file), file.parent, (*announcing, file.resolve()), over)


def _build(
    document: Document, base: Path, announcing: tuple[Path, ...], over: Overlay | None = None
) -> Policy:
    """Check and freeze; `announcing` holds the files that led here, this one last."""
    over = over or {}
    reader = Reader(document.lay_over(over))
    draft = read_draft(reader, base)
    own = check_draft(reader, draft)
    announcement = _announcement(reader, draft, base, announcing, over)
    if reader.failed:
        raise PolicyError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    categories, providers, declarations = freeze(draft, own)
    return Policy(
        site=draft.site,
        guard=draft.guard,
        consent=draft.consent,
        categories=categories,
        providers=providers,
        declarations=declarations,
        ledger=draft.ledger,
        announcement=announcement,
        warnings=tuple(reader.problems),
    )


def _announcement(
    reader: Reader, draft: Draft, base: Path, announcing: tuple[Path, ...], over: Overlay
) -> Announcement | None:
    data = reader.document.data.get("announcement")
    if data is None:
        return None
    entry = reader.table(("announcement",), data, AnnouncementEntry)
    if entry is None:
        return None
    summary: KeyPath = ("announcement", "summary")
    check_not_blank(reader, summary, entry.summary)
    check_languages(reader, [(summary, entry.summary)])
    check_texts(reader, draft.site, [(summary, entry.summary)])
    following = None
    if entry.policy is not None and (file := _announced_file(reader, base, entry.policy, announcing)):
        try:
            loaded = _load(file, announcing, over)
            reader.problems.extend(loaded.warnings)
            following = _with_settings(reader, loaded, draft)
        except PolicyError as error:
            reader.problems.extend(error.problems)
    return Announcement(effective=entry.effective, summary=entry.summary, policy=following)


def _announced_file(reader: Reader, base: Path, name: str, announcing: tuple[Path, ...]) -> Path | None:
    path: KeyPath = ("announcement", "policy")
    file = base / name
    if not os.path.isfile(file):  # noqa: PTH113 - Path.is_file raises for a name too long
        remedy = "give the path of the policy that comes into force, from this file's folder"
        reader.error("cookieguard.E118", path, f"there is no file {name!r}", remedy)
        return None
    # A next policy is begun as a copy of today's, its announcement included.
    if file.resolve() in announcing:
        remedy = f"take [announcement] out of {name}"
        reader.error("cookieguard.E118", path, f"{name!r} announces itself", remedy)
        return None
    return file


def _with_settings(reader: Reader, following: Policy, draft: Draft) -> Policy:
    # Left out, all stay as they are; said otherwise, the file's author expects a change.
    if (
        following.guard not in (draft.guard, GuardSettings())
        or following.consent not in (draft.consent, ConsentSettings())
        or following.ledger not in (draft.ledger, None)
    ):
        reader.warn(
            "cookieguard.W206",
            ("announcement", "policy"),
            "the announced file has another [guard], [consent] or [ledger], which can't change by themselves",
            "they take effect when the app is started with that file",
        )
    return _keeping(following, draft)


def _keeping(policy: Policy, draft: Draft) -> Policy:
    """Return a policy, and what it announces itself, under today's settings."""
    announced = policy.announcement
    if announced is not None and announced.policy is not None:
        announced = replace(announced, policy=_keeping(announced.policy, draft))
    others = [cookie for cookie in policy.declarations if cookie.name not in GUARD_COOKIES]
    behind_own = next(at for at, cookie in enumerate(policy.declarations) if cookie.name in GUARD_COOKIES)
    guards = guard_cookies(draft.consent, proves=draft.ledger is not None)
    return replace(
        policy,
        guard=draft.guard,
        consent=draft.consent,
        ledger=draft.ledger,
        announcement=announced,
        declarations=(*others[:behind_own], *guards, *others[behind_own:]),
    )
