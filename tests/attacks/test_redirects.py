"""Open redirects: wherever `next` wants to lead, the visitor stays on the site.

What counts as a local path is also in tests/visitor/test_origin.py. Here each target goes through the
whole app, and where it leads is told as browsers read addresses (https://url.spec.whatwg.org/).
"""

from __future__ import annotations

import io
import re
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from asking import FORM, Server, an_environ, ask, lined
from contract import MOUNT, responding
from hypothesis import example, given
from hypothesis import strategies as st

APP = lined(responding())
EVIL = "evil.example"
_SPECIAL = re.compile(r"(https?|wss?|ftp|file):", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def leads_away(location: str) -> bool:
    """Tell whether a browser on the site follows an address to elsewhere.

    4.4: "Remove any leading and trailing C0 control or space from input", "Remove all ASCII tab or
    newline from input"; in special schemes `\\` is `/`.
    """
    address = re.sub(r"[\t\n\r]", "", location.strip("".join(map(chr, range(0x21)))))
    flat = address.replace("\\", "/")
    if special := _SPECIAL.match(flat):
        # Of the base's own scheme without slashes it is relative; nobody should rely on it.
        return bool(special)
    return bool(_OTHER_SCHEME.match(address)) or flat.startswith("//")


TARGETS = [
    EVIL, f"http://{EVIL}", f"https://{EVIL}/", f"HTTPS://{EVIL}", f"//{EVIL}", f"///{EVIL}", f"////{EVIL}",
    f"/\\{EVIL}", f"\\/{EVIL}", f"\\\\{EVIL}", f"\\{EVIL}", f"/\\/{EVIL}", f"/\\\\{EVIL}", f"//\\{EVIL}",
    f"/\t/{EVIL}", f"/\n/{EVIL}", f"/\r/{EVIL}", f"/\r\n/{EVIL}", f"\t//{EVIL}", f"\t/\t/{EVIL}", f"/\t\\{EVIL}",
    f" //{EVIL}", f"\x00//{EVIL}", f"\x01//{EVIL}", f"\x0b//{EVIL}", f"\x0c//{EVIL}", f"\x1f//{EVIL}",
    f"\x7f//{EVIL}", f"\xa0//{EVIL}", f"\x85//{EVIL}", f"\ufeff//{EVIL}", f"\u200b//{EVIL}", f"\u2028//{EVIL}",
    f"\u3000//{EVIL}", f"/\u200b/{EVIL}", f"/\xad/{EVIL}", f"/\uff0f{EVIL}", f"\uff0f\uff0f{EVIL}",
    f"/\u2215{EVIL}", f"/\u2044{EVIL}", f"/\u29f8{EVIL}", f"/\uff3c{EVIL}", f"//{EVIL[:4]}\u3002example",
    f"http:{EVIL}", f"http:/{EVIL}", f"http:///{EVIL}", f"http:\\\\{EVIL}", f"http:\\{EVIL}", f"ht\ntp://{EVIL}",
    f"h\tttps://{EVIL}", f"https:///{EVIL}/", f"//user@{EVIL}", f"//shop.example@{EVIL}", f"//shop.example:80@{EVIL}",
    f"http://shop.example@{EVIL}", f"http://shop.example\\@{EVIL}", f"http://{EVIL}#@shop.example",
    f"http://{EVIL}?@shop.example", f"http://{EVIL}\\.shop.example", f"//{EVIL}%2fshop.example", f"//{EVIL}%00.shop.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "\x01javascript:alert(1)", " javascript:alert(1)",
    "javascript\t:alert(1)", "javascript://shop.example/%0aalert(1)", "data:text/html,<script>alert(1)</script>",
    "vbscript:x", "blob:x", "about:blank", "view-source:x", "mailto:a@b", "tel:1", "intent:x", "ms-word:x", "x:y",
    f"file://{EVIL}/x", f"ftp://{EVIL}", f"wss://{EVIL}", "//[::1]", "//127.1", "//0x7f000001", "//2130706433",
    f"?next=//{EVIL}", f"#//{EVIL}", "..", "../..//x", "./x", "x/y", "", " ", ".", "~", "*", ";", "@", ":", "::",
    f"/ /{EVIL}", f"/\x00/{EVIL}", f"/x\nLocation: //{EVIL}", "/x\r\n\r\n<script>", "/x\r\nSet-Cookie: ads=1",
    "/caf\xe9", "/\ud7ff", "/a b", f"/{EVIL}\\..\\..", "/\\", "\\", "//", "///", "/\\/", "http://", "https:",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=ascii)
def test_no_form_leads_away(target: str) -> None:
    body = urlencode({"choice": "none", "next": target.encode("utf-8", "surrogatepass")}).encode()
    answer = ask(APP, MOUNT, method="POST", headers=FORM, body=body)

    assert (answer.status, answer.get("Location")) == (303, f"{MOUNT}?saved")


@pytest.mark.parametrize(
    ("query", "kept"),
    [("lang=en", "&lang=en"), (f"lang=//{EVIL}", ""), ("lang=%0d%0aLocation:x", ""), (f"next=//{EVIL}", "")],
)
def test_no_query_leads_away(query: str, kept: str) -> None:
    answer = ask(APP, f"{MOUNT}?{query}", method="POST", headers=FORM, body=b"choice=none")

    assert answer.get("Location") == f"{MOUNT}?saved{kept}"


@pytest.mark.parametrize(
    "target", ["/", "/a/b?c=//d#e", "/.//x", "/x//y", "/:80", "/@evil.example", "/%2F/x", "/\"a='b"]
)
def test_a_local_path_is_followed(target: str) -> None:
    body = urlencode({"choice": "none", "next": target}).encode()
    answer = ask(APP, MOUNT, method="POST", headers=FORM, body=body)

    assert answer.get("Location") == target and not leads_away(target)


@pytest.mark.parametrize("target", TARGETS, ids=ascii)
def test_no_link_leads_away(target: str) -> None:
    page = ask(APP, f"{MOUNT}?next={quote(target.encode('utf-8', 'surrogatepass'))}").body.decode()
    links = map(unescape, re.findall(r'(?:href|action|src)="([^"]*)"', page))
    hidden = [unescape(value) for value in re.findall(r'name="next" value="([^"]*)"', page)]

    assert not [link for link in (*links, *hidden) if leads_away(link)]
    assert "javascript:" not in page.lower()


@given(st.text(st.sampled_from("/\\\t\r\n .:@?#%;hjtpsx\x00\x7f\xa0\u2028"), max_size=12), st.booleans())
@example("/.//evil.example", False)
@example("/..//evil.example", False)
@example("/%09/evil.example", False)
def test_nothing_made_of_such_pieces_leads_away(pieces: str, slash: bool) -> None:
    body = urlencode({"choice": "none", "next": ("/" if slash else "") + pieces + EVIL}).encode()
    answer = ask(APP, MOUNT, method="POST", headers=FORM, body=body)

    assert answer.status == 303 and not leads_away(answer.get("Location") or "")


@pytest.mark.parametrize(
    "root", ["//evil.example", "/\\evil.example", "///evil.example//", "/\t/evil.example", "\\\\evil.example"]
)
def test_no_script_name_leads_away(root: str) -> None:
    # Some servers take it from a header of the proxy in front.
    environ = {"SCRIPT_NAME": root}
    for method, path in (("GET", f"{MOUNT}/"), ("POST", MOUNT)):
        server = Server()
        sent = an_environ(
            REQUEST_METHOD=method, PATH_INFO=path, **environ, HTTP_ORIGIN=FORM["Origin"], CONTENT_LENGTH="11"
        )
        sent["wsgi.input"] = io.BytesIO(b"choice=none")
        b"".join(APP(sent, server.start_response))
        [location] = [value for name, value in server.calls[0][1] if name == "Location"]
        assert not leads_away(location) and location.startswith("/")
