"""What a page loads by itself: one table, for the server and for the browser's script alike.

Left out, since no attribute of their own names the address: style sheets' own imports, `style`
attributes, inline code, `data:` documents, and what SVG animations set.
"""

from __future__ import annotations

from collections.abc import Mapping

_SVG = ("href", "xlink:href")

LOADING: Mapping[str, tuple[str, ...]] = {
    "audio": ("src",),
    "body": ("background",),
    "embed": ("src",),
    "feimage": _SVG,
    "frame": ("src",),
    "iframe": ("src", "srcdoc"),
    # HTML's parser makes an `img` of it, SVG has an element of that name.
    "image": ("src", "srcset", *_SVG),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href", "imagesrcset"),
    "object": ("data",),
    "script": ("src", *_SVG),
    "source": ("src", "srcset"),
    "table": ("background",),
    "tbody": ("background",),
    "td": ("background",),
    "tfoot": ("background",),
    "th": ("background",),
    "thead": ("background",),
    "tr": ("background",),
    "track": ("src",),
    "use": _SVG,
    "video": ("src", "poster"),
}
"""Elements by their name in lower case, in whatever namespace, and their attributes that load.

`input` loads with `type=image` only, `link` by its `rel`.
"""

LOADING_RELS = frozenset(
    {
        "apple-touch-icon",
        "apple-touch-icon-precomposed",
        "apple-touch-startup-image",
        "compression-dictionary",
        "dns-prefetch",
        "fluid-icon",
        "icon",
        "import",
        "manifest",
        "mask-icon",
        "modulepreload",
        "pingback",
        "preconnect",
        "prefetch",
        "preload",
        "prerender",
        "stylesheet",
    }
)
"""Words of a link's `rel`, in lower case, that make a browser open a connection."""

CANDIDATES = frozenset({"srcset", "imagesrcset"})
"""Attributes that hold several addresses."""
DOCUMENT = "srcdoc"
"""The attribute that holds HTML."""

_INERT = {"xlink:href": "xlink_href"}


def inert_name(attribute: str) -> str:
    """Return the name under which an attribute waits: as long as its own, and loading nothing."""
    # XHTML with an undeclared prefix would not be well-formed.
    return _INERT.get(attribute) or "_" + attribute[1:]


ATTRIBUTES = frozenset(attribute for names in LOADING.values() for attribute in names)
LOADING_NAMES: Mapping[str, str] = {inert_name(attribute): attribute for attribute in sorted(ATTRIBUTES)}
"""Each inert name, and the attribute that it stands for."""
