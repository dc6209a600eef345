"""Which host an address leads to, read as the URL standard has browsers read it (https://url.spec.whatwg.org).

Where the answer rests on what the server can't know, each possible host is given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from msgspec import Struct

_ENDS = "".join(map(chr, range(0x21)))
_REMOVED = str.maketrans("", "", "\t\n\r")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_WEB_SCHEMES = frozenset({"http", "https", "ws", "wss", "ftp"})
_PATH = re.compile(r"[/\\?#]")
_PORT = re.compile(r"(?::0*[0-9]{0,5})?")
_LAST_PORT = 65535
_PLAIN_HOST = re.compile(r"(?:[A-Za-z0-9_-]+\.)*[A-Za-z_-][A-Za-z0-9_-]*\.?")
# The forbidden domain code points but for the space, which Chromium 156 escapes and looks up.
_FORBIDDEN = re.compile(r"[\x00-\x1f#/:<>?@\[\\\]^|%\x7f]")
# UTS #46 maps these to nothing.
_IGNORED = re.compile(
    "[\u00ad\u034f\u180b-\u180d\u180f\u200b-\u200d\u2060\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
_DOTS = re.compile("[\u3002\uff0e\uff61]")
# "Deviation characters": the non-transitional mapping of browsers keeps them.
_KEPT = "\u00df\u03c2"
# Unicode folds the capital one to "ss", which UTS #46 did until 15.1.
_SHARP_S = ("\u1e9e", "\u00df")
_LONGEST_LABEL = 63
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+\]")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
# HTML, 4.8.4.2.3, "parse a srcset attribute": an address, then descriptors up to a comma outside
# parentheses, unless the address itself ends in one.
_CANDIDATE = re.compile(r"[\t\n\f\r ,]*([^\t\n\f\r ]*[^\t\n\f\r ,])(?:,+|(?:[^,(]|\([^)]*\)?)*)")


class Gate(Struct, frozen=True):
    """The hosts whose tags wait, sub-domains included."""

    hosts: frozenset[str]

    @classmethod
    def of(cls, hosts: Iterable[str]) -> Gate | None:
        """Build a gate from host names as a policy writes them; None where there are none."""
        known = {host.removesuffix(".") for name in hosts if (host := read_host(name))}
        return cls(frozenset(known)) if known else None

    def holds(self, host: str) -> bool:
        """Tell whether a host, in lower case, is one of them or lies below one."""
        host = host.removesuffix(".")
        while host:
            if host in self.hosts:
                return True
            host = host.partition(".")[2]
        return False


def hosts_of(address: str, base: str | None = None) -> tuple[str, ...]:
    """Return the hosts that an address may lead to: mostly one, or none where it stays on the page's.

    `base` is the address in the page's `<base href>`. The page's own address is unknown: it stands
    for http or https, and its host is never given.
    """
    address = address.strip(_ENDS).translate(_REMOVED)
    scheme = _SCHEME.match(address)
    if scheme is None:
        return _without_scheme(address, base)
    name = scheme[1].lower()
    if name not in _WEB_SCHEMES:
        return ()
    rest = address[scheme.end() :]
    named = _host_behind(rest)
    if base is None or name not in _schemes_of(base) or rest[:2] in _TWO_SLASHES:
        return named
    # "if base is special and base's scheme is url's scheme": `https:a` is relative to an https page.
    relative = _without_scheme(rest, base)
    return relative if len(_schemes_of(base)) == 1 else named + relative


_TWO_SLASHES = frozenset({"//", "/\\", "\\/", "\\\\"})


def _without_scheme(address: str, base: str | None) -> tuple[str, ...]:
    if address[:2] in _TWO_SLASHES:
        return _host_behind(address)
    return () if base is None else hosts_of(base)


def _schemes_of(base: str) -> frozenset[str]:
    scheme = _SCHEME.match(base.strip(_ENDS).translate(_REMOVED))
    return frozenset({scheme[1].lower()} if scheme else {"http", "https"})


def _host_behind(rest: str) -> tuple[str, ...]:
    """Read what follows the scheme: any number of slashes of either kind, user, host, port."""
    authority = _PATH.split(rest.lstrip("/\\"), maxsplit=1)[0].rpartition("@")[2]
    end = authority.find("]") + 1 if authority.startswith("[") else authority.find(":")
    host, port = (authority[:end], authority[end:]) if end >= 0 else (authority, "")
    # Python reads no number of more than 4,300 digits.
    is_port = _PORT.fullmatch(port) is not None and int(port[1:].lstrip("0") or "0") <= _LAST_PORT
    found = read_host(host) if is_port else None
    return (found,) if found else ()


def read_host(host: str) -> str | None:
    """Return a host as browsers look it up: decoded, in lower case, in ASCII; None where they refuse."""
    if _PLAIN_HOST.fullmatch(host) and host.isascii():
        return host.lower()
    if host.startswith("["):
        return host.lower() if _IPV6.fullmatch(host) else None
    mapped = map_host(unquote_to_bytes(host.encode("utf-8", "replace")).decode("utf-8", "replace"))
    if not mapped or _FORBIDDEN.search(mapped) or "\ufffd" in mapped:
        return None
    labels = [_to_ascii(label) for label in mapped.split(".")]
    if _NUMBER.fullmatch(labels[-1] or (labels[-2] if len(labels) > 1 else "")):
        return _read_ipv4(labels)
    return ".".join(labels)


def map_host(host: str) -> str:
    """Approach the mapping of UTS #46: NFKC, case folding, and no character that is ignored."""
    if host.isascii():
        return host.lower()
    host = unicodedata.normalize("NFKC", _DOTS.sub(".", _IGNORED.sub("", host))).replace(*_SHARP_S)
    folded = "".join(char if char in _KEPT else char.casefold() for char in host)
    return unicodedata.normalize("NFKC", _IGNORED.sub("", folded))


def _to_ascii(label: str) -> str:
    # A longer one has no place in the DNS, and the encoding takes quadratic time.
    if label.isascii() or len(label) > _LONGEST_LABEL:
        return label
    return "xn--" + label.encode("punycode").decode("ascii")


def _read_ipv4(labels: list[str]) -> str | None:
    """Read `127.1` or `0x7f000001` as browsers do; None where a part is no number or too large."""
    if labels[-1] == "":
        labels = labels[:-1]
    if len(labels) > 4 or not all(len(label) < 32 and _NUMBER.fullmatch(label) for label in labels):
        return None
    try:
        *first, last = (_number(label) for label in labels)
    except ValueError:
        return None
    if any(part > 255 for part in first) or last >= 256 ** (4 - len(first)):
        return None
    address = last + sum(part << (24 - 8 * index) for index, part in enumerate(first))
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def _number(text: str) -> int:
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if len(text) > 1 and text.startswith("0") else int(text)


def candidates(srcset: str) -> Iterator[str]:
    """Yield each address of a `srcset`."""
    return (match[1] for match in _CANDIDATE.finditer(srcset))
