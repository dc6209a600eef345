"""HAR files, as browsers and proxies record them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard.errors import CookieguardError, UnreadableImport
from cookieguard.importers.har import har_hosts, read_har
from cookieguard.importers.sighting import Sighting

STARTED = "2026-09-21T16:13:20.000+02:00"


def header(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def entry(url: str, sent: Any = (), received: Any = (), mime: str = "", **more: Any) -> dict[str, Any]:
    return {
        "startedDateTime": STARTED,
        "request": {"url": url, "headers": list(sent), **more.get("request", {})},
        "response": {
            "headers": list(received),
            "content": {"mimeType": mime},
            **more.get("response", {}),
        },
    }


def har(*entries: Any, **log: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries), **log}}).encode()


PAGE = "https://www.example.com/"
VISIT = har(
    entry("https://cdn.example.com/early.js"),
    entry(
        PAGE,
        [header("Cookie", "sid=old; theme=dark")],
        [
            header("Set-Cookie", "sid=secret; Path=/; HttpOnly\n_ga=1; Domain=example.com; Max-Age=60"),
            header("set-cookie", "late=1; Expires=Mon, 21 Sep 2026 14:14:20 GMT"),
        ],
        "text/html; charset=utf-8",
    ),
    entry("https://ib.ads.example/px", [], [header("set-cookie", "uuid2=1; Max-Age=7776000")], "image/gif"),
)


def test_reads_what_was_set_and_sent() -> None:
    assert read_har(VISIT) == [
        Sighting("sid", "www.example.com", "/", set_by="server"),
        Sighting("theme", "www.example.com"),
        Sighting("_ga", "www.example.com", None, 60, set_by="server"),
        Sighting("late", "www.example.com", None, 60, set_by="server"),
        Sighting("uuid2", "ib.ads.example", None, 7776000, set_by="server", third_party=True),
    ]


def test_no_value_is_kept() -> None:
    assert "secret" not in repr(read_har(VISIT)) and "dark" not in repr(read_har(VISIT))


def test_hosts_in_order() -> None:
    assert har_hosts(VISIT) == ["cdn.example.com", "www.example.com", "ib.ads.example"]


def test_reads_cookies_where_headers_are_missing() -> None:
    listed = entry(
        PAGE,
        request={"headers": [], "cookies": [{"name": "theme", "value": "dark"}]},
        response={
            "headers": [],
            "cookies": [
                {"name": "sid", "value": "secret", "path": "/", "expires": None},
                {"name": "_ga", "domain": ".example.com", "expires": "2026-09-21T14:14:20.000Z"},
                {"value": "nameless"},
            ],
        },
    )

    found = read_har(har(listed))

    assert [(seen.name, seen.path, seen.lifetime, seen.set_by) for seen in found] == [
        ("theme", None, None, None),
        ("sid", "/", None, "server"),
        ("_ga", None, 60, "server"),
    ]


def test_without_a_page_the_most_frequent_host_is_first() -> None:
    urls = ["https://a.example/1", "https://b.test/1", "https://b.test/2"]
    found = read_har(har(*(entry(url, [], [header("Set-Cookie", "x=1")]) for url in urls)))

    assert [(seen.host, seen.third_party) for seen in found] == [("a.example", True), ("b.test", False)]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "isn't JSON", id="empty"),
        pytest.param(b"{", "isn't JSON", id="cut off"),
        pytest.param(b"\xff\xfe", "isn't JSON", id="not utf-8"),
        pytest.param(b"[" * 100_000, "isn't JSON", id="deep"),
        pytest.param(b"[]", "no log.entries", id="list"),
        pytest.param(b"{}", "no log.entries", id="no log"),
        pytest.param(b'{"log": {"entries": 5}}', "no log.entries", id="entries that are none"),
    ],
)
def test_what_is_no_har(data: bytes, says: str) -> None:
    for read in (read_har, har_hosts):
        with pytest.raises(UnreadableImport, match=f"visit.har.*{says}"):
            read(data, "visit.har")


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
keys = st.sampled_from(
    [
        "log",
        "entries",
        "request",
        "response",
        "url",
        "headers",
        "cookies",
        "name",
        "value",
        "content",
        "mimeType",
        "startedDateTime",
        "expires",
        "path",
        "domain",
    ]
)
texts = st.sampled_from(
    ["Set-Cookie", "cookie", "https://[", PAGE, "a=1; Max-Age=9", STARTED, "0001-01-01T00:00+14:00"]
)
anything = st.recursive(
    leaves | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
messages = st.fixed_dictionaries({}, optional={"headers": st.lists(st.dictionaries(keys, texts | anything)) | anything,
    "cookies": st.lists(st.dictionaries(keys, texts)), "url": texts, "content": anything})  # fmt: skip
entries = st.fixed_dictionaries(
    {}, optional={"request": messages, "response": messages, "startedDateTime": texts}
)


@given(
    st.binary()
    | anything.map(json.dumps).map(str.encode)
    | st.lists(entries | anything).map(lambda es: har(*es))
)
def test_anything_is_answered(data: bytes) -> None:
    for read in (read_har, har_hosts):
        with suppress(CookieguardError):
            read(data, "x")
