"""A browser as judge: it is sent somewhere, runs a script there, and shows its jar with all attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


class Held(NamedTuple):
    """A cookie as a jar holds it; name and value in octets, as latin-1.

    `domain` begins with a dot unless the cookie is host-only, `expires` is POSIX seconds or None,
    `same_site` is in lower case and empty where the cookie says nothing.
    """

    name: str
    value: str
    domain: str
    path: str
    expires: float | None
    secure: bool
    http_only: bool
    same_site: str
    partitioned: bool

    @property
    def key(self) -> tuple[object, ...]:
        """What tells two cookies of one jar apart."""
        return (self.name, self.domain, self.path, self.partitioned)


class Judge(Protocol):
    """What both browsers can do."""

    name: str

    def goto(self, url: str) -> None:
        """Navigate as a visitor does, and wait for the page."""
        ...

    def run(self, function: str, argument: Any = None) -> Any:
        """Call a JavaScript function with JSON, await what it returns, and return that."""
        ...

    def jar(self) -> list[Held]: ...

    def put(self, name: str, value: str, host: str, *, secure: bool) -> None:
        """Store a host-only session cookie at `/`."""
        ...

    def clear(self) -> None:
        """Empty the jar."""
        ...


class Chromium:
    """Judge by the DevTools protocol, of which playwright's own reading keeps half the attributes."""

    name = "chromium"

    def __init__(self, context: BrowserContext) -> None:
        self._page = context.new_page()
        self._session = context.new_cdp_session(self._page)

    def goto(self, url: str) -> None:
        from playwright.sync_api import Error

        try:
            self._page.goto(url)
        except Error as error:
            # The page that is being left may load itself again at that very moment.
            if "interrupted by another navigation" not in error.message:
                raise
            self._page.wait_for_load_state()
            self._page.goto(url)

    def run(self, function: str, argument: Any = None) -> Any:
        return self._page.evaluate(function, argument)

    def jar(self) -> list[Held]:
        return [_from_devtools(cookie) for cookie in self._session.send("Network.getAllCookies")["cookies"]]

    def put(self, name: str, value: str, host: str, *, secure: bool) -> None:
        scheme = "https" if secure else "http"
        cookie = {"name": name, "value": value, "url": f"{scheme}://{host}/", "secure": secure, "path": "/"}
        assert self._session.send("Network.setCookie", cookie)["success"]

    def clear(self) -> None:
        self._session.send("Network.clearBrowserCookies")


def _from_devtools(cookie: dict[str, Any]) -> Held:
    return Held(
        octets(cookie["name"]),
        octets(cookie["value"]),
        cookie["domain"],
        cookie["path"],
        None if cookie["session"] else cookie["expires"],
        cookie["secure"],
        cookie["httpOnly"],
        cookie.get("sameSite", "").lower(),
        "partitionKey" in cookie,
    )


def octets(text: str) -> str:
    """Return a browser's text as WSGI has it: UTF-8, read as latin-1."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")
