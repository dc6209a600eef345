"""Answers a second under gunicorn with two workers, with and without the guard, in turn.

Of three Flask pages (flask_pages.py) with a session and two more cookies: a list out of a database, a
template's list, and a few constant lines. About two minutes. On a machine that others use too, believe the processor's time that
the workers took for an answer.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness import table

HERE = Path(__file__).parent
POLICY = HERE.parent / "examples" / "serving" / "cookies.toml"
ROUNDS, SECONDS = 15, 1.0
SETTINGS = {
    "COOKIEGUARD_APP": "flask_pages:app",
    "COOKIEGUARD_POLICY": str(POLICY),
    "COOKIEGUARD_SECRET": "benchmark-key-of-thirty-two-bytes",
}


@contextmanager
def serving(app: str) -> Iterator[tuple[int, int]]:
    """Run gunicorn with two workers; yield its port and process."""
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
                app,
            ],
            cwd=HERE,
            env={**kept, **SETTINGS},
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


def compare(servers: dict[str, tuple[int, int]], title: str, path: str) -> float:
    """Print a page's figures; return the ratio."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    costs: dict[str, float] = {}
    for name, (port, master) in servers.items():
        # The socket listens already, so this waits for the first worker.
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30).close()
        answers_a_second(port, path)
        costs[name] = -worked(master)
    for number in range(ROUNDS):
        # Who comes first has the quieter machine, or the warmer.
        for name in sorted(servers, reverse=bool(number % 2)):
            rates[name].append(answers_a_second(servers[name][0], path))
    for name, (_, master) in servers.items():
        costs[name] = (costs[name] + worked(master)) / (sum(rates[name]) * SECONDS) * 1e6
    ratio = statistics.median(
        guarded / bare for guarded, bare in zip(rates["with"], rates["without"], strict=True)
    )
    table(
        f"{title}, three cookies; gunicorn, two workers (medians of {ROUNDS} rounds in turn)",
        [
            ("answers a second without the guard", f"{statistics.median(rates['without']):.0f}"),
            ("answers a second with the guard", f"{statistics.median(rates['with']):.0f}"),
            ("  ratio (median of the rounds')", f"{ratio:.3f}"),
            ("workers' time an answer without the guard, microseconds", f"{costs['without']:.0f}"),
            ("workers' time an answer with the guard", f"{costs['with']:.0f}"),
            ("  ratio", f"{costs['without'] / costs['with'] if costs['with'] else 0:.3f}"),
        ],
    )
    return ratio


def main() -> None:
    with ExitStack() as stack:
        servers = {
            "without": stack.enter_context(serving("flask_pages:app")),
            "with": stack.enter_context(serving("cookieguard.serve:app")),
        }
        compare(servers, "A list out of a database", "/stock")
        compare(servers, "A template's list", "/list")
        compare(servers, "A few constant lines", "/")


if __name__ == "__main__":
    main()
