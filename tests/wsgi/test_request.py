"""What the guard changes of a request, so that pages come whole, readable and anew."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from typing import Any

import pytest
from asking import an_environ, ask
from contract import SECRET
from htmlapps import (
    FETCH,
    FRAGMENT,
    GET,
    GUARDED,
    GUARDED_FRAGMENT,
    HTML,
    PAGE,
    PLAIN,
    paged,
    paged_policy,
    run,
    sent,
    serving,
)

from cookieguard import CookieGuard
from cookieguard.enforcer import Enforcer
from cookieguard.visitor.plans import Plans

DATE = "Sun, 01 Nov 2026 00:00:00 GMT"


def version(**changes: Any) -> str:
    policy = paged_policy(**changes)
    enforcer = Enforcer(policy, secret_key=SECRET, override=None, clock=lambda: 0.0)
    return Plans(enforcer).of(policy, "").version


OURS = f'"1-cg{version()}"'
OLD = '"1-cg0123456789ab"'
WATCHED = ("Accept-Encoding", "Range", "If-Range", "If-None-Match", "If-Match", "If-Modified-Since")
FULL = {
    "Accept-Encoding": "gzip, br",
    "Range": "bytes=0-9",
    "If-Range": '"1"',
    "If-None-Match": '"1"',
    "If-Match": '"2"',
    "If-Modified-Since": DATE,
}


def reached(headers: dict[str, str], **changes: Any) -> dict[str, str]:
    """Return what of a request's watched headers reaches the app."""
    seen: dict[str, str] = {}

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for name in WATCHED:
            if (value := environ.get("HTTP_" + name.upper().replace("-", "_"))) is not None:
                seen[name] = value
        return serving()(environ, start_response)

    ask(paged(app, **changes), "/page", headers=headers)
    return seen


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        pytest.param(GET | FULL, {"Accept-Encoding": "identity", "If-Match": '"2"'}, id="navigation"),
        pytest.param(GET, {"Accept-Encoding": "identity"}, id="navigation with none of them"),
        pytest.param(FETCH | FULL, FULL, id="fetch"),
        pytest.param({"Accept": "image/*", **FULL}, FULL, id="image of an old browser"),
        pytest.param(
            {"Accept": "text/html", **FULL},
            {"Accept-Encoding": "identity", "If-Match": '"2"'},
            id="old browser's navigation",
        ),
        pytest.param(GET | {"If-None-Match": OURS}, {"If-None-Match": '"1"'}, id="a page of ours"),
        pytest.param(FETCH | {"If-None-Match": OURS}, {"If-None-Match": '"1"'}, id="fetched page of ours"),
        pytest.param(FETCH | {"If-None-Match": f"W/{OURS}"}, {"If-None-Match": 'W/"1"'}, id="weak"),
        pytest.param(FETCH | {"If-None-Match": OLD}, {}, id="of another policy"),
        pytest.param(
            FETCH | {"If-None-Match": OLD, "If-Modified-Since": DATE}, {}, id="nor by its date, where fetched"
        ),
        pytest.param(FETCH | {"If-None-Match": f'"2", {OURS}'}, {"If-None-Match": '"2", "1"'}, id="a list"),
        pytest.param(
            FETCH | {"Range": "bytes=5-", "If-Range": OURS}, {}, id="the rest of a page that we changed"
        ),
        pytest.param(FETCH | {"If-Match": OURS}, {"If-Match": '"1"'}, id="If-Match"),
        pytest.param(
            FETCH | {"If-Match": OLD}, {"If-Match": OLD}, id="If-Match of another policy still fails"
        ),
    ],
)
def test_what_reaches_the_app(headers: dict[str, str], left: dict[str, str]) -> None:
    expected = left | ({"Accept-Encoding": "identity"} if headers.get("Sec-Fetch-Mode") == "navigate" else {})

    assert reached(headers) == expected


@pytest.mark.parametrize(
    ("mode", "guard"),
    [
        pytest.param("report", {}, id="report"),
        pytest.param("off", {}, id="off"),
        pytest.param("enforce", {"exclude": ["/page"]}, id="excluded"),
        pytest.param("enforce", {"inject": False, "gate": "off"}, id="nothing to put in or hold"),
    ],
)
def test_nothing_is_changed_where_pages_are_left_alone(
    mode: str, guard: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", mode)
    given = GET | FULL | {"If-None-Match": OURS}

    assert reached(given, guard=guard) == {name: given[name] for name in WATCHED}


# Validators


def known(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer as a server with ETags does: 304 to who has the current one; /image is no page."""
    page = environ["PATH_INFO"] != "/image"
    tag = environ.get("HTTP_X_TAG", '"1"')
    validators = [("ETag", tag), ("Last-Modified", DATE), ("Cache-Control", "max-age=0")]
    if tag in environ.get("HTTP_IF_NONE_MATCH", "") or environ.get("HTTP_IF_MODIFIED_SINCE") == DATE:
        extra = [HTML] if environ.get("HTTP_X_TYPED") else []
        start_response("304 Not Modified", [*extra, *validators])
        return []
    start_response("200 OK", [HTML if page else ("Content-Type", "image/png"), *validators])
    return [PAGE]


@pytest.mark.parametrize("how", [GET, FETCH], ids=["navigation", "fetch"])
@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '""'])
@pytest.mark.parametrize("typed", [{}, {"X-Typed": "1"}], ids=["", "with a Content-Type"])
def test_trap_33_etag_round_trip(how: dict[str, str], tag: str, typed: dict[str, str]) -> None:
    app = paged(known)
    mine = how | {"X-Tag": tag} | typed
    first = ask(app, headers=mine)
    etag = first.get("ETag") or ""
    again, _ = run(app, **as_environ(mine | {"If-None-Match": etag, "If-Modified-Since": DATE}))

    assert (first.body, etag) == (GUARDED, f'{tag[:-1]}-cg{version()}"')
    assert first.get("Last-Modified") is None
    assert again.calls[0][0] == "304 Not Modified"
    # It takes the place of what the browser's copy has.
    assert dict(sent(again))["ETag"] == etag
    assert "Last-Modified" not in dict(sent(again))


def as_environ(headers: dict[str, str]) -> dict[str, str]:
    return {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}


@pytest.mark.parametrize("how", [GET, FETCH], ids=["navigation", "fetch"])
def test_trap_33_a_policy_change_makes_old_copies_stale(how: dict[str, str]) -> None:
    etag = ask(paged(known), headers=how).get("ETag") or ""
    changed = paged(known, providers={"ga": {"name": "GA", "hosts": ["other.example"]}})
    answer = ask(changed, headers=how | {"If-None-Match": etag, "If-Modified-Since": DATE})

    assert answer.status == 200
    assert answer.get("ETag") not in (None, etag)


@pytest.mark.parametrize("condition", [{"If-None-Match": '"1"'}, {"If-Modified-Since": DATE}], ids=repr)
def test_trap_33_a_copy_from_before_the_guard_is_stale(condition: dict[str, str]) -> None:
    answer = ask(paged(known), headers=GET | condition)

    assert (answer.status, answer.body) == (200, GUARDED)


@pytest.mark.parametrize("tag", ['"1"', 'W/"a-b"', '"x-cookie"'])
def test_trap_33_other_resources_validators_are_untouched(tag: str) -> None:
    app = paged(known)
    headers = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "X-Tag": tag}
    first = ask(app, "/image", headers=headers)
    again = ask(app, "/image", headers=headers | {"If-None-Match": tag})

    assert (first.get("ETag"), first.get("Last-Modified"), first.body) == (tag, DATE, PAGE)
    assert (again.status, again.get("ETag"), again.get("Last-Modified")) == (304, tag, DATE)


@pytest.mark.parametrize("tag", ["1", '"a b"', "W/1", '"'])
def test_trap_33_what_is_no_etag_is_left_out(tag: str) -> None:
    assert ask(paged(serving(PAGE, ("ETag", tag)))).get("ETag") is None


# Encodings and lengths


def length_of(app: CookieGuard, **environ: Any) -> tuple[str | None, bytes]:
    server, body = run(app, **environ)
    return dict(sent(server)).get("Content-Length"), body


@pytest.mark.parametrize(
    ("body", "left"),
    [
        pytest.param(PAGE, GUARDED, id="page"),
        pytest.param(FRAGMENT, GUARDED_FRAGMENT, id="fragment"),
        pytest.param(b"", b"", id="empty"),
        pytest.param(b"<", b"<", id="cut"),
    ],
)
@pytest.mark.parametrize("kind", ["text/html", "application/xhtml+xml"])
def test_content_length_is_right(body: bytes, left: bytes, kind: str) -> None:
    length, got = length_of(paged(serving(body, kind=("Content-Type", kind))))

    assert length == str(len(got))
    if kind == "text/html":
        assert got == left


@pytest.mark.parametrize("body", [PAGE, FRAGMENT], ids=["page", "fragment"])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_packed_html_is_unpacked_and_its_length_left_open(body: bytes, coding: str) -> None:
    packed = zlib.compress(body) if coding == "deflate" else gzip.compress(body)
    server, left = run(paged(serving(packed, ("Content-Encoding", coding), ("Vary", "Accept-Encoding"))))

    assert left == (GUARDED if body is PAGE else GUARDED_FRAGMENT)
    assert sent(server) == [HTML, ("Vary", "Accept-Encoding")]


def test_trap_33_head_has_no_length_but_the_tag_of_get() -> None:
    app = paged(serving(PAGE, ("ETag", '"1"')))
    got, head = (run(app, REQUEST_METHOD=method)[0] for method in ("GET", "HEAD"))

    assert dict(sent(head)) == {key: value for key, value in sent(got) if key != "Content-Length"}


def test_head_of_packed_html_speaks_of_what_get_brings() -> None:
    app = paged(serving(gzip.compress(PAGE), ("Content-Encoding", "gzip")))

    assert sent(run(app, REQUEST_METHOD="HEAD")[0]) == [HTML]


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br"])
def test_what_cant_be_unpacked_passes_unstored_and_is_counted(coding: str) -> None:
    app = paged(serving(b"\x0b\x02", ("Content-Encoding", coding), ("Cache-Control", "max-age=9")))
    server, body = run(app)

    assert body == b"\x0b\x02"
    assert dict(sent(server)) == {
        "Content-Type": HTML[1],
        "Content-Length": "2",
        "Content-Encoding": coding,
        "Cache-Control": "no-store",
    }
    assert app.enforcer.untouched == {"encoded": 1}


def test_partial_html_passes_and_is_counted() -> None:
    app = paged(serving(PAGE[:9], ("Content-Range", f"bytes 0-8/{len(PAGE)}"), status="206 Partial Content"))

    assert ask(app, headers=FETCH | {"Range": "bytes=0-8"}).body == PAGE[:9]
    assert app.enforcer.untouched == {"partial": 1}


def test_unreadable_html_passes_and_is_counted() -> None:
    page = PAGE.decode().encode("utf-16")
    said = paged(serving(page, kind=("Content-Type", "text/html; charset=utf-16")))
    unsaid = paged(serving(page, kind=("Content-Type", "text/html")))

    assert (run(said)[1], run(unsaid)[1]) == (page, page)
    assert said.enforcer.untouched == unsaid.enforcer.untouched == {"charset": 1}


def test_what_is_no_html_is_not_counted() -> None:
    app = paged(serving(PAGE, ("Content-Encoding", "br"), kind=PLAIN))
    run(app)

    assert app.enforcer.untouched == {}


def test_a_request_without_the_headers_stays_as_it_is() -> None:
    environ = an_environ(HTTP_SEC_FETCH_MODE="cors")
    before = dict(environ)
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append({key: value for key, value in environ.items() if not key.startswith("cookieguard.")})
        return serving()(environ, start_response)

    b"".join(paged(app)(environ, lambda *arguments: lambda data: None))

    assert seen == [before]
