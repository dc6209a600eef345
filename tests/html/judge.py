"""html5lib as the judge: a document's tree as plain values, and what holding must make of it."""

from __future__ import annotations

import warnings
import xml.dom
from typing import Any

import html5lib

from cookieguard.html.address import Gate, candidates, hosts_of
from cookieguard.html.loading import CANDIDATES, LOADING, LOADING_RELS, inert_name

GATE = Gate.of(["held.test", "cdn.ads.test"])
assert GATE is not None

Node = tuple[Any, ...]


def tree(html: bytes, *, scripting: bool = False) -> list[Node]:
    """Return the nodes in document order, each with its depth.

    With scripting the text in `noscript` is left out: it is text to the parser alone.
    """
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("dom"))
    document = parser.parse(html.decode("utf-8-sig"), scripting=scripting)
    nodes: list[Node] = []
    _walk(document, 0, nodes, scripting)
    return nodes


def named_in_html(html: bytes) -> set[str]:
    """Name the elements that are HTML's, not a drawing's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {node[3] for node in tree(html) if node[0] == "element" and node[2].endswith("xhtml")}


def _walk(node: Any, depth: int, nodes: list[Node], scripting: bool) -> None:
    for child in node.childNodes:
        if child.nodeType == xml.dom.Node.ELEMENT_NODE:
            attributes = {
                (key[1] if isinstance(key, tuple) else key): value for key, value in _attributes(child)
            }
            nodes.append(("element", depth, child.namespaceURI, child.localName or child.tagName, attributes))
            if not (scripting and child.tagName == "noscript"):
                _walk(child, depth + 1, nodes, scripting)
        elif child.nodeType == xml.dom.Node.DOCUMENT_TYPE_NODE:
            nodes.append(("doctype", depth, child.name, child.publicId, child.systemId))
        else:
            nodes.append((child.nodeName, depth, child.nodeValue))


def _attributes(element: Any) -> list[tuple[str, str]]:
    return [(attribute.name, attribute.value) for attribute in element.attributes.values()]


def held(nodes: list[Node]) -> list[Node]:
    """Return the tree with each attribute renamed that leads to a host of the gate."""
    base: str | None = None
    changed = []
    for node in nodes:
        if node[0] == "element":
            *rest, name, attributes = node
            if name == "base" and base is None and "href" in attributes and node[2].endswith("xhtml"):
                base = attributes["href"]
            node = (
                *rest,
                name,
                {_renamed(name, key, attributes, base): attributes[key] for key in attributes},
            )
        changed.append(node)
    return changed


def _renamed(name: str, key: str, attributes: dict[str, str], base: str | None) -> str:
    name = name.lower()
    # The start tag `image` makes an `img`. It is held as SVG's is: nobody gives an `img` a `href`.
    name = "image" if name == "img" and "href" in key else name
    leads = key in LOADING.get(name, ()) and _takes_effect(name, attributes)
    return inert_name(key) if leads and _is_held(name, key, attributes[key], base) else key


def _takes_effect(name: str, attributes: dict[str, str]) -> bool:
    if name == "input":
        return attributes.get("type", "").lower() == "image"
    return name != "link" or not LOADING_RELS.isdisjoint(attributes.get("rel", "").lower().split())


def _is_held(name: str, key: str, value: str, base: str | None) -> bool:
    if key == "srcdoc":
        inner = tree(value.encode())
        return held(inner) != inner
    if name in ("use", "feimage") and value.startswith("#"):
        return False
    assert GATE is not None
    addresses = candidates(value) if key in CANDIDATES else [value]
    return any(GATE.holds(host) for address in addresses for host in hosts_of(address, base))
