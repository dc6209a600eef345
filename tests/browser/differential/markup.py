"""Pages without end, from a seed: tags that load, in all spellings and in every place where mark-up may stand.

A page is a list of pieces, so that a failing one can be made smaller by leaving pieces out.
"""

from __future__ import annotations

from html import escape
from random import Random
from typing import NamedTuple

from browser.differential.spelling import address, base, tag


class Document(NamedTuple):
    """A page, with what its response says of it.

    `charset` is what the header names, `written` the codec of the bytes; the app yields `size` bytes at a time, or
    all at once for 0.
    """

    pieces: tuple[str, ...]
    charset: str = "utf-8"
    written: str = "utf-8"
    size: int = 0

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def body(self) -> bytes:
        return self.text.encode(self.written, "xmlcharrefreplace")


class Load(NamedTuple):
    """An element that loads: its name, the attribute that names the address, what is loaded."""

    name: str
    attribute: str
    kind: str
    others: tuple[tuple[str, str], ...] = ()
    before: str = ""
    after: str = ""


_RELS = (
    "stylesheet",
    "StyleSheet",
    "alternate stylesheet",
    "x stylesheet",
    "style&#x73;heet",
    "prefetch",
    "modulepreload",
)
_LOADS = (
    *(Load("script", "src", "js", after="</script>"),) * 4,
    *(Load("img", "src", "gif"),) * 5,
    Load("img", "src", "gif", (("alt", ""), ("width", "9"))),
    Load("image", "src", "gif"),
    Load("script", "src", "js", (("type", "module"),), after="</script>"),
    Load("script", "src", "js", (("async", ""),), after="</script>"),
    *(Load("iframe", "src", "html", after="</iframe>"),) * 2,
    *(Load("link", "href", "css", (("rel", rel),)) for rel in _RELS),
    Load("link", "href", "gif", (("rel", "preload"), ("as", "image"))),
    Load("link", "href", "js", (("rel", "preload"), ("as", "script"))),
    *(Load("input", "src", "gif", (("type", kind),)) for kind in ("image", "IMAGE", "ima&#103;e", "image ")),
    Load("video", "poster", "gif", after="</video>"),
    Load("video", "src", "gif", after="</video>"),
    Load("audio", "src", "gif", (("preload", "auto"),), after="</audio>"),
    Load("track", "src", "vtt", (("default", ""),), "<video src=data:, crossorigin>", "</video>"),
    Load("source", "src", "gif", (), "<video>", "</video>"),
    Load("object", "data", "html", after="</object>"),
    Load("object", "data", "gif", (("type", "image/gif"),), after="</object>"),
    Load("embed", "src", "html"),
    Load("embed", "src", "gif", (("type", "image/gif"),)),
    Load("body", "background", "gif"),
    Load("table", "background", "gif", (), "", "<td>x</table>"),
    Load("td", "background", "gif", (), "<table><tr>", "x</table>"),
    Load("tr", "background", "gif", (), "<table>", "<td>x</table>"),
    Load("thead", "background", "gif", (), "<table>", "<tr><td>x</table>"),
    *(Load("image", href, "gif", (), "<svg>", "</svg>") for href in ("href", "xlink:href")),
    *(Load("script", href, "js", (), "<svg>", "</script></svg>") for href in ("href", "xlink:href")),
    Load("use", "href", "svg", (), "<svg>", "</svg>"),
    Load("feImage", "href", "gif", (), "<svg><filter id=f>", "</filter><rect filter=url(#f) width=9 height=9 /></svg>"),
    Load("frame", "src", "html", (), "<frameset>", "</frameset>"),
    # What only the preload scanner, or only an older browser, would load.
    Load("bgsound", "src", "gif"),
    Load("a", "href", "html"),
)  # fmt: skip

# Where mark-up means something else, or nothing: what opens the place, and what closes it.
_PLACES = (
    *(("<!--", "-->"), ("<!-->", ""), ("<!--->", "-->"), ("<!--", "--!>"), ("<!-- -- >", "-->"), ("<!--<!--", "-->")),
    *(("<!", ">"), ("<!-", "->"), ("<!doctype html [", "]>"), ("<!DOCTYPE x '", "'>"), ("<?xml ", "?>"), ("<?", ">")),
    *(("</ ", ">"), ("</>", ""), ("</p ", ">"), ("<![CDATA[", "]]>"), ("<![cdata[", "]]>"), ("<!--x--", ">-->")),
    *((f"<{name}>", f"</{name}>") for name in ("title", "textarea", "style", "xmp", "iframe", "noembed", "noframes")),
    *((f"<{name}>", f"</{name}x></{name} x>") for name in ("title", "textarea", "style", "xmp", "noscript")),
    *(("<noscript>", "</noscript>"), ("<noscript><style>", "</style></noscript>"), ("<noscript><!--", "--></noscript>")),
    *(("<template>", "</template>"), ("<div><template shadowrootmode=open>", "</template></div>")),
    *(("<script>", "</script>"), ("<script><!--", "--></script>"), ("<script><!--<script>", "</script>--></script>")),
    *(("<script><!--<script", "></script></script>"), ("<script><!-->", "</script>"), ("<script><!--<script >", "</script></script>")),
    *(("<svg>", "</svg>"), ("<svg/>", ""), ("<svg><g>", "</g></svg>"), ("<svg><style>", "</style></svg>")),
    *((f"<svg><{name}>", f"</{name}></svg>") for name in ("foreignObject", "desc", "title", "script", "textarea", "a")),
    *(("<svg>", "</p>"), ("<svg>", "</br>"), ("<svg><g>", "</svg></g>"), ("<svg><font color=x>", ""), ("<svg><font>", "")),
    *(("<svg><svg/>", "</svg>"), ("<svg><foreignObject><svg>", "</svg></foreignObject></svg>"), ("<svg><p>", "</p></svg>")),
    *(("<math>", "</math>"), ("<math><mi>", "</mi></math>"), ("<math><mtext><mglyph>", ""), ("<math><style>", "</style></math>")),
    *((f"<math><annotation-xml {each}>", "</annotation-xml></math>") for each in ("", "encoding=text/html", "encoding='Text/HTML'")),
    *(("<math><annotation-xml><svg>", "</svg></annotation-xml></math>"), ("<math><mi><svg><desc>", "</desc></svg></mi></math>")),
    *(("<select>", "</select>"), ("<select><option>", "</option></select>"), ("<table>", "</table>"), ("<table><tr>", "</table>")),
    *(("<table><caption>", "</caption></table>"), ("<table><colgroup>", "</table>"), ("<frameset>", "</frameset>")),
    *((f"<{name}>", f"</{name}>") for name in ("p", "b", "div", "button", "li", "a", "h1", "body", "head", "html", "form")),
    *(("<a title='", "'>"), ('<a title="', '">'), ("<a title=", ">"), ("<a ", ">"), ("<a title='", "\">"), ("<", ">")),
    *(("<plaintext>", ""), ("<listing>", "</listing>"), ("<marquee>", "</marquee>"), ("<object>", "</object>"), ("<picture>", "</picture>")),
)  # fmt: skip
_NOISE = (
    *("text", " ", "\n", "<", "</", "&", '"', "'", ">", "/>", "--", "-->", "]]>", "--!>", "<3", "<>", "</>", "\x00", "&amp;", "<!>"),
    *("</svg>", "</math>", "</p>", "</div>", "</title>", "</style>", "</script>", "</noscript>", "</template>", "</table>"),
    *("</g>", "</desc>", "</foreignObject>", "</mi>", "</select>", "</body>", "</html>", "</head>", "</br>", "<br/>", "<p>", "<li>"),
)  # fmt: skip
_STARTS = (
    *("<!doctype html>",) * 5,
    *("", "<html>", "<html lang=en><head>", "<head>", "<title>x</title><body>", "<!-- x --><!doctype html>", "<p>", "\n<!DOCTYPE html>"),
    *("<!doctype html><html><head><title>x</title></head><body>", "<body>", "<meta charset=utf-8>", "<title>a<!--</title><html>"),
    '<!doctype html "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">',
)  # fmt: skip
_CHARSETS = (
    *(("utf-8", "utf-8"),) * 8,
    *(("iso-8859-1", "cp1252"), ("windows-1252", "cp1252"), ("shift_jis", "cp932"), ("gbk", "gb18030"), ("koi8-r", "koi8_r")),
)  # fmt: skip
_SIZES = (0, 0, 0, 1, 2, 7, 31, 200)


def document(random: Random) -> Document:
    """Make a page."""
    pieces = [random.choice(_STARTS), *_Writer(random).content(random.choice((1, 1, 2, 3, 4)))]
    charset, written = random.choice(_CHARSETS)
    return Document(tuple(pieces), charset, written, random.choice(_SIZES))


class _Writer:
    """One page being written: it numbers the addresses."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._count = 0
        self._mark = "s"

    def content(self, loads: int, depth: int = 0) -> list[str]:
        """Write so many elements that load, and what is around them."""
        pieces = []
        for _ in range(loads):
            while self._random.random() < 0.15:
                pieces += self._between()
            pieces += self._placed(depth)
        while self._random.random() < 0.15:
            pieces += self._between()
        return pieces

    def _between(self) -> list[str]:
        # Behind an address that it may change, a base is a limit: docs/browser.md.
        if self._count == 0 and self._random.random() < 0.3:
            return tag(self._random, "base", [("href", base(self._random))])
        return [self._random.choice(_NOISE)]

    def _placed(self, depth: int) -> list[str]:
        """Write an element that loads, or a place with some in it and one behind it."""
        if depth > 2 or self._random.random() < 0.4:
            return self._load()
        opens, closes = self._random.choice(_PLACES)
        inside = self.content(self._random.choice((0, 0, 1, 1)), depth + 1)
        closing = [closes] if self._random.random() < 0.85 else []
        return [opens, *inside, *closing, *self._load()]

    def _load(self) -> list[str]:
        kind = self._random.random()
        if kind < 0.05:
            return [*tag(self._random, "iframe", [("srcdoc", self._srcdoc())]), "</iframe>"]
        if kind < 0.12:
            return self._srcset()
        load = self._random.choice(_LOADS)
        attributes = [(load.attribute, self._address(load.kind)), *load.others]
        self._random.shuffle(attributes)
        written = tag(self._random, load.name, attributes)
        return [load.before, *written, load.after if self._random.random() < 0.9 else ""]

    def _srcdoc(self) -> str:
        self._mark = "m"
        inner = "".join(self.content(1, 2))
        self._mark = "s"
        return escape(inner) if self._random.random() < 0.2 else inner

    def _srcset(self) -> list[str]:
        count = self._random.choice((1, 1, 2))
        urls = [self._address("gif", "m" if count > 1 else self._mark) for _ in range(count)]
        # The script takes a byte order mark for white space, and never gives such a one back.
        urls = [url.replace(" ", "").replace("\ufeff", "") for url in urls]
        form = self._random.choice(("{} 1x", "{}", "{} 100w", " ,{} 2x", "{},", "{} (x,y) 1x"))
        value = self._random.choice((", ", ",", " , ")).join(form.format(url) for url in urls)
        if self._random.random() < 0.3:
            return [
                "<picture>",
                *tag(self._random, "source", [("srcset", value)]),
                "<img src=data:,>",
                "</picture>",
            ]
        if self._random.random() < 0.3:
            return tag(self._random, "link", [("rel", "preload"), ("as", "image"), ("imagesrcset", value)])
        return tag(self._random, "img", [("srcset", value)])

    def _address(self, kind: str, mark: str = "") -> str:
        self._count += 1
        return address(self._random, f"p0000{mark or self._mark}{self._count}.{kind}")
