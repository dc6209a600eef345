"""The site that soak.py puts under load: `wsgi`, `asgi`, and the requests in a file: soaked.py FILE

What it answers depends on the path's first part; the rest is noise, as are cookies' values.
"""

from __future__ import annotations

import json
import logging
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from cookieguard import CookieGuard, Policy, asgi
from cookieguard.testing import consent_cookie

KEY = "benchmark-key-of-thirty-two-bytes"
POLICY = Policy.from_dict(
    {
        "use": ["flask", "google-analytics", "facebook"],
        "site": {"name": "Example Ltd", "contact": "privacy@example.com"},
        "cookies": [
            {"name": "theme", "category": "functional", "purpose": "P.", "lifetime": "6 months"},
        ],
    }
)
HEAD = "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n<title>Shop</title>\n"
TAG = '<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>\n'
PARAGRAPH = "<p>Hello, hello. <a href='/page'>Next</a>\n" * 20
NUMBERS = count()

logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s %(message)s")


def set_cookies(number: int) -> list[tuple[str, str]]:
    values = [
        f"session=eyJ{number:x}.aR3.k2v; HttpOnly; Path=/; SameSite=Lax",
        f"_ga=GA1.1.{number}.1700000000; Path=/; Max-Age=63072000",
        f"_fbp=fb.1.1700000000.{number}; Path=/; Max-Age=7776000",
        f"theme={'dark' if number % 2 else 'light'}; Max-Age=99999999",
        f"undeclared_{number % 5000}={number}; Path=/",
    ]
    return [("Set-Cookie", value) for value in values]


def answer(path: str) -> tuple[str, list[tuple[str, str]], list[bytes]]:
    """Return status, headers and the parts of the body."""
    number, kind = next(NUMBERS), path.split("/")[1]
    html, text = ("Content-Type", "text/html; charset=utf-8"), ("Content-Type", "text/plain")
    if kind == "json":
        return "200 OK", [("Content-Type", "application/json")], [b'{"number": %d}' % number]
    if kind == "cookies":
        return "200 OK", [text, *set_cookies(number)], [b"cookies"]
    if kind == "redirect":
        return "302 Found", [("Location", f"/page/{number}"), *set_cookies(number)[:2]], []
    if kind == "stream":
        return "200 OK", [html], [part.encode() for part in (HEAD[:9], HEAD[9:], TAG, *[PARAGRAPH] * 5)]
    page = f"{HEAD}{TAG}{PARAGRAPH}<p>{number}\n".encode()
    return "200 OK", [html, ("ETag", f'"{number:x}"'), *set_cookies(number)[:3]], [page]


def unguarded(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    status, headers, parts = answer(environ["PATH_INFO"])
    if len(parts) == 1:
        headers.append(("Content-Length", str(len(parts[0]))))
    start_response(status, headers)
    return iter(parts)


async def unguarded_asgi(scope: Any, receive: Any, send: Any) -> None:
    status, headers, parts = answer(scope["path"])
    if len(parts) == 1:
        headers.append(("Content-Length", str(len(parts[0]))))
    sent = [(name.lower().encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": int(status[:3]), "headers": sent})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


wsgi = CookieGuard(unguarded, POLICY, secret_key=KEY)
_asgi = asgi.CookieGuard(unguarded_asgi, POLICY, secret_key=KEY)


async def app(scope: Any, receive: Any, send: Any) -> None:
    # A server asks for the lifespan first; this site has none.
    if scope["type"] == "http":
        await _asgi(scope, receive, send)


# The requests.

PATHS = ["/page/{n}", "/json/{n}", "/cookies/{n}", "/redirect/{n}", "/stream/{n}"]
# Rendering them takes as long as fifty others.
RARE = [f"/privacy-choices{rest}" for rest in ("", "?lang=de", "/policy", "/guard.js?{n}", "/style.css")]
LANGUAGES = ["en", "de-AT,de;q=0.8", "fr", "xx-garbage;q=", "el,tr;q=0.3"]


def a_cookie(host: str, chosen: random.Random) -> str:
    """Return a `Cookie` header: a whole consent of this host, an old, a forged one, noise or nothing."""
    accept = [id for id in ("functional", "analytics", "marketing") if chosen.random() < 0.5]
    day = (datetime.now(UTC) - timedelta(chosen.choice([0, 0, 1, 30, 400]))).date()
    name, value = consent_cookie(POLICY, KEY, accept, host=host, https=False, day=day)
    noise = f"session=s{chosen.getrandbits(40):x}; _ga=GA1.1.{chosen.getrandbits(20)}; x{chosen.getrandbits(16)}=1"
    kinds = [f"{noise}; {name}={value}"] * 5 + [f"{name}={value}"] * 2
    kinds += [f"{name}={value[:-3]}abc", f"{name}={chosen.getrandbits(99):x}; {noise}", noise, ""]
    return chosen.choice(kinds)


def a_request(chosen: random.Random) -> dict[str, Any]:
    host = chosen.choice(["shop.example", "www.shop.example", f"h{chosen.getrandbits(24)}.example:8080"])
    headers = {"Host": host, "Accept-Language": chosen.choice(LANGUAGES)}
    if cookie := a_cookie(host.partition(":")[0], chosen):
        headers["Cookie"] = cookie
    if chosen.random() < 0.5:
        headers["Sec-Fetch-Mode"] = "navigate"
    if chosen.random() < 0.1:
        headers["Sec-GPC"] = "1"
    if chosen.random() < 0.02:
        return a_decision(headers, chosen)
    path = chosen.choice(RARE if chosen.random() < 0.02 else PATHS).format(n=chosen.getrandbits(32))
    return {"method": "GET", "path": path, "headers": headers}


def a_decision(headers: dict[str, str], chosen: random.Random) -> dict[str, Any]:
    accept = [id for id in ("functional", "analytics", "marketing") if chosen.random() < 0.5]
    digests = {id: POLICY.categories[id].token for id in accept}
    more = {"Content-Type": "application/json", "Origin": f"http://{headers['Host']}"}
    body = json.dumps({"accept": accept, "digests": digests})
    return {"method": "POST", "path": "/privacy-choices", "headers": headers | more, "body": body}


def write_requests(file: str, many: int = 20_000) -> None:
    """Write requests as a Lua table, which wrk reads."""
    chosen = random.Random(7)
    with open(file, "w") as output:  # noqa: PTH123
        output.write("return {\n")
        for _ in range(many):
            request = a_request(chosen)
            headers = ", ".join(f"[{json.dumps(k)}] = {json.dumps(v)}" for k, v in request["headers"].items())
            body = json.dumps(request["body"]) if "body" in request else "nil"
            output.write(
                f'{{"{request["method"]}", {json.dumps(request["path"])}, {{{headers}}}, {body}}},\n'
            )
        output.write("}\n")


if __name__ == "__main__":
    write_requests(sys.argv[1])
