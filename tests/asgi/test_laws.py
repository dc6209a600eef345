"""Laws over any app's messages: the ASGI guard lets out what the WSGI guard does for the same response."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import asgiapps
from asgiapps import body, saying, start
from asking import consent
from htmlapps import FRAGMENT, FRONT, LOADING, PAGE, PROVIDERS, REST, paged, run, sent
from hypothesis import given
from hypothesis import strategies as st

OCTETS = st.text(st.characters(max_codepoint=255), max_size=30)
NAMES = st.sampled_from(
    [
        "Set-Cookie",
        "set-cookie",
        "SET-COOKIE ",
        "Cache-Control",
        "Vary",
        "Link",
        "ETag",
        "Date",
        "X-A",
        "Last-Modified",
    ]
)
COOKIES = st.lists(
    st.sampled_from(
        [
            "ads",
            "_ga",
            "session",
            "csrf",
            "cookieguard",
            "=",
            ";",
            " ",
            "1",
            "Max-Age=0",
            "Max-Age=99999999",
            "\t",
            "\n",
        ]
    ),
    max_size=8,
).map("".join)
VALUES = st.one_of(
    COOKIES,
    OCTETS,
    st.sampled_from(
        ["public, max-age=9", "no-store", '"1"', "<https://ga.example/x>; rel=preload", "Cookie"]
    ),
)
KINDS = st.sampled_from(
    ["text/html", "text/html; charset=utf-16", "text/plain", "application/xhtml+xml", "application/json", ""]
)
STATUSES = st.sampled_from(
    ["200 OK", "204 No Content", "206 Partial Content", "302 Found", "304 Not Modified", "500 No"]
)
PIECES = st.lists(
    st.sampled_from([FRONT, LOADING, REST, PAGE, FRAGMENT, b"", b"<", b"x", b"\xff"]), max_size=6
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "Cookie": st.sampled_from(
            [
                "ads=1",
                "session=1; _ga=2",
                consent(**PROVIDERS),
                consent("analytics", "marketing", **PROVIDERS),
            ]
        ),
        "Sec-Fetch-Mode": st.sampled_from(["navigate", "cors"]),
        "Accept": st.sampled_from(["text/html", "*/*"]),
        "Sec-GPC": st.just("1"),
        "If-None-Match": st.sampled_from(['"1"', '"1-cg0123456789ab"']),
    },
)


@given(
    status=STATUSES,
    kind=KINDS,
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=6),
    pieces=PIECES,
    request=REQUESTS,
    method=st.sampled_from(["GET", "HEAD", "POST"]),
)
def test_both_adapters_let_out_the_same(
    status: str,
    kind: str,
    headers: list[tuple[str, str]],
    pieces: list[bytes],
    request: dict[str, str],
    method: str,
) -> None:
    given_headers = [("Content-Type", kind)] * bool(kind) + headers
    pieces = [] if method == "HEAD" or status[:3] in ("204", "304") else pieces

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, given_headers)
        return pieces

    environ = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in request.items()}
    server, left = run(paged(app, clock=lambda: 1_800_000_000.0), REQUEST_METHOD=method, **environ)

    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given_headers]
    messages = [
        start(*encoded, status=int(status[:3])),
        *(body(piece, more=True) for piece in pieces),
        body(),
    ]
    guard = asgiapps.paged(saying(*messages), clock=lambda: 1_800_000_000.0)
    answer = asgiapps.ask(guard, method=method, headers=request)

    def comparable(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name.strip().lower(), value) for name, value in lines]

    assert comparable(answer.headers) == comparable(sent(server))
    assert answer.body == left
