"""The known odd shapes of `Set-Cookie`, each with an id: out of RFCs, browsers' own tests, servers, attacks.

`NAME` stands for a cookie's name: each shape is tried with one of each of `NAMES`. Octets stand as latin-1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PAST = "Thu, 01 Jan 1970 00:00:00 GMT"
FAR = "Fri, 31 Dec 2049 23:59:59 GMT"
NAMES = ("keep", "lang", "mine", "sid", "ads")

_CONTROLS = (*range(0x09), *range(0x0A, 0x20), 0x7F)
_PREFIXES = ("__Host-", "__Secure-", "__Http-", "__Host-Http-")


def responses() -> Iterator[dict[str, list[str]]]:
    """Yield the headers by shape, as many shapes together as don't touch each other."""
    together: dict[str, list[str]] = {}
    for id, shape in SHAPES.items():
        if _ALONE.search(shape) or len(shape) > 1000:
            yield {id: _named(shape, 0)}
            continue
        together[id] = _named(shape, len(together) * len(NAMES))
        if len(together) == 8:
            yield together
            together = {}
    if together:
        yield together


# Without a name all are one cookie, and these characters may end a header or the whole response.
_ALONE = re.compile(r"[\0\r\n]|^[ \t]*=|^[^=;]*(;|$)")


def _named(shape: str, slot: int) -> list[str]:
    return [shape.replace("NAME", f"{name}{slot + more:02}") for more, name in enumerate(NAMES)]


def _cases(prefix: str) -> tuple[str, ...]:
    return (prefix, prefix.lower(), prefix.upper(), prefix.swapcase())


SHAPES: dict[str, str] = {
    "plain": "NAME=1; Path=/",
    # The pair.
    "empty value": "NAME=",
    "empty value and attributes": "NAME=; Path=/; Secure",
    "no equals sign": "NAME",
    "no equals sign, attributes": "NAME; Path=/; Secure",
    "no equals sign, white space": " NAME \t; Path=/",
    "nameless": "=NAME",
    "nameless, attributes": "=NAME; Path=/",
    "nameless with white space": " = NAME",
    "nameless, equals sign in the value": "=NAME=1",
    "nameless, two equals signs": "==NAME=1",
    "nameless, equals signs apart": "= =NAME=1",
    "nameless, quoted": '="NAME=1"',
    "only attributes": "; NAME=1",
    "attribute in front": "Path=/; NAME=1",
    "semicolon in front": ";NAME=1",
    "comma in front": ", NAME=1",
    "two pairs by a comma": "a=1, NAME=2",
    "two pairs, the second refused": "NAME=1, ads55=2",
    "two pairs by a semicolon": "NAME=1; ads55=2",
    "old version": '$Version="1"; NAME=1',
    "old version behind": 'NAME="1"; $Path="/"; Version=1',
    "quotes": 'NAME="1"',
    "quotes with a semicolon": 'NAME="1; ads55=2"',
    "open quotes": 'NAME="1; Path=/',
    "quoted name": '"NAME"=1',
    "single quotes": "NAME='1'",
    "json": 'NAME={"a": [1, 2]}',
    "brackets": "NAME[a]=1",
    "dot": "NAME.a=1",
    "equals sign in the value": "NAME=1=2==",
    "space before the equals sign": "NAME =1",
    "space behind the equals sign": "NAME= 1",
    "tabs around": "\tNAME\t=\t1\t;\tPath\t=\t/",
    "tab in the name": "NA\tME=1",
    "tab in front of the name": "\tNAME=1",
    "tab in the value": "NAME=1\t2",
    "tab in an attribute": "NAME=1; Pa\tth=/",
    "space in the name": "a NAME=1",
    "space in the value": "NAME=1 2",
    "no-break space in front": "\xc2\xa0NAME=1",
    "no-break space behind": "NAME\xc2\xa0=1",
    "ideographic space in front": "\xe3\x80\x80NAME=1",
    "byte order mark in front": "\xef\xbb\xbfNAME=1",
    "zero-width space behind": "NAME\xe2\x80\x8b=1",
    "no UTF-8 in front": "\xffNAME=1",
    "a latin-1 no-break space in front": "\xa0NAME=1",
    "a latin-1 next line behind": "NAME\x85=1",
    "overlong UTF-8": "NAME\xc0\xbd=1",
    "UTF-8 of a surrogate": "NAME\xed\xa0\x80=1",
    "UTF-8 value": "NAME=\xc3\xa4\xf0\x9f\x8d\xaa",
    "latin-1 value": "NAME=\xe4",
    "percent": "%4eAME=1",
    "percent equals sign": "NAME%3D1=2",
    "upper and lower case": "nAME=1",
    "vertical tab by an entity": "NAME&#11;=1",
    # Size.
    "4096 octets": "NAME=" + "x" * 4088,
    "name and value of 4096": "NAMEx=" + "x" * 4089,
    "some past 4096": "NAME=" + "x" * 4095,
    "8000 octets": "NAME=" + "x" * 8000,
    "long, then white space": "NAME=" + "x" * 4000 + " " * 500,
    "long UTF-8": "NAME=" + "\xc3\xa4" * 2044,
    "long name": "NAME" + "x" * 4085 + "=1",
    "long path": "NAME=1; Path=/" + "x" * 1022,
    "path too long": "NAME=1; Path=/" + "x" * 1024,
    "path too long behind a path": "NAME=1; Path=/set; Path=/" + "x" * 1024,
    "long domain": "NAME=1; Domain=" + "x" * 1024,
    "domain too long": "NAME=1; Domain=" + "x" * 1025,
    "secure too long": "NAME=1; Secure=" + "x" * 1025,
    "max-age too long": "NAME=1; Max-Age=" + "0" * 1025,
    "many attributes": "NAME=1" + "; x" * 500,
    # Prefixes.
    **{
        f"{cased} {attributes}": f"{cased}NAME=1{attributes}"
        for prefix in _PREFIXES
        for cased in dict.fromkeys(_cases(prefix))
        for attributes in ("", "; Secure; Path=/", "; Secure; Path=/; HttpOnly")
    },
    **{f"{prefix} below a path": f"{prefix}NAME=1; Secure; HttpOnly; Path=/set" for prefix in _PREFIXES},
    **{f"{prefix} without a path": f"{prefix}NAME=1; Secure; HttpOnly" for prefix in _PREFIXES},
    **{
        f"{prefix} with a domain": f"{prefix}NAME=1; Secure; HttpOnly; Path=/; Domain=www.shop.test"
        for prefix in _PREFIXES
    },
    **{
        f"{prefix} with an empty domain": f"{prefix}NAME=1; Secure; HttpOnly; Path=/; Domain="
        for prefix in _PREFIXES
    },
    **{f"{prefix} nameless": f"={prefix}NAME=1; Secure; HttpOnly; Path=/" for prefix in _PREFIXES},
    **{f"{prefix} without equals sign": f"{prefix}NAME; Secure; HttpOnly; Path=/" for prefix in _PREFIXES},
    "prefix behind a space": " __Host-NAME=1",
    "prefix behind a tab": "\t__Secure-NAME=1",
    "prefix without a dash": "__HostNAME=1",
    # Lifetimes.
    **{
        f"max-age {age!r}": f"NAME=1; Max-Age={age}"
        for age in (
            *(
                "0",
                "-1",
                "-0",
                "60",
                "99999999",
                "+60",
                "+0",
                "+99999999",
                "060",
                "1.5",
                "1e9",
                "0x10",
                "",
                "abc",
            ),
            *(
                "60s",
                "60 60",
                "--1",
                "- 1",
                "-x",
                "-1x",
                '"60"',
                "60,",
                "\xb2",
                "\xd9\xa1",
                "9" * 12,
                "9" * 20,
                "9" * 60,
            ),
            *("-" + "9" * 20, "2147483648", "9223372036854775808"),
        )
    },
    **{
        f"expires {date!r}": f"NAME=1; Expires={date}"
        for date in (
            *(
                PAST,
                FAR,
                "Thu, 01-Jan-1970 00:00:01 GMT",
                "Thursday, 01-Jan-70 00:00:00 GMT",
                "Thu Jan  1 00:00:00 1970",
            ),
            *("Fri, 31-Dec-49 23:59:59 GMT", "Friday, 31-Dec-2049 23:59:59 GMT", "Fri Dec 31 23:59:59 2049"),
            *("2049-12-31T23:59:59Z", "2049-12-31 23:59:59", "31 Dec 2049 23:59:59", "Dec 31 2049 23:59:59"),
            *("23:59:59 31 Dec 2049", "31/Dec/2049 23:59:59", "12/31/2049 23:59:59", "31.12.2049 23:59:59"),
            *(
                "Fri, 31 Dec 2049 11:59:59 PM",
                "Fri, 31 Dec 2049 23:59 GMT",
                "Fri, 31 Dec 2049",
                "31 December 2049 23:59:59",
            ),
            *(
                "Fri, 31 Dec 2049 23:59:59",
                "Fri, 31 Dec 2049 23:59:59 EST",
                "Fri, 31 Dec 2049 23:59:59 +0200",
            ),
            *(
                "Fri, 31 Dec 2049 23:59:59 UTC",
                "Mon, 31 Dec 2049 23:59:59 GMT",
                "FRI, 31 DEC 2049 23:59:59 gmt",
            ),
            *(
                "Fri, 31 Dec 9999 23:59:59 GMT",
                "Fri, 31 Dec 10000 23:59:59 GMT",
                "Tue, 19 Jan 2038 03:14:08 GMT",
            ),
            *(
                "Mon, 01 Jan 0001 00:00:00 GMT",
                "Mon, 01-Jan-0001 00:00:00 GMT",
                "Mon, 01 Jan 1601 00:00:00 GMT",
            ),
            *(
                "Sun, 01 Jan 1600 00:00:00 GMT",
                "Fri, 01 Jan 0100 00:00:00 GMT",
                "Fri, 01 Jan 99 00:00:00 GMT",
            ),
            *("Thu, 01 Jan 69 00:00:00 GMT", "Thu, 01 Jan 70 00:00:00 GMT", "Thu, 01 Jan 00 00:00:00 GMT"),
            *(
                "Wed, 31 Feb 2049 00:00:00 GMT",
                "Wed, 31 Feb 2020 00:00:00 GMT",
                "Fri, 32 Dec 2049 00:00:00 GMT",
            ),
            *(
                "Fri, 31 Dec 2049 24:00:00 GMT",
                "Fri, 31 Dec 2049 23:59:60 GMT",
                "Fri, 00 Dec 2049 00:00:00 GMT",
            ),
            *(
                f'"{FAR}"',
                f'"{PAST}"',
                '"01 Jan 1970 00:00:00 GMT"',
                '"01-Jan-70 00:00:00 GMT"',
                "0",
                "-1",
                "",
                "now",
                "junk",
                "2524607999",
                "2524607999000",
                "Session",
            ),
            *(
                "Fri,_31_Dec_2049_23:59:59_GMT",
                "Fri%2C+31+Dec+2049+23%3A59%3A59+GMT",
                "Fri,\t31\tDec\t2049 23:59:59",
            ),
            *(
                "Fri, 31 Dec 2049x 23:59:59 GMT",
                "Fri, 31x Dec 2049 23:59:59",
                "Fri, 31 Dec 2049\xa023:59:59 GMT",
            ),
        )
    },
    "max-age beats a past date": f"NAME=1; Max-Age=60; Expires={PAST}",
    "max-age behind a past date": f"NAME=1; Expires={PAST}; Max-Age=60",
    "max-age 0 beats a date": f"NAME=1; Max-Age=0; Expires={FAR}",
    "unreadable max-age beside a past date": f"NAME=1; Max-Age=abc; Expires={PAST}",
    "unreadable max-age beside a date": f"NAME=1; Max-Age=abc; Expires={FAR}",
    "max-age too large to be invalid": f"NAME=1; Expires={PAST}; Max-Age=9223372036854775808,",
    "signed max-age beside a past date": f"NAME=1; Max-Age=+60; Expires={PAST}",
    "signed nothing beside a date": f"NAME=1; Max-Age=+0; Expires={FAR}",
    "max-age twice": "NAME=1; Max-Age=0; Max-Age=60",
    "max-age twice, last deletes": "NAME=1; Max-Age=60; Max-Age=0",
    "max-age twice, last unreadable": "NAME=1; Max-Age=0; Max-Age=abc",
    "max-age twice, last empty": "NAME=1; Max-Age=60; Max-Age",
    "expires twice": f"NAME=1; Expires={PAST}; Expires={FAR}",
    "expires twice, last deletes": f"NAME=1; Expires={FAR}; Expires={PAST}",
    "expires twice, last unreadable": f"NAME=1; Expires={PAST}; Expires=junk",
    "expires twice, last unreadable, first far": f"NAME=1; Expires={FAR}; Expires=junk",
    "expires cut at a semicolon": "NAME=1; Expires=Fri; 31 Dec 2049 23:59:59 GMT",
    "case of attributes": f"NAME=1; mAX-aGE=60; EXPIRES={FAR}; pATH=/; SECURE; httponly; samesite=LAX",
    "dash missing": "NAME=1; MaxAge=60",
    "space for the dash": "NAME=1; Max Age=60",
    # Where it lies.
    **{
        f"domain {domain!r}": f"NAME=1; Domain={domain}"
        for domain in (
            *(
                "shop.test",
                ".shop.test",
                "www.shop.test",
                ".www.shop.test",
                "SHOP.Test",
                "..shop.test",
                "shop.test.",
            ),
            *(
                "",
                ".",
                "test",
                ".test",
                "other.test",
                "a.www.shop.test",
                "hop.test",
                "shop.test:443",
                "shop.test/",
            ),
            *(
                "127.0.0.1",
                "[::1]",
                "localhost",
                "*.shop.test",
                '"shop.test"',
                "shop .test",
                "http://shop.test",
            ),
            *("sh\xc3\xb6p.test", "xn--shop.test", "%73hop.test", "shop.test\xc2\xa0", "shop.test,shop.test"),
        )
    },
    "domain without equals sign": "NAME=1; Domain",
    "domain twice": "NAME=1; Domain=other.test; Domain=shop.test",
    "domain twice, last foreign": "NAME=1; Domain=shop.test; Domain=other.test",
    "domain twice, last empty": "NAME=1; Domain=shop.test; Domain=",
    **{
        f"path {path!r}": f"NAME=1; Path={path}"
        for path in (
            *(
                "/",
                "/set",
                "/set/",
                "/se",
                "/other",
                "",
                "x",
                "//",
                "/set/..",
                "/%73et",
                "/a b",
                "/\xc3\xa9",
                '"/"',
                "/,x",
            ),
            *("/set?x", "/SET", "\\", "/\\", ".", "/#", "https://www.shop.test/"),
        )
    },
    "path without equals sign": "NAME=1; Path",
    "path twice": "NAME=1; Path=/other; Path=/",
    "path twice, last relative": "NAME=1; Path=/other; Path=x",
    # Flags.
    "secure": "NAME=1; Secure",
    "secure with a value": "NAME=1; Secure=false",
    "secure with white space": "NAME=1;\tSecure\t;",
    "secure in quotes": 'NAME=1; "Secure"',
    "http only": "NAME=1; HttpOnly=no",
    "two flags without a semicolon": "NAME=1; Secure HttpOnly",
    **{
        f"same site {same_site!r}": f"NAME=1; SameSite={same_site}; Secure"
        for same_site in (
            "Lax",
            "Strict",
            "None",
            "lax",
            "STRICT",
            "nOnE",
            "",
            "x",
            "Lax x",
            '"Lax"',
            "no_restriction",
        )
    },
    "same site none, not secure": "NAME=1; SameSite=None",
    "same site twice": "NAME=1; SameSite=None; SameSite=Strict",
    "same site twice, last unknown": "NAME=1; SameSite=Strict; SameSite=x",
    "same site without equals sign": "NAME=1; SameSite",
    "partitioned": "NAME=1; Secure; Path=/; Partitioned",
    "partitioned, same site none": "NAME=1; Secure; Path=/; SameSite=None; Partitioned",
    "partitioned, not secure": "NAME=1; Path=/; Partitioned",
    "partitioned host": "__Host-NAME=1; Secure; Path=/; Partitioned",
    "priority": "NAME=1; Priority=High",
    "same party": "NAME=1; Secure; SameParty",
    "unknown attributes": "NAME=1; x; y=z; ; =; ==; =x",
    "semicolons only": "NAME=1;;;;; ;",
    # What splits, truncates or ends a line somewhere.
    **{f"control {code:#04x} in the name": f"NA{chr(code)}ME=1" for code in _CONTROLS},
    **{f"control {code:#04x} in front": f"{chr(code)}NAME=1" for code in _CONTROLS},
    **{
        f"control {code:#04x} behind the name": f"NAME{chr(code)}=1"
        for code in (0, 0x0B, 0x0C, 0x0D, 0x1F, 0x7F)
    },
    **{f"control {code:#04x} in the value": f"NAME=1{chr(code)}2" for code in _CONTROLS},
    **{
        f"control {code:#04x} in an attribute": f"NAME=1; Path=/{chr(code)}"
        for code in (0, 0x08, 0x0B, 0x0C, 0x1F, 0x7F)
    },
    "a line of its own": "a=1\r\nSet-Cookie: NAME=2",
    "a line of its own, line feed": "a=1\nSet-Cookie: NAME=2",
    "a line of its own, carriage return": "a=1\rSet-Cookie: NAME=2",
    "a folded line": "a=1;\r\n NAME=2",
    "the end of the head": "a=1\r\n\r\nSet-Cookie: NAME=2",
}

FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    "upper case": (("SET-COOKIE", "NAME=1"),),
    "lower case": (("set-cookie", "NAME=1"),),
    "space before the colon": (("Set-Cookie ", "NAME=1"),),
    "tab before the colon": (("Set-Cookie\t", "NAME=1"),),
    "space in front": ((" Set-Cookie", "NAME=1"),),
    "colon in the name": (("Set-Cookie: NAME=1; x", "y"),),
    "set-cookie2": (("Set-Cookie2", "NAME=1"),),
    "line feed in another header": (("X-A", "1\nSet-Cookie: NAME=1"),),
    "line in another header": (("X-A", "1\r\nSet-Cookie: NAME=1"),),
    "carriage return in another header": (("X-A", "1\rSet-Cookie: NAME=1"),),
    "line in a header's name": (("X-A: 1\r\nSet-Cookie", "NAME=1"),),
    "line feed in front of the name": (("\nSet-Cookie", "NAME=1"),),
    "zero in the name": (("Set-Cookie\0", "NAME=1"),),
    "cookie": (("Cookie", "NAME=1"),),
    "refresh": (("Refresh", "0; url=javascript:document.cookie='NAME=1'"),),
    "link": (("Link", "</>; rel=x; Set-Cookie: NAME=1"),),
}
"""Other header fields than `Set-Cookie`, as some server writes or some browser reads them."""
