"""A PostgreSQL of the tests' own: a fresh cluster behind a Unix socket, gone when they are."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ABSENT = "no PostgreSQL server on this machine (looked in /usr/lib/postgresql and on PATH)"


def find() -> Path | None:
    """Return the folder of the server's programs."""
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    found = str(known[-1]) if known else shutil.which("postgres")
    return Path(found).resolve().parent if found else None


class Cluster:
    """`url` leads to it while it runs; `kill` ends it as a power cut would, `start` brings it back."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="cookieguard-"))
        # The server refuses to run as root.
        self._as = []
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        # It ends with the process that started it.
        self._as_child = [*(self._as or ["setpriv"]), "--pdeathsig=INT"]
        data = str(self.folder / "data")
        initdb = [str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        subprocess.run([*self._as, *initdb], check=True, capture_output=True, cwd="/")
        self.url = f"postgresql+psycopg://postgres@/postgres?host={self.folder}"
        self.start()

    def start(self) -> None:
        server = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        for _ in range(100):
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [*self._as_child, *server, "-c", "listen_addresses="], stdout=log, stderr=log, cwd="/"
                )
            while self._process.poll() is None:
                if not self._ready():
                    time.sleep(0.05)
                    continue
                return
            # Killed, its children still hold the shared memory for a moment.
            time.sleep(0.1)
        raise RuntimeError((self.folder / "log").read_text())

    def _ready(self) -> bool:
        asked = [str(self._programs / "pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run(asked, check=False).returncode == 0

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)
