"""What the guard adds to a request, beside a no-op wrapper, ProxyFix and one bare `unsign`."""

from __future__ import annotations

import hashlib
import itertools

from harness import measure, table
from itsdangerous import Signer
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import EnvironBuilder

from cookieguard import CookieGuard, Policy
from cookieguard.testing import consent_cookie

KEY = "benchmark-key-of-thirty-two-bytes"
NUMBERS = itertools.count()
POLICY = Policy.from_dict({"use": ["flask", "google-analytics", "facebook"]})


def json_app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


def fresh_app(environ, start_response):
    etag = f'"{next(NUMBERS):x}"'
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2"), ("ETag", etag)])
    return [b"{}"]


def cookie_app(environ, start_response):
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", "2"),
        ("Set-Cookie", "session=eyJ1c2VyIjoxfQ.aR3.k2v; HttpOnly; Path=/"),
        ("Set-Cookie", "_ga=GA1.1.1234567890.1700000000; Path=/; Max-Age=63072000"),
        ("Set-Cookie", "_fbp=fb.1.1700000000.1234567890; Path=/; Max-Age=7776000"),
    ]
    start_response("200 OK", headers)
    return [b"{}"]


def wrap(app):
    def wrapper(environ, start_response):
        return app(environ, start_response)

    return wrapper


def start_response(status, headers, exc_info=None):
    return lambda data: None


def request(app, environ):
    return lambda: app(environ.copy(), start_response)


def main() -> None:
    plain = EnvironBuilder().get_environ()
    forwarded = EnvironBuilder(
        headers={"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    ).get_environ()
    name, value = consent_cookie(POLICY, KEY, ["analytics"])
    decided = EnvironBuilder(
        headers={"Cookie": f"session=eyJ1c2VyIjoxfQ.aR3.k2v; {name}={value}"}
    ).get_environ()
    signer = Signer(KEY, salt="bench", key_derivation="hmac", digest_method=hashlib.sha256)
    signed = signer.sign(value)

    times = measure(
        {
            "json": request(wrap(json_app), plain),
            "json, ProxyFix": request(ProxyFix(json_app), plain),
            "json, ProxyFix behind a proxy": request(ProxyFix(json_app), forwarded),
            "json, guard": request(CookieGuard(json_app, POLICY, secret_key=KEY), plain),
            "fresh": request(wrap(fresh_app), plain),
            "fresh, guard": request(CookieGuard(fresh_app, POLICY, secret_key=KEY), plain),
            "cookies": request(wrap(cookie_app), decided),
            "cookies, guard": request(CookieGuard(cookie_app, POLICY, secret_key=KEY), decided),
            "unsign": lambda: signer.unsign(signed),
        }
    )
    proxy_fix = times["json, ProxyFix"] - times["json"]
    behind = times["json, ProxyFix behind a proxy"] - times["json"]
    guard = times["json, guard"] - times["json"]
    cookies = times["cookies, guard"] - times["cookies"]
    unsign = times["unsign"]
    table(
        "Added to a request over a no-op wrapper, microseconds (medians of rounds in turn)",
        [
            ("JSON without cookies: ProxyFix, forwarded headers there", f"{behind:.2f}"),
            ("JSON without cookies: ProxyFix, none there", f"{proxy_fix:.2f}"),
            ("JSON without cookies: guard", f"{guard:.2f}"),
            ("  ratio to ProxyFix, there and not there", f"{guard / behind:.2f}  {guard / proxy_fix:.2f}"),
            (
                "the same with an ETag never seen before: guard",
                f"{times['fresh, guard'] - times['fresh']:.2f}",
            ),
            ("one bare itsdangerous unsign", f"{unsign:.2f}"),
            ("three Set-Cookie, consent cookie seen before: guard", f"{cookies:.2f}"),
            ("  ratio to unsign", f"{cookies / unsign:.2f}"),
        ],
    )


if __name__ == "__main__":
    main()
