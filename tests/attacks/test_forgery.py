"""Forms that another site sends in a visitor's name (CSRF): whatever they hold, nothing is decided.

Who counts as the site itself is also in tests/visitor/test_origin.py and tests/wsgi/test_guard.py (trap 36).
"""

from __future__ import annotations

import json

import pytest
from asking import OWN, ask, consent, lined, policy_of
from contract import HOST, MOUNT, responding

TOKENS = {category.id: category.token for category in policy_of().optional}
DIGESTS = "".join(f"&digest={id}:{token}" for id, token in TOKENS.items())
APP = lined(responding())
FORM = "application/x-www-form-urlencoded"
GRANT = ("grant", FORM, f"choice=all{DIGESTS}".encode())
BODIES = (
    GRANT,
    ("some", FORM, f"choice=some&accept=analytics{DIGESTS}".encode()),
    ("banner", FORM, f"choice=all&asked=analytics{DIGESTS}".encode()),
    ("refusal", FORM, b"choice=none"),
    ("withdrawal", FORM, b"choice=none&asked=analytics"),
    ("json", "application/json", json.dumps({"accept": ["analytics"], "digests": TOKENS}).encode()),
    ("no type", "", GRANT[2]),
)
# What a page of another site, or of a sibling, makes a browser send. None of them is the visitor.
STRANGERS = {
    "another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "a sibling": {"Sec-Fetch-Site": "same-site", "Origin": f"http://evil.{HOST}"},
    "a sibling of an old browser": {"Origin": f"http://evil.{HOST}"},
    "the parent": {"Origin": "http://example"},
    "the same host over http": {"Sec-Fetch-Site": "same-site", "Origin": f"https://{HOST}"},
    "another port": {"Sec-Fetch-Site": "same-site", "Origin": f"{OWN}:8080"},
    "a sandboxed frame": {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    "a data: page of an old browser": {"Origin": "null", "Referer": f"{OWN}/"},
    "a page without a Referer": {"Sec-Fetch-Site": "cross-site", "Referer": ""},
    "a bookmark": {"Sec-Fetch-Site": "none"},
    "a host that begins alike": {"Origin": f"{OWN}.evil.example"},
    "a host that ends alike": {"Origin": f"http://evil{HOST}"},
    "the host as a user": {"Origin": f"{OWN}@evil.example"},
    "the host in a path": {"Referer": f"https://evil.example/{OWN}"},
    "the host in a fragment": {"Referer": f"https://evil.example#{OWN}"},
    "a backslash": {"Referer": f"https://evil.example\\@{HOST}"},
    "two origins": {"Origin": f"{OWN}, https://evil.example"},
    "two origins, ours last": {"Origin": f"https://evil.example, {OWN}"},
    "two claims of Sec-Fetch-Site": {"Sec-Fetch-Site": "same-origin, cross-site", "Origin": OWN},
    "a claim in capitals": {"Sec-Fetch-Site": "Same-Origin"},
    "another host by X-Forwarded-Host": {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"},
    "another host by Forwarded": {"Origin": "http://evil.example", "Forwarded": "host=evil.example"},
    "a host with a final dot": {"Origin": f"{OWN}."},
    "a fullwidth letter": {"Origin": "http://\xef\xbd\x93hop.example"},
    "an extension": {"Origin": "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    "a file": {"Origin": "file://"},
}  # fmt: skip


@pytest.mark.parametrize(("kind", "body"), [pytest.param(*rest, id=id) for id, *rest in BODIES])
@pytest.mark.parametrize("sender", [pytest.param(each, id=id) for id, each in STRANGERS.items()])
def test_a_stranger_decides_nothing(sender: dict[str, str], kind: str, body: bytes) -> None:
    headers = {**sender, **({"Content-Type": kind} if kind else {})}
    answer = ask(APP, MOUNT, method="POST", headers=headers, body=body, cookie=consent("analytics"))

    assert answer.status == 403
    assert not answer.cookies


# What a form can be sent as, without asking the site first.
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param("text/plain", BODIES[5][2], id="JSON as text"),
        pytest.param("text/plain; application/json", BODIES[5][2], id="JSON in a parameter"),
        pytest.param("multipart/form-data; boundary=x", b"--x--", id="multipart"),
    ],
)
@pytest.mark.parametrize("sender", [{}, {"Origin": OWN}, {"Sec-Fetch-Site": "same-origin"}])
def test_other_types_are_read_by_nobody(sender: dict[str, str], kind: str, body: bytes) -> None:
    headers = {**sender, "Content-Type": kind}
    answer = ask(APP, MOUNT, method="POST", headers=headers, body=body)

    assert (answer.status, answer.cookies) == (415, [])


@pytest.mark.parametrize(
    ("kind", "body"), [pytest.param(*rest, id=id) for id, *rest in BODIES[:3] + BODIES[5:]]
)
def test_who_tells_nothing_grants_nothing(kind: str, body: bytes) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = ask(APP, MOUNT, method="POST", headers=headers, body=body)

    assert (answer.status, answer.cookies) == (403, [])


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("override", ["", "POST"])
def test_only_a_post_decides(method: str, override: str) -> None:
    # An image, a link or a prefetch of another site's is a GET.
    path = f"{MOUNT}?{GRANT[2].decode()}&saved&_method=POST"
    headers = {"Sec-Fetch-Site": "same-origin", **({"X-HTTP-Method-Override": override} if override else {})}
    bodies = {"body": GRANT[2]} if method in ("PUT", "PATCH") else {}
    answer = ask(APP, path, method=method, headers=headers, **bodies)

    assert answer.status in (200, 405)
    assert not answer.cookies


@pytest.mark.parametrize(
    "path", [f"{MOUNT}/", f"{MOUNT}/banner", f"{MOUNT}/dialog", f"{MOUNT}/policy", f"{MOUNT}/guard.js"]
)
def test_only_the_mount_is_posted_to(path: str) -> None:
    headers = {"Origin": OWN, "Content-Type": FORM}
    answer = ask(APP, path, method="POST", headers=headers, body=GRANT[2])

    assert (answer.status, answer.cookies) == (405, [])


def test_no_other_site_reads_what_was_decided() -> None:
    headers = {"Origin": "https://evil.example", "Accept": "application/json"}
    answer = ask(APP, MOUNT, headers=headers, cookie=consent("analytics"))

    assert answer.get("Access-Control-Allow-Origin") is None
    assert (answer.get("X-Content-Type-Options"), answer.get("Cache-Control")) == ("nosniff", "no-store")


def test_no_other_site_frames_the_buttons() -> None:
    for path in ("", "/policy", "/banner", "/dialog"):
        answer = ask(APP, MOUNT + path)
        assert "frame-ancestors 'none'" in (answer.get("Content-Security-Policy") or "")
        assert answer.get("X-Frame-Options") == "DENY"
