"""One function a target: bytes in, and a law over what comes of them. An AssertionError is a finding.

Run over the corpus and its mutations by tests/fuzz/test_fuzz.py, and by atheris with `make fuzz`.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from contract import HOST, MOUNT, POLICY, SECRET

from cookieguard import Classifier, CookieGuard, Policy, PolicyError, parse_set_cookie
from cookieguard.consent.consent import Choice, Consent, Record
from cookieguard.consent.seal import Seal
from cookieguard.cookies.cookieheader import filter_cookie_header, split_cookie_header
from cookieguard.errors import Problem
from cookieguard.guard.memory import Memory
from cookieguard.guard.screen import recall, screen
from cookieguard.guard.verdict import Rules, Situation
from cookieguard.html.address import Gate
from cookieguard.html.loading import LOADING_NAMES
from cookieguard.html.page import Page, Plan, open_page
from cookieguard.html.prologue import read_prologue
from cookieguard.policy.model import CONSENT_COOKIES
from cookieguard.policy.pattern import Exact
from cookieguard.visitor.policy_page import render_document

DAY = date(2026, 11, 22)
NOW = 1795305600.0
SHOP = Policy.from_dict(POLICY)
RULES = Rules.of(SHOP)
SITUATION = Situation(HOST, False, "/", NOW)
UNDECIDED = Consent.of(None, SHOP, DAY)
ALLOWED = {"session", "csrf"}


def headers(data: bytes) -> None:
    """No refused name leaves, what leaves keeps its name and value, a memory changes no answer."""
    memory = Memory()
    lines = [("Set-Cookie", line.decode("latin-1")) for line in data.split(b"\n")[:8]]
    # Later it is recalled, by its key and then as a whole.
    for _ in range(3):
        outcome = recall(lines, memory, lambda: SITUATION.now)
        if outcome is None:
            leaving, outcome = screen(lines, RULES, UNDECIDED, SITUATION, memory)
        else:
            leaving = outcome.apply(lines)
        anew = screen(lines, RULES, UNDECIDED, SITUATION, Memory())
        assert leaving == anew.headers
        assert [verdict.action for verdict in outcome.verdicts] == [v.action for v in anew.outcome.verdicts]
    sent = [value for name, value in leaving if name == "Set-Cookie"]
    pairs = [line.partition(";")[0] for _, line in lines]
    for value in sent:
        cookie = parse_set_cookie(value)
        assert value.partition(";")[0] in pairs
        assert (
            cookie is not None
            and CONSENT_COOKIES[0] not in cookie.names
            and CONSENT_COOKIES[1] not in cookie.names
        )
        assert cookie.deletes(NOW) or {*cookie.judged_names} <= ALLOWED
    for _, line in lines:
        cookie = parse_set_cookie(line)
        more = parse_set_cookie(f"{line};x-unknown=1")
        if cookie is not None and {*cookie.judged_names} <= ALLOWED:
            assert line.partition(";")[0] in {value.partition(";")[0] for value in sent}
        # An attribute that nobody knows changes nothing.
        assert (cookie and (cookie.names, cookie.value)) == (more and (more.names, more.value))
    _cookie_header(data.decode("latin-1"))


def _cookie_header(header: str) -> None:
    def keep(name: str) -> bool:
        return not name.startswith(("_ga", "ads"))

    left = filter_cookie_header(header, keep)
    pairs = [*split_cookie_header(header)]
    if all(keep(name) for name, _ in pairs):
        assert left is header
    kept = [pair for pair in pairs if keep(pair[0])]
    assert [*split_cookie_header(left or "")] == kept
    assert left is None or filter_cookie_header(left, keep) is left


SUFFIXES = (".toml", ".json", ".yaml")
_FOLDER = tempfile.TemporaryDirectory(prefix="cookieguard-fuzz-")


def policies(data: bytes) -> None:
    """A policy loads, and can be shown and asked; or an error says where it is wrong and what to do."""
    suffix = SUFFIXES[data[0] % len(SUFFIXES)] if data else ".toml"
    file = Path(_FOLDER.name) / f"cookies{suffix}"
    file.write_bytes(data[1:])
    problems: Sequence[Problem] = ()
    try:
        policy = Policy.from_file(file)
    except PolicyError as error:
        problems = error.problems
    for problem in problems:
        assert problem.entry and problem.reason and problem.remedy and str(problem)
        assert problem.line is None or 1 <= problem.line <= data.count(b"\n") + data.count(b"\r") + 2
    if problems:
        assert any(problem.level == "error" for problem in problems)
        return
    again = Policy.from_file(file)
    assert {id: each.digest for id, each in policy.categories.items()} == {
        id: each.digest for id, each in again.categories.items()
    }
    classifier = Classifier(policy)
    for declaration in policy.declarations:
        if (
            isinstance(declaration.pattern, Exact)
            and declaration.kind == "cookie"
            and declaration.party == "first"
        ):
            assert classifier.classify(declaration.name).declared
    page = render_document(policy, policy.language, DAY)
    assert page.encode() and render_document(policy, policy.language, DAY, format="md").encode()
    guard = CookieGuard(_app, policy, secret_key=SECRET)
    status, sent, _ = _asked(
        guard, PATH_INFO=policy.guard.mount, HTTP_COOKIE="a=1; ads=2", HTTP_SEC_FETCH_MODE="navigate"
    )
    assert status == "200 OK"
    assert all(value.encode("latin-1").isascii() and value.isprintable() for _, value in sent)


SEAL = Seal(SECRET)


def seals(data: bytes) -> None:
    """Only what was sealed for this host is opened; with any bit changed it isn't."""
    text = data.decode("latin-1")
    opened = SEAL.loads(text, HOST)
    if opened is not None:
        assert SEAL.dumps(opened, HOST) == text or ".0" in text or "~0" in text
    record = _record(data)
    sealed = SEAL.dumps(record, HOST)
    assert SEAL.loads(sealed, HOST) == record
    assert SEAL.loads(sealed, f"www.{HOST}") is None and SEAL.loads(sealed, "") is None
    place, bit = int.from_bytes(data[:2], "big") % len(sealed), 1 << (len(data) % 8)
    flipped = sealed[:place] + chr(ord(sealed[place]) ^ bit) + sealed[place + 1 :]
    assert SEAL.loads(flipped, HOST) is None
    for other in (
        sealed + text[:3],
        text[:3] + sealed,
        sealed[:place] + text[:9] + sealed[place:],
        sealed[:place],
    ):
        assert other == sealed or SEAL.loads(other, HOST) is None


def _record(data: bytes) -> Record:
    ids = ("analytics", "marketing", "functional", "a", "z" * 32)
    choices = []
    for index, id in enumerate(ids[: data[0] % 6 if data else 0]):
        byte = data[(index + 1) % len(data)]
        token = f"{byte:x}{index}".rjust(11, "-_Az09"[byte % 6])
        accepted = bool(byte & 1)
        choices.append(Choice(id, accepted, token, accepted and bool(byte & 2), (byte * 31) % 9999))
    return Record(DAY - timedelta(len(data) % 3000), tuple(choices))


TAG, BAR = b"<script src=/cg-tag></script>", b"<noscript>cg-bar</noscript>"
PLAN = Plan(Gate.of(["held.example"]), True, "0" * 12, lambda lang, nonce: TAG, lambda lang: BAR)


def pages(data: bytes) -> None:
    """The same comes out whatever the chunks; nothing is changed but the tag, the bar, inert names."""
    kind, cuts, html = data[:1], data[1:5], data[5:]
    media = "application/xhtml+xml" if kind == b"x" else "text/html; charset=utf-8"
    whole, at_once = _through([html], media, None)
    sizes = [1 + cut % 37 for cut in cuts] or [1]
    chunks, at = [], 0
    while at < len(html):
        chunks.append(html[at : at + sizes[len(chunks) % len(sizes)]])
        at += len(chunks[-1])
    for pieces, length in ((chunks, None), ([html], len(html)), ([b"", html, b""], None)):
        page, out = _through(pieces, media, length)
        assert (page.kind, out) == (whole.kind, at_once)
        assert page.headers is not None
        said = [value for name, value in page.headers if name == "Content-Length"]
        assert said == ([] if length is None else [str(len(out))])
    rest = at_once
    if whole.kind == "page":
        prologue = read_prologue(html, ended=True, xml=kind == b"x")
        assert prologue is not None and rest[prologue.at : prologue.at + len(TAG)] == TAG
        rest = rest[: prologue.at] + rest[prologue.at + len(TAG) :]
        if kind != b"x":
            assert rest.endswith(BAR)
            rest = rest.removesuffix(BAR)
    assert len(rest) == len(html)
    if rest != html:
        _only_renamed(html, rest)


def _through(pieces: list[bytes], media: str, length: int | None) -> tuple[Page, bytes]:
    given = [("Content-Type", media), *([] if length is None else [("Content-Length", str(length))])]
    page = open_page("200 OK", given, "GET", PLAN)
    assert isinstance(page, Page)
    out = b"".join(step for piece in pieces for step in page.steps(piece))
    return page, out + page.finish()


_INERT = {inert.encode(): name.encode() for inert, name in LOADING_NAMES.items()}


def _only_renamed(before: bytes, after: bytes) -> None:
    at = 0
    while at < len(after):
        if before[at] == after[at]:
            at += 1
            continue
        # The first letters may be the same.
        starts = range(max(0, at - 24), at + 1)
        found = [
            start + len(inert)
            for start in starts
            for inert, name in _INERT.items()
            if after[start : start + len(inert)].lower() == inert
            and before[start : start + len(name)].lower() == name
            and start + len(inert) > at
        ]
        assert found, (before[at - 20 : at + 20], after[at - 20 : at + 20])
        at = max(found)


TYPES = (
    "application/x-www-form-urlencoded",
    "application/json",
    "",
    "text/plain",
    "multipart/form-data; boundary=x",
)
SENDERS: tuple[dict[str, str], ...] = (
    {"HTTP_ORIGIN": f"http://{HOST}"},
    {"HTTP_SEC_FETCH_SITE": "same-origin"},
    {},
    {"HTTP_ORIGIN": "https://evil.example"},
    {"HTTP_SEC_FETCH_SITE": "same-site", "HTTP_ORIGIN": f"http://{HOST}"},
)
TOKENS = {category.id: category.token.encode() for category in SHOP.optional}


def _app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


GUARD = CookieGuard(_app, SHOP, secret_key=SECRET, clock=lambda: NOW)


def _asked(guard: CookieGuard, **fields: Any) -> tuple[str, list[tuple[str, str]], bytes]:
    calls: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": HOST, "SERVER_PORT": "80",
        "HTTP_HOST": HOST, "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), **fields,
    }  # fmt: skip
    body = b"".join(guard(environ, lambda *given: calls.append(given) or (lambda data: None)))
    return calls[-1][0], calls[-1][1], body


def forms(data: bytes) -> None:
    """Any form is answered; nothing is granted but by the site's own page, under today's digest."""
    kind, sender, rest = data[:1] or b"\0", data[1:2] or b"\0", data[2:]
    query, _, body = rest.rpartition(b"\0")
    foreign = sender[0] % len(SENDERS) > 2
    status, sent, text = _asked(
        GUARD, REQUEST_METHOD="POST", PATH_INFO=MOUNT, QUERY_STRING=query.decode("latin-1"), CONTENT_TYPE=TYPES[kind[0] % len(TYPES)],
        CONTENT_LENGTH=str(len(body)), **{"wsgi.input": io.BytesIO(body)}, **SENDERS[sender[0] % len(SENDERS)],
    )  # fmt: skip
    assert status[:3] in ("200", "303", "400", "403", "409", "413", "415"), status
    assert not foreign or status[:3] == "403"
    written = [value for name, value in sent if name == "Set-Cookie"]
    assert len(written) <= 1 and (not written or status[:3] in ("200", "303", "409"))
    for id, token in TOKENS.items():
        if written and (f".+{id}:" in written[0] or f".*{id}:" in written[0]):
            assert not foreign and sender[0] % len(SENDERS) != 2
            assert token in unquote_to_bytes(body) or token in _said_in_json(body)
    for name, value in sent:
        assert value.isascii() and value.isprintable(), (name, value)
        if name == "Location":
            assert value.startswith("/") and not value.startswith("//") and "\\" not in value
    if ("Content-Type", "application/json") in sent:
        json.loads(text)


def _said_in_json(body: bytes) -> bytes:
    try:
        return json.dumps(json.loads(body)).encode()
    except (ValueError, RecursionError):
        return b""


HARNESSES: dict[str, Callable[[bytes], None]] = {
    "headers": headers,
    "policies": policies,
    "seals": seals,
    "pages": pages,
    "forms": forms,
}
CORPUS = Path(__file__).parent / "corpus"


def seeds(target: str) -> list[bytes]:
    """What a target's fuzzing begins with."""
    return [file.read_bytes() for file in sorted((CORPUS / target).iterdir())]
