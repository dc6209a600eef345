"""Links, forms and hosts of a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.cli.start.page import Link, read_page

HERE = "http://shop.example/a/b"
LOG_IN = '<form method=post action="/in"><input name=u><input name=p type=password><button>Go</button></form>'


@pytest.mark.parametrize(
    ("html", "links"),
    [
        pytest.param('<a href="/x">X</a>', ["http://shop.example/x"], id="absolute"),
        pytest.param("<A HREF=c?d=1#e>", ["http://shop.example/a/c?d=1#e"], id="relative"),
        pytest.param('<base href="/z/"><a href=c>', ["http://shop.example/z/c"], id="base"),
        pytest.param("<iframe src=/f></iframe>", ["http://shop.example/f"], id="frame"),
        pytest.param('<!-- <a href="/x">X</a> --><a>none</a>', [], id="comment"),
        pytest.param('<a href="http://[::1">', [], id="no address"),
    ],
)
def test_links(html: str, links: list[str]) -> None:
    assert [link.address for link in read_page(html, HERE).links] == links


@pytest.mark.parametrize(
    ("link", "harmless"),
    [
        pytest.param(Link("http://a/logout"), False, id="logout"),
        pytest.param(Link("http://a/x", "Sign out"), False, id="by its text"),
        pytest.param(Link("http://a/log-off"), False, id="log-off"),
        pytest.param(Link("http://a/item?delete=1"), False, id="delete"),
        pytest.param(Link("http://a/cart/remove/3"), False, id="remove"),
        pytest.param(Link("http://a/login", "Log in"), True, id="login"),
        pytest.param(Link("http://a/blogouting"), True, id="inside a word"),
        pytest.param(Link("http://a/undeleted"), True, id="part of a word"),
    ],
)
def test_harmless_links(link: Link, harmless: bool) -> None:
    assert link.is_harmless == harmless


@pytest.mark.parametrize(
    ("html", "found"),
    [
        pytest.param(LOG_IN, True, id="password"),
        pytest.param(
            '<form method="POST" action="/log-in"><button>Go</button></form>', True, id="by its address"
        ),
        pytest.param("<form method=post><button>Sign in</button></form>", True, id="by its button"),
        pytest.param("<form method=post><input type=submit value='Log in'></form>", True, id="by its input"),
        pytest.param("<form method=post action=/logout><button>Log out</button></form>", False, id="log-out"),
        pytest.param("<form action=/log-in><button>Go</button></form>", False, id="a GET"),
        pytest.param(
            "<form method=post action=/register><input name=u><input type=password name=p></form>",
            False,
            id="register",
        ),
        pytest.param(
            "<form method=post><input type=password name=a><input type=password name=b></form>",
            False,
            id="two passwords",
        ),
        pytest.param("<form method=post action=/buy><button>Buy</button></form>", False, id="another"),
        pytest.param(
            "<form method=post action=/login-news><input name=mail></form>", False, id="something to type"
        ),
    ],
)
def test_log_in_forms(html: str, found: bool) -> None:
    assert (read_page(html, HERE).log_in is not None) == found


def test_a_form_is_filled_in() -> None:
    html = """<form method=post action=/in><input type=hidden name=csrf value=t><input name=site value=s>
    <input name=user><input type=password name=pw><input type=checkbox name=remember>
    <input type=checkbox name=news value=1><input type=submit name=go value=Go></form>"""
    form = read_page(html, HERE).log_in
    assert form is not None
    filled = form.filled("anna", "secret", remember=False)
    assert filled == [("csrf", "t"), ("site", "s"), ("user", "anna"), ("pw", "secret"), ("go", "Go")]
    assert set(form.filled("anna", "secret", remember=True)) - set(filled) == {("remember", "on")}


@pytest.mark.parametrize(
    ("html", "hosts"),
    [
        pytest.param('<script src="https://cdn.example/x.js"></script>', ["cdn.example"], id="script"),
        pytest.param("<img src=//img.example/i>", ["img.example"], id="image"),
        pytest.param("<script src=/x.js></script><a href=https://else.example>", [], id="own, and a link"),
        pytest.param(
            '<iframe src="https://www.youtube.com/embed/x"></iframe>', ["www.youtube.com"], id="frame"
        ),
    ],
)
def test_hosts_that_a_page_loads_from(html: str, hosts: list[str]) -> None:
    assert list(read_page(html, HERE).hosts) == hosts


@given(st.text(alphabet="<>/=\"' abcformhrefinputpasswordscriptsrc:&;![]-\n"), st.text())
def test_no_text_is_an_error(html: str, address: str) -> None:
    read_page(html, address)
