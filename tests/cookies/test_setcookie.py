"""The reader agrees with RFC 6265bis, and where browsers differ with each of them.

Rows marked "browsers" were observed in Chromium 156 and Firefox 153.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.cookies.setcookie import SetCookie, parse_max_age, parse_set_cookie

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAST = "Thu, 01 Jan 1970 00:00:00 GMT"
FUTURE = "Tue, 19 Jan 2038 03:14:07 GMT"

# Surrogates too: a WSGI server gives latin-1, a direct caller may give anything.
any_text = st.text(st.characters(exclude_categories=()))
pieces = [*"abAB01 \t;=,\"'-_.:/+\x00\x7f\xa0\xff", "__Host-", "Max-Age", "Expires", PAST]
cookie_text = st.lists(st.sampled_from(pieces)).map("".join)


def read(header: str) -> SetCookie:
    cookie = parse_set_cookie(header)
    assert cookie is not None
    return cookie


@pytest.mark.parametrize(
    ("header", "name", "value"),
    [
        pytest.param("a=b; Path=/", "a", "b", id="plain"),
        pytest.param("a=", "a", "", id="empty value"),
        pytest.param("a=b=c", "a", "b=c", id="first equals sign splits"),
        pytest.param(" \ta\t = b ", "a", "b", id="space and tab are trimmed"),
        pytest.param("a b=c d", "a b", "c d", id="space inside stays"),
        pytest.param("a\tb=1", "a\tb", "1", id="tab inside, dropped by Chromium only"),
        pytest.param("\xa0ads=1", "\xa0ads", "1", id="no-break space is no white space"),
        pytest.param("\x85ads=1\x85", "\x85ads", "1\x85", id="nor is next line"),
        pytest.param('a="b; c"', "a", '"b', id="quotes hold no semicolon"),
        pytest.param('a="b"', "a", '"b"', id="quotes stay"),
        pytest.param("session=1, ads=2", "session", "1, ads=2", id="a comma doesn't split"),
        pytest.param("$Version=1; ads=1", "$Version", "1", id="dollar names are names"),
        pytest.param('a={"b": [1, 2]}', "a", '{"b": [1, 2]}', id="json"),
        pytest.param("foo[bar]=1", "foo[bar]", "1", id="brackets"),
        pytest.param("a=\xe4\xff", "a", "\xe4\xff", id="octets beyond ascii"),
        pytest.param("a=b; Partitioned; Priority=High", "a", "b", id="unknown to http.cookies"),
        pytest.param("Path=/; a=b", "Path", "/", id="an attribute's name in front is a name"),
        pytest.param("TS01a2b3c4=01; Max-Age=1", "TS01a2b3c4", "01", id="f5"),
        pytest.param("F5_ST=1z2z3; path=/", "F5_ST", "1z2z3", id="f5 with z"),
        pytest.param("Ads=1", "Ads", "1", id="case stays"),
        pytest.param("a;=b", "", "a", id="semicolon ends the pair"),
    ],
)
def test_pair(header: str, name: str, value: str) -> None:
    cookie = read(header)

    assert (cookie.name, cookie.value) == (name, value)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        pytest.param("ads=1", ("ads",), id="named"),
        pytest.param("ads; Path=/", ("", "ads"), id="bare: Chromium nameless, Firefox named"),
        pytest.param(" ads\t; Path=/", ("", "ads"), id="bare, trimmed"),
        pytest.param("=ads", ("",), id="nameless in all"),
        pytest.param(" = ads", ("",), id="nameless with space"),
        pytest.param("=eq1=1", ("", "eq1"), id="browsers drop it, the draft stores and returns eq1=1"),
        pytest.param("= eq1 = 1", ("", "eq1"), id="the same with space"),
        pytest.param("==eq1=1", ("", "eq1"), id="two equals signs in front"),
        pytest.param("= =1", ("",), id="equals signs without a name"),
    ],
)
def test_each_name_that_is_stored(header: str, names: tuple[str, ...]) -> None:
    assert read(header).names == names


@pytest.mark.parametrize(
    ("header", "names"),
    [
        pytest.param("ads=1", ("ads",), id="named"),
        pytest.param("=ads", ("", "ads"), id="nameless, comes back as ads"),
        pytest.param(" = ads", ("", "ads"), id="the same with space"),
        pytest.param("=eq1=1", ("", "eq1"), id="the draft's"),
        pytest.param("= =1", ("", "1"), id="equals signs apart"),
        pytest.param("= =", ("",), id="equals signs alone"),
    ],
)
def test_each_name_that_is_judged(header: str, names: tuple[str, ...]) -> None:
    assert read(header).judged_names == names


def test_a_nameless_cookie_has_no_name_but_a_value() -> None:
    cookie = read("=eq1=1; Path=/")

    assert (cookie.name, cookie.value, cookie.path) == ("", "eq1=1", "/")


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="nothing"),
        pytest.param("=", id="neither name nor value"),
        pytest.param(" \t; Path=/", id="white space only"),
        pytest.param("; a=b", id="attributes only"),
        *(
            pytest.param(header.format(control), id=f"{control!r} in {place}")
            for control in ("\x00", "\x08", "\n", "\r", "\x1f", "\x7f")
            for place, header in {"name": "a{}=1", "value": "a=1{}", "path": "a=1; Path=/{}"}.items()
        ),
        pytest.param("a=1\r\nSet-Cookie: ads=1", id="smuggled line"),
    ],
)
def test_every_browser_drops(header: str) -> None:
    assert parse_set_cookie(header) is None


@pytest.mark.parametrize(
    ("header", "stored"),
    [
        pytest.param("n=" + "v" * 4095, True, id="4096"),
        pytest.param("n=" + "v" * 4096, False, id="4097"),
        pytest.param("n" * 4096 + "=", True, id="all in the name"),
        pytest.param("n" * 4097 + "=", False, id="name too long"),
        pytest.param("=" + "v" * 4097, False, id="nameless too long"),
        pytest.param(f"{' ' * 99}n{' ' * 99}={' ' * 99}{'v' * 4095}", True, id="counted after trimming"),
        pytest.param("n=" + "\xe4" * 4095, True, id="latin-1 is one octet each"),
        pytest.param("n=v; Path=/" + "p" * 5000, True, id="attributes don't count"),
    ],
)
def test_4096_octets(header: str, stored: bool) -> None:
    assert (parse_set_cookie(header) is not None) == stored


@pytest.mark.parametrize(
    ("header", "stored"),
    [
        pytest.param("__Host-h=1; Secure; Path=/", True, id="host"),
        pytest.param("__Host-h=1; Secure", True, id="host without path: Firefox stores"),
        pytest.param("__Host-h=1; Secure; Path=/; Domain=", True, id="host with empty domain"),
        pytest.param("__Host-h=1; Path=/", False, id="host insecure"),
        pytest.param("__hOsT-e=1; Path=/", False, id="host in any case"),
        pytest.param("__Host-h=1; Secure; Path=/; Domain=example.com", False, id="host with domain"),
        pytest.param("__Host-h=1; Secure; Path=/a", False, id="host below a path"),
        pytest.param("__Secure-s=1; Secure", True, id="secure"),
        pytest.param("__Secure-s=1; Secure; Domain=example.com; Path=/a", True, id="secure, any domain"),
        pytest.param("__Secure-s=1", False, id="secure insecure"),
        pytest.param("__SECURE-s=1", False, id="secure in any case"),
        pytest.param("__Http-a=1; Secure; Path=/; HttpOnly", True, id="http"),
        pytest.param("__Http-a=1; Secure; Path=/", False, id="http without HttpOnly"),
        pytest.param("__Http-a=1; Path=/; HttpOnly", False, id="http insecure"),
        pytest.param("__Host-Http-a=1; Secure; Path=/; HttpOnly", True, id="host-http"),
        pytest.param("__Host-Http-a=1; Secure; Path=/", False, id="host-http without HttpOnly"),
        pytest.param("__Host-Http-a=1; Secure; Path=/a; HttpOnly", False, id="host-http below a path"),
        pytest.param("=__Host-h=1; Secure; Path=/", False, id="prefix hidden in a nameless value"),
        pytest.param("=__secure-h; Secure", False, id="the same in any case"),
        pytest.param("=__other=1", True, id="another nameless value"),
        pytest.param("__Hosts-h=1", True, id="no prefix"),
        pytest.param("_Host-h=1", True, id="one underscore"),
    ],
)
def test_prefix(header: str, stored: bool) -> None:
    assert (parse_set_cookie(header) is not None) == stored


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param("", {}, id="none"),
        pytest.param("Domain=.Example.COM", {"domain": "example.com"}, id="domain, dot and case"),
        pytest.param("Domain=a.com; Domain=b.com", {"domain": "b.com"}, id="last domain wins"),
        pytest.param("Domain=a.com; Domain=", {}, id="also an empty one"),
        pytest.param("Path=/a", {"path": "/a"}, id="path"),
        pytest.param("Path=a", {}, id="relative path is the default path"),
        pytest.param("Path=/a; Path=b", {}, id="last path wins"),
        pytest.param("Path=/A b", {"path": "/A b"}, id="path as it stands"),
        pytest.param("secure", {"secure": True}, id="secure"),
        pytest.param("Secure=false", {"secure": True}, id="secure whatever its value"),
        pytest.param("HTTPONLY", {"http_only": True}, id="http only"),
        pytest.param("Http Only", {}, id="name with space"),
        pytest.param("SameSite=lax", {"same_site": "Lax"}, id="same site"),
        pytest.param("SameSite=None", {"same_site": "None"}, id="same site none"),
        pytest.param("SameSite=Strict; SameSite=?", {}, id="unknown same site is the default"),
        pytest.param("Partitioned", {"partitioned": True}, id="partitioned"),
        pytest.param("Max-Age=60", {"max_age": 60}, id="max age"),
        pytest.param("max-age\t=\t60 ", {"max_age": 60}, id="max age, trimmed"),
        pytest.param("Max-Age=60; Max-Age=5", {"max_age": 5}, id="last max age wins"),
        pytest.param("Max-Age=abc", {}, id="max age of letters"),
        pytest.param("Max-Age=1.5", {}, id="max age with a fraction"),
        pytest.param('Max-Age="60"', {}, id="max age in quotes"),
        pytest.param("Max-Age=\u0661", {}, id="max age in other digits"),
        pytest.param("\xa0Max-Age=60", {}, id="no-break space belongs to the name"),
        pytest.param(
            f"Expires={FUTURE}", {"expires": datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)}, id="expires"
        ),
        pytest.param("Expires=0", {}, id="expires without a date"),
        pytest.param("; ;;Secure;", {"secure": True}, id="empty attributes"),
        pytest.param("Secure Partitioned", {}, id="no semicolon between"),
    ],
)
def test_attributes(attributes: str, expected: dict[str, Any]) -> None:
    cookie = read(f"a=b; {attributes}")
    fields = ("max_age", "expires", "domain", "path", "secure", "http_only", "same_site", "partitioned")

    assert {field: value for field in fields if (value := getattr(cookie, field))} == expected


@pytest.mark.parametrize(
    ("attributes", "field", "expected"),
    [
        pytest.param("Path=/" + "p" * 1023, "path", "/" + "p" * 1023, id="1024 counts"),
        pytest.param("Path=/" + "p" * 1024, "path", None, id="1025 is ignored"),
        pytest.param("Path=/a; Path=/" + "p" * 1024, "path", "/a", id="an earlier one stands"),
        pytest.param("Max-Age=" + "0" * 1025, "max_age", None, id="max age"),
        pytest.param("Secure=" + "x" * 1025, "secure", False, id="secure"),
        pytest.param("Domain=" + "d" * 1025, "domain", None, id="domain"),
        pytest.param("Path=" + " " * 2000 + "/a", "path", "/a", id="counted after trimming"),
    ],
)
def test_1024_octets_of_an_attribute(attributes: str, field: str, expected: object) -> None:
    assert getattr(read(f"a=b; {attributes}"), field) == expected


@pytest.mark.parametrize(
    ("attributes", "deletes"),
    [
        pytest.param("", False, id="session cookie"),
        pytest.param("Max-Age=0", True, id="max age 0"),
        pytest.param("Max-Age=-1", True, id="max age negative"),
        pytest.param("Max-Age=1", False, id="max age positive"),
        pytest.param(f"Expires={PAST}", True, id="expires in the past"),
        pytest.param(f"Expires={FUTURE}", False, id="expires in the future"),
        pytest.param("Expires=Sun, 22 Nov 2026 12:00:00 GMT", True, id="expires now"),
        pytest.param("Expires=Sun, 22 Nov 2026 12:00:01 GMT", False, id="expires in a second"),
        pytest.param(f"Max-Age=31536000; Expires={PAST}", False, id="max age beats expires"),
        pytest.param(f"Expires={PAST}; Max-Age=31536000", False, id="in any order"),
        pytest.param(f"Max-Age=0; Expires={FUTURE}", True, id="max age 0 beats expires"),
        pytest.param("Max-Age=0; Max-Age=5", False, id="last max age keeps"),
        pytest.param("Max-Age=5; Max-Age=0", True, id="last max age deletes"),
        pytest.param(f"Expires={PAST}; Expires={FUTURE}", False, id="last expires keeps"),
        pytest.param("Expires=0", False, id="browsers: expires 0 is no date"),
        pytest.param("Max-Age=0; Max-Age=abc", False, id="browsers: unreadable last max age"),
        pytest.param("Max-Age=0; Max-Age=", False, id="browsers: empty last max age"),
        pytest.param(f"Expires={PAST}; Expires=junk", False, id="browsers: unreadable last expires"),
        pytest.param(f"Max-Age=abc; Expires={PAST}", True, id="browsers: unreadable max age, expires counts"),
        pytest.param(f"Max-Age=+5; Expires={PAST}", False, id="browsers: a plus sign counts in Chromium"),
        pytest.param(
            f"Expires={PAST}; Max-Age=9223372036854775808,", False, id="browsers: too large to be invalid"
        ),
        pytest.param(f"Expires={PAST}; Max-Age=5000,", True, id="browsers: invalid"),
        pytest.param("Expires=Thu, 01-Jan-69 00:00:00 GMT", False, id="browsers: 69 is 2069"),
        pytest.param("Expires=Thu, 01-Jan-70 00:00:00 GMT", True, id="browsers: 70 is 1970"),
        pytest.param("Expires=Fri, 01 Jan 0099 00:00:00 GMT", True, id="browsers: 0099 is 1999"),
        pytest.param("Max-Age=-99999999999999999999", True, id="browsers: clamped below"),
        pytest.param(f"Max-Age={'9' * 23}; Expires={PAST}", False, id="browsers: clamped above"),
        pytest.param(f"Max-Age={'0' * 1025}", False, id="browsers: too long to count"),
        pytest.param(f"Max-Age={'0' * 1024}", True, id="just short enough"),
        pytest.param("Max-Age\t=\t0", True, id="browsers: tabs"),
        pytest.param("MAX-AGE=0", True, id="any case"),
        pytest.param("Max-Age=-0", True, id="minus nothing"),
        pytest.param(f'Expires="{PAST}"', True, id="quotes are delimiters in a date"),
        pytest.param(
            "Max-Age=0; Expires=1 Jan 1970abc2030 00:00:00", True, id="an odd date behind a max age"
        ),
        # The draft reads each of these as 1970 or 2001, or the browsers as long past; who can't keeps the cookie.
        *(
            pytest.param(f"Expires={date}", False, id=f"browsers: odd date {date!r}")
            for date in (
                "Thu, 01 Jan 1970x 00:00:00 GMT",
                "Thu, 01x Jan 1970 00:00:00 GMT",
                "1 Jan 1970abc2030 00:00:00",
                "=1 Jan 2001 1:1:1\xa02030",
                "Thu, 01 Jan 1970 00:00:00x GMT",
                "Thu, 01 Jan 1970 00:00:00\xa0GMT",
                "1 Jan 1970\xe9 00:00:00",
                "Thu, 1 Jan 070 0:0:0",
                "Thu_01_Jan_1970_00:00:00_GMT",
                "=1 Jan 70 00:00:00",
                "Thu, 01 Jan 1970 00:00:00 -0100",
                "Pst, 01 Jan 1970 00:00:00 GMT",
                '"01 Jan 1970 00:00:00 GMT"',
                '"01-Jan-70 00:00:00 GMT"',
                "Sun, 01 Jan 1600 00:00:00 GMT",
                "Fri, 01 Jan 0100 00:00:00 GMT",
            )
        ),
    ],
)
def test_deletes(attributes: str, deletes: bool) -> None:
    cookie = read(f"e=; {attributes}")

    assert cookie.deletes(NOW) is deletes
    assert cookie.deletes(NOW.timestamp()) is deletes


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("007", 7),
        ("-0", 0),
        ("9" * 4000, 10**18),
        ("-" + "9" * 4000, -(10**18)),
        ("0" * 4000 + "1", 1),
        ("", None),
        ("-", None),
        ("--1", None),
        ("+1", None),
        ("1 ", None),
        ("1\n", None),
    ],
)
def test_max_age(value: str, seconds: int | None) -> None:
    assert parse_max_age(value) == seconds


@given(any_text | cookie_text)
def test_any_text_is_answered(text: str) -> None:
    cookie = parse_set_cookie(text)

    assert cookie is None or cookie.deletes(NOW) in (True, False)


@pytest.mark.parametrize("text", ["\ud800=1", "a=\ud800", "\u20ac" * 1366], ids=ascii)
def test_text_that_no_server_sends_is_answered(text: str) -> None:
    assert (parse_set_cookie(text) is None) == (len(text) > 1000)


@given(any_text | cookie_text)
def test_names_are_as_a_browser_holds_them(text: str) -> None:
    cookie = parse_set_cookie(text)
    if cookie is None:
        return

    assert cookie.names[0] == cookie.name
    assert len(set(cookie.names)) == len(cookie.names)
    for name in cookie.names:
        assert name == name.strip(" \t")
        assert ";" not in name and "=" not in name
        assert not any((char < " " and char != "\t") or char == "\x7f" for char in name)
        assert name in text


# White space, attributes and their order are no part of the identity that is judged.
@given(
    st.text("abc_-.[]\"',\xe4", min_size=1),
    st.text("abc=\"', {}\xe4"),
    st.permutations(["Secure", "HttpOnly", "Path=/", "Partitioned", "SameSite=Lax", "x", ""]),
    st.text(" \t"),
)
def test_attributes_never_change_the_name(name: str, value: str, attributes: list[str], gap: str) -> None:
    cookie = read(f"{gap}{name}{gap}={gap}{value};{';'.join(attributes)}")

    assert cookie.names == (name,)
    assert cookie.value == value.strip(" ")
    assert cookie.attributes == read("a=b; Secure; HttpOnly; Path=/; Partitioned; SameSite=Lax").attributes
