"""Change bytes a little, as a fuzzer does: the same changes for the same seed, and no library needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

# What the readers look for: a change of one byte rarely makes such a word.
WORDS: Sequence[bytes] = [
    b"=", b";", b" ", b"\t", b"\n", b"\r\n", b"\0", b"\xff", b"\xa0", b'"', b"'", b"<", b">", b"&", b"/", b"\\", b"-", b".", b"%00", b"&#x2f;",
    b"session=1", b"_ga_X=1", b"ads=1", b"csrf=1", b"cookieguard=1", b"__Host-cookieguard=1", b"__Host-", b"Max-Age=0", b"Max-Age=-1", b"; Max-Age=99999999",
    b"Expires=Thu, 01 Jan 1970 00:00:00 GMT", b"Expires=0", b"; Path=/", b"; Domain=shop.example", b"; Secure", b"; Partitioned",
    b"<!--", b"-->", b"--!>", b"<script>", b"</script>", b"<script src=//held.example/a>", b"<img src='https://held.example'>", b"<svg>", b"</svg>", b"<math>",
    b"<style>", b"</style>", b"<title>", b"</title>", b"<textarea>", b"<noscript>", b"</noscript>", b"<template>", b"<iframe srcdoc=\"", b"<base href=//held.example>",
    b"<html lang=de>", b"<head>", b"<body>", b"<!doctype html>", b"<![CDATA[", b"]]>", b"<?xml ", b"?>", b"<plaintext>", b"srcset=", b"<link rel=preload href=",
    b"[[cookies]]\n", b"name = \"a\"\n", b"match = \"regex\"\n", b"category = \"essential\"\n", b"purpose = ", b"lifetime = \"session\"\n", b"use = [\"flask\"]\n",
    b"[site]\n", b"[guard]\n", b"[consent]\n", b"[providers.p]\n", b"[categories.c]\n", b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b"&a ", b"*a", b"!!bool ",
    b"1.2026-11-22.", b"+analytics:", b"*marketing:", b"-functional:", b"~1", b"choice=all", b"choice=some", b"choice=none", b"&accept=analytics", b"&digest=analytics:",
    b"&asked=analytics", b"&next=//evil.example", b"&next=/x", b'{"accept": ["analytics"]', b', "digests": {"analytics": ', b"lang=de\0",
]  # fmt: skip


def mutated(seeds: Sequence[bytes], random: Random, most: int = 4096) -> bytes:
    """Return one of the seeds, changed in one to six places."""
    data = random.choice(seeds)
    for _ in range(random.randint(1, 6)):
        data = random.choice(_CHANGES)(data, seeds, random)
    return data[:most]


def _place(data: bytes, random: Random) -> int:
    return random.randint(0, len(data))


def _flip(data: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def _insert(data: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    at = _place(data, random)
    return data[:at] + random.choice(WORDS) + data[at:]


def _delete(data: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    at = _place(data, random)
    return data[:at] + data[at + random.choice((1, 1, 2, 5, 20)) :]


def _repeat(data: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    at, length = _place(data, random), random.choice((1, 3, 12))
    return data[:at] + data[at : at + length] * random.choice((2, 3, 40)) + data[at + length :]


def _splice(data: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    other = random.choice(seeds)
    return data[: _place(data, random)] + other[_place(other, random) :]


def _byte(data: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    at = _place(data, random)
    return data[:at] + random.randbytes(random.choice((1, 1, 2, 4))) + data[at + 1 :]


_CHANGES: Sequence[Callable[[bytes, Sequence[bytes], Random], bytes]] = [
    _flip,
    _insert,
    _insert,
    _delete,
    _repeat,
    _splice,
    _byte,
]
