"""A visitor without JavaScript at a real server: pages, forms, cookies, redirects."""

from __future__ import annotations

import http.cookiejar
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from processes import end


class Visitor:
    """Keeps cookies as a browser does, and the names of all that were ever set."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.jar = http.cookiejar.CookieJar()
        self.seen: set[str] = set()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar), _Watcher(self.seen), _Errors()
        )
        self.page: BeautifulSoup
        self.url, self.status = base, 0

    @property
    def cookies(self) -> set[str]:
        return {cookie.name for cookie in self.jar}

    @property
    def path(self) -> str:
        return urllib.parse.urlsplit(self.url).path

    @property
    def text(self) -> str:
        return self.page.get_text(" ", strip=True)

    def open(self, path: str, data: list[tuple[str, str]] | None = None) -> Visitor:
        body = None if data is None else urllib.parse.urlencode(data).encode()
        headers = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
        if body is not None:
            # As browsers send it; CSRF checks read it too.
            headers["Origin"], headers["Referer"] = self.base, self.url
        request = urllib.request.Request(urllib.parse.urljoin(self.url, path), body, headers)
        with self._opener.open(request, timeout=30) as response:
            self.page = BeautifulSoup(response.read(), "html.parser")
            self.url, self.status = response.url, response.status
        return self

    def submit(self, form: str, **fields: Any) -> Visitor:
        """Send the form that a CSS selector finds, as it stands but for these fields."""
        found = self.page.select_one(form)
        assert found is not None, (form, self.url, self.text[:500])
        data = [
            (field["name"], field.get("value", ""))
            for field in found.select("input[name]")
            if field.get("type") not in ("checkbox", "radio", "submit") and field["name"] not in fields
        ]
        for name, values in fields.items():
            data += [(name, value) for value in ([values] if isinstance(values, str) else values)]
        return self.open(found.get("action") or self.url, data)

    def decide(self, *accept: str) -> Visitor:
        """Accept these categories on the preferences page, and refuse all others."""
        self.open("/privacy-choices")
        return self.submit("form[method=post]", choice="some", accept=list(accept))


class _Watcher(urllib.request.BaseHandler):
    def __init__(self, seen: set[str]) -> None:
        self.seen = seen

    def http_response(self, request: Any, response: Any) -> Any:
        lines = response.headers.get_all("Set-Cookie") or []
        self.seen |= {line.strip().partition("=")[0] for line in lines if "1970" not in line}
        return response


class _Errors(urllib.request.HTTPDefaultErrorHandler):
    def http_error_default(self, request: Any, fp: Any, code: int, message: str, headers: Any) -> Any:
        return fp


def free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        port: int = probing.getsockname()[1]
        return port


@contextmanager
def serving(command: list[str], port: int, folder: Path, environ: dict[str, str]) -> Iterator[str]:
    """Run a server until it is no longer needed; yield its address once it answers."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _wait(process, port, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process)


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError((folder / "server.log").read_text())
