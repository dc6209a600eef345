"""The browser guard's gate: whatever way a page loads what is a provider's, it waits, and then works.

Each row is loaded three times: without a guard, to see what it does; with another category accepted, and then
with its own; and with the choice already stored. What the page does in the end must always be the same.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from contract import SECRET

from browser.chromium import SITE
from browser.providers import RUN, Providers
from cookieguard.testing import consent_cookie

if TYPE_CHECKING:
    from conftest import Site, Visitor

pytestmark = pytest.mark.browser

Make = Callable[..., Any]
A = "https://www.google-analytics.com/run"
"""A host that waits for analytics,"""
B = "https://connect.facebook.net/run"
"""one that waits for marketing,"""
FREE = "https://www.googletagmanager.com/run"
"""and one that nobody declared."""
FREE_HOST = "www.googletagmanager.com"
POLICY: dict[str, Any] = {
    "site": {"name": "Fernhill Outdoor", "languages": ["en"]},
    "providers": {
        "stats": {"name": "Stats", "category": "analytics", "hosts": ["google-analytics.com"]},
        "ads": {"name": "Ads", "category": "marketing", "hosts": ["connect.facebook.net", "facebook.com"]},
    },
    "cookies": [
        {"name": "_ga", "category": "analytics", "provider": "stats", "purpose": "P.", "lifetime": "1 day"},
        {"name": "ads", "category": "marketing", "provider": "ads", "purpose": "P.", "lifetime": "1 day"},
        {"name": "kept", "category": "analytics", "purpose": "P.", "kind": "local-storage"},
        {"name": "kept_*", "category": "analytics", "purpose": "P.", "kind": "local-storage"},
        {"name": "brief", "category": "analytics", "purpose": "P.", "kind": "session-storage"},
    ],
}
SRI = "sha256-" + base64.b64encode(hashlib.sha256((RUN % "sri").encode()).digest()).decode()


QUIET, ANSWER, PATIENCE = 200, 2_000, 6_000
"""Milliseconds."""


@dataclass(frozen=True)
class Row:
    """A page. `script` stands at the end of its body, `late` runs after it was loaded, `own` is /own.js."""

    body: str = ""
    head: str = ""
    script: str = ""
    late: str = ""
    own: str = ""
    log: tuple[str, ...] | None = None
    """What a page that waited logs, where that isn't what it logs without a guard."""
    stored: tuple[str, ...] | None = None
    """The same for one where the choice is stored."""
    once: bool = True
    """Whether the number of requests is the same; a preload and its use may be one or two."""
    headers: tuple[tuple[str, str], ...] = ()
    https: bool = False
    tolerate: str = "^$"
    start: str = "<!doctype html>"

    @property
    def html(self) -> bytes:
        script = f"<script>{self.script}</script>" if self.script else ""
        return (
            f'{self.start}<html lang="en"><head><meta charset="utf-8"><title>Fernhill</title>'
            f'<link rel="icon" href="data:,">{self.head}</head><body><main>{self.body}</main>{script}'
        ).encode()

    def app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer with the page, and at /own.js with its script."""
        own = environ["PATH_INFO"] == "/own.js"
        kind = ("Content-Type", "text/javascript" if own else "text/html; charset=utf-8")
        start_response("200 OK", [kind, *self.headers])
        return [self.own.encode() if own else self.html]


# By the ids of their rows: what docs/browser.md says that the script can't do.
LIMITS = {
    "made-svg-image-baseVal": "the address of a detached SVG image, set through its property",
    "made-innerHTML-entity-colon": "named character references in mark-up that scripts write into a detached tree",
    "made-write-pieces": "a tag that document.write writes in pieces",
}


def known(id: str, *values: Any) -> Any:
    # Some are races, which the page may lose on a busy machine.
    marks = pytest.mark.xfail(reason=LIMITS[id], strict=False) if id in LIMITS else ()
    return pytest.param(*values, id=id, marks=marks)


def row(id: str, body: str = "", **given: Any) -> Any:
    return known(id, Row(body, **given))


def done(id: str, script: str, **given: Any) -> Any:
    """Make a row of what a page's script does while the page is read."""
    return row(f"made-{id}", "<div id=x></div>", script=script, **given)


@dataclass(frozen=True)
class Happened:
    asked: list[str]
    log: list[str]

    def like(self, other: Happened) -> bool:
        """Tell whether the same happened, in whatever order."""
        return (not self.asked or self.times == other.times) and sorted(map(str, self.log)) == sorted(
            map(str, other.log)
        )

    @property
    def times(self) -> Counter[str]:
        return Counter(self.asked)


def look(anna: Visitor, providers: Providers) -> Happened:
    log = anna.page.evaluate("log")
    return Happened([f"{request.host}{request.path}" for request in providers.requests], log)


def settle(anna: Visitor, providers: Providers, wanted: Happened | None = None) -> Happened:
    """Wait until nothing has happened for a while; for answers longer, and longest for what is wanted."""
    seen, still, waited = look(anna, providers), 0, 0
    while still < QUIET or (wanted and waited < PATIENCE and not wanted.like(seen)):
        anna.page.wait_for_timeout(50)
        before, seen = seen, look(anna, providers)
        awaits = anna.watch.unanswered and waited < ANSWER
        still = 0 if seen != before or awaits else still + 50
        waited += 50
    return seen


def load(
    row: Row, site: Site, anna: Visitor, providers: Providers, wanted: Happened | None = None
) -> Happened:
    providers.requests.clear()
    anna.page.goto(site.url("/"), wait_until="load")
    if row.late:
        anna.page.evaluate(f"() => {{ {row.late} }}")
    return settle(anna, providers, wanted)


def accept(anna: Visitor, providers: Providers, *categories: str, wanted: Happened | None = None) -> Happened:
    anna.page.evaluate("ids => cookieguard.accept(ids)", list(categories))
    return settle(anna, providers, wanted)


def store(anna: Visitor, site: Site, *accepted: str) -> None:
    """Give a visitor the choice, as if it had been made on an earlier day."""
    name, value = consent_cookie(site.policy, SECRET, accepted, host=SITE, https=site.scheme == "https")
    anna.context.add_cookies([{"name": name, "value": value, "url": site.url("/")}])


S = f'<script src="{A}/a.js"></script>'
PIC = f'<img src="{A}/a.gif">'
PARSED = [
    row("script", S),
    row("script-in-head", head=S),
    row("script-upper-case", f'<SCRIPT SRC="{A.upper().replace("/RUN", "/run")}/a.js"></SCRIPT>'),
    row("script-unquoted", f"<script src={A}/a.js></script>"),
    row("script-entities", f'<script src="{A.replace("/", "&#47;")}/a.js"></script>'),
    row("script-with-text", f'<script src="{A}/a.js">log.push("never")</script>'),
    row("script-twice-src", f'<script src="{A}/a.js" src="{A}/b.js"></script>'),
    row("script-free-then-held", f'<script src="{FREE}/a.js" src="{A}/b.js"></script>{S}', log=("a", "a")),
    row("script-async", f'<script async src="{A}/a.js"></script>'),
    row("script-defer", f'<script defer src="{A}/a.js"></script>'),
    row("script-module", f'<script type="module" src="{A}/a.mjs"></script>'),
    row("script-type", f'<script type="text/javascript" src="{A}/a.js"></script>'),
    row("script-type-empty", f'<script type="" src="{A}/a.js"></script>'),
    row("script-type-upper", f'<script type="TEXT/JavaScript" src="{A}/a.js"></script>'),
    row("script-language", f'<script language="javascript" src="{A}/a.js"></script>'),
    row("script-data-x", f'<script data-x="-x" src="{A}/a.js"></script>'),
    row("script-id-class", f'<script id="s" class="c" data-foo="1" src="{A}/a.js" onload="log.push(this.id+this.className+this.dataset.foo)"></script>'),
    row("script-onload", f'<script src="{A}/a.js" onload="log.push(\'load\')"></script>'),
    row("script-onerror", f'<script src="{A}/x.js" integrity="{SRI}" crossorigin onerror="log.push(\'error\')"></script>', tolerate="integrity"),
    row("script-integrity", f'<script src="{A}/sri.js" integrity="{SRI}" crossorigin="anonymous"></script>'),
    row("script-charset", f'<script src="{A}/a.js" charset="utf-8" referrerpolicy="no-referrer" fetchpriority="low"></script>'),
    row("script-data-src-of-its-own", f'<script data-src="mine" src="{A}/a.js" onload="log.push(this.dataset.src)"></script>'),
    row("script-data-type-of-its-own", f'<script data-type="mine" src="{A}/a.js" onload="log.push(this.dataset.type)"></script>'),
    row("script-svg-href", f'<svg><script href="{A}/a.js"></script></svg>'),
    row("script-svg-xlink", f'<svg><script xlink:href="{A}/a.js"></script></svg>'),
    row("script-nomodule", f'<script nomodule src="{A}/b.js"></script>{S}'),
    row("script-order", f'<script src="{A}/a.js?wait=.15"></script><script src="{A}/b.js"></script><script src="{A}/c.js"></script>'),
    row("script-order-defer", f'<script defer src="{A}/a.js?wait=.15"></script><script defer src="{A}/b.js"></script>'),
    row("script-order-module", f'<script type="module" src="{A}/a.js?wait=.15"></script><script type="module" src="{A}/b.js"></script>'),
    row("script-order-async", f'<script async src="{A}/a.js?wait=.15"></script><script src="{A}/b.js"></script>'),
    row("script-order-failing", f'<script src="{A}/x.js" integrity="{SRI}" crossorigin></script><script src="{A}/b.js"></script>', tolerate="integrity"),
    row("script-order-defer-last", f'<script defer src="{A}/a.js"></script><script src="{A}/b.js?wait=.15"></script>'),
    row("script-in-comment", f"<!-- {S} --><script>var x = '<script src={A}/b.js>'</script>{S}"),
    row("image", PIC),
    row("image-srcset", f'<img srcset="{A}/a.gif 1x, {A}/b.gif 2x">'),
    row("image-srcset-free-first", f'<img srcset="/own.gif 9x, {A}/b.gif 1x">'),
    row("image-src-and-srcset", f'<img src="{A}/a.gif" srcset="{A}/b.gif 1x">'),
    row("image-onload", f'<img src="{A}/a.gif" onload="log.push(\'load\')">'),
    row("image-lazy", f'<img loading="lazy" src="{A}/a.gif">'),
    row("image-element", f'<image src="{A}/a.gif">'),
    row("picture", f'<picture><source srcset="{A}/a.gif"><img src="{A}/b.gif"></picture>'),
    row("picture-free-fallback", f'<picture><source srcset="{A}/a.gif"><img src="data:,"></picture>'),
    row("video-poster", f'<video poster="{A}/a.gif"></video>'),
    row("video", f'<video preload="auto" src="{A}/a.gif"></video>', once=False),
    row("video-source", f'<video preload="auto"><source src="{A}/a.gif"></video>', once=False),
    row("video-track", f'<video preload="auto" src="data:," crossorigin><track default src="{A}/a.vtt"></video>'),
    row("audio", f'<audio preload="auto" src="{A}/a.gif"></audio>', once=False),
    row("embed", f'<embed type="image/svg+xml" src="{A}/a.svg">', once=False),
    row("object", f'<object type="image/svg+xml" data="{A}/a.svg"></object>', once=False),
    row("object-html", f'<object type="text/html" data="{A}/a.html"></object>', once=False),
    row("input-image", f'<input type="image" src="{A}/a.gif">'),
    row("input-image-upper", f'<INPUT src="{A}/a.gif" TYPE="IMAGE">'),
    row("svg-image", f'<svg><image href="{A}/a.gif"/></svg>'),
    row("svg-image-xlink", f'<svg><image xlink:href="{A}/a.gif"/></svg>'),
    row("body-background", f'</main><body background="{A}/a.gif">'),
    row("table-background", f'<table background="{A}/a.gif"><tr><td background="{A}/b.gif">x</table>'),
    row("stylesheet", head=f'<link rel="stylesheet" href="{A}/a.css">'),
    row("stylesheet-upper", head=f'<LINK HREF="{A}/a.css" REL="StyleSheet">'),
    row("stylesheet-in-body", f'<link rel="stylesheet" href="{A}/a.css" onload="log.push(\'load\')">'),
    row("stylesheet-alternate", head=f'<link rel="alternate stylesheet" title="t" href="{A}/a.css">'),
    row("stylesheet-media-trick", head=f'<link rel="stylesheet" media="print" href="{A}/a.css" onload="this.media=\'all\';log.push(\'css\')">'),
    row("preload-script", S, head=f'<link rel="preload" as="script" href="{A}/a.js">', once=False),
    row("preload-as-style-trick", head=f'<link rel="preload" as="style" href="{A}/a.css" onload="this.onload=null;this.rel=\'stylesheet\'">', once=False),
    row("preload-image", head=f'<link rel="preload" as="image" href="{A}/a.gif">'),
    row("preload-imagesrcset", head=f'<link rel="preload" as="image" imagesrcset="{A}/a.gif 1x">'),
    row("modulepreload", head=f'<link rel="modulepreload" href="{A}/a.mjs">'),
    row("prefetch", head=f'<link rel="prefetch" href="{A}/a.html">'),
    row("iframe", f'<iframe src="{A}/a.html"></iframe>'),
    row("iframe-attributes", f'<iframe sandbox="allow-scripts" allow="camera" title="t" src="{A}/a.html"></iframe>'),
    row("iframe-srcdoc-script", f"<iframe srcdoc='{S}'></iframe>"),
    row("iframe-srcdoc-image", f"<iframe srcdoc='{PIC}'></iframe>"),
    row("iframe-srcdoc-entities", f"<iframe srcdoc='&lt;script src=&quot;{A}/a.js&quot;>&lt;/script>'></iframe>"),
    row("iframe-srcdoc-requests", f"<iframe srcdoc=\"<script>new Image().src='{A}/a.gif';fetch('{A}/b.json',{{mode:'no-cors'}})</script>\"></iframe>"),
    row("base", S.replace(f"{A}/", ""), head=f'<base href="{A}/">'),
    row("base-and-image", PIC.replace(f"{A}/", ""), head=f'<base href="{A}/">'),
    row("protocol-relative", S.replace("https:", "")),
    row("backslashes", S.replace("//", "\\\\")),
    row("three-slashes", S.replace("https://", "///")),
    row("no-slashes", S.replace("https://", "https:")),
    row("one-slash", S.replace("https://", "https:/")),
    row("tab-inside", S.replace("goo", "go\to")),
    row("newline-inside", S.replace("https:", "ht\ntps:\n")),
    row("spaces-around", S.replace('src="', 'src=" ').replace('.js"', '.js  "')),
    row("host-upper-case", S.replace("google-analytics", "Google-ANALYTICS")),
    row("host-escaped", S.replace("google", "%67oogle")),
    row("host-full-width", S.replace("google", "ｇoogle")),
    row("port", S.replace(".com", ".com:443")),
    row("sub-domain", S.replace("www.", "a.b.")),
    row("quirks", S, start=""),
    row("free-host", f'<script src="{FREE}/a.js"></script>{S}', log=("a", "a")),
]  # fmt: skip

NEW = f"const s = document.createElement('script'); s.src = '{A}/a.js';"
MADE = [
    done("src", f"{NEW} document.head.append(s)"),
    done("src-after-insertion", f"const s = document.createElement('script'); document.head.append(s); s.src = '{A}/a.js'"),
    done("src-url-object", f"const s = document.createElement('script'); s.src = new URL('{A}/a.js'); document.head.append(s)"),
    done("src-setAttribute", f"const s = document.createElement('script'); s.setAttribute('src', '{A}/a.js'); document.head.append(s)"),
    done("src-setAttribute-upper", f"const s = document.createElement('script'); s.setAttribute('SRC', '{A}/a.js'); document.head.append(s)"),
    done("src-setAttributeNS", f"const s = document.createElement('script'); s.setAttributeNS(null, 'src', '{A}/a.js'); document.head.append(s)"),
    done("src-setAttributeNode", f"const s = document.createElement('script'), n = document.createAttribute('src'); n.value = '{A}/a.js'; s.setAttributeNode(n); document.head.append(s)"),
    done("src-toggleAttribute", f"const s = document.createElement('script'); s.toggleAttribute('async', true); s.src = '{A}/a.js'; document.head.append(s)"),
    done("createElementNS", f"const s = document.createElementNS('http://www.w3.org/1999/xhtml', 'script'); s.src = '{A}/a.js'; document.head.append(s)"),
    done("createElement-upper", f"const s = document.createElement('SCRIPT'); s.src = '{A}/a.js'; document.head.append(s)"),
    done("svg-script", f"const s = document.createElementNS('http://www.w3.org/2000/svg', 'script'); s.setAttribute('href', '{A}/a.js'); document.head.append(s)"),
    done("svg-script-xlink", f"const s = document.createElementNS('http://www.w3.org/2000/svg', 'script'); s.setAttributeNS('http://www.w3.org/1999/xlink', 'xlink:href', '{A}/a.js'); document.head.append(s)"),
    done("svg-image-baseVal", f"const v = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), s = document.createElementNS('http://www.w3.org/2000/svg', 'image'); v.append(s); x.append(v); s.href.baseVal = '{A}/a.gif'"),
    done("onload-property", f"{NEW} s.onload = () => log.push('load ' + s.src); document.head.append(s)"),
    done("onload-listener", f"{NEW} s.addEventListener('load', () => log.push('load')); document.head.append(s)"),
    done("onerror-property", f"const s = document.createElement('script'); s.integrity = '{SRI}'; s.crossOrigin = ''; s.onerror = () => log.push('error'); s.src = '{A}/x.js'; document.head.append(s)", tolerate="integrity"),
    done("integrity", f"const s = document.createElement('script'); s.src = '{A}/sri.js'; s.integrity = '{SRI}'; s.crossOrigin = 'anonymous'; document.head.append(s)"),
    done("async-false-order", f"for (const a of ['a.js?wait=.15', 'b.js']) {{ const s = document.createElement('script'); s.async = false; s.src = '{A}/' + a; document.head.append(s) }}"),
    done("module", f"const s = document.createElement('script'); s.type = 'module'; s.src = '{A}/a.mjs'; document.head.append(s)"),
    done("type-after", f"{NEW} s.type = 'text/javascript'; document.head.append(s)"),
    done("module-after-src", f"const s = document.createElement('script'); s.src = '{A}/a.mjs'; s.type = 'module'; document.head.append(s)"),
    done("insertBefore-first", f"{NEW} const f = document.getElementsByTagName('script')[0]; f.parentNode.insertBefore(s, f)"),
    done("replaceChild", f"{NEW} x.append(document.createElement('b')); x.replaceChild(s, x.firstChild)"),
    done("src-twice-free-last", f"const s = document.createElement('script'); s.src = '{A}/b.js'; s.src = '{FREE}/a.js'; document.head.append(s); {NEW.replace('const s', 'const t').replace('s.src', 't.src')} document.head.append(t)"),
    done("img-src-twice", f"const i = new Image; i.src = '{A}/a.gif'; i.src = '{A}/b.gif'", once=False),
    done("img-held-then-free", f"const i = new Image; i.src = '{A}/a.gif'; i.src = 'data:,'; {NEW} document.head.append(s)"),
    done("removed-and-inserted-again", f"{NEW} document.head.append(s); s.remove(); document.head.append(s)"),
    done("moved", f"{NEW} document.head.append(s); document.body.append(s); x.append(s)"),
    done("innerHTML", f"x.innerHTML = '<img src={A}/a.gif>'"),
    done("innerHTML-quoted", f"""x.innerHTML = '<p title="a>b"><img alt="x" src="{A}/a.gif?a=1&amp;b=2">'"""),
    done("innerHTML-upper", f"x.innerHTML = '<IMG SRC={A}/a.gif>'"),
    done("innerHTML-slash", f"x.innerHTML = '<img/src={A}/a.gif>'"),
    done("innerHTML-entities", f"x.innerHTML = '<img src={A.replace('/', '&#47;')}/a.gif>'"),
    row("made-beside-a-clobbered-base", '<img name="baseURI" alt=""><div id=x></div>', script=f"x.innerHTML = '<img src={A}/a.gif>'; {NEW} document.head.append(s)"),
    done("innerHTML-entities-hex", f"const d = document.createElement('div'); d.innerHTML = '<img src=\"{A.replace('/', '&#x2F;')}/a.gif\">'; setTimeout(() => x.append(d), 50)"),
    done("innerHTML-entities-open", f"const d = document.createElement('div'); d.innerHTML = '<img src=\"{A.replace('//', '&#X2f&#x2F')}/a.gif\">'; setTimeout(() => x.append(d), 50)"),
    done("innerHTML-entity-colon", "const d = document.createElement('div'); d.innerHTML = '<img src=https&colon;&sol;&sol;www.google-analytics.com/run/a.gif>'; setTimeout(() => x.append(d), 50)"),
    done("innerHTML-srcset", f"x.innerHTML = '<img srcset=\"{A}/a.gif 1x, {A}/b.gif 2x\">'"),
    done("innerHTML-script-never-runs", f"x.innerHTML = '<script src={A}/a.js></scr' + 'ipt>'; {NEW.replace('a.js', 'b.js')} document.head.append(s)"),
    done("innerHTML-script-recreated", f"x.innerHTML = '<script src={A}/a.js></scr' + 'ipt>'; const o = x.firstChild, s = document.createElement('script'); for (const a of o.attributes) s.setAttribute(a.name, a.value); o.replaceWith(s)"),
    done("innerHTML-iframe", f"x.innerHTML = '<iframe src={A}/a.html></iframe>'"),
    done("innerHTML-srcdoc", f"""x.innerHTML = "<iframe srcdoc='<img src={A}/a.gif>'></iframe>" """),
    done("innerHTML-picture", f"x.innerHTML = '<picture><source srcset={A}/a.gif><img></picture>'"),
    done("innerHTML-svg", f"x.innerHTML = '<svg><image href={A}/a.gif /></svg>'"),
    done("innerHTML-link", f"x.innerHTML = '<link rel=stylesheet href={A}/a.css>'"),
    done("innerHTML-input", f"x.innerHTML = '<input type=image src={A}/a.gif>'"),
    done("innerHTML-big", f"x.innerHTML = '<p>' + '<b>x</b>'.repeat(20000) + '<img src={A}/a.gif>'"),
    done("innerHTML-apostrophe-in-text", f"""x.innerHTML = "it's <img src={A}/a.gif> <b>" """),
    done("innerHTML-less-than", f"x.innerHTML = '1 < 2 <img src={A}/a.gif>'"),
    done("innerHTML-bad-quotes", f"""x.innerHTML = `<p title="><img src={A}/b.gif>"></p><b '><img src={A}/a.gif>`"""),
    done("outerHTML", f"x.outerHTML = '<img src={A}/a.gif>'"),
    done("insertAdjacentHTML", f"x.insertAdjacentHTML('beforeend', '<img src={A}/a.gif>')"),
    done("template", f"const t = document.createElement('template'); t.innerHTML = '<img src={A}/a.gif>'; x.append(t.content.cloneNode(true))"),
    row("template-parsed", f"<template id=t>{S}</template><div id=x></div>", script="x.append(t.content.cloneNode(true))"),
    row("template-parsed-adopted", f"<template id=t>{S}</template><div id=x></div>", script="x.append(t.content)"),
    row("template-parsed-imported", f"<template id=t>{S}{PIC}</template><div id=x></div>", script="x.append(document.importNode(t.content, true))"),
    done("fragment", f"x.append(document.createRange().createContextualFragment('<script src={A}/a.js></scr' + 'ipt>'))"),
    done("dom-parser", f"x.append(new DOMParser().parseFromString('<img src={A}/a.gif>', 'text/html').body.firstChild)"),
    done("dom-parser-xml", f"x.append(document.importNode(new DOMParser().parseFromString('<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"{A}/a.gif\"/></svg>', 'image/svg+xml').documentElement, true))"),
    done("implementation", f"const d = document.implementation.createHTMLDocument(''); d.body.innerHTML = '<img src={A}/a.gif>'; x.append(d.body.firstChild)"),
    done("implementation-append", f"const d = document.implementation.createHTMLDocument(''), i = d.createElement('img'); i.setAttribute('src', '{A}/a.gif'); x.append(document.adoptNode(i))"),
    done("setHTMLUnsafe", f"x.setHTMLUnsafe('<img src={A}/a.gif>')"),
    done("clone-made", f"{NEW} x.append(s.cloneNode())"),
    done("clone-made-with-onload", f"{NEW} x.append(s.cloneNode(true)); {NEW.replace('const s', 'const t').replace('s.src', 't.src').replace('a.js', 'b.js?wait=.3')} x.append(t)"),
    row("clone-image-parsed", PIC, script="document.body.append(document.querySelector('main img').cloneNode())", once=False),
    done("write", f"document.write('<script src={A}/a.js></scr' + 'ipt>')"),
    done("write-pieces", f"document.write('<scr'); document.write('ipt src={A}/a.js></scr'); document.write('ipt>')"),
    done("write-arguments", f"document.write('<img src={A}', '/a.gif>')"),
    done("writeln", f"document.writeln('<img src={A}/a.gif>')"),
    done("write-script-writing", f"document.write(`<script>document.write('<script src={A}/a.js></scr' + 'ipt>')</scr` + `ipt>`)"),
    done("write-protocol", "document.write(unescape('%3Cscript src=\"' + location.protocol + '//www.google-analytics.com/run/a.js\" type=\"text/javascript\"%3E%3C/script%3E'))"),
    done("shadow-root", f"x.attachShadow({{mode: 'open'}}).innerHTML = '<img src={A}/a.gif>'"),
    done("shadow-root-closed", f"x.attachShadow({{mode: 'closed'}}).innerHTML = '<img src={A}/a.gif>'"),
    done("shadow-root-script", f"{NEW} x.attachShadow({{mode: 'closed'}}).append(s)"),
    row("shadow-declarative", f"<div><template shadowrootmode=open>{S}{PIC}</template></div>"),
    done("custom-element", f"customElements.define('x-a', class extends HTMLElement {{ connectedCallback() {{ this.innerHTML = '<img src={A}/a.gif>' }} }}); x.append(document.createElement('x-a'))"),
    done("custom-element-of-image", f"customElements.define('x-i', class extends HTMLImageElement {{}}, {{extends: 'img'}}); const i = document.createElement('img', {{is: 'x-i'}}); i.src = '{A}/a.gif'"),
    done("frame-written", f"const f = document.createElement('iframe'); x.append(f); f.contentDocument.open(); f.contentDocument.write('<script src={A}/a.js></scr' + 'ipt>'); f.contentDocument.close()"),
    done("frame-filled", f"const f = document.createElement('iframe'); x.append(f); const s = f.contentDocument.createElement('script'); s.src = '{A}/a.js'; f.contentDocument.body.append(s)"),
    done("frame-innerHTML", f"const f = document.createElement('iframe'); x.append(f); f.contentDocument.body.innerHTML = '<img src={A}/a.gif>'"),
    done("frame-adopts", f"const f = document.createElement('iframe'); x.append(f); {NEW} f.contentDocument.body.append(s)"),
    done("frame-image", "const f = document.createElement('iframe'); x.append(f); new f.contentWindow.Image().src = '" + A + "/a.gif'"),
    done("frame-fetch", f"const f = document.createElement('iframe'); x.append(f); f.contentWindow.fetch('{A}/a.json')"),
    done("frame-removed", f"const f = document.createElement('iframe'); x.append(f); f.contentWindow; f.remove(); {NEW} document.head.append(s)"),
    row("made-frame-of-the-site-read-early", S, script="if (window == top) { const f = document.createElement('iframe'); f.src = '/frame'; document.body.append(f); f.contentWindow }"),
    done("xhr-twice", f"const r = new XMLHttpRequest; r.open('GET', '{A}/a.json'); r.send(); try {{ r.send() }} catch {{}} fetch('{A}/b.json').then(() => log.push('b'))"),
    done("frame-src", f"const f = document.createElement('iframe'); f.src = '{A}/a.html'; x.append(f)"),
    done("frame-srcdoc", f"const f = document.createElement('iframe'); f.srcdoc = '<script src={A}/a.js></scr' + 'ipt>'; x.append(f)"),
    done("image", f"new Image().src = '{A}/a.gif'"),
    done("image-sized", f"const i = new Image(1, 1); i.onload = () => log.push('load'); i.src = '{A}/a.gif'"),
    done("image-decode", f"const i = new Image; i.src = '{A}/a.gif'; i.decode && i.decode().then(() => log.push('decoded'), () => log.push('no'))", log=("no",)),
    done("image-srcset", f"const i = new Image; i.srcset = '{A}/a.gif 1x, {A}/b.gif 3x'"),
    done("image-currentSrc-late", f"const i = document.createElement('img'); x.append(i); i.setAttribute('srcset', '{A}/a.gif')"),
    done("audio-src", f"const a = new Audio; a.preload = 'auto'; a.src = '{A}/a.gif'", once=False),
    done("video-poster", f"const v = document.createElement('video'); v.poster = '{A}/a.gif'; x.append(v)"),
    done("source", f"const v = document.createElement('video'), s = document.createElement('source'); v.preload = 'auto'; s.src = '{A}/a.gif'; v.append(s); x.append(v)", once=False),
    done("object", f"const o = document.createElement('object'); o.type = 'text/html'; o.data = '{A}/a.html'; x.append(o)", once=False),
    done("embed", f"const o = document.createElement('embed'); o.type = 'text/html'; o.src = '{A}/a.html'; x.append(o)", once=False),
    done("input-type-after", f"const i = document.createElement('input'); i.src = '{A}/a.gif'; x.append(i); i.type = 'image'"),
    done("background", f"document.body.background = '{A}/a.gif'"),
    done("link", f"const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = '{A}/a.css'; document.head.append(l)"),
    done("link-rel-after", f"const l = document.createElement('link'); l.href = '{A}/a.css'; l.rel = 'stylesheet'; document.head.append(l)"),
    done("link-rel-after-insertion", f"const l = document.createElement('link'); l.href = '{A}/a.css'; document.head.append(l); l.rel = 'stylesheet'"),
    done("link-rel-other-then-stylesheet", f"const l = document.createElement('link'); l.rel = 'canonical'; l.href = '{A}/a.css'; document.head.append(l); l.rel = 'stylesheet'"),
    done("link-relList", f"const l = document.createElement('link'); l.relList.add('stylesheet'); l.href = '{A}/a.css'; document.head.append(l)"),
    done("link-as-preload", f"const l = document.createElement('link'); l.rel = 'preload'; l.as = 'script'; l.href = '{A}/a.js'; document.head.append(l)"),
    done("fetch", f"fetch('{A}/a.json').then(a => a.json()).then(j => log.push('got ' + j.played))"),
    done("fetch-url", f"fetch(new URL('{A}/a.json')).then(a => a.json()).then(j => log.push('got ' + j.played))"),
    done("fetch-request", f"fetch(new Request('{A}/a.json', {{method: 'POST', body: 'x'}})).then(a => a.json()).then(j => log.push('got ' + j.played))"),
    done("fetch-stringified", f"fetch({{toString: () => '{A}/a.json'}}).then(a => a.json()).then(j => log.push('got ' + j.played))"),
    done("fetch-relative", "fetch('/own.js').then(a => a.text()).then(() => log.push('own')); " + NEW + " document.head.append(s)", log=("own", "a")),
    done("fetch-keepalive", f"fetch('{A}/a.json', {{method: 'POST', body: 'x', keepalive: true, mode: 'no-cors'}})"),
    done("fetch-of-nothing", f"fetch().catch(e => log.push(e.name)); {NEW} document.head.append(s)"),
    done("prefetch-late", f"const l = document.createElement('link'); l.rel = 'prefetch'; l.href = '{A}/a.html'; document.head.append(l)"),
    done("xhr", f"const r = new XMLHttpRequest; r.open('GET', '{A}/a.json'); r.onload = () => log.push('got ' + r.status); r.send()"),
    done("xhr-url", f"const r = new XMLHttpRequest; r.open('GET', new URL('{A}/a.json')); r.onload = () => log.push('got ' + r.status); r.send()"),
    done("xhr-post", f"const r = new XMLHttpRequest; r.open('POST', '{A}/a.json', true); r.setRequestHeader('Content-Type', 'text/plain'); r.responseType = 'json'; r.onloadend = () => log.push('got ' + r.response.played); r.send('x')"),
    done("observer-storm", f"const d = document.createElement('div'); for (let i = 0; i < 500; i++) d.append(document.createElement('p')); x.append(d); {NEW} d.append(s)"),
    done("src-by-descriptor", f"const s = document.createElement('script'); Object.getOwnPropertyDescriptor(HTMLScriptElement.prototype, 'src').set.call(s, '{A}/a.js'); document.head.append(s)"),
    done("src-by-reflect", f"const s = document.createElement('script'); Reflect.set(s, 'src', '{A}/a.js'); Object.assign(s, {{async: true}}); document.head.append(s)"),
    done("jquery-like", f"const s = document.createElement('script'); for (const [k, v] of Object.entries({{charset: 'utf-8', src: '{A}/a.js'}})) s[k] = v; s.onload = s.onreadystatechange = () => {{ log.push('load'); s.remove() }}; document.head.appendChild(s).parentNode"),
    done("jquery-eval", f"fetch('{A}/a.js').then(r => r.text()).then(t => {{ const s = document.createElement('script'); s.text = t; document.head.appendChild(s).remove() }})"),
]  # fmt: skip


@pytest.mark.parametrize("row", [*PARSED, *MADE])
def test_waits_and_then_works(site: Make, anna: Visitor, providers: Providers, row: Row) -> None:
    check(site, anna, providers, row)


def check(site: Make, anna: Visitor, providers: Providers, row: Row) -> None:
    free = site(row.app, guarded=False)
    shop = site(row.app, POLICY, https=row.https)
    anna.watch.tolerate(row.tolerate)
    plain = load(row, free, anna, providers)
    if "frame" in row.html.decode():
        anna.page.wait_for_timeout(500)
        plain = look(anna, providers)
    assert any(FREE_HOST not in asked for asked in plain.asked)

    store(anna, shop, "marketing")
    load(row, shop, anna, providers)
    assert providers.hosts <= {FREE_HOST}
    log, again = ([*(plain.log if said is None else said)] for said in (row.log, row.stored))
    given = accept(anna, providers, "analytics", wanted=Happened(plain.asked, log))
    stored = load(row, shop, anna, providers, Happened(plain.asked, again))

    for happened in (given, stored):
        assert (happened.times == plain.times) if row.once else set(happened.asked) == set(plain.asked)
    assert given.log == log
    assert sorted(stored.log) == sorted(again)


GATED = [
    row("gated-text", '<script type="text/plain" data-cookieguard="analytics">log.push("run")</script>', log=("run",)),
    row("gated-text-data-type", '<script type="text/plain" data-type="module" data-cookieguard="analytics">log.push("run" + document.currentScript)</script>', log=("runnull",)),
    row("gated-no-type-text-javascript", f'<script type="text/plain" data-type="text/javascript" data-cookieguard="analytics" src="{A}/a.js"></script>', log=("a",)),
    row("gated-src-of-free-host", f'<script type="text/plain" data-cookieguard="analytics" data-src="{FREE}/a.js"></script>', log=("a",)),
    row("gated-src-plain", f'<script type="text/plain" data-cookieguard="analytics" src="{FREE}/a.js"></script>', log=("a",)),
    row("gated-src-plain-held-host", f'<script type="text/plain" data-cookieguard="analytics" src="{A}/a.js"></script>', log=("a",)),
    row("gated-src-of-held-host", f'<script type="text/plain" data-cookieguard="analytics" data-src="{A}/a.js"></script>', log=("a",)),
    row("gated-own-src", '<script type="text/plain" data-cookieguard="analytics" data-src="/own.js"></script>', own="log.push('own')", log=("own",)),
    row("gated-iframe", f'<iframe data-cookieguard="analytics" data-src="{FREE}/a.html"></iframe>', log=("framed",)),
    row("gated-iframe-held-host", f'<iframe data-cookieguard="analytics" data-src="{A}/a.html"></iframe>', log=("framed",)),
    row("gated-image", f'<img data-cookieguard="analytics" data-src="{FREE}/a.gif" onload="log.push(1)">', log=(1,)),
    row("gated-image-srcset", f'<img data-cookieguard="analytics" data-srcset="{FREE}/a.gif" onload="log.push(1)">', log=(1,)),
    row("gated-two-categories", f'<script type="text/plain" data-cookieguard="analytics marketing" data-src="{FREE}/a.js"></script>', log=("a",)),
    row("gated-order", f'<script type="text/plain" data-cookieguard="analytics">log.push(1)</script><script src="{A}/a.js?wait=.15"></script><script type="text/plain" data-cookieguard="analytics">log.push(2)</script><script src="{A}/b.js"></script><script type="text/plain" data-cookieguard="analytics">log.push(3)</script>', log=(1, "a", 2, "b", 3)),
    row("gated-current-script", '<script type="text/plain" data-cookieguard="analytics" data-x="7" id="me">log.push(document.currentScript.id + document.currentScript.dataset.x)</script>', log=("me7",)),
    row("gated-inserted-late", "<div id=x></div>", late="x.append(Object.assign(document.createElement('script'), {type: 'text/plain', text: 'log.push(1)'})); x.firstChild.dataset.cookieguard = 'analytics'", log=(1,)),
    row("gated-inserted-whole", "<div id=x></div>", late="const s = document.createElement('script'); s.type = 'text/plain'; s.text = 'log.push(1)'; s.dataset.cookieguard = 'analytics'; x.append(s)", log=(1,)),
    row("gated-after-one-that-never-comes", f'<div id=x></div><script>x.innerHTML = "<script src={A}/b.js><\\/script>"</script><script type="text/plain" data-cookieguard="analytics">log.push(1)</script>{S}', log=(1, "a")),
    row("gated-writing", f'<p id=kept></p><script type="text/plain" data-cookieguard="analytics">document.write("<b id=one>1</b>"); document.write("<i><script>log.push(kept.nextSibling.nextSibling.id)<\\/script></i><script src={A}/a.js><\\/script>")</script>', log=("one", "a")),
    row("gated-beside-an-own-write", '<script>document.write = text => log.push(text)</script><script type="text/plain" data-cookieguard="analytics">log.push(1); setTimeout(() => document.write("own"), 0)</script>', log=(1, "own")),
    row("gated-in-shadow-root", '<div><template shadowrootmode=open><script type="text/plain" data-cookieguard="analytics">log.push(1)</script></template></div>', log=(1,)),
]  # fmt: skip


@pytest.mark.parametrize("row", GATED)
def test_what_the_page_itself_gates(site: Make, anna: Visitor, providers: Providers, row: Row) -> None:
    shop = site(row.app, POLICY)
    anna.watch.tolerate(row.tolerate)
    assert row.log
    store(anna, shop, "marketing")
    waits = load(row, shop, anna, providers)
    assert (waits.asked, waits.log) == ([], [])
    wanted = Happened([], [*row.log])
    given = accept(anna, providers, "analytics", wanted=wanted)
    stored = load(row, shop, anna, providers, wanted)

    assert given.log == list(row.log)
    assert sorted(map(str, stored.log)) == sorted(map(str, row.log))


NEVER = [
    row("never-unknown-category", f'<script type="text/plain" data-cookieguard="anlytics" data-src="{FREE}/a.js"></script>'),
    row("never-unknown-among-known", f'<script type="text/plain" data-cookieguard="analytics nope">{NEW} document.head.append(s)</script>'),
    row("never-planted-undeclared", f'<script _rc="{FREE}/a.js"></script><iframe _rc="{FREE}/a.html"></iframe><img _rcset="{FREE}/a.gif">'),
    row("never-planted-data-url", '<script _rc="data:text/javascript,log.push(1)"></script>'),
    row("never-planted-javascript-url", '<iframe _rc="javascript:top.log.push(1)"></iframe>'),
    row("never-planted-own-host", '<script _rc="/own.js"></script>', own="log.push(1)"),
    row("never-planted-javascript-of-declared", f'<iframe _rc="javascript:{A[6:]}/%0Atop.log.push(1)"></iframe>'),
    row("never-gated-javascript-url", '<iframe data-cookieguard="" data-src="javascript:top.log.push(1)"></iframe>'),
    row("never-gated-javascript-spelled", '<iframe data-cookieguard="analytics" data-src=" &#1;jAva&#10;script&#9;:top.log.push(1)"></iframe>'),
    row("never-gated-embed", '<embed data-cookieguard="analytics" data-src="javascript:top.log.push(1)">'),
    row("never-planted-srcdoc", '<iframe _rcdoc="<script>top.log.push(1)</script>"></iframe>'),
    row("never-script-plain", f'<script type="text/plain" src="{A}/a.js"></script>'),
    row("never-script-json", f'<script type="application/json" src="{A}/a.js"></script>'),
    row("never-script-module-none", f'<script nomodule src="{A}/a.js"></script>'),
    row("never-template", f"<template>{S}{PIC}</template>"),
    row("never-textarea", f"<textarea>{S}</textarea>"),
    row("never-noscript", f"<noscript>{PIC}</noscript>"),
    row("never-text", "<div id=x></div>", script=f"x.textContent = '<img src={A}/a.gif>'"),
    row("never-anchor", f'<a href="{A}/a.html">a</a><link rel="canonical" href="{A}/a.html"><link rel="alternate" href="{A}/a.html">'),
    row("never-gated-in-innerHTML", "<div id=x></div>", late="x.innerHTML = '<script type=text/plain data-cookieguard=analytics>log.push(1)</scr' + 'ipt>'"),
    row("never-made-script-in-innerHTML", "<div id=x></div>", script=f"x.innerHTML = '<script src={A}/a.js></scr' + 'ipt>'"),
]  # fmt: skip


@pytest.mark.parametrize("row", NEVER)
def test_what_never_runs(site: Make, anna: Visitor, providers: Providers, row: Row) -> None:
    shop = site(row.app, POLICY)
    anna.watch.tolerate(row.tolerate)

    load(row, shop, anna, providers)
    given = accept(anna, providers, "analytics", "marketing")
    stored = load(row, shop, anna, providers)

    assert (given.asked, given.log, stored.asked, stored.log) == ([], [], [], [])


WIDE = f"{A[:-4]} {B[:-4]} {FREE[:-4]}"
STRICT = f"default-src 'self' {WIDE}; img-src 'self' data: {WIDE}"
NONCE = "default-src 'self'; img-src * data:; script-src 'nonce-n0nce' 'strict-dynamic'; connect-src 'self'"
TYPED = "; require-trusted-types-for 'script'; trusted-types cookieguard"
POLICY_OF_ITS_OWN = "const p = trustedTypes.createPolicy('own', {createHTML: t => t, createScriptURL: t => t, createScript: t => t});"
N = S.replace("<script", '<script nonce="n0nce"')
OWN = '<div id=x></div><script nonce="n0nce" src="/own.js"></script>'


def under(id: str, csp: str, body: str, own: str = "", **given: Any) -> Any:
    return row(id, body, headers=(("Content-Security-Policy", csp),), own=own, https=True, **given)


CSP = [
    under("self", STRICT, S + PIC),
    under("self-made", STRICT, OWN, f"{NEW} document.head.append(s); x.innerHTML = '<img src={A}/a.gif>'"),
    under("nonce", NONCE, N + PIC),
    under("nonce-made", NONCE, OWN, f"{NEW} document.head.append(s)"),
    under("nonce-order", NONCE, N.replace("a.js", "a.js?wait=.15") + '<script nonce="n0nce">log.push("i")</script>' + N.replace("a.js", "b.js"), log=("i", "a", "b")),
    under("nonce-gated-text", NONCE, N + '<script nonce="n0nce" type="text/plain" data-cookieguard="analytics">log.push("t")</script>', log=("a", "t"), stored=("a", "t")),
    under("typed", NONCE + TYPED, N + PIC),
    under("typed-without-ours", NONCE + "; require-trusted-types-for 'script'; trusted-types own", PIC, tolerate="TrustedTypePolicy|Trusted Type|trusted-types"),
    under("typed-made", NONCE + TYPED + " own", OWN, POLICY_OF_ITS_OWN + f"const s = document.createElement('script'); s.src = p.createScriptURL('{A}/a.js'); document.head.append(s)"),
    under("typed-setAttribute", NONCE + TYPED + " own", OWN, POLICY_OF_ITS_OWN + f"const s = document.createElement('script'); s.setAttribute('src', p.createScriptURL('{A}/a.js')); document.head.append(s)"),
    under("typed-innerHTML", NONCE + TYPED + " own", OWN, POLICY_OF_ITS_OWN + f"x.innerHTML = p.createHTML('<img src={A}/a.gif>')"),
    under("typed-fragment", NONCE + TYPED + " own", OWN, POLICY_OF_ITS_OWN + f"x.append(document.createRange().createContextualFragment(p.createHTML('<img src={A}/a.gif>')))"),
    under("typed-srcdoc", NONCE + TYPED + " own", OWN, POLICY_OF_ITS_OWN + f"const f = document.createElement('iframe'); f.srcdoc = p.createHTML('<img src={A}/a.gif>'); x.append(f)"),
    under("typed-without-ours-made", NONCE + "; require-trusted-types-for 'script'; trusted-types own", OWN, POLICY_OF_ITS_OWN + f"const s = document.createElement('script'); s.src = p.createScriptURL('{A}/a.js'); document.head.append(s)", tolerate="TrustedTypePolicy|trusted-types"),
    under("typed-any-name", NONCE + "; require-trusted-types-for 'script'", N + PIC + OWN, POLICY_OF_ITS_OWN + f"x.innerHTML = p.createHTML('<img src={A}/b.gif>')"),
]  # fmt: skip


@pytest.mark.parametrize("row", CSP)
def test_strict_policies_of_the_page(site: Make, anna: Visitor, providers: Providers, row: Row) -> None:
    check(site, anna, providers, row)


def test_a_strict_policy_still_refuses_raw_text(site: Make, anna: Visitor) -> None:
    """Trusted Types must not be weaker with us: what a page may not set is not laundered."""
    page = Row(headers=(("Content-Security-Policy", NONCE + TYPED),))
    shop = site(page.app, POLICY, https=True)
    anna.watch.tolerate("TrustedHTML|TrustedScriptURL")
    anna.page.goto(shop.url("/"))
    tried = anna.page.evaluate(
        """html => {
          const s = document.createElement('script')
          return [() => document.body.innerHTML = html, () => s.src = html, () => s.setAttribute('src', html)]
            .map(go => { try { go(); return 'set' } catch (error) { return error.name } })
        }""",
        f"<img src={A}/a.gif>",
    )
    anna.page.wait_for_timeout(100)
    assert tried == ["TypeError"] * 3


def test_a_page_in_a_sandbox(site: Make, anna: Visitor, providers: Providers) -> None:
    """It has no cookies, and may not ask for them: nobody can consent there."""
    page = Row(
        S + PIC,
        headers=(("Content-Security-Policy", "sandbox allow-scripts"),),
        tolerate="sandbox|CORS|Failed",
    )
    shop = site(page.app, POLICY)
    anna.watch.tolerate(page.tolerate)
    anna.page.goto(shop.url("/"))
    anna.page.wait_for_timeout(300)
    assert providers.requests == []


LOST = [
    done("audio", f"try {{ new Audio('{A}/a.gif').load() }} catch (e) {{ log.push(e.name) }}", log=("SecurityError",), once=False),
    done("beacon", f"log.push(navigator.sendBeacon('{A}/a.json', 'x'))", log=(False,)),
    done("web-socket", f"try {{ new WebSocket('{A.replace('https', 'wss')}/a.json') }} catch (e) {{ log.push(e.name) }}", log=("SecurityError",), tolerate="WebSocket"),
    done("event-source", f"try {{ const e = new EventSource('{A}/a.sse'); e.onmessage = m => {{ log.push(m.data); e.close() }} }} catch (e) {{ log.push(e.name) }}", log=("SecurityError",)),
]  # fmt: skip


@pytest.mark.parametrize("row", LOST)
def test_what_cannot_wait_is_refused_and_works_later(
    site: Make, anna: Visitor, providers: Providers, row: Row
) -> None:
    free, shop = site(row.app, guarded=False), site(row.app, POLICY)
    anna.watch.tolerate(row.tolerate)
    plain = load(row, free, anna, providers)
    assert plain.asked

    waits = load(row, shop, anna, providers)
    assert (waits.asked, waits.log) == ([], list(row.log or ()))
    assert accept(anna, providers, "analytics").asked == []
    stored = load(row, shop, anna, providers, plain)
    assert ({*stored.asked}, stored.log) == ({*plain.asked}, plain.log)


FRAGMENT = f'<p>x<script async src="{A}/a.js"></script><img src="{A}/a.gif">'
# What libraries do with the scripts of mark-up that they fetch.
RECREATED = "for (const o of x.querySelectorAll('script')) { const s = document.createElement('script'); for (const a of o.attributes) s.setAttribute(a.name, a.value); o.replaceWith(s) }"
EVALUATED = "for (const o of x.querySelectorAll('script')) if (o.src) fetch(o.src).then(r => r.text()).then(t => { const s = document.createElement('script'); s.text = t; document.head.append(s) })"
# As morphing libraries compare, to leave alone what is the same.
MORPHED = "; const had = x.innerHTML, t = document.createElement('template'); t.innerHTML = text; if (t.innerHTML != had) x.innerHTML = had"


@pytest.mark.parametrize(
    "then",
    [
        pytest.param(RECREATED, id="recreated"),
        pytest.param(EVALUATED, id="evaluated"),
        pytest.param(RECREATED + MORPHED, id="morphed"),
    ],
)
def test_a_fetched_fragment_comes_as_without_a_guard_where_the_choice_is_stored(
    site: Make, anna: Visitor, providers: Providers, then: str
) -> None:
    page = Row(
        "<div id=x></div>",
        script=f"fetch('/fragment').then(a => a.text()).then(text => {{ x.innerHTML = text; {then} }})",
    )

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/fragment":
            return page.app(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [FRAGMENT.encode()]

    free, shop = site(app, guarded=False), site(app, POLICY)
    plain = load(page, free, anna, providers)
    assert plain.times == {"www.google-analytics.com/run/a.js": 1, "www.google-analytics.com/run/a.gif": 1}
    assert load(page, shop, anna, providers).asked == []
    store(anna, shop, "analytics")
    stored = load(page, shop, anna, providers, plain)

    assert (stored.times, stored.log) == (plain.times, plain.log)


def test_a_gate_of_the_pages_own_holds_in_fetched_mark_up_too(
    site: Make, anna: Visitor, providers: Providers
) -> None:
    page = Row(
        "<div id=x></div>",
        script=f"x.innerHTML = '<img data-cookieguard=marketing _rc={A}/a.gif><img _rc={A}/b.gif>'",
    )
    shop = site(page.app, POLICY)
    store(anna, shop, "analytics")

    assert load(page, shop, anna, providers).asked == ["www.google-analytics.com/run/b.gif"]


FREE_WAYS = [
    row("tags", f'<script src="{FREE}/a.js"></script><img src="{FREE}/a.gif"><iframe src="{FREE}/a.html"></iframe>'),
    row("look-alike", f'<img src="{FREE}/google-analytics.com/a.gif"><img src="{FREE}/a.gif?u=https://www.google-analytics.com/">'),
    done("made", f"const s = document.createElement('script'); s.src = '{FREE}/a.js'; log.push(s.src); x.append(s); x.insertAdjacentHTML('beforeend', '<img src={FREE}/a.gif>')"),
    done("fetch", f"fetch('{FREE}/a.json').then(a => a.json()).then(j => log.push(j.played)); navigator.sendBeacon('{FREE}/b.json')"),
    done("write", f"document.write('<img src={FREE}/a.gif>')"),
    done("returns", f"log.push(typeof x.setAttribute('a', 1), x.insertAdjacentHTML('beforeend', '<b>') === undefined, WebSocket.name, x.innerHTML); new Image().src = '{FREE}/a.gif'"),
    done("instance", f"log.push(new EventSource('{FREE}/a.sse') instanceof EventSource, EventSource.CLOSED)"),
    done("xhr", f"const r = new XMLHttpRequest; r.open('GET', '{FREE}/a.json', false); r.send(); log.push(r.responseText)", tolerate="Synchronous"),
    done("xhr-default", f"const r = new XMLHttpRequest; r.open('GET', '{FREE}/a.json'); r.onload = () => log.push(r.responseText); r.send(null)"),
    done("null-and-undefined", f"x.innerHTML = null; log.push(x.innerHTML); x.innerHTML = undefined; log.push(x.innerHTML); const i = new Image; i.src = null; i.setAttribute('alt', null); log.push(i.src.slice(-5), i.alt); new Image().src = '{FREE}/a.gif'", tolerate="404"),
    done("errors", f"for (const go of [() => x.setAttribute('<', 1), () => x.setAttribute(), () => x.insertAdjacentHTML('no', ''), () => fetch, () => new WebSocket, () => x.attachShadow()]) try {{ go(); log.push('fine') }} catch (e) {{ log.push(e.name) }} new Image().src = '{FREE}/a.gif'"),
]  # fmt: skip


@pytest.mark.parametrize("row", FREE_WAYS)
def test_hosts_that_nobody_declared_are_never_touched(
    site: Make, anna: Visitor, providers: Providers, row: Row
) -> None:
    free, shop = site(row.app, guarded=False), site(row.app, POLICY)
    anna.watch.tolerate(row.tolerate)
    plain = load(row, free, anna, providers)
    assert plain.asked

    guarded = load(row, shop, anna, providers)
    assert (guarded.times, guarded.log) == (plain.times, plain.log)


def test_what_the_page_sets_later_counts(site: Make, anna: Visitor, providers: Providers) -> None:
    page = Row(
        f"<img id=i src='{A}/a.gif'><img id=j src='{A}/b.gif'>",
        script=f"i.src = 'data:,'; j.src = '{A}/c.gif'",
    )
    shop = site(page.app, POLICY)
    load(page, shop, anna, providers)
    accept(anna, providers, "analytics")

    assert anna.page.evaluate("[i.src, j.src]") == ["data:,", f"{A}/c.gif"]


def test_two_categories_where_the_page_gates_what_a_host_needs_more_for(
    site: Make, anna: Visitor, providers: Providers
) -> None:
    page = Row(f'<script type="text/plain" data-cookieguard="analytics" data-src="{B}/b.js"></script>{S}')
    shop = site(page.app, POLICY)
    load(page, shop, anna, providers)

    assert accept(anna, providers, "analytics").log == ["a"]
    assert accept(anna, providers, "marketing").log == ["a", "b"]


def test_tags_of_a_refused_category_stay(site: Make, anna: Visitor, providers: Providers) -> None:
    both = Row(
        f'{S}<script src="{B}/b.js"></script>',
        script=f"{NEW.replace(A, B).replace('a.js', 'c.js')} document.head.append(s)",
    )
    shop = site(both.app, POLICY)
    load(both, shop, anna, providers)

    assert accept(anna, providers, "analytics").log == ["a"]
    assert providers.hosts == {"www.google-analytics.com"}
    assert sorted(accept(anna, providers, "marketing").log) == ["a", "b", "c"]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_pixel_without_scripts(site: Make, visitor: Make, providers: Providers, javascript: bool) -> None:
    pixel = Row(
        f"<noscript>{PIC}</noscript><noscript><p>{S}</noscript>",
        head=f"<noscript><link rel=stylesheet href={A}/a.css></noscript>",
    )
    shop, anna = site(pixel.app, POLICY), visitor(javascript=javascript)
    anna.page.goto(shop.url("/"))
    anna.page.wait_for_timeout(300)

    assert providers.requests == []


STORAGE = [
    ("setItem", "localStorage.setItem('kept', 1)", []),
    ("property", "localStorage.kept = 1", []),
    ("index", "localStorage['kept_1'] = 1", []),
    ("defineProperty", "Object.defineProperty(localStorage, 'kept', {value: '1', configurable: true, enumerable: true, writable: true})", []),
    ("assign", "Object.assign(localStorage, {kept: 1, mine: 2})", ["mine"]),
    ("reflect", "Reflect.set(localStorage, 'kept', 1)", []),
    ("session", "sessionStorage.setItem('brief', 1); sessionStorage.brief = 1; localStorage.brief = 1", ["brief"]),
    ("store-prototype", "Storage.prototype.setItem.call(localStorage, 'kept', 1)", []),
    ("store-prototype-mine", "Storage.prototype.setItem.call(localStorage, 'mine', 1)", ["mine"]),
    ("undeclared", "localStorage.setItem('mine', 1); localStorage.yours = 2", ["mine", "yours"]),
    ("number", "localStorage[7] = 1", ["7"]),
    ("window", "window.localStorage.kept = 1; globalThis.localStorage.kept_2 = 1; const {localStorage: l} = window; l.kept_3 = 1", []),
    ("destructured", "const {setItem} = localStorage; setItem.call(localStorage, 'kept', 1)", []),
]  # fmt: skip


def test_storage_events_name_the_area_that_the_page_knows(site: Make, anna: Visitor) -> None:
    shop = site(Row().app, POLICY)
    anna.page.goto(shop.url("/"))
    anna.page.evaluate("addEventListener('storage', event => log.push(event.storageArea === localStorage))")
    other = anna.context.new_page()
    other.goto(shop.url("/"))
    other.evaluate("localStorage.mine = 1")
    anna.page.wait_for_function("log.length")
    assert anna.page.evaluate("log") == [True]


@pytest.mark.parametrize(("script", "held"), [known(*row) for row in STORAGE])
def test_storage_waits(site: Make, anna: Visitor, script: str, held: list[str]) -> None:
    shop = site(Row().app, POLICY)
    anna.page.goto(shop.url("/"))
    anna.page.evaluate(f"() => {{ {script} }}")
    assert sorted(anna.jar.local) == held
    assert not anna.jar.session

    anna.page.evaluate("cookieguard.accept(['analytics'])")
    anna.page.evaluate(f"() => {{ {script} }}")
    assert len(anna.jar.local) + len(anna.jar.session) > len(held) or "mine" in held or held == ["7"]


# What a page may do with keys that nobody declared; judged by a page without a guard.
USES = """() => {
  const out = [], store = localStorage, go = f => { try { out.push(f()) } catch (error) { out.push(error.name) } }
  store.clear()
  go(() => store.setItem('a', 1)); go(() => store.b = 2); go(() => store['c d'] = {}); go(() => store.length)
  go(() => store.getItem('a')); go(() => store.a); go(() => store.nope === undefined); go(() => store.getItem('nope'))
  go(() => 'a' in store); go(() => 'nope' in store); go(() => 'getItem' in store)
  go(() => Object.keys(store).sort()); go(() => Object.entries(store).sort()); go(() => JSON.stringify(store).length)
  go(() => ({...store}).b); go(() => { const keys = []; for (const k in store) keys.push(k); return keys.sort() })
  go(() => store.hasOwnProperty('a')); go(() => Object.getOwnPropertyDescriptor(store, 'a'))
  go(() => delete store.a); go(() => 'a' in store); go(() => delete store.nope); go(() => store.removeItem('b'))
  go(() => store.key(0)); go(() => store.length); go(() => store instanceof Storage)
  go(() => Object.prototype.toString.call(store)); go(() => String(store)); go(() => Object.getPrototypeOf(store) === Storage.prototype)
  go(() => Storage.prototype.getItem.call(store, 'c d')); go(() => Storage.prototype.key.call(store, 0))
  go(() => store.setItem('x')); go(() => store.setItem()); go(() => store.getItem()); go(() => store.setItem === store.setItem)
  go(() => store === localStorage); go(() => window.localStorage === store)
  go(() => Object.defineProperty(store, 'e', {value: '5', configurable: true, enumerable: true, writable: true}) === store)
  go(() => store.e); go(() => store.getItem('e')); go(() => { store[Symbol.for('s')] = 1; return store.length })
  go(() => { Storage.prototype.mine = function () { return this.length }; return store.mine() })
  go(() => { 'use strict'; store.getItem = 1; return typeof store.getItem })
  go(() => store.clear()); go(() => store.length); go(() => Object.keys(store))
  return JSON.stringify(out)
}"""


def test_storage_of_undeclared_keys_is_what_it_was(site: Make, anna: Visitor) -> None:
    free, shop = site(Row().app, guarded=False), site(Row().app, POLICY)
    anna.page.goto(free.url("/"))
    plain = anna.page.evaluate(USES)
    anna.page.goto(shop.url("/"))

    assert anna.page.evaluate(USES) == plain


STORE = [
    ("set", "await cookieStore.set('_ga', '1')", "_ga"),
    ("set-object", "await cookieStore.set({name: '_ga', value: '1', path: '/', sameSite: 'lax'})", "_ga"),
    ("set-expires", "await cookieStore.set({name: '_ga', value: '1', expires: Date.now() + 1e12})", "_ga"),
    ("set-empty", "await cookieStore.set('_ga', '')", "_ga"),
    ("document", "document.cookie = '_ga=1; path=/'", "_ga"),
    ("prototype", "Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').set.call(document, '_ga=1')", "_ga"),
    ("frame", "const f = document.createElement('iframe'); document.body.append(f); f.contentDocument.cookie = '_ga=1; path=/'", "_ga"),
    ("frame-srcdoc", "const f = document.createElement('iframe'); f.srcdoc = '<p>'; document.body.append(f); await new Promise(done => f.onload = done); f.contentDocument.cookie = '_ga=1; path=/'", "_ga"),
    ("frame-srcdoc-script", "document.body.insertAdjacentHTML('beforeend', '<iframe srcdoc=\"<script>document.cookie=`_ga=1; path=/`</scr' + 'ipt>\"></iframe>'); await new Promise(done => [...document.querySelectorAll('iframe')].pop().onload = done)", "_ga"),
    ("frame-prototype", "const f = document.createElement('iframe'); document.body.append(f); Object.getOwnPropertyDescriptor(f.contentWindow.Document.prototype, 'cookie').set.call(document, '_ga=1')", "_ga"),
    ("frame-store", "const f = document.createElement('iframe'); f.src = '/frame'; document.body.append(f); await new Promise(done => f.onload = done); await f.contentWindow.cookieStore.set('_ga', '1')", "_ga"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "name"), [known(*row) for row in STORE])
def test_cookies_wait(site: Make, anna: Visitor, script: str, name: str) -> None:
    shop = site(Row().app, POLICY, https=True)
    anna.page.goto(shop.url("/"))
    anna.page.evaluate(f"async () => {{ {script} }}")
    assert name not in anna.jar.names

    anna.page.evaluate("cookieguard.accept(['analytics'])")
    anna.page.evaluate(f"async () => {{ {script} }}")
    assert name in anna.jar.names


def test_the_cookie_store_reads_and_deletes(site: Make, anna: Visitor) -> None:
    shop = site(Row().app, POLICY, https=True)
    store(anna, shop, "analytics")
    anna.page.goto(shop.url("/"))
    read = anna.page.evaluate(
        """async () => {
          await cookieStore.set({name: '_ga', value: '1', expires: Date.now() + 864e5 * 30})
          const got = await cookieStore.get('_ga'), all = await cookieStore.getAll()
          const wrong = await cookieStore.set({name: '_ga', value: ';'}).catch(error => error.name)
          await cookieStore.delete('_ga')
          return [got.value, all.length, wrong, await cookieStore.get('_ga')]
        }"""
    )
    assert read == ["1", 2, "TypeError", None]


def test_a_wrapper_of_the_page_around_ours(site: Make, anna: Visitor, providers: Providers) -> None:
    """Set before ours it is called with what passes; set after it, ours is."""
    wrap = """
      const native = fetch; window.fetch = (...given) => (log.push('wrapped'), native(...given))
      const {get, set} = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie')
      Object.defineProperty(document, 'cookie', {get: () => get.call(document), set: line => { log.push(line); set.call(document, line) }})
    """
    go = f"fetch('{A}/a.json').then(() => log.push('done')); document.cookie = '_ga=1'; document.cookie = 'mine=1'"
    page = Row(script=wrap + go)
    shop = site(page.app, POLICY)

    waits = load(page, shop, anna, providers)
    assert (waits.asked, waits.log) == ([], ["wrapped", "_ga=1", "mine=1"])
    assert accept(anna, providers, "analytics").log[-1] == "done"


def test_two_tags_in_one_page(site: Make, anna: Visitor, providers: Providers) -> None:
    page = Row(
        S,
        late="const s = document.createElement('script'); s.src = document.querySelector('script[src*=guard]').src; document.head.append(s)",
    )
    shop = site(page.app, POLICY)
    load(page, shop, anna, providers)

    assert accept(anna, providers, "analytics").log == ["a"]


def test_a_page_that_is_one_application(site: Make, anna: Visitor, providers: Providers) -> None:
    page = Row(
        "<div id=x></div>",
        late=f"history.pushState(0, '', '/next'); document.body = document.createElement('body'); {NEW} document.body.append(s)",
    )
    shop = site(page.app, POLICY)
    load(page, shop, anna, providers)
    assert providers.requests == []
    assert accept(anna, providers, "analytics").log == ["a"]

    anna.page.evaluate(
        f"() => {{ history.back(); {NEW.replace('a.js', 'b.js')} document.body.replaceChildren(s) }}"
    )
    assert settle(anna, providers).log == ["a", "b"]


STORMS = {
    "added": """
      for (let n = 0; n < 1e4; n++) {
        const p = document.createElement('p'), i = document.createElement('img')
        i.setAttribute('src', 'data:,'); p.append(i); document.body.append(p)
      }""",
    "removed": """
      const table = document.createElement('table')
      table.innerHTML = '<tbody>' + '<tr><td>1<td>2<td>3<td>4</tr>'.repeat(2e3)
      document.body.append(table)
      for (let n = 0; n < 1e3; n++) { table.tBodies[0].firstChild.remove(); if (n % 10 == 0) await null }""",
}


@pytest.mark.parametrize("storm", STORMS)
def test_a_storm_of_nodes(site: Make, anna: Visitor, storm: str) -> None:
    """Thousands of nodes in turn: the guard must not be felt."""
    free, shop = site(Row().app, guarded=False), site(Row().app, POLICY)
    timed = f"""async () => {{
      const started = performance.now()
      {STORMS[storm]}
      await new Promise(done => setTimeout(done))
      return performance.now() - started
    }}"""

    def best(shop: Site) -> float:
        anna.page.goto(shop.url("/"))
        return min(float(anna.page.evaluate(timed)) for _ in range(3))

    plain, guarded = best(free), best(shop)
    print(f"{storm}: {plain:.0f} ms without, {guarded:.0f} ms with the guard")  # noqa: T201
    # No figure, for a busy machine has its own: what grows with the square of the nodes is many times this.
    assert guarded < 4 * plain + 1000


def test_withdrawing_reloads_and_sweeps(site: Make, anna: Visitor, providers: Providers) -> None:
    page = Row(
        S,
        script="document.cookie = '_ga=1; path=/'; localStorage.kept = 1; sessionStorage.brief = 1; localStorage.mine = 1",
    )
    shop = site(page.app, POLICY)
    store(anna, shop, "analytics", "marketing")
    load(page, shop, anna, providers)
    assert "_ga" in anna.jar.names and {"kept", "mine"} == {*anna.jar.local} and anna.jar.session

    providers.requests.clear()
    with anna.page.expect_navigation():
        anna.page.evaluate("() => { cookieguard.refuse(['analytics']) }")
    gone = settle(anna, providers)
    assert (gone.asked, gone.log) == ([], [])
    assert "_ga" not in anna.jar.names
    assert [*anna.jar.local] == ["mine"]
    assert not anna.jar.session
