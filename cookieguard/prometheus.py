"""What the guard counts, for Prometheus; labels come from the policy and from us, never from a visitor.

One process shows its tally when it is asked. Of several, each keeps the counters of
`prometheus_client` in files (PROMETHEUS_MULTIPROC_DIR), so that any of them can answer for all.
"""

from __future__ import annotations

import os
import threading
from collections import Counter as Counts
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, make_asgi_app, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.values import MutexValue, ValueClass

from .enforcer import Enforcer
from .errors import ConfigurationError
from .guard.verdict import Verdict
from .tally import Step, Tally

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .asgi.guard import ASGIApp

_VERDICTS = "cookieguard_verdicts", "Decisions over single cookies", ("action", "category")
_CONSENTS = "cookieguard_consents", "Decisions of visitors that were stored", ("decision",)
_UNTOUCHED = "cookieguard_untouched_pages", "HTML responses that left without the tag", ("reason",)
_NAMES = "cookieguard_undeclared_names", "Distinct names of undeclared cookies in one process, 1000 at most"


def watch(enforcer: Enforcer) -> None:
    """Show what a guard counts: `watch(guard.enforcer)`, once for each guard.

    ConfigurationError where PROMETHEUS_MULTIPROC_DIR came too late.
    """
    if _in_files():
        if ValueClass is MutexValue:
            raise ConfigurationError(
                "cookieguard.E026",
                "prometheus_client was imported before PROMETHEUS_MULTIPROC_DIR was set, and counts in "
                "memory; set the variable before the process starts",
            )
        enforcer.tally.witness = _files()
    else:
        _shown().add(enforcer.tally)


def _in_files() -> bool:
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ


class _Shown(Collector):
    """The tallies of this process, added up at the moment they are asked for."""

    def __init__(self) -> None:
        self._tallies: list[Tally] = []
        self._highest: defaultdict[str, Counts[tuple[str, ...]]] = defaultdict(Counts)
        self._asking = threading.Lock()

    def add(self, tally: Tally) -> None:
        if tally not in self._tallies:
            self._tallies.append(tally)

    def collect(self) -> Iterator[Metric]:
        """Return the counts; a verdict that was taken back is made up for by the next one."""
        # Whoever asks may not read on: nothing is yielded while others wait.
        with self._asking:
            families = [
                self._family(_VERDICTS, (tally.verdicts.items() for tally in self._tallies)),
                self._family(_CONSENTS, (_singly(tally.decisions.items()) for tally in self._tallies)),
                self._family(_UNTOUCHED, (_singly(tally.untouched.items()) for tally in self._tallies)),
            ]
        yield from families
        yield GaugeMetricFamily(*_NAMES, value=self._names())

    def _names(self) -> int:
        # The registry asks once before there is anything to show.
        return max((tally.undeclared_names for tally in self._tallies), default=0)

    def _family(
        self,
        described: tuple[str, str, tuple[str, ...]],
        counted: Iterable[Iterable[tuple[tuple[str, ...], int]]],
    ) -> Metric:
        name, help, labels = described
        family = CounterMetricFamily(name, help, labels=labels)
        summed: Counts[tuple[str, ...]] = Counts()
        for pairs in counted:
            for values, count in pairs:
                summed[values] += count
        # To Prometheus a counter that falls, or is gone, is one that began anew.
        self._highest[name] |= summed
        for values, count in sorted(self._highest[name].items()):
            family.add_metric(values, count)
        return family


def _singly(counted: Iterable[tuple[str, int]]) -> list[tuple[tuple[str, ...], int]]:
    return [((name,), count) for name, count in counted]


@cache
def _shown() -> _Shown:
    shown = _Shown()
    REGISTRY.register(shown)
    return shown


class _Files:
    """A `tally.Witness` whose counters lie in files that all processes read."""

    def __init__(self) -> None:
        # Without a registry: the files are what is read.
        self._verdicts = Counter(*_VERDICTS, registry=None)
        self._consents = Counter(*_CONSENTS, registry=None)
        self._untouched = Counter(*_UNTOUCHED, registry=None)
        self._names = Gauge(*_NAMES, registry=None, multiprocess_mode="max")
        self._children: dict[tuple[str, str | None], Counter] = {}
        self._owed: Counts[tuple[str, str | None]] = Counts()
        self._owing = threading.Lock()

    def verdicts(self, verdicts: Sequence[Verdict], by: int) -> None:
        for verdict in verdicts:
            key = verdict.action, verdict.classification.category
            if by < 0:
                with self._owing:
                    self._owed[key] += 1
            elif not (self._owed and self._pay(key)):
                child = self._children.get(key)
                if child is None:
                    child = self._children[key] = self._verdicts.labels(key[0], key[1] or "undeclared")
                child.inc()

    def _pay(self, key: tuple[str, str | None]) -> bool:
        """Make up for a verdict that was taken back: a counter never falls."""
        with self._owing:
            owes = self._owed[key] > 0
            self._owed[key] -= owes
            self._owed = +self._owed
        return owes

    def untouched(self, reason: str) -> None:
        self._untouched.labels(reason).inc()

    def decision(self, decision: Step) -> None:
        self._consents.labels(decision).inc()

    def names(self, number: int) -> None:
        self._names.set(number)


_files = cache(_Files)


def exposition() -> ASGIApp:
    """Return an ASGI app that answers with the metrics of all processes, at whichever path."""
    app: ASGIApp = make_asgi_app(_registry())
    return app


def _registry() -> CollectorRegistry:
    if not _in_files():
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


class Metrics:
    """Answer at one path with the metrics of all processes; everything else is the app's.

    Whoever can reach the path can read them.
    """

    def __init__(self, app: WSGIApplication, path: str) -> None:
        self.app = app
        self._path = path
        self._answer: WSGIApplication = make_wsgi_app(_registry())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or let the app."""
        if environ.get("PATH_INFO") != self._path:
            return self.app(environ, start_response)
        if environ.get("wsgi.multiprocess") and not _in_files():
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(_ALONE)))]
            start_response("503 Service Unavailable", headers)
            return [_ALONE]
        return self._answer(environ, start_response)


_ALONE = (
    b"Several processes answer here, and each knows its own counts alone: "
    b"name an empty folder in PROMETHEUS_MULTIPROC_DIR.\n"
)
