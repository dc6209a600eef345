"""Hostile bytes: whatever a client or an app sends, no exception, no consent, no refused name."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from wsgiref.validate import validator

from asking import (
    FORM,
    OWN,
    Headers,
    Server,
    an_environ,
    consent,
    guarded,
    lined,
)
from contract import ALL, HOST, MOUNT, responding
from hypothesis import example, given
from hypothesis import strategies as st

from cookieguard import (
    CookieGuard,
    parse_set_cookie,
)

octets = st.text(st.characters(max_codepoint=255), max_size=80)
# Near misses find more than noise does.
cookieish = st.lists(
    st.sampled_from(
        [
            *("=", ";", " ", "\t", ",", '"', "ads", "_ga", "_ga_1", "session", "cookieguard", "1", "\xa0"),
            *("Max-Age=0", "Max-Age=", "Expires=", "Thu, 01 Jan 1970 00:00:00 GMT", "Path=/", "Domain="),
            *("\n", "\r", "\x00", "__Host-", "$Version=1", "+analytics:", "1.2026-11-22.", "."),
        ]
    ),
    max_size=12,
).map("".join)
hostile = octets | cookieish
EVERYTHING = lined(responding(*ALL))


def run(guard: CookieGuard, environ: dict[str, Any]) -> tuple[str, Headers, bytes]:
    server = Server()
    # The validator refuses a header with a control character in it.
    body: Any = validator(guard)(environ, server.start_response)
    try:
        content = b"".join(body)
    finally:
        body.close()
    return server.calls[-1][0], server.calls[-1][1], content


def stored(headers: Headers) -> set[str]:
    """Every name that some browser would store."""
    now = datetime.now(UTC)
    cookies = [parse_set_cookie(value) for name, value in headers if name.lower() == "set-cookie"]
    return {name for cookie in cookies if cookie and not cookie.deletes(now) for name in cookie.names}


@given(cookie=hostile)
@example(cookie="cookieguard=" + "1.2026-11-22.+analytics:AAAAAAAAAAA.AAAA")
@example(cookie="a=\xff")
@example(cookie="_ga_\n=1")
def test_any_cookie_header_is_no_consent(cookie: str) -> None:
    environ = an_environ(HTTP_COOKIE=cookie, HTTP_SEC_FETCH_MODE="navigate")
    status, headers, body = run(EVERYTHING, environ)

    assert (status, body) == ("200 OK", b"ok")
    assert stored(headers) == {"session"}


@given(value=hostile, scheme=st.sampled_from(["http", "https"]))
@example(value="1.2026-11-22.+analytics:AAAAAAAAAAA.AAAA", scheme="http")
@example(value="1", scheme="http")
def test_any_value_of_the_consent_cookie_is_no_consent(value: str, scheme: str) -> None:
    environ = an_environ(HTTP_COOKIE=f"cookieguard={value}; __Host-cookieguard={value}")
    environ["wsgi.url_scheme"] = scheme

    assert stored(run(EVERYTHING, environ)[1]) == {"session"}


@given(data=st.data())
def test_a_consent_with_any_byte_changed_is_none(data: st.DataObject) -> None:
    sealed = consent("analytics")
    place = data.draw(st.integers(len("cookieguard="), len(sealed) - 1))
    # The last letter of base64 holds bits that say nothing.
    put = data.draw(st.characters(max_codepoint=255, exclude_characters=sealed[place] + ";"))
    changed = sealed[:place] + put + sealed[place + 1 :]
    environ = an_environ(HTTP_COOKIE=changed)
    left = stored(run(EVERYTHING, environ)[1])

    assert left == {"session"} or place == len(sealed) - 1


@given(cookie=hostile)
@example(cookie="ads")
@example(cookie="=ads=1")
@example(cookie="session=1\nSet-Cookie: ads=1")
@example(cookie="ads=1; Max-Age=0; Max-Age=60")
@example(cookie="ads=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60")
def test_any_set_cookie_lets_no_refused_name_through(cookie: str) -> None:
    # Under no lint: a tab in an essential cookie's value is the app's, and stays.
    server = Server()
    guarded(responding(cookie))(an_environ(), server.start_response)
    headers = server.calls[0][1]

    assert stored(headers) <= {"session", "csrf", "cookieguard", "__Host-cookieguard"}
    assert not any("\n" in value or "\r" in value for _, value in headers)


@given(name=hostile, value=hostile)
@example(name="X-A", value="b\r\n Set-Cookie: ads=1")
@example(name="Set-Cookie: ads=1\n", value="")
def test_any_other_header_smuggles_no_cookie(name: str, value: str) -> None:
    server = Server()
    guarded(responding(headers=[(name, value)]))(an_environ(), server.start_response)
    left = dict(server.calls[0][1])
    lines = [f"{key}: {text}" for key, text in left.items()]

    assert not any(
        line.lower().lstrip(" \t").startswith("set-cookie")
        for joined in lines
        for line in split_lines(joined)
    )


def split_lines(text: str) -> list[str]:
    return text.replace("\r", "\n").split("\n")


@given(host=hostile, cookie=st.sampled_from(["ads=1", "_ga_x=1", ""]), gpc=hostile, https=st.booleans())
@example(host=f"{HOST}; Max-Age=999999", cookie="ads=1", gpc="1", https=False)
# A folded header comes into wsgiref's environ with its line end.
@example(host="a.b\r\n Set-Cookie: x=1", cookie="ads=1", gpc="1", https=False)
@example(host="[", cookie="ads=1", gpc="1", https=True)
@example(host=":", cookie="ads=1", gpc="1", https=True)
def test_any_host_and_signal(host: str, cookie: str, gpc: str, https: bool) -> None:
    environ = an_environ(HTTP_HOST=host, HTTP_SEC_GPC=gpc, HTTP_COOKIE=cookie, HTTP_SEC_FETCH_MODE="navigate")
    environ["wsgi.url_scheme"] = "https" if https else "http"
    _, headers, body = run(EVERYTHING, environ)

    assert body == b"ok"
    assert stored(headers) == {"session"}


@given(path=octets, raw=octets, query=octets, language=octets, accept=octets)
@example(path="", raw="", query="lang=%ff&lang=\xff", language=";q=", accept="*/*;q=nan")
def test_any_path_and_query(path: str, raw: str, query: str, language: str, accept: str) -> None:
    for prefix in ("/", f"{MOUNT}/", f"{MOUNT}?", "/.well-known/gpc.json"):
        place, question, rest = prefix.partition("?")
        environ = an_environ(
            PATH_INFO=place if question else place + path,
            QUERY_STRING=rest + query,
            REQUEST_URI=raw,
            HTTP_ACCEPT_LANGUAGE=language,
            HTTP_ACCEPT=accept,
        )
        status, headers, _ = run(EVERYTHING, environ)

        assert status[:3] in ("200", "303", "404")
        assert stored(headers) <= {"session"}


@given(
    body=st.binary(max_size=200)
    | st.lists(
        st.sampled_from(["choice=all", "choice=some", "accept=analytics", "digest=analytics:", "&"])
    ).map(lambda parts: "&".join(parts).encode()),
    kind=st.sampled_from([FORM["Content-Type"], "application/json", "text/plain", ""]) | octets,
)
@example(body=b'{"accept": ["analytics"], "digests": {"analytics": 1}}', kind="application/json")
@example(body=b'{"accept": [["analytics"]]}', kind="application/json")
@example(body=b'{"accept": ["\\ud800"]}', kind="application/json")
@example(body=b"[" * 100_000, kind="application/json")
@example(body=b"1" * 5000, kind="application/json")
@example(body=b"a&" * 2000, kind=FORM["Content-Type"])
@example(body=b"choice=some&accept=%ff", kind=FORM["Content-Type"])
@example(body=b"choice=all", kind="application/x-www-form-urlencoded; charset=\xff")
def test_any_posted_body_grants_nothing(body: bytes, kind: str) -> None:
    environ = an_environ(
        REQUEST_METHOD="POST",
        PATH_INFO=MOUNT,
        HTTP_ORIGIN=OWN,
        CONTENT_TYPE=kind,
        CONTENT_LENGTH=str(len(body)),
    )
    environ["wsgi.input"] = io.BytesIO(body)
    status, headers, _ = run(EVERYTHING, environ)
    written = [value for name, value in headers if name == "Set-Cookie"]

    assert status[:3] in ("200", "303", "400", "409", "413", "415")
    assert not any(".+" in value or ".*" in value for value in written)
