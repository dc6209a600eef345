"""The system's Firefox as judge, driven by WebDriver BiDi, which it speaks by itself."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from processes import end

from browser.differential.judge import Held, octets

NAMES = ("firefox-esr", "firefox")
ABSENT = f"no Firefox on this machine (looked for {', '.join(NAMES)})"

# Every name leads to this machine, and Firefox asks for nothing of its own accord.
_PREFERENCES: Mapping[str, Any] = {
    "network.dns.native-is-localhost": True,
    "network.dns.disableIPv6": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "app.update.auto": False,
    "app.normandy.enabled": False,
    "services.settings.server": "data:,",
    "browser.safebrowsing.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.server": "data:,",
    "extensions.update.enabled": False,
    "browser.newtabpage.enabled": False,
    # Pages of the http kind stay there.
    "dom.security.https_first": False,
    "dom.security.https_first_schemeless": False,
}
_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_PATIENCE = 60


def find() -> str:
    """Return the path of the browser; without one skip the test, or fail it where CI is set."""
    return next(filter(None, map(shutil.which, NAMES)), None) or absent()


def absent() -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{ABSENT}, and with CI set nothing is skipped", pytrace=False)
    pytest.skip(ABSENT)


@contextmanager
def start(profile: Path) -> Iterator[Firefox]:
    """Start Firefox with a new profile in this folder, which must exist; it ends with the block."""
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items())
    (profile / "user.js").write_text("\n".join(lines))
    command = [find(), "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(profile)]
    log = profile / "log"
    with log.open("wb") as written:
        process = subprocess.Popen([*command, "about:blank"], stdout=written, stderr=written)
    try:
        yield from _drive(_address(log, process))
    finally:
        end(process)


def _drive(address: str) -> Iterator[Firefox]:
    from websockets.sync.client import connect

    with connect(f"{address}/session", max_size=None, proxy=None) as socket:
        firefox = Firefox(socket)
        yield firefox
        firefox.send("session.end")


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if found := _LISTENING.search(log.read_text("utf-8", "replace")):
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"Firefox didn't say where it listens:\n{log.read_text('utf-8', 'replace')}")


class Firefox:
    """Judge by WebDriver BiDi."""

    name = "firefox"

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._count = 0
        self.send("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self._tab = self.send("browsingContext.create", type="tab")["context"]

    def send(self, method: str, **parameters: Any) -> Any:
        """Send one command, and return its result."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(_PATIENCE))
            if answer.get("id") == self._count:
                break
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def goto(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def run(self, function: str, argument: Any = None) -> Any:
        # JSON both ways: BiDi's own values are of another shape.
        called = f"async text => JSON.stringify(await ({function})(JSON.parse(text))) ?? 'null'"
        given = [{"type": "string", "value": json.dumps(argument)}]
        answer = self.send(
            "script.callFunction",
            functionDeclaration=called,
            arguments=given,
            target={"context": self._tab},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def jar(self) -> list[Held]:
        return [_from_bidi(cookie) for cookie in self.send("storage.getCookies")["cookies"]]

    def put(self, name: str, value: str, host: str, *, secure: bool) -> None:
        kept = {"type": "string", "value": value}
        cookie = {"name": name, "value": kept, "domain": host, "path": "/", "secure": secure}
        self.send("storage.setCookie", cookie=cookie)

    def clear(self) -> None:
        self.send("storage.deleteCookies")


def _from_bidi(cookie: dict[str, Any]) -> Held:
    value = cookie["value"]
    same_site = cookie["sameSite"]
    return Held(
        # Firefox gives a name octet by octet, and a value as the text that it stands for.
        cookie["name"],
        base64.b64decode(value["value"]).decode("latin-1")
        if value["type"] == "base64"
        else octets(value["value"]),
        cookie["domain"],
        cookie["path"],
        cookie.get("expiry"),
        cookie["secure"],
        cookie["httpOnly"],
        "" if same_site == "default" else same_site,
        # It doesn't say; partitioned cookies stand among the others.
        False,
    )
