"""What must be so of a page's requests, guarded and bare; and the smallest page of which it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from browser.differential.markup import Document
from browser.differential.reading import AT_ONCE, Asked, Shelf
from cookieguard.html.prologue import read_prologue

Requests = Mapping[str, set[Asked]]
"""What one page asked for, by the reader."""

_CUT = re.compile(r"<[^>]*$")
_OPEN_OBJECT = re.compile(r"<object(?:(?!</object>).)*$", re.DOTALL)
# What docs/browser.md says of them under "Limits": a base in a template, or for those without scripts, and raw text
# in a frameset.
_LIMITS = (
    re.compile(r"<base.*<template|<template.*<base|<noscript.*<base", re.DOTALL),
    re.compile(
        r"<frameset.*<(?:style|script|title|textarea|xmp|iframe|noembed|plaintext|noscript)", re.DOTALL
    ),
)


class Law(NamedTuple):
    """What may not be, the readers by whom it is known, and which requests break it."""

    text: str
    readers: tuple[str, ...]
    broken_by: Callable[[Document, Requests], set[Asked]]


def held(asked: set[Asked]) -> set[Asked]:
    return {each for each in asked if each.is_held}


def free(asked: set[Asked]) -> set[Asked]:
    return {each for each in asked if not (each.is_held or each.shares)}


def _held(*readers: str) -> Law:
    return Law(
        "held, and asked",
        readers,
        lambda _, asked: set.intersection(*(held(asked[reader]) for reader in readers)),
    )


def _lost(bare: str, guarded: str) -> Law:
    return Law(
        "free, and not asked", (bare, guarded), lambda _, asked: free(asked[bare]) - free(asked[guarded])
    )


def _gained(bare: str, guarded: str) -> Law:
    def broken_by(document: Document, asked: Requests) -> set[Asked]:
        return set() if _falls_back(document) else free(asked[guarded]) - free(asked[bare])

    return Law("free, and asked under the guard only", (bare, guarded), broken_by)


def _kept_back(document: Document, asked: Requests) -> set[Asked]:
    # In a fragment there is no script that gives anything back; and in Chromium an object that is still open when
    # the script gives it back never loads.
    if not _is_page(document) or _OPEN_OBJECT.search(document.text.lower()):
        return set()
    return {each for each in held(asked["bare"]) - asked["accepted"] if not each.shares}


LAWS = (
    _held("guarded"),
    _held("guarded, no script"),
    # What a page's tree doesn't load, its preload scanner may: a limit again.
    _held("bare", "guarded, scanned"),
    _lost("bare", "guarded"),
    _lost("bare, no script", "guarded, no script"),
    _gained("bare", "guarded"),
    _gained("bare, no script", "guarded, no script"),
    Law("accepted, and not asked", ("bare", "accepted"), _kept_back),
)


def read(shelf: Shelf, documents: Sequence[Document], readers: Iterable[str]) -> list[Requests]:
    """Let these readers read the documents."""
    found: dict[str, list[set[Asked]]] = {}
    for reader in readers:
        wanted = 0
        if reader == "accepted":
            pages = [asked for each, asked in zip(documents, found["bare"], strict=True) if _is_page(each)]
            wanted = sum(len(held(asked)) for asked in pages)
        found[reader] = shelf.asked(reader, documents, wanted)
    return [{reader: asked[at] for reader, asked in found.items()} for at in range(len(documents))]


def blame(shelf: Shelf, documents: Sequence[Document]) -> tuple[list[str], int]:
    """Tell which laws are broken, and by which smallest page; and how many bare requests went to held hosts."""
    told, count = [], 0
    for document, asked in zip(documents, read(shelf, documents, shelf.readers), strict=True):
        count += len(held(asked["bare"] | asked["bare, no script"]))
        for law in LAWS:
            broken_by = set() if _is_limited(document) else law.broken_by(document, asked)
            # On a busy machine a request may come when another page is read: once more, alone.
            if broken_by and (culprit := smallest(shelf, document, law)):
                told.append(f"{law.text} ({'; '.join(law.readers)}): {[*map(tuple, broken_by)]} <- {culprit}")
    return told, count


def smallest(shelf: Shelf, document: Document, law: Law) -> Document | None:
    """Leave out pieces as long as the page breaks the law; None where it doesn't by itself."""
    found = None
    smaller = _breaking(shelf, [document], law)
    while smaller is not None:
        found, smaller = smaller, _breaking(shelf, _simpler(smaller), law)
    return found


def _breaking(shelf: Shelf, documents: Sequence[Document], law: Law) -> Document | None:
    for at in range(0, len(documents), AT_ONCE):
        some = documents[at : at + AT_ONCE]
        broken = [
            document
            for document, asked in zip(some, read(shelf, some, law.readers), strict=True)
            if law.broken_by(document, asked)
        ]
        if broken:
            return min(broken, key=lambda each: len(each.text))
    return None


def _simpler(document: Document) -> list[Document]:
    """Make documents that lack something of this one."""
    pieces = document.pieces
    parts = [
        range(at, at + size) for size in (len(pieces) // 2, 1) if size for at in range(0, len(pieces), size)
    ]
    made = [
        document._replace(pieces=tuple(piece for at, piece in enumerate(pieces) if at not in part))
        for part in parts
    ]
    usual = (document._replace(size=0), document._replace(charset="utf-8", written="utf-8"))
    return made + [each for each in usual if each != document]


def _falls_back(document: Document) -> bool:
    """Whether something may be loaded in place of what was held, or in a tag that only the bar ends."""
    text = document.text.lower()
    within = any(f"<{name}" in text for name in ("object", "embed", "video", "audio", "picture"))
    return within or _CUT.search(text) is not None


def _is_page(document: Document) -> bool:
    found = read_prologue(document.body, ended=True)
    return found is not None and found.kind == "page"


def _is_limited(document: Document) -> bool:
    text = document.text.lower()
    return any(limit.search(text) for limit in _LIMITS)
