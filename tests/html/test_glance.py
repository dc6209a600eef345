"""A glance may see too much, never too little."""

from __future__ import annotations

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge import GATE

from cookieguard.html.address import Gate
from cookieguard.html.glance import Glance, _hides_often
from cookieguard.html.holding import Holder

assert GATE is not None
GLANCE = Glance(GATE)


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        pytest.param("<p>text</p><img src=/a.png>", False, id="nothing"),
        pytest.param(
            "<p>Tom &amp; Jerry&#39;s &quot;caf&eacute;&quot; &copy 2026&hellip;</p>", False, id="letters"
        ),
        pytest.param("<p>Boots&trade;</p>", True, id="letters-that-stand-for-plain-ones"),
        pytest.param("<img src='//he&shy;ld.test'>", True, id="reference-to-nothing"),
        pytest.param("<img src='//held&#x3002;test'>", True, id="reference-to-another-dot"),
        pytest.param("<p>Tom &amp; Jerry&#39;s&nbsp;&lt;&#x22;</p><a href='?a=1&b=2'>", False, id="harmless"),
        pytest.param("<a href='/a%20b%2Fc'>", False, id="harmless-escapes"),
        pytest.param("<a href='/a%2Eb'>", False, id="escapes-in-a-path"),
        pytest.param(
            "<a href='https://x.test/?u=https%3A%2F%2Fheld%2Ftest'>", False, id="escapes-in-a-query"
        ),
        pytest.param("<a href='//a%2Eb'>", True, id="escapes"),
        pytest.param("<a href='\\/%21.a%2Eb'>", True, id="escapes-behind-others"),
        pytest.param("<a href='https:a%2Eb'>", True, id="escapes-without-slashes"),
        pytest.param("<a href='//u@a%2Eb'>", True, id="escapes-behind-a-user"),
        pytest.param("<a href='//\t/a%2Eb'>", True, id="escapes-behind-a-tab"),
        pytest.param("<p style='width:50%'>", False, id="per-cent"),
        pytest.param('<script>{"name":"Österreich"}</script>', False, id="letters-in-data"),
        pytest.param("<a href='/\\a%2Eb'>", True, id="escapes-behind-a-backslash"),
        pytest.param("<a href='wss:\uff4cd'>", True, id="letters-behind-a-scheme"),
        pytest.param("<p>oder/über</p><a href='/größe'>", False, id="letters-in-a-path"),
        pytest.param("<p>Größe: 中文 / 日本</p><img src=/a.png alt='ü'>", False, id="other-letters"),
        pytest.param("<img src=//HELD.Test>", True, id="named"),
        pytest.param("<img src='//he\n\tld.test'>", True, id="cut-name"),
        pytest.param("<img src='//&#104;eld.test'>", True, id="reference"),
        pytest.param("<img src='//held&period;test'>", True, id="named-reference"),
        pytest.param("<img src='//\uff48eld.test'>", True, id="wide"),
        pytest.param("<img src='https:he\uff4cd.test'>", True, id="wide-without-slashes"),
        pytest.param("<img src='//u@hel\u00add.test'>", True, id="soft-hyphen"),
        pytest.param("<iframe srcdoc='&amp;#104;'>", True, id="srcdoc"),
    ],
)
def test_may_name(page: str, seen: bool) -> None:
    assert GLANCE.may_name(page.encode()) is seen


def test_international_names_are_not_looked_for() -> None:
    gate = Gate.of(["b\u00fccher.test"])

    assert gate is not None
    assert Glance(gate).may_name(b"")


MANY = [
    "a.test",
    "b.a.test",
    "a-b.test",
    "c.d.e.test",
    *(f"h{number}.example" for number in range(9)),
    "intranet",
]
letters = st.lists(st.sampled_from([*MANY, ".test", "a", "-b", ".", "/", "h1", "example", "x"]), max_size=6)


@given(st.lists(st.sampled_from(MANY), unique=True, min_size=1), letters)
def test_every_host_is_found(hosts: list[str], pieces: list[str]) -> None:
    gate, page = Gate.of(hosts), "".join(pieces)
    assert gate is not None

    glance, data = Glance(gate), page.upper().encode()
    assert glance.may_name(data) is any(host in page for host in hosts)
    assert glance.quiet_from(data) == max(
        (page.rfind(host) + len(host) for host in hosts if host in page), default=0
    )


WRITTEN = [
    "held.test",
    "HELD",
    ".test",
    "//",
    "http:",
    "https://",
    "\\\\",
    "u@",
    "&#47;",
    "&sol;",
    "&period;",
    "%2e",
    "%21",
]
WRITTEN += [
    "%68eld",
    "\uff48",
    "eld",
    "\u3002",
    "\u00ad",
    "\t",
    "\n",
    "he",
    "ld",
    ".",
    "te",
    "st",
    "&Tab;",
    "&#x74;",
]
WRITTEN += [
    "x",
    "/",
    "?",
    "#",
    "x y@",
    ":",
    "&tscr;",
    "&amp;",
    "\u24d7",
    "!",
    "'",
    "&#39;",
    "\u0130",
    "\u017f",
]
WRITTEN += ["\x01", "<", "@", "&#38;", "&#X688", "&quot;", "%", "%zz"]
WRITTEN += ["&shy;", "&hellip;", "&eacute;", "&#x3002;", "&#x212a;", "&#xff4c;", "&zwj;", "&lsqb;"]


@given(st.lists(st.sampled_from(WRITTEN), max_size=8), st.sampled_from(["src", "srcset", "srcdoc"]))
def test_what_is_not_seen_is_not_held(pieces: list[str], attribute: str) -> None:
    # A host with a space in it isn't seen; in a srcset none can have one.
    text = (" " if attribute == "srcset" else "").join(pieces)
    for written in (text, "".join(pieces)):
        page = f'<iframe {attribute}="{written}"><img {attribute}="{written}">'.encode()
        holder = Holder(GATE)

        holder.feed(page)

        assert GLANCE.may_name(page) or not holder.held


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("//x y@%68eld.test", id="space-in-a-user"),
        pytest.param("//%@%68eld.test", id="per-cent-in-a-user"),
        pytest.param("//x<y@%68eld.test", id="less-than-in-a-user"),
        pytest.param("//\x01@%68eld.test", id="control-character-in-a-user"),
        pytest.param("https:&#38;@%68eld.test", id="reference-in-a-user"),
        pytest.param("https:&#X688.h\u00adeld.test", id="reference-in-a-name-below"),
    ],
)
def test_what_stands_before_a_host_hides_it_from_nobody(address: str) -> None:
    page, holder = f'<script src="{address}"></script>'.encode(), Holder(GATE)
    holder.feed(page)

    assert holder.held and GLANCE.may_name(page)


def test_numbers_are_written_in_many_ways() -> None:
    gate = Gate.of(["127.0.0.1"])
    assert gate is not None
    page, holder = b'<script src="//0x7f.1"></script>', Holder(gate)
    holder.feed(page)

    assert holder.held and Glance(gate).may_name(page)


def test_references_without_end_are_not_kept() -> None:
    before = _hides_often.cache_info().currsize
    for letter in ascii_lowercase:
        GLANCE.may_name(f"<p>&{letter * 5000}; &#{'0' * 5000}{ord(letter)};".encode())

    assert _hides_often.cache_info().currsize == before
