"""Tell in a moment that a page names none of a gate's hosts, so that nobody need read it.

A "no" is sure, for a page whose base stays at home, and for hosts without a space or a `"` in them. A
"perhaps" costs the reading.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from .address import Gate, map_host
from .references import decode_references

# Browsers drop these anywhere in an address.
_DROPPED = (b"\n", b"\t", b"\r")
# Those left out hide nothing, and are nearly all there are.
_REFERENCE = re.compile(rb"&(?!(?:amp|lt|gt|quot|nbsp|#34|#39);)[#A-Za-z][A-Za-z0-9]*;?")
# Escapes, and letters beyond ASCII, of which full-width ones, say, stand for plain ones, in a host's place:
# behind what leads there, and from http `https:held.test` does; or behind a user, in whose name nearly
# anything may stand. A search for a pattern that begins with one character jumps from one to the next, so
# there is one for each; and none begins twice in one run of slashes, or the time would be quadratic.
_DISGUISED = tuple(
    re.compile(way + rb"(?:[^\x00-\x20\":@/\\?#<>%\x80-\xff]++|(?<=&)#)*+(?:%[0-9a-f][0-9a-f]|[\x80-\xff])")
    for way in (
        rb"//(?<![/\\]//)[/\\]*+",
        rb"\\(?:(?<![/\\]\\)[/\\]|(?<=/\\)(?<![/\\]/\\))[/\\]*+",
        rb":(?:(?<=https:)|(?<=http:)|(?<=wss:)|(?<=ws:)|(?<=ftp:))[/\\]*+",
        rb"@",
    )
)
# What no host is made of, nor the way to one: that such a reference stands somewhere hides nothing.
_HARMLESS = frozenset("&<>\"'`()[]{}|!$*+,;=~^ \u00a0")
_MOST_REFERENCES = 4096
# That of the longest name: a page may hold longer ones without end.
_LONGEST_REFERENCE = 33
# More hosts than these are found sooner by the dots in them than one after the other.
_FEW = 8


class Glance:
    """A gate's hosts as bytes, ready to look for."""

    def __init__(self, gate: Gate) -> None:
        hosts = gate.hosts
        # One below another is found by its parent's name.
        tops = {host for host in hosts if not any(host.endswith("." + other) for other in hosts)}
        needles = sorted(host.encode() for host in tops)
        dotted = [needle for needle in needles if b"." in needle]
        self._by_dots = _by_dots(dotted) if len(dotted) > _FEW else None
        self._needles = [needle for needle in needles if self._by_dots is None or b"." not in needle]
        # Written in its own letters, an international name looks like nothing here, nor does a number.
        self._sees = not any("xn--" in host or host[-1].isdigit() for host in tops)

    def may_name(self, page: bytes) -> bool:
        """Tell whether an address in the page may lead to one of the hosts."""
        cleaned = page.lower()
        for dropped in _DROPPED:
            cleaned = cleaned.replace(dropped, b"")
        if not self._sees or self._names(cleaned):
            return True
        # A document in an attribute hides its references behind others.
        if b"&" in page and (b"srcdoc" in cleaned or any(map(_hides, set(_REFERENCE.findall(page))))):
            return True
        if b"%" in page or not page.isascii():
            return any(disguised.search(cleaned) for disguised in _DISGUISED)
        return False

    def quiet_from(self, page: bytes) -> int:
        """Return the place from which on no address in the page may lead to one of the hosts.

        Its length where that can't be told in a moment.
        """
        if not self.may_name(page):
            return 0
        last = self._last_named(page.lower())
        return last if last and not self.may_name(page[last:]) else len(page)

    def _last_named(self, lowered: bytes) -> int:
        """Return where the last host ends that stands there plainly, 0 for none."""
        ends = [at + len(needle) for needle in self._needles if (at := lowered.rfind(needle)) >= 0]
        if self._by_dots is not None:
            ends += [found.end() for found in self._by_dots.finditer(lowered)]
        return max(ends, default=0)

    def _names(self, cleaned: bytes) -> bool:
        for needle in self._needles:
            if needle in cleaned:
                return True
        return self._by_dots is not None and self._by_dots.search(cleaned) is not None


def _by_dots(hosts: Iterable[bytes]) -> re.Pattern[bytes]:
    """Find what `host in page` finds for any of the hosts, looking closer only where a last label stands.

    Each begins with a dot: see above.
    """
    by_label: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for host in hosts:
        by_label[host.rpartition(b".")[2]].append(b"(?<=" + re.escape(host) + b")")
    labels = (re.escape(label) + b"(?:" + b"|".join(ends) + b")" for label, ends in by_label.items())
    return re.compile(rb"\.(?:" + b"|".join(labels) + b")")


@lru_cache
def glance_for(gate: Gate) -> Glance:
    """Return the glance for a gate, made ready once."""
    return Glance(gate)


def _hides(reference: bytes) -> bool:
    """Tell whether a reference may stand for a part of an address."""
    return _hides_often(reference) if len(reference) <= _LONGEST_REFERENCE else _hides_once(reference)


def _hides_once(reference: bytes) -> bool:
    text = reference.decode("ascii")
    meant = decode_references(text)
    if meant == text:
        return False
    mapped = map_host(meant)
    # What stays a letter beyond ASCII makes another host of it; what becomes nothing may split a host's name.
    return not mapped or (
        ".." not in mapped and any(each.isascii() and each not in _HARMLESS for each in mapped)
    )


_hides_often = lru_cache(_MOST_REFERENCES)(_hides_once)
