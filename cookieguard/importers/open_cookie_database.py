"""The Open Cookie Database's CSV file, row by row: taken over, or refused with the reason."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from ..cookies.lifetime import parse_lifetime
from ..errors import UnreadableImport
from ..policy.addresses import is_web_address
from ..policy.catalogue import sharing
from ..policy.model import ESSENTIAL, GUARD_COOKIES
from ..policy.pattern import MAX_PATTERN, Pattern, compile_pattern
from .hosts import hosts_in

_NAME, _PLATFORM, _CATEGORY, _DOMAIN = "Cookie / Data Key name", "Platform", "Category", "Domain"
_PURPOSE, _LIFETIME, _WILDCARD = "Description", "Retention period", "Wildcard match"
_PRIVACY = "User Privacy & GDPR Rights Portals"
_COLUMNS = (_PLATFORM, _CATEGORY, _NAME, _DOMAIN, _PURPOSE, _LIFETIME, _PRIVACY, _WILDCARD)

# Its "Functional" holds what an app can't do without and tracking alike, so it is asked for.
_CATEGORIES = {
    "necessary": ESSENTIAL,
    "security": ESSENTIAL,
    "functional": "functional",
    "personalization": "functional",
    "analytics": "analytics",
    "marketing": "marketing",
}
# `_s` takes in `_session_id`.
_SHORTEST_PREFIX = 4
_OWN_DOMAIN = re.compile(r"1st[ -]party|first[ -]party|website", re.IGNORECASE)
_FOR_A_TIME = re.compile(r"([0-9]{1,6} *[a-z]+?)(?: after last activity)?", re.IGNORECASE)
_FOR_THE_SESSION = re.compile(r"(?:end of )?session(?: \(browser\))?", re.IGNORECASE)
_NOTHING = {"", "-", "n/a", "#n/a", "pending", "unknown"}

Row = dict[str, str]


class RefusedRow(Struct, frozen=True):
    """One row that isn't taken over; `line` counts from 1 and is the one that the row begins on."""

    line: int
    name: str
    platform: str
    reason: str


class Imported(Struct, frozen=True):
    """What a file declares, in the policy file's shape: `[[cookies]]` entries, `[providers.ID]` by id."""

    declarations: tuple[dict[str, Any], ...] = ()
    providers: dict[str, dict[str, Any]] = {}
    refused: tuple[RefusedRow, ...] = ()

    @property
    def policy(self) -> dict[str, Any]:
        """The file for a policy's `import`, as `write_policy` takes it."""
        return {"providers": self.providers, "cookies": list(self.declarations)}

    def only(self, names: Iterable[str]) -> Imported:
        """Return what matches one of the names: a site declares its own cookies, not all there are."""
        seen = list(names)
        declarations = tuple(
            cookie for cookie in self.declarations if any(map(compile_pattern(cookie["name"]).matches, seen))
        )
        used = {cookie.get("provider") for cookie in declarations}
        providers = {id: provider for id, provider in self.providers.items() if id in used}
        return Imported(declarations, providers, self.refused)


def import_open_cookie_database(data: bytes, source: str = "<csv>") -> Imported:
    """Read the CSV file; UnreadableImport where it is none, and `refused` lists what is left out.

    A row with a domain applies under that domain only. Refused are rows that match too much, that
    contradict each other, or that contradict the catalogue on what is essential.
    """
    refused: list[RefusedRow] = []
    rows: list[_Read] = []
    for line, row in _rows(data, source):
        read = row if isinstance(row, str) else _read(line, row)
        if isinstance(read, _Read):
            rows.append(read)
        else:
            name, platform = (
                ("", "") if isinstance(row, str) else (row[_NAME].strip(), row[_PLATFORM].strip())
            )
            refused.append(RefusedRow(line, name, platform, read))
    return _taken(rows, refused)


class _Read(Struct, frozen=True):
    line: int
    platform: str
    privacy_url: str | None
    domains: tuple[str | None, ...]
    """None is the site's own."""
    entry: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.entry["name"])

    @property
    def category(self) -> str:
        return str(self.entry["category"])


def _rows(data: bytes, source: str) -> Iterator[tuple[int, Row | str]]:
    """Yield each row with its line; a text says why the row can't be read."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableImport(source, "isn't UTF-8", "save the file as UTF-8", line) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if header is None:
                raise _no_header(source, _COLUMNS) from error
            yield line, f"isn't CSV: {error}"
            continue
        if header is None:
            header = [field.strip() for field in fields]
            if missing := [column for column in _COLUMNS if column not in header]:
                raise _no_header(source, missing)
        elif len(fields) == len(header):
            yield line, dict(zip(header, fields, strict=True))
        elif fields:
            yield line, f"has {len(fields)} fields, the header has {len(header)}"
    if header is None:
        raise _no_header(source, _COLUMNS)


def _no_header(source: str, missing: Iterable[str]) -> UnreadableImport:
    columns = ", ".join(repr(column) for column in missing)
    return UnreadableImport(
        source, f"lacks the columns {columns}", "give open-cookie-database.csv as it is published", 1
    )


def _read(line: int, row: Row) -> _Read | str:
    """Read one row, or say why it is refused."""
    category = _CATEGORIES.get(row[_CATEGORY].strip().lower())
    wildcard = row[_WILDCARD].strip()
    name = row[_NAME].strip()
    if category is None:
        return f"the category {row[_CATEGORY].strip()!r} is unknown"
    if wildcard not in ("0", "1"):
        return f"'{_WILDCARD}' is {wildcard!r}, neither 0 nor 1"
    if reason := _unfit(name, wildcard == "1"):
        return reason
    domains = _domains(row[_DOMAIN])
    if not domains:
        return f"the domain {row[_DOMAIN].strip()!r} is none"
    name += "*" if wildcard == "1" else ""
    if None in domains and (reason := _clash(compile_pattern(name), category)):
        return reason
    purpose = " ".join(row[_PURPOSE].split())
    if purpose.lower() in _NOTHING:
        purpose = ""
    if category == ESSENTIAL and not purpose:
        return "is essential without a description"
    entry: dict[str, Any] = {"name": name, "category": category}
    entry |= {"purpose": {"en": purpose}} if purpose else {}
    entry |= {"lifetime": lifetime} if (lifetime := _lifetime(row[_LIFETIME])) else {}
    url = row[_PRIVACY].strip()
    return _Read(line, row[_PLATFORM].strip(), url if is_web_address(url) else None, domains, entry)


def _unfit(name: str, wildcard: bool) -> str | None:
    if not name:
        return "has no name"
    if "*" in name:
        return "a * in the name would match what nobody meant"
    if re.search(r"[\x00-\x20\x7f-\xa0<>;=]", name):
        return "the name holds a placeholder, or what no browser stores"
    if wildcard and len(name) < _SHORTEST_PREFIX:
        return f"a prefix of fewer than {_SHORTEST_PREFIX} characters matches too much"
    if len(name) >= MAX_PATTERN:
        return f"the name has {len(name)} characters"
    return None


def _domains(text: str) -> tuple[str | None, ...]:
    text = text.strip()
    own: tuple[str | None, ...] = (None,) if not text or _OWN_DOMAIN.search(text) else ()
    return own + hosts_in(text)


def _clash(pattern: Pattern, category: str) -> str | None:
    if any(map(pattern.matches, GUARD_COOKIES)):
        return "matches one of the guard's own cookies"
    essential = category == ESSENTIAL
    known = sharing(pattern, essential=not essential)
    if known is None:
        return None
    return f"the catalogue's {known.service} has {known.name!r} as {known.category}, not {category}"


def _lifetime(text: str) -> str | None:
    text = text.strip()
    if _FOR_THE_SESSION.fullmatch(text):
        return "session"
    match = _FOR_A_TIME.fullmatch(text)
    try:
        return str(parse_lifetime(match[1])) if match else None
    except ValueError:
        return None


def _taken(rows: list[_Read], refused: list[RefusedRow]) -> Imported:
    """Leave out rows that contradict or repeat each other; the others are what is imported."""
    lines: defaultdict[tuple[str, str | None], dict[str, int]] = defaultdict(dict)
    for row in rows:
        for domain in row.domains:
            lines[row.name, domain].setdefault(row.category, row.line)
    declarations: list[dict[str, Any]] = []
    providers: dict[str, dict[str, Any]] = {}
    for row in rows:
        said = [lines[row.name, domain] for domain in row.domains]
        other = next((line for each in said for id, line in each.items() if id != row.category), None)
        new = [domain for domain, each in zip(row.domains, said, strict=True) if row.line in each.values()]
        if other is not None or not new:
            first = min(line for each in said for line in each.values())
            reason = f"line {first} has it already" if other is None else f"line {other} says otherwise"
            refused.append(RefusedRow(row.line, row.name, row.platform, reason))
            continue
        entry = row.entry | ({"provider": id} if (id := _provider(row, providers)) else {})
        for domain in new:
            declarations.append(entry | ({"party": "third", "domain": domain} if domain else {}))
    refused.sort(key=lambda row: row.line)
    return Imported(tuple(declarations), providers, tuple(refused))


def _provider(row: _Read, providers: dict[str, dict[str, Any]]) -> str | None:
    """Add the row's platform to the providers; None where its name holds no letter for an id."""
    id = re.sub(r"[^a-z0-9]+", "-", row.platform.lower())[:64].strip("-")
    if id:
        provider = providers.setdefault(id, {"name": row.platform})
        if row.privacy_url:
            provider.setdefault("privacy_url", row.privacy_url)
    return id or None
