"""Metrics, as Prometheus reads them: of one process, and of several that count together."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from asking import ask, guarded
from contract import ALL, POLICY, SECRET, responding
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from served import GUNICORN, Site, clean, serving

from cookieguard import ConfigurationError, prometheus
from cookieguard.prometheus import Metrics, watch


def samples(text: str) -> dict[tuple[str, ...], float]:
    """The guard's own, by name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("cookieguard_") and not sample.name.endswith("_created")
    }


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Watch guards in a registry of the test's own; return what it shows."""
    registry = CollectorRegistry()
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    shown = prometheus._Shown()
    registry.register(shown)
    monkeypatch.setattr(prometheus, "_shown", lambda: shown)

    def show() -> dict[tuple[str, ...], float]:
        return samples(generate_latest(registry).decode().replace("# EOF\n", ""))

    return show


def begun_anew(meanwhile: Callable[[], object] = lambda: None) -> Callable[..., Iterable[bytes]]:
    """Make an app that sends other headers than those it began with."""
    plain = ("Content-Type", "text/plain")

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [plain, ("Set-Cookie", "ads=1")])
        meanwhile()
        try:
            raise ValueError
        except ValueError:
            start_response("500 Oh No", [plain, ("Set-Cookie", "session=1")], sys.exc_info())
        return [b"sorry"]

    return app


def test_one_process(watching: Any) -> None:
    app = guarded(responding(*ALL))
    watch(app.enforcer)
    watch(app.enforcer)
    ask(app)

    assert watching() == {
        ("cookieguard_verdicts_total", "kept", "essential"): 1,
        ("cookieguard_verdicts_total", "stripped", "analytics"): 2,
        ("cookieguard_verdicts_total", "stripped", "functional"): 1,
        ("cookieguard_verdicts_total", "stripped", "marketing"): 1,
        ("cookieguard_verdicts_total", "stripped", "undeclared"): 1,
        ("cookieguard_undeclared_names",): 1,
    }


def test_two_guards_are_added_up(watching: Any) -> None:
    for app in (guarded(responding("ads=1")), guarded(responding("ads=1"))):
        watch(app.enforcer)
        ask(app)

    assert watching()["cookieguard_verdicts_total", "stripped", "marketing"] == 2


def test_a_counter_never_falls(watching: Any) -> None:
    seen: list[float] = []

    def scrape() -> None:
        seen.append(watching()["cookieguard_verdicts_total", "stripped", "marketing"])

    app = guarded(begun_anew(meanwhile=scrape))
    watch(app.enforcer)
    for _ in range(3):
        ask(app)
        scrape()

    assert seen == [1, 1, 1, 1, 1, 1]


def test_labels_are_never_a_visitors_or_the_apps() -> None:
    for name in ("<script>", "x" * 5000, "näme", 'a"b'):
        app = guarded(responding(f"{name}=1", "=x", "\x01=1"))
        ask(app, cookie=f"{name}=2")
        assert {category for _, category in app.enforcer.counts} <= {"undeclared"}


def test_the_apps_other_paths_are_its_own() -> None:
    app = Metrics(guarded(responding("session=1")), "/metrics")

    assert ask(app, "/metrics/").cookies == ["session=1"]
    assert "session" not in str(ask(app, "/metrics").headers)


def test_one_of_several_processes_says_so_instead_of_its_own_counts() -> None:
    app = Metrics(guarded(responding()), "/metrics")
    answer = ask(app, "/metrics", environ={"wsgi.multiprocess": True})

    assert answer.status == 503
    assert b"PROMETHEUS_MULTIPROC_DIR" in answer.body


def test_who_asks_and_does_not_read_on_keeps_nobody_waiting() -> None:
    shown = prometheus._Shown()
    begun = shown.collect()
    next(iter(begun))

    with ThreadPoolExecutor(1) as other:
        assert len(other.submit(lambda: [*shown.collect()]).result(10)) == 4


def test_the_default_registry_shows_them() -> None:
    watch(guarded(responding()).enforcer)

    assert "cookieguard_undeclared_names" in {metric.name for metric in REGISTRY.collect()}


# Several processes


@pytest.fixture
def workers(tmp_path: Path) -> Iterable[Site]:
    (tmp_path / "cookies.json").write_text(json.dumps(POLICY))
    (tmp_path / "counts").mkdir()
    given = {
        "COOKIEGUARD_APP": "served_app:make()",
        "COOKIEGUARD_POLICY": "cookies.json",
        "COOKIEGUARD_SECRET": SECRET,
        "COOKIEGUARD_METRICS": "/metrics",
        "PROMETHEUS_MULTIPROC_DIR": "counts",
    }
    command = [*GUNICORN, "--workers=2", "cookieguard.serve:app"]
    with serving(command, tmp_path, clean(**given)) as site:
        yield site


@pytest.mark.server
def test_two_workers_count_together(workers: Site, tmp_path: Path) -> None:
    def counting() -> int:
        return len({re.sub(r"\D", "", path.name) for path in (tmp_path / "counts").glob("counter_*.db")})

    visits = 0
    # Which of them answers is the kernel's choice: until both had something to count.
    while counting() < 2 and visits < 3000:
        with ThreadPoolExecutor(8) as visitors:
            list(visitors.map(lambda _: workers.ask("/", {"X-Case": "first-visit"}), range(60)))
        visits += 60
    workers.ask("/", {"X-Case": "grant"})
    workers.ask("/", {"X-Case": "exc-info-before-the-body"})
    shown = samples(workers.ask("/metrics").body.decode())

    assert counting() == 2
    assert shown["cookieguard_verdicts_total", "stripped", "marketing"] == visits + 1 + 1
    assert shown["cookieguard_verdicts_total", "stripped", "undeclared"] == visits
    # What the first call to start_response kept back never was to leave, and is owed.
    assert shown["cookieguard_verdicts_total", "stripped", "analytics"] == 2 * visits + 1
    assert shown["cookieguard_consents_total", "grant"] == 1
    assert shown["cookieguard_undeclared_names",] == 1


def test_a_folder_that_was_named_too_late(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    with pytest.raises(ConfigurationError, match=r"E026: .* before the process starts"):
        watch(guarded(responding()).enforcer)


def test_what_was_taken_back_is_made_up_for() -> None:
    files = prometheus._Files()
    app = guarded(begun_anew())
    app.enforcer.tally.witness = files
    for _ in range(3):
        ask(app)

    shown = {
        (sample.name, *sample.labels.values()): sample.value
        for family in files._verdicts.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }
    assert shown == {
        ("cookieguard_verdicts_total", "stripped", "marketing"): 1,
        ("cookieguard_verdicts_total", "kept", "essential"): 3,
    }
