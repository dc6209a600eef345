"""Addresses and tags as nobody writes them and browsers read them all the same, from a seed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from random import Random

HELD = ("held.test", "stats.test", "fass.test")
"""Hosts of a declared provider. None is international: with such a one nothing is told at a glance."""
TOKEN = re.compile(r"p[0-9]{4}[sm][0-9]+\.[a-z]+")
"""What stands in each address, plainly: the page, the place in it, and what to answer with.

`m` marks an address that shares its fate with others: of several the browser picks one, and a document in an
attribute is held as a whole.
"""

_FREE = (
    "free.test",
    "unheld.test",
    "held.test.free.test",
    "held.testing",
    "eld.test",
    "faß.test",
    "cdn.free.test",
)
_SCHEMES = (
    *("https://", "http://", "//", "//", "https:", "https:/", "HtTpS://", "http:///", "https:////"),
    *("\\\\", "/\\", "\\/", "https:\\\\", "http:/\\", "///", "//\\"),
)  # fmt: skip
_USERS = ("@", ":@", "free.test@", "a:b@", "held.test:80@", "%40@", "\\@", "/@", "a@b@")
_PORTS = (":", ":80", ":443", ":00443", ":8080", ":65536", ":x", ":80 ")
_PATHS = ("/", "/", "/", "\\", "?", "#?", "/a/../", "//", "/%2e/", "/?x=", "\\?", "/ ", "/é/")
_IGNORED = ("\xad", "\u200b", "\u200d", "\u2060", "\ufe0f", "\ufeff")
_DOTS = ("\u3002", "\uff0e", "\uff61", "%2e", "%E3%80%82")
# Each stands for an ASCII letter once a host is mapped.
_LETTERS = {"s": "ſ", "l": "ⓛ", "h": "ｈ", "e": "𝐞", "t": "ᵗ", "d": "Ⅾ", "st": "ﬆ", "ss": "ẞ", "f": "Ⓕ"}
_INSIDE = ("\t", "\n", "\r", "\r\n", "\t\n")
_AROUND = (" ", "\n", "\t", "\f", "\x01", "\x1f", "\x00", "\xa0", "  ")
_NAMED = {
    ":": "&colon;", "/": "&sol;", "\\": "&bsol;", ".": "&period;", "@": "&commat;", "\t": "&Tab;", "\n": "&NewLine;",
    "?": "&quest;", "#": "&num;", "%": "&percnt;", "\xad": "&shy;", "é": "&eacute", "Ⓕ": "&#9403;", " ": "&#32;",
}  # fmt: skip
_SEPARATORS = (" ", " ", " ", "\n", "\t", "\f", "\r\n", "/", " / ", "//", "/ ")
_EQUALS = ("=", "=", "=", " =", "= ", "\n=\t", " = \f")
_DECOYS = (
    *("alt='>'", 'alt=">"', "alt=>x", "=", "='", '"', "'", "\x00", "a\x00b=c", "x='<img src=//held.test>'", "/"),
    *("data-src=/a", "src\x00=/a", "s\x00rc=/a", "=src=/a", 'a"=b', "a'b", "<", "<img", "srcs=/a", "a==b", "a= "),
)  # fmt: skip
_ENDS = (">", ">", ">", ">", "/>", " >", "\n>", "/ >", " />")


def address(random: Random, token: str) -> str:
    """Make an address, as the browser reads it once its references are decoded."""
    kind = random.random()
    if kind < 0.12:
        return _strewn(random, random.choice(("", "/", "./", "a/../", "?", "\\", "https:", "http:")) + token)
    host = _host(random, random.choice(HELD) if kind < 0.85 else random.choice(_FREE))
    user = random.choice(_USERS) if random.random() < 0.08 else ""
    port = random.choice(_PORTS) if random.random() < 0.15 else ""
    return _strewn(random, random.choice(_SCHEMES) + user + host + port + random.choice(_PATHS) + token)


def base(random: Random) -> str:
    """Make an address of a base: with a path, but no token."""
    kind = random.random()
    if kind < 0.2:
        return _strewn(
            random, random.choice(("/b/", "b/", "", "?", "https:", "data:,", "javascript:0", "https://[/"))
        )
    host = _host(random, random.choice(HELD) if kind < 0.8 else random.choice(_FREE))
    return _strewn(random, random.choice(_SCHEMES) + host + random.choice(("", "/", "/b/", "?", "\\b\\")))


def tag(random: Random, name: str, attributes: Iterable[tuple[str, str]]) -> list[str]:
    """Write a start tag, in pieces that can be left out."""
    written = [attribute(random, *each) for each in attributes]
    while random.random() < 0.2:
        written.insert(random.randrange(len(written) + 1), random.choice(_DECOYS))
    pieces = ["<" + _cased(random, name)]
    for each in written:
        # "missing-whitespace-between-attributes": behind a quote none is needed.
        close = pieces[-1].endswith(('"', "'")) and len(pieces) > 1 and random.random() < 0.2
        pieces.append(("" if close else random.choice(_SEPARATORS)) + each)
    return [*pieces, random.choice(_ENDS)]


def attribute(random: Random, name: str, value: str) -> str:
    """Write an attribute, now and then with another of its name."""
    written = _cased(random, name) + random.choice(_EQUALS) + _quoted(random, value)
    if random.random() < 0.07:
        other = f"{name}={random.choice(('/a', '//free.test/a', '//held.test/a', ''))}"
        return f"{other} {written}" if random.random() < 0.3 else f"{written} {other}"
    return written


def _host(random: Random, host: str) -> str:
    if random.random() < 0.15:
        host = random.choice(("a.", "A.b.", "_x.", "-.", "%61.", "*.")) + host
    kind = random.randrange(12)
    at = random.randrange(1, len(host))
    if kind == 0:
        return host.upper()
    if kind == 1:
        return host + random.choice((".", "..", *_DOTS))
    if kind == 2:
        return host[: at - 1] + "".join(f"%{octet:02x}" for octet in host[at - 1].encode()) + host[at:]
    if kind == 3:
        return host[:at] + random.choice(_IGNORED) + host[at:]
    if kind == 4:
        return host.replace(".", random.choice(_DOTS), 1)
    if kind == 5:
        letter = random.choice([each for each in _LETTERS if each in host])
        return host.replace(letter, _LETTERS[letter], 1)
    if kind == 6:
        return host.encode("idna").decode()
    return host


def _strewn(random: Random, text: str) -> str:
    """Strew in what browsers drop from addresses."""
    if random.random() < 0.12:
        at = random.randrange(len(TOKEN.split(text)[0]) + 1)
        text = text[:at] + random.choice(_INSIDE) + text[at:]
    if random.random() < 0.12:
        text = random.choice(_AROUND) + text
    return text + random.choice(_AROUND) if random.random() < 0.06 else text


def _quoted(random: Random, value: str) -> str:
    quote = random.choice(('"', '"', "'", ""))
    if quote == "" and (not value or re.search(r"[\s>]", value) or value[0] in "\"'"):
        quote = '"'
    value = value.replace("&", "&amp;") if random.random() < 0.9 else value
    if quote:
        value = value.replace(
            quote,
            random.choice(("&#34;" if quote == '"' else "&#39;", "&#x22" if quote == '"' else "&apos;")),
        )
    return quote + _referenced(random, value) + quote


def _referenced(random: Random, value: str) -> str:
    """Write some characters by references; a token stays plain."""
    if random.random() < 0.65:
        return value
    token = TOKEN.search(value)
    end = token.start() if token else len(value)
    share = random.choice((0.1, 0.3, 1))
    # A reference that is there already stays one.
    parts = re.split(r"(&[^;]*;?)", value[:end])
    return (
        "".join(
            part
            if part.startswith("&")
            else "".join(_reference(random, each) if random.random() < share else each for each in part)
            for part in parts
        )
        + value[end:]
    )


def _reference(random: Random, character: str) -> str:
    kind = random.randrange(5)
    if kind == 0 and character in _NAMED:
        return _NAMED[character]
    number = ord(character)
    written = (
        f"&#{'0' * random.choice((0, 0, 3, 12))}{number}"
        if kind % 2
        else f"&#{random.choice('xX')}{'0' * random.choice((0, 4))}{number:{random.choice('xX')}}"
    )
    return written + ("" if random.random() < 0.15 else ";")


def _cased(random: Random, name: str) -> str:
    kind = random.randrange(5)
    if kind == 0:
        return name.upper()
    return "".join(random.choice((char, char.upper())) for char in name) if kind == 1 else name
