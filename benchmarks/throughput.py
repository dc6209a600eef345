"""Answers a second under gunicorn with two workers, with and without the guard, in turn.

Of Flask pages with a session and two more cookies: the first page of a real app, I hate money
(money_pages.py), and three of our own (flask_pages.py), a list out of a database, a template's list, and a
few constant lines. About six minutes. On a machine that others use too, believe the processor's time
that the workers took for an answer.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness import table

HERE = Path(__file__).parent
POLICY = HERE.parent / "examples" / "serving" / "cookies.toml"
ROUNDS, SECONDS = 10, 1.0
SETTINGS = {
    "COOKIEGUARD_POLICY": str(POLICY),
    "COOKIEGUARD_SECRET": "benchmark-key-of-thirty-two-bytes",
}
PAGES = {
    "money_pages:app": {"A real app's first page": "/"},
    "flask_pages:app": {
        "A list out of a database": "/stock",
        "A template's list": "/list",
        "Constant lines": "/",
    },
}


@contextmanager
def serving(app: str, *, guarded: bool, folder: str) -> Iterator[tuple[int, int]]:
    """Run gunicorn with two workers; yield its port and process. `folder` is where an app may write."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        fd, port = listening.fileno(), listening.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COOKIEGUARD_")}
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "--no-control-socket",
                "--workers=2",
                f"--bind=fd://{fd}",
                "cookieguard.serve:app" if guarded else app,
            ],
            cwd=HERE,
            env={**kept, **SETTINGS, "COOKIEGUARD_APP": app, "BENCHMARK_FOLDER": folder},
            pass_fds=[fd],
            stderr=subprocess.DEVNULL,
        )
        try:
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(10)


def answers_a_second(port: int, path: str) -> float:
    """Load the page for a round, from another process."""
    if wrk := shutil.which("wrk"):
        headers = ["-H", "Host: shop.example", "-H", "Accept: text/html", "-H", "Sec-Fetch-Mode: navigate"]
        command = [wrk, "-t1", "-c8", f"-d{SECONDS:.0f}s", *headers, f"http://127.0.0.1:{port}{path}"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in shown:
            raise SystemExit(shown)
        rate = float(re.findall(r"Requests/sec:\s+([0-9.]+)", shown)[0])
    else:
        command = [sys.executable, str(HERE / "load.py"), "127.0.0.1", str(port), str(SECONDS), path]
        rate = float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    if not rate:
        raise SystemExit("the site doesn't answer")
    return rate


def worked(master: int) -> float:
    """Return the processor's seconds that a server's workers have taken so far; 0 where it can't be told."""
    tasks = Path(f"/proc/{master}/task/{master}/children")
    if not tasks.exists():
        return 0.0
    ticks = 0
    for worker in tasks.read_text().split():
        fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Figures:
    """What one page's rounds gave: answers a second, and the workers' seconds for one answer."""

    def __init__(self) -> None:
        self.rates: dict[str, list[float]] = {"without": [], "with": []}
        self.costs: dict[str, list[float]] = {"without": [], "with": []}

    def take(self, servers: dict[str, tuple[int, int]], path: str, first: str) -> None:
        """Load the page for a round: one server, the other twice, the one again, so that drifts cancel out."""
        (second,) = servers.keys() - {first}
        rates: dict[str, list[float]] = {first: [], second: []}
        costs: dict[str, list[float]] = {first: [], second: []}
        for name in (first, second, second, first):
            port, master = servers[name]
            before = worked(master)
            rate = answers_a_second(port, path)
            rates[name].append(rate)
            costs[name].append((worked(master) - before) / (rate * SECONDS))
        for name in servers:
            self.rates[name].append(statistics.mean(rates[name]))
            self.costs[name].append(statistics.mean(costs[name]))

    def show(self, title: str) -> None:
        rates, costs = self.rates, self.costs
        table(
            f"{title}, three cookies; gunicorn, two workers (medians of {len(rates['with'])} rounds)",
            [
                ("answers a second without the guard", f"{statistics.median(rates['without']):.0f}"),
                ("answers a second with the guard", f"{statistics.median(rates['with']):.0f}"),
                ("  ratio (median of the rounds')", f"{_ratio(rates['with'], rates['without']):.3f}"),
                (
                    "workers' microseconds an answer without",
                    f"{statistics.median(costs['without']) * 1e6:.0f}",
                ),
                ("workers' microseconds an answer with", f"{statistics.median(costs['with']) * 1e6:.0f}"),
                ("  ratio (median of the rounds')", f"{_ratio(costs['without'], costs['with']):.3f}"),
            ],
        )


def _ratio(above: list[float], below: list[float]) -> float:
    return statistics.median(one / other if other else 0 for one, other in zip(above, below, strict=True))


def measure(app: str, pages: dict[str, str]) -> None:
    """Print an app's figures."""
    figures = {title: Figures() for title in pages}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            # The same server, started again, is up to a tenth faster or slower: where its memory lies, and
            # how its dictionaries hash, is by chance.
            with ExitStack() as stack:
                servers = {
                    name: stack.enter_context(serving(app, guarded=name == "with", folder=folder))
                    for name in ("without", "with")
                }
                for title, path in pages.items():
                    for port, _ in servers.values():
                        # The socket listens already, so this waits for the first worker.
                        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30).close()
                        answers_a_second(port, path)
                    figures[title].take(servers, path, ("without", "with")[number % 2])
    for title, each in figures.items():
        each.show(title)


def main() -> None:
    for app, pages in PAGES.items():
        measure(app, pages)


if __name__ == "__main__":
    main()
