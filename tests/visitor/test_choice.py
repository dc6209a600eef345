"""What was posted, read with a stranger's bytes in mind."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cookieguard import Policy
from cookieguard.visitor.choice import BadChoice, Posted, is_json, read_choice

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
POLICY = Policy.from_dict(
    {
        "cookies": [
            {"name": "sid", "category": "essential", "purpose": "P.", "lifetime": "session"},
            {"name": "stats", "category": "analytics", "purpose": "P.", "lifetime": "1 day"},
            {"name": "ads", "category": "marketing", "purpose": "P.", "lifetime": "1 day"},
        ]
    }
)
SHOWN = {id: POLICY.category(id).token for id in ("analytics", "marketing")}
OLD = dict.fromkeys(SHOWN, "x" * 11)


def form(choice: str | None, *accept: str, shown: dict[str, str] = SHOWN, **more: str) -> bytes:
    fields = [("accept", id) for id in accept] + [("digest", f"{id}:{token}") for id, token in shown.items()]
    return urlencode([*([("choice", choice)] if choice is not None else []), *fields, *more.items()]).encode()


def body(accept: Any, shown: Any = SHOWN) -> bytes:
    return json.dumps({"accept": accept, "digests": shown}).encode()


@pytest.mark.parametrize(
    ("data", "kind", "expected"),
    [
        pytest.param(form("all"), FORM, Posted(("analytics", "marketing")), id="all"),
        pytest.param(form("none"), FORM, Posted(()), id="none"),
        pytest.param(form("none", "analytics"), FORM, Posted(()), id="none-whatever-is-ticked"),
        pytest.param(form("some"), FORM, Posted(()), id="some-but-none"),
        pytest.param(form("some", "marketing"), FORM, Posted(("marketing",)), id="some"),
        pytest.param(form("some", "marketing", "marketing"), FORM, Posted(("marketing",)), id="twice"),
        pytest.param(form("some", "essential"), FORM, Posted(()), id="essential-goes-without-saying"),
        pytest.param(form("some", "marketing"), "", Posted(("marketing",)), id="no-content-type"),
        pytest.param(
            form("some", "marketing"), FORM.upper() + "; charset=utf-8", Posted(("marketing",)), id="case"
        ),
        pytest.param(form("all", shown=OLD), FORM, Posted((), ("analytics", "marketing")), id="all-stale"),
        pytest.param(form("all", shown={}), FORM, Posted((), ("analytics", "marketing")), id="no-digest"),
        pytest.param(
            form("all", shown={**SHOWN, "analytics": "x"}),
            FORM,
            Posted(("marketing",), ("analytics",)),
            id="one-stale",
        ),
        pytest.param(form("none", shown=OLD), FORM, Posted(()), id="a-refusal-is-never-stale"),
        pytest.param(form("none", next="/shop"), FORM, Posted((), next="/shop"), id="next"),
        pytest.param(body([]), JSON, Posted(()), id="json-none"),
        pytest.param(body(["analytics"]), JSON, Posted(("analytics",)), id="json"),
        pytest.param(
            body(["analytics"]), JSON + "; charset=utf-8", Posted(("analytics",)), id="json-with-charset"
        ),
        pytest.param(body(["analytics"], OLD), JSON, Posted((), ("analytics",)), id="json-stale"),
        pytest.param(
            b'{"accept":["analytics"]}', JSON, Posted((), ("analytics",)), id="json-without-digests"
        ),
        pytest.param(
            body(["analytics"], {"analytics": 1}), JSON, Posted((), ("analytics",)), id="json-odd-digest"
        ),
        pytest.param(b'{"accept":[]}', JSON, Posted(()), id="json-refusal-needs-no-digest"),
    ],
)
def test_read(data: bytes, kind: str, expected: Posted) -> None:
    assert read_choice(data, kind, POLICY) == expected


@pytest.mark.parametrize(
    ("data", "kind", "status", "message"),
    [
        pytest.param(None, FORM, 413, "64 KiB", id="too-large"),
        pytest.param(b"<x/>", "text/xml", 415, JSON, id="xml"),
        pytest.param(b"choice=all", "text/plain", 415, JSON, id="text-plain"),
        pytest.param(b"", "multipart/form-data; boundary=x", 415, FORM, id="multipart"),
        pytest.param(b"", FORM, 400, "choice must be", id="empty-form"),
        pytest.param(form(None, "analytics"), FORM, 400, "choice must be", id="no-choice"),
        pytest.param(form("maybe"), FORM, 400, "choice must be", id="odd-choice"),
        pytest.param(form("some", "statistics"), FORM, 400, "'statistics'", id="unknown-category"),
        pytest.param(b"&".join([b"a=b"] * 2000), FORM, 400, "too many", id="too-many-fields"),
        pytest.param(b"", JSON, 400, "isn't JSON", id="empty-json"),
        pytest.param(b"{", JSON, 400, "isn't JSON", id="broken-json"),
        pytest.param(b"\xff\xfe\xfd", JSON, 400, "isn't JSON", id="json-not-utf-8"),
        pytest.param(b"[" * 60000, JSON, 400, "isn't JSON", id="json-too-deep"),
        pytest.param(b"9" * 60000, JSON, 400, "isn't JSON", id="json-huge-number"),
        pytest.param(b'["analytics"]', JSON, 400, '{"accept":', id="json-list"),
        pytest.param(b"null", JSON, 400, '{"accept":', id="json-null"),
        pytest.param(b"{}", JSON, 400, '{"accept":', id="json-without-accept"),
        pytest.param(body("analytics"), JSON, 400, '{"accept":', id="accept-is-text"),
        pytest.param(body({"analytics": True}), JSON, 400, '{"accept":', id="accept-is-an-object"),
        pytest.param(body(["statistics"]), JSON, 400, "'statistics'", id="json-unknown-category"),
        pytest.param(body([None]), JSON, 400, "None", id="json-null-category"),
        pytest.param(body([["analytics"]]), JSON, 400, "analytics", id="json-nested"),
        pytest.param(body(["analytics"], []), JSON, 400, "digests", id="digests-are-a-list"),
        pytest.param(body(["analytics"], None), JSON, 400, "digests", id="digests-are-null"),
    ],
)
def test_refused(data: bytes | None, kind: str, status: int, message: str) -> None:
    with pytest.raises(BadChoice) as caught:
        read_choice(data, kind, POLICY)

    assert caught.value.status.startswith(f"{status} ")
    assert message in str(caught.value)


def test_an_unknown_category_is_told_which_there_are() -> None:
    with pytest.raises(BadChoice, match="essential, functional, analytics, marketing"):
        read_choice(form("some", "statistics"), FORM, POLICY)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(sorted(SHOWN)),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["accept", "digests", "analytics"]), inner)
    ),
)
bodies = st.one_of(
    st.binary(),
    st.builds(lambda *parts: b"&".join(parts), st.sampled_from([b"choice=some", b"choice=all"]), st.binary()),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.builds(lambda accept, shown: body(accept, shown), json_values, json_values),
)


@given(bodies, st.one_of(st.sampled_from([FORM, JSON, ""]), st.text(st.characters(max_codepoint=255))))
def test_any_bytes_are_read_or_refused(data: bytes, kind: str) -> None:
    try:
        posted = read_choice(data, kind, POLICY)
    except BadChoice as refused:
        status = refused.status[:3]
    else:
        status = "200"
        # Nothing is granted that didn't come with the wording shown.
        assert all(POLICY.category(id).token.encode() in data for id in posted.accepted)
        assert {*posted.accepted, *posted.stale} <= set(SHOWN)
    assert status in ("200", "400", "415")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (JSON, True),
        ("Application/JSON; charset=utf-8", True),
        ("application/json-seq", False),
        ("text/plain; application/json", False),
        ("", False),
    ],
)
def test_is_json(kind: str, expected: bool) -> None:
    assert is_json(kind) == expected


def test_what_a_form_did_not_show_is_left_open() -> None:
    policy = POLICY
    shown = policy.optional[0]
    body = f"choice=some&accept={shown.id}&digest={shown.id}:{shown.token}".encode()

    posted = read_choice(body, "application/x-www-form-urlencoded", policy)

    assert posted.accepted == (shown.id,)
    assert posted.unseen == tuple(category.id for category in policy.optional[1:])


def test_without_any_digest_a_refusal_refuses_everything() -> None:
    posted = read_choice(b"choice=some", "application/x-www-form-urlencoded", POLICY)

    assert (posted.accepted, posted.stale, posted.unseen) == ((), (), ())


@pytest.mark.parametrize(
    ("choice", "shown", "expected"),
    [
        pytest.param(
            "all",
            SHOWN,
            Posted(("analytics",), action="grant", asked=("analytics",)),
            id="accepts-what-was-asked",
        ),
        pytest.param(
            "all",
            OLD,
            Posted((), ("analytics",), action="grant", asked=("analytics",)),
            id="of-another-wording",
        ),
        pytest.param(
            "none",
            OLD,
            Posted((), action="withdraw", refused=("analytics",), asked=("analytics",)),
            id="refuses-it",
        ),
    ],
)
def test_a_banner_that_asks_about_some_touches_no_other(
    choice: str, shown: dict[str, str], expected: Posted
) -> None:
    posted = read_choice(form(choice, shown=shown, asked="analytics"), FORM, POLICY)

    assert posted == expected
    assert posted.accepts == (choice == "all")
