"""`Set-Cookie` headers without end, from a seed: names of a policy, mutated, with attributes in all forms.

Each header has a slot, two digits that stand in its name and its value, so that what a jar holds can be
led back to the one header that made it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

SLOTS = 40
"""Headers in one response: more cookies than browsers keep for a site must not come together."""

PREFIXES = ("", "__Host-", "__Secure-", "__Http-", "__Host-Http-")
BASES = ("sid", "keep", "lang", "ads", "mine")
_WEIGHTS = (30, 25, 15, 20, 10)

# What stands before, behind or inside a name or value. Non-ASCII ones are octets, as latin-1.
_SPACES = (" ", "\t", "  ", " \t", "\xc2\xa0", "\xe3\x80\x80", "\xef\xbb\xbf", "\xe2\x80\x8b")
_SIGNS = (
    '"',
    "'",
    "$",
    ",",
    "\\",
    "%20",
    "%3D",
    "[",
    "]",
    "(",
    ")",
    "<",
    "@",
    "/",
    "?",
    "{",
    "}",
    "&",
    "#",
    "|",
)
_LETTERS = ("\xc3\xa9", "\xc3\xbf", "\xf0\x9f\x8d\xaa", "e\xcc\x81", "\xc4\xb1", "\xc5\xbf")
# No UTF-8. Chromium's tools leave them out when they show a jar.
_OCTETS = ("\xa0", "\x85", "\x80", "\xe9", "\xff", "\xc0\xaf", "\xc2", "\xed\xa0\x80", "\xf5\x80\x80\x80")
_CONTROLS = tuple(map(chr, (*range(0x09), *range(0x0A, 0x20), 0x7F)))
_ODD = (*_SPACES, *_SIGNS, *_LETTERS)


def headers(random: random.Random, count: int) -> list[str]:
    """Make the headers of one response, a slot each."""
    return [header(random, slot) for slot in range(count)]


def header(random: random.Random, slot: int) -> str:
    """Make one header."""
    pair = _pair(random, slot)
    attributes = [_attribute(random, slot) for _ in range(random.choice((0, 1, 1, 2, 2, 3, 3, 4, 6)))]
    return random.choice(("; ", "; ", "; ", ";", " ; ", ";\t", ";; ")).join((pair, *attributes))


def lonely(random: random.Random) -> str:
    """Make a header that may take others with it, or be taken for another: it travels alone."""
    made = header(random, random.randrange(SLOTS))
    at = random.randrange(len(made) + 1)
    kind = random.randrange(5)
    if kind == 0:
        return made[:at] + random.choice(_CONTROLS) + made[at:]
    if kind == 1:
        pair, _, rest = made.partition(";")
        size = random.choice((4085, 4090, 4095, 4096, 4097, 4098, 4110, 5000, 9000)) - len(pair)
        return f"{pair}{'x' * size}; {rest}"
    if kind == 2:
        return made.replace("=", random.choice(("", " ", "\t", ",", ":", "\xa0=")), 1)
    if kind == 3:
        return random.choice(("=", " =", "==", "= =", '"="', ";", ",", "=;")) + made
    pair, _, rest = made.partition(";")
    return f"{pair}; {random.choice(('Path=/', 'Domain=', 'Max-Age='))}{'0' * random.choice((1022, 1023, 1024, 1025, 1030))}; {rest}"


def date_field(random: random.Random) -> list[tuple[str, str]]:
    """Make a `Date` now and then, from which browsers reckon what expires: an app may have its own."""
    if random.random() < 0.7:
        return []
    moment = datetime.now(UTC) + timedelta(days=random.choice((-4000, -400, -20, -1, 1, 20, 400)))
    return [("Date", random.choice((format_datetime(moment, usegmt=True), date(random))))]


def octets(random: random.Random, count: int) -> list[str]:
    """Make the headers of one response whose names are no text; sent back to `/`, all of them."""
    made = []
    for slot in range(count):
        name = f"{random.choice(BASES)}{slot:02}"
        at = random.choice((0, 1, len(name) - 2, len(name)))
        name = name[:at] + random.choice(_OCTETS) + name[at:]
        made.append(f"{name}=v{slot:02}{random.choice(('', '; Path=/', '; HttpOnly', '; Max-Age=60'))}")
    return made


def _pair(random: random.Random, slot: int) -> str:
    name, value = _name(random, slot), _value(random, slot)
    return name + random.choice(("=", "=", "=", "=", " = ", "=\t", " =", "==")) + value


def _name(random: random.Random, slot: int) -> str:
    base = random.choices(BASES, _WEIGHTS)[0]
    name = f"{random.choices(PREFIXES, (70, 12, 8, 5, 5))[0]}{base}{slot:02}"
    if random.random() < 0.5:
        return name
    odd = random.choice(_ODD)
    letters = len(name) - 2
    at = random.randrange(letters)
    mutated = (
        odd + name,
        name + odd,
        odd + name + odd,
        name[:at] + odd + name[at:],
        name[:at] + name[at:].swapcase(),
        name[:letters].swapcase() + name[letters:],
        name.upper(),
        name.replace("-", "_", 1),
        "_" + name,
        f"a={name}",
    )
    return random.choice(mutated)


def _value(random: random.Random, slot: int) -> str:
    odd, other = random.choice((*_ODD, *_OCTETS)), random.choice(BASES)
    return random.choice(
        (
            *[f"v{slot:02}"] * 6,
            f'"v{slot:02}"',
            f'"v{slot:02}',
            f'{{"v{slot:02}": [1, 2]}}',
            f"v{slot:02}, {other}{slot:02}=2",
            f"v{slot:02}={other}{slot:02}",
            f'"v{slot:02};{other}{slot:02}=3"',
            f"{odd}v{slot:02}{odd}",
            f"v{slot:02}{odd}v",
            f"v{slot:02}" + "x" * random.choice((100, 500)),
        )
    )


def _attribute(random: random.Random, slot: int) -> str:
    name, value = random.choices(_ATTRIBUTES, _ATTRIBUTE_WEIGHTS)[0]
    if random.random() < 0.25:
        name = random.choice(
            (name.upper(), name.lower(), name.swapcase(), f" {name}", f"{name}\t", f"\xa0{name}", f"{name}s")
        )
    text = value(random)
    if text is None:
        return name
    if random.random() < 0.1:
        text = random.choice(
            (
                f'"{text}"',
                f" {text} ",
                f"\t{text}",
                f"{text}\xc2\xa0",
                f"{text},",
                f"{text}{slot:02}",
                f"{text}=1",
            )
        )
    return name + random.choice(("=", "=", "=", "=", " = ", "=\t")) + text


def _domain(random: random.Random) -> str:
    return random.choice(DOMAINS)


def _path(random: random.Random) -> str:
    return random.choice(PATHS)


def _max_age(random: random.Random) -> str:
    return random.choice(MAX_AGES)


def _flag(random: random.Random) -> str | None:
    return random.choice((None, None, None, None, "", "1", "false", "no"))


def _same_site(random: random.Random) -> str | None:
    return random.choice(
        ("Lax", "lax", "Strict", "STRICT", "None", "none", "no_restriction", "", "Lax ", None)
    )


def _junk(random: random.Random) -> str | None:
    return random.choice((None, "", "High", "x y", "=", '"a; b"', "\xff"))


def date(random: random.Random) -> str:
    """Make a date as servers, people and attackers write it: most can be read in some way, not all."""
    moment = datetime.now(UTC) + timedelta(
        seconds=random.choice((-1e10, -1e9, -1e7, -1e5, -4e3, 4e3, 1e5, 2e6, 1e7, 4e7, 1e9, 1e10))
    )
    if random.random() < 0.3:
        return format_datetime(moment, usegmt=True)
    form = random.choice(_DATE_FORMS)
    made = moment.strftime(form)
    if random.random() < 0.3:
        old, new = random.choice(_DATE_CHANGES)
        made = made.replace(old, new, 1)
    if random.random() < 0.15:
        at = random.randrange(len(made) + 1)
        made = made[:at] + random.choice((*"0159 -:/,.xZ\xa0\xe9\"'_+", "GMT", "Jan")) + made[at:]
    return made


DOMAINS = (
    *("shop.test", ".shop.test", "www.shop.test", ".www.shop.test", "SHOP.Test", "", "."),
    *(
        "..shop.test",
        "shop.test.",
        "test",
        ".test",
        "other.test",
        "a.www.shop.test",
        "hop.test",
        "shop.test:443",
    ),
    *("127.0.0.1", "localhost", "*.shop.test", "shop.test/", "sh\xc3\xb6p.test", "shop .test", "%73hop.test"),
)
PATHS = (
    *(
        "/",
        "/",
        "/",
        "/set",
        "/set/",
        "/s",
        "/other",
        "",
        "x",
        "//",
        "/set/..",
        "/%73et",
        "/a b",
        "/\xc3\xa9",
    ),
    *('"/"', "/;", "/,x", "/set?x", "/SET", "\\", "/\\", "."),
)
MAX_AGES = (
    *("0", "-1", "-0", "1", "60", "3600", "86400", "2592000", "2592001", "31536000", "34560000", "34560001"),
    *(
        "+60",
        "+0",
        "060",
        "1.5",
        "1e3",
        "0x10",
        "",
        "abc",
        "60s",
        "60 60",
        "--1",
        "- 1",
        '"60"',
        "\xb2",
        "60,",
    ),
    *(
        "9" * 9,
        "9" * 10,
        "9" * 19,
        "9" * 20,
        "9" * 40,
        "-" + "9" * 20,
        "2147483647",
        "2147483648",
        "9223372036854775808",
    ),
)
_DATE_FORMS = (
    "%a, %d %b %Y %H:%M:%S GMT",
    "%a, %d-%b-%Y %H:%M:%S GMT",
    "%a, %d-%b-%y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %Y %H:%M:%S GMT+0100 (CET)",
    "%d %b %Y %H:%M:%S",
    "%d %b %y %H:%M:%S GMT",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S",
    "%Y %b %d %H:%M:%S GMT",
    "%b %d %Y %H:%M:%S",
    "%H:%M:%S %d %b %Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%y",
    "%d.%m.%Y",
    "%a, %d %b %Y %I:%M:%S %p",
    "%a, %d %b %Y %H:%M GMT",
    "%a, %d %b %Y",
    "%a, %d %B %Y %H:%M:%S GMT",
    "%a, %d %b %Y %H:%M:%S -0800",
    "%a, %d %b %Y %H:%M:%S +1400",
    "%a, %d %b %Y %H:%M:%S PST",
    "%d%b%Y%H:%M:%S",
    "%s",
    "%s000",
    "0",
    "-1",
    "",
    "now",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Thu, 01-Jan-70 00:00:01 GMT",
    "Thu, 01-Jan-69 00:00:01 GMT",
    "Thu, 1 Jan 1970 0:0:0 GMT",
    "Mon, 01 Jan 0001 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 31 Dec 10000 23:59:59 GMT",
    "Tue, 19 Jan 2038 03:14:08 GMT",
    "Sun, 01 Jan 1600 00:00:00 GMT",
    "Mon, 01 Jan 1601 00:00:00 GMT",
    "Wed, 31 Feb 2035 00:00:00 GMT",
    "Wed, 31 Feb 2020 00:00:00 GMT",
    "Fri, 01 Jan 99 24:00:00 GMT",
    "Fri, 01 Jan 2035 23:59:60 GMT",
    "Fri, 32 Jan 2035 00:00:00 GMT",
    "Fri, 00 Jan 2035 00:00:00 GMT",
)
_DATE_CHANGES = (
    (" ", "_"), (" ", "-"), ("-", "/"), (":", "."), (",", ""), ("GMT", "UTC"), ("GMT", "gmt"), ("GMT", "Z"), ("GMT", ""),
    ("GMT", "EST"), (" 20", " 19"), ("20", "19"), ("20", "00"), ("20", "0"), ("0", ""), (":", ": "), ("a", "A"), ("n", "N"),
    (" ", "  "), (" ", "\t"), (" ", "\xa0"), (" ", ", "), (" ", "+"), (" ", "%20"),
)  # fmt: skip

_ATTRIBUTES: tuple[tuple[str, Callable[[random.Random], str | None]], ...] = (
    ("Domain", _domain),
    ("Path", _path),
    ("Max-Age", _max_age),
    ("Expires", date),
    ("Secure", _flag),
    ("HttpOnly", _flag),
    ("SameSite", _same_site),
    ("Partitioned", _flag),
    ("Priority", _junk),
    ("Version", _junk),
    ("x", _junk),
    ("", _junk),
)
_ATTRIBUTE_WEIGHTS = (10, 14, 12, 20, 20, 8, 12, 5, 2, 1, 1, 1)
