"""What users or libraries leave in a page: no name, class or prototype of theirs may blind, open or lead the browser guard.

Each row says what its script finds in a guarded page, and which providers were asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from browser.providers import Providers
from browser.test_gate import POLICY, A, Make, Row, S
from cookieguard import Policy

if TYPE_CHECKING:
    from conftest import Visitor

pytestmark = pytest.mark.browser

WAIT = "const wait = ms => new Promise(done => setTimeout(done, ms));"
ACCEPT = f"{WAIT} await cookieguard.accept().catch(() => 0); await wait(700);"
TYPED = (("Content-Security-Policy", "require-trusted-types-for 'script'; trusted-types cookieguard"),)
TOKENS = {category.id: category.token for category in Policy.from_dict(POLICY).optional}
# All that a form of ours holds, as anybody can read it there.
FORM = (
    "<form action=/search><input type=hidden name=choice value=all>"
    + "".join(f"<input type=hidden name=digest value={id}:{token}>" for id, token in TOKENS.items())
    + "<button id=next>Next page</button></form>"
)
FRAME = "const f = document.createElement('iframe'); f.srcdoc = '<script>document.cookie = `_ga=1; Path=/`</scr' + 'ipt>'; x.append(f);"
PRESS = f"{WAIT} addEventListener('submit', event => event.preventDefault()); next.click(); await wait(500);"


@dataclass(frozen=True)
class Planted:
    """`script` is a function's body; `asked` are the paths at the providers, None where that isn't the question."""

    body: str
    script: str
    found: object
    asked: list[str] | None = None
    headers: tuple[tuple[str, str], ...] = ()


def row(id: str, body: str, script: str, found: object, **given: Any) -> Any:
    return pytest.param(Planted(body, script, found, **given), id=id)


def named(name: str) -> str:
    """Two elements by whose name the document has a collection in place of its property."""
    return f'<img name="{name}" alt="">' * 2


ROWS = [
    *[
        row(f"a-form's-field-{name}", "<div id=x></div>", f"{WAIT} x.innerHTML = '<form><input name={name}></form>'; {FRAME} await wait(500); return document.cookie", "", asked=[])
        for name in ("matches", "querySelectorAll", "localName", "attributes")
    ],
    row("a-form's-fields-that-waits", '<form data-cookieguard="analytics"><input name=attributes></form>' + S, f"{ACCEPT} return log", ["a"]),
    *[row(f"a-form-of-class-{name}", f"<{tag} class={name}>{FORM}</{tag.partition(' ')[0]}>", f"{PRESS} return cookieguard.allows('analytics')", False, asked=[]) for tag, name in (("div", "cg-banner"), ("dialog open", "cg-dialog"))],
    *[row(f"banner-beside-{name}", named(name) + "<p id=x>", f"{WAIT} for (let i = 0; i < 50 && !x.closest('html').querySelector('.cg-banner'); i++) await wait(100); return x.closest('html').lastChild.className", "cg-banner") for name in ("documentElement", "head")],
    *[row(f"accepted-beside-{name}", named(name) + S, f"{ACCEPT} return log", ["a"]) for name in ("createComment", "createElement", "dispatchEvent", "activeElement", "links")],
    row("constructor-tag", "<div id=x></div>", "x.innerHTML = '<constructor a=b>'; return x.firstChild.localName", "constructor"),
    row("polluted-script", S, f"Object.prototype.src = 'data:text/javascript,log.push(1)'; {ACCEPT} delete Object.prototype.src; return log", ["a"]),
    row("polluted-frame", f"<iframe src='{A}/a.html'></iframe>", f"Object.prototype.src = 'javascript:parent.log.push(1)'; {ACCEPT} delete Object.prototype.src; return log", ["framed"]),
    row("array-for-trusted-html", "<div id=x></div>", f"{WAIT} try {{ x.innerHTML = ['<img src={A}/a.gif><img src=x onerror=log.push(1)>'] }} catch {{}} await wait(300); return log", [], asked=[], headers=TYPED),
    row("long-name-of-an-attribute", "", "const before = performance.now(); new DOMParser().parseFromString('<img ' + 'A'.repeat(32e3) + '>', 'text/html'); return performance.now() - before < 2e3", True),
    row("quote-in-an-unquoted-value", "", f"{WAIT} document.createElement('div').innerHTML = `<p alt=it's><img alt=it's src={A}/a.gif title='x'>`; await wait(400); return 1", 1, asked=[]),
    row("address-changed-before-send", "", f"{WAIT} const r = new XMLHttpRequest, u = new URL('{A}/a.json'); r.open('GET', u); u.host = location.host; r.send(); await wait(400); return 1", 1, asked=[]),
]  # fmt: skip


@pytest.mark.parametrize("planted", ROWS)
def test_nothing_planted_changes_what_is_decided(
    site: Make, anna: Visitor, providers: Providers, planted: Planted
) -> None:
    page = Row(planted.body, headers=planted.headers)
    shop = site(page.app, POLICY, https=True)
    # What the page itself breaks by it is its own.
    anna.watch.tolerate("")
    anna.page.goto(shop.url("/"), wait_until="load")

    assert anna.page.evaluate(f"async () => {{ {planted.script} }}") == planted.found
    if planted.asked is not None:
        assert [request.path for request in providers.requests] == planted.asked


def test_a_withdrawal_reloads_whatever_is_named(site: Make, anna: Visitor) -> None:
    page = Row(named("dispatchEvent"))
    shop = site(page.app, POLICY, https=True)
    anna.watch.tolerate("")
    anna.page.goto(shop.url("/"))
    anna.page.evaluate("cookieguard.accept()")
    anna.page.evaluate("window.before = 1; cookieguard.refuse()")

    anna.page.wait_for_function("window.before === undefined")
