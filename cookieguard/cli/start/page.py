"""A page -> the links, forms and hosts on it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

from msgspec import Struct

from ...html.address import hosts_of
from ...html.loading import LOADING

_TYPED = {"text", "email", "search", "tel", "url", "number", "date", "textarea"}
_LOG_IN = re.compile(
    r"(?<![a-z])(log[ _-]?(in|on)|sign[ _-]?in|anmelden|einloggen|connexion|iniciar sesi|accedi|inloggen"
    r"|logga in)(?![a-z])",
    re.I,
)
_LOG_OUT = re.compile(
    r"(?<![a-z])(log[ _-]?(out|off)|sign[ _-]?(out|off)|abmelden|ausloggen|disconnect|exit)(?![a-z])", re.I
)
# What a GET must not do, and yet does on some sites.
_HARMFUL = re.compile(
    r"(?<![a-z])(delete|destroy|remove|erase|drop|purge|reset|revoke|unsubscribe|deactivate|cancel|shutdown)(?![a-z])",
    re.I,
)
_REGISTER = re.compile(r"(?<![a-z])(register|registration|sign[ _-]?up|registrieren|create)(?![a-z])", re.I)
_REMEMBER = re.compile(r"(remember|persist|keep|stay)", re.I)


class Link(Struct, frozen=True):
    """Where a link leads, whole, and what it says."""

    address: str
    text: str = ""

    @property
    def is_harmless(self) -> bool:
        """Whether following it neither logs out nor deletes, as far as it shows."""
        told = f"{self.address} {self.text}"
        return not _LOG_OUT.search(told) and not _HARMFUL.search(told)


class Field(Struct, frozen=True):
    """A field of a form; `kind` is its type."""

    name: str
    kind: str
    value: str

    @property
    def remembers(self) -> bool:
        """Whether it is a box to stay signed in by."""
        return self.kind == "checkbox" and bool(_REMEMBER.search(self.name))


class Form(Struct, frozen=True):
    """A form: where it sends what, and the words on it."""

    address: str
    method: str
    fields: tuple[Field, ...]
    text: str

    @property
    def passwords(self) -> list[Field]:
        return [field for field in self.fields if field.kind == "password"]

    @property
    def typed(self) -> list[Field]:
        """The fields that a person fills in, passwords left out."""
        return [field for field in self.fields if field.kind in _TYPED]

    @property
    def logs_in(self) -> bool:
        """Whether it is a log-in: one password, or nothing to fill in and the word for it."""
        told = f"{self.address} {self.text}"
        if self.method != "post" or _LOG_OUT.search(told) or _REGISTER.search(told):
            return False
        if self.passwords:
            return len(self.passwords) == 1 and len(self.typed) <= 2
        return not self.typed and bool(_LOG_IN.search(told))

    def filled(self, user: str, password: str, *, remember: bool) -> list[tuple[str, str]]:
        """Fill it in for a log-in: the user's name goes into the field before the password."""
        names = [field for field in self.typed if field.name]
        before = names[-1:] if self.passwords else []
        filled = []
        for field in self.fields:
            if field.kind == "password":
                filled.append((field.name, password))
            elif field in before:
                filled.append((field.name, user))
            elif field.kind in ("checkbox", "radio"):
                if remember and field.remembers:
                    filled.append((field.name, field.value))
            elif field.kind not in ("button", "reset", "file", "image"):
                filled.append((field.name, field.value))
        return [(name, value) for name, value in filled if name]


class Page(Struct, frozen=True):
    """What stands on a page. `hosts` are those that it loads something from by itself."""

    title: str = ""
    links: tuple[Link, ...] = ()
    forms: tuple[Form, ...] = ()
    hosts: tuple[str, ...] = ()

    @property
    def log_in(self) -> Form | None:
        """The page's log-in form, if it has one."""
        return next((form for form in self.forms if form.logs_in), None)


def read_page(text: str, address: str) -> Page:
    """Read a page that lies at an address; any text is answered, none raises."""
    reader = _Reader(address)
    reader.feed(text)
    reader.close()
    return Page(
        " ".join("".join(reader.title).split()),
        tuple(Link(where, " ".join("".join(words).split())) for where, words in reader.links),
        tuple(form.finished() for form in reader.forms),
        tuple(dict.fromkeys(reader.hosts)),
    )


class _OpenForm:
    def __init__(self, address: str, method: str, told: list[str]) -> None:
        self.address = address
        self.method = method
        self.fields: list[Field] = []
        self.told = told

    def finished(self) -> Form:
        return Form(self.address, self.method, tuple(self.fields), " ".join(" ".join(self.told).split()))


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.base = address
        self.title: list[str] = []
        self.links: list[tuple[str, list[str]]] = []
        self.forms: list[_OpenForm] = []
        self.hosts: list[str] = []
        self._hearing: list[str] | None = None
        self._open: _OpenForm | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}
        for name in LOADING.get(tag, ()) if tag != "link" else ():
            if name in given and name != "srcdoc":
                self.hosts += hosts_of(given[name])
        if tag == "base" and "href" in given:
            self.base = self._join(given["href"]) or self.base
        elif tag in ("a", "area") and "href" in given:
            if address := self._join(given["href"]):
                self.links.append((address, [given.get("title", "")]))
                self._hearing = self.links[-1][1]
        elif tag in ("iframe", "frame") and "src" in given:
            if address := self._join(given["src"]):
                self.links.append((address, []))
        elif tag == "form":
            address = self._join(given.get("action", "")) or self.base
            told = [given.get("id", ""), given.get("name", ""), given.get("class", "")]
            self._open = _OpenForm(address, given.get("method", "get").lower(), told)
            self.forms.append(self._open)
        elif tag in ("input", "button", "textarea", "select"):
            self._add_field(tag, given)
        elif tag == "title" and not self.title:
            self._hearing = self.title

    def _add_field(self, tag: str, given: dict[str, str]) -> None:
        if self._open is None:
            return
        usual = {"input": "text", "button": "submit"}.get(tag, tag)
        kind = given.get("type", usual).lower() if tag in ("input", "button") else usual
        if kind == "submit":
            self._open.told.append(given.get("value", ""))
            self._hearing = self._open.told if tag == "button" else self._hearing
        default = "on" if kind == "checkbox" else ""
        self._open.fields.append(Field(given.get("name", ""), kind, given.get("value", default)))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("a", "button", "title"):
            self._hearing = None
        elif tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._hearing is not None:
            self._hearing.append(data)

    def _join(self, address: str) -> str | None:
        try:
            return urljoin(self.base, address.strip())
        except ValueError:
            return None
