"""A million requests of every kind to gunicorn and to uvicorn: no error, and memory that stays flat.

python soak.py [gunicorn] [uvicorn]; REQUESTS=300000 ROUND=15 change how many, and the seconds between
two samples. It needs wrk (Debian: wrk; WRK=/path/to/wrk). About half an hour on two cores that are idle.

Memory is flat where a worker grows by less than 1 MiB over the last half: the mean of its last quarter
less that of its first. What is remembered of hosts, cookies and names, all of it bounded, is full by then.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
REQUESTS = int(os.environ.get("REQUESTS", "1000000"))
ROUND = int(os.environ.get("ROUND", "15"))
FLAT = 1024  # KiB
# uvicorn with workers, or with a socket that it inherits, sets no TCP_NODELAY: each answer waits 40 ms then.
SERVERS = {
    "gunicorn": ["-m", "gunicorn", "--no-control-socket", "--workers=2", "--log-level=warning"],
    "uvicorn": ["-m", "uvicorn", "--log-level=warning", "--no-access-log"],
}
APPS = {"gunicorn": ["--bind=127.0.0.1:{port}", "soaked:wsgi"], "uvicorn": ["--port={port}", "soaked:app"]}
# A visitor who leaves in the middle of a stream is a warning of asyncio's own.
_TROUBLE = re.compile(r"ERROR|CRITICAL|Traceback")


@contextmanager
def serving(name: str, log: Path) -> Iterator[tuple[int, int]]:
    """Run a server, gunicorn with two workers; yield its port and process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COOKIEGUARD_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *SERVERS[name], *(part.format(port=port) for part in APPS[name])],
            cwd=HERE,
            env={**kept, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        await_start(port)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_start(port: int) -> None:
    """Wait for the first answer, a minute at most."""
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/page/1", timeout=60).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def workers(master: int) -> list[int]:
    """Return the processes that answer: a server's children, or itself."""
    listed = Path(f"/proc/{master}/task/{master}/children").read_text()
    return [int(pid) for pid in listed.split()] or [master]


def memory(pids: list[int]) -> tuple[int, int]:
    """Return what processes have together, in KiB: RSS, and what of it is their own and no file's."""
    text = "".join(Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids)

    def told(field: str) -> int:
        return sum(map(int, re.findall(rf"^{field}:\s+(\d+)", text, re.M)))

    return told("Rss"), told("Private_Dirty")


def load(wrk: str, port: int, requests: Path, seed: int) -> tuple[int, list[int]]:
    """Ask for a round; return the answers, and the errors: connect, read, write, status, timeout."""
    command = [wrk, "-t1", "-c8", f"-d{ROUND}s", "--timeout=30s", "-s", str(HERE / "soak.lua")]
    command += [f"http://127.0.0.1:{port}/", "--", str(requests), str(seed)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    told = re.search(r"^SUMMARY (.*)$", shown, re.M)
    if told is None:
        raise SystemExit(shown)
    count, _, *errors = map(int, told[1].split())
    return count, errors


def grown(samples: list[int], pids: list[int]) -> float:
    """Return by how much a process grew over the last half, its end's mean less its beginning's, in KiB."""
    half = samples[len(samples) // 2 :]
    few = max(1, len(half) // 4)
    return (statistics.mean(half[-few:]) - statistics.mean(half[:few])) / len(pids)


def trouble(log: Path) -> list[str]:
    """Return the lines of a log that speak of an error."""
    return [line for line in log.read_text("utf-8", "replace").splitlines() if _TROUBLE.search(line)]


def soak(name: str, wrk: str, folder: Path) -> list[str]:
    """Put one server under load, print what was seen, and return what is wrong."""
    log, requests = folder / f"{name}.log", folder / "requests.lua"
    subprocess.run(
        [sys.executable, str(HERE / "soaked.py"), str(requests)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )
    answered, errors, samples = 0, [0] * 5, []
    begun = time.monotonic()
    with serving(name, log) as (port, master):
        load(wrk, port, requests, 0)
        pids = workers(master)
        while answered < REQUESTS:
            count, failed = load(wrk, port, requests, len(samples))
            answered += count
            errors = [sum(pair) for pair in zip(errors, failed, strict=True)]
            samples.append(memory(pids))
            print(f"  {answered:>9,}  RSS {samples[-1][0]:,}  own {samples[-1][1]:,} KiB", flush=True)
        stayed = workers(master) == pids
    rss, own = ([sample[place] for sample in samples] for place in (0, 1))
    told = trouble(log)
    print(
        f"{name}: {answered:,} answers in {time.monotonic() - begun:.0f} s; errors"
        f" {dict(zip(('connect', 'read', 'write', 'status', 'timeout'), errors, strict=True))};"
        f" {len(told)} lines of trouble in the log;\n  {len(pids)} workers' RSS {rss[0]:,} KiB at first,"
        f" {rss[-1]:,} at last, {grown(rss, pids):+,.0f} each over the last half (their own"
        f" {own[0]:,}, {own[-1]:,}, {grown(own, pids):+,.0f})",
        flush=True,
    )
    wrong = [f"{name}: {sum(errors)} errors"] if any(errors) else []
    wrong += [f"{name}: its log says {line!r}" for line in told[:5]]
    wrong += [] if stayed else [f"{name}: a worker died"]
    wrong += [f"{name}: memory grows"] if max(grown(rss, pids), grown(own, pids)) >= FLAT else []
    return wrong


def main() -> None:
    wrk = os.environ.get("WRK") or shutil.which("wrk")
    if not wrk:
        raise SystemExit("wrk isn't here: apt install wrk, or WRK=/path/to/wrk")
    # The server must go when this does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        wrong = [line for name in sys.argv[1:] or SERVERS for line in soak(name, wrk, Path(folder))]
    if wrong:
        raise SystemExit("\n".join(wrong))
    print("no error, and memory stays flat")


if __name__ == "__main__":
    main()
