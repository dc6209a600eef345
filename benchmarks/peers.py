"""What the guard costs, beside what people use today; rewrites the table in README.md, where it has one.

    python benchmarks/peers.py          # some minutes; --fast for fewer processes
    python benchmarks/peers.py --help   # pyperf's options

Sizes are those of the packages in the npm registry, so that npm must be there and reach it.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import combinations, product
from pathlib import Path

import pyperf
from django.conf import settings as django_settings
from flask import Flask
from flask_talisman import Talisman
from itsdangerous import Signer
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import EnvironBuilder
from whitenoise import WhiteNoise

from cookieguard import CookieGuard, Policy
from cookieguard.testing import consent_cookie

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN, END = "<!-- benchmarks/peers.py -->", "<!-- end -->"
KEY = "benchmark-key-of-thirty-two-bytes"
POLICY = Policy.from_dict({"use": ["flask", "google-analytics", "facebook"]})
HOST = "localhost"
NUMBERS = itertools.count()
JSON = [("Content-Type", "application/json"), ("Content-Length", "2")]
SESSION = "session=eyJ1c2VyIjoxfQ.aR3.k2v"
SET = [
    f"{SESSION}; HttpOnly; Path=/",
    "_ga=GA1.1.1234567890.1700000000; Path=/; Max-Age=63072000",
    "_fbp=fb.1.1700000000.1234567890; Path=/; Max-Age=7776000",
]
# What a page loads of each for an English banner, as its own instructions say.
SCRIPTS = {
    "vanilla-cookieconsent": ("dist/cookieconsent.umd.js", "dist/cookieconsent.css"),
    "klaro": ("dist/klaro.js",),
    "tarteaucitronjs": (
        "tarteaucitron.min.js",
        "tarteaucitron.services.min.js",
        "lang/tarteaucitron.en.min.js",
        "css/tarteaucitron.min.css",
    ),
}


def json_app(environ, start_response):
    start_response("200 OK", JSON.copy())
    return [b"{}"]


def cookie_app(environ, start_response):
    start_response("200 OK", [*JSON, *(("Set-Cookie", line) for line in SET)])
    return [b"{}"]


def fresh_app(environ, start_response):
    """Set the same cookies, with values never seen before."""
    number = next(NUMBERS)
    start_response("200 OK", [*JSON, *(("Set-Cookie", line.replace("=", f"={number}.", 1)) for line in SET)])
    return [b"{}"]


def wrapped(app):
    return lambda environ, start_response: app(environ, start_response)


def start_response(status, headers, exc_info=None):
    return lambda data: None


def requests(app, *sent: tuple[str, str]) -> Callable[[], object]:
    """Return a call that makes one request, to one of these hosts with a `Cookie` header ("" for none) in turn."""
    made = [
        EnvironBuilder(base_url=f"http://{host}/", headers={"Cookie": cookie} if cookie else {}).get_environ()
        for host, cookie in sent
    ]
    if len(made) == 1:
        return lambda: app(made[0].copy(), start_response)
    following = itertools.cycle(made)
    return lambda: app(next(following).copy(), start_response)


def decided() -> Iterator[tuple[str, str]]:
    """Yield host and `Cookie` header of visitors who decided; more decisions than are remembered."""
    today = date.today()
    kinds = ("functional", "analytics", "marketing")
    choices = [chosen for size in range(4) for chosen in combinations(kinds, size)]
    for host, age, chosen in product(("localhost", "127.0.0.1"), range(1, 170), choices):
        name, value = consent_cookie(POLICY, KEY, chosen, host=host, day=today - timedelta(days=age))
        yield host, f"{SESSION}; {name}={value}"


def flask_app(talisman: bool) -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: ("{}", {"Content-Type": "application/json"}))
    if talisman:
        Talisman(app, force_https=False)
    return app


def django_calls() -> dict[str, Callable[[], object]]:
    """Return django-cookie-consent's middleware around a view with three cookies, and the view alone."""
    django_settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["django.contrib.contenttypes", "cookie_consent"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SECRET_KEY=KEY,
    )
    import django

    django.setup()
    from cookie_consent.middleware import CleanCookiesMiddleware
    from cookie_consent.models import Cookie, CookieGroup
    from django.core.management import call_command
    from django.http import HttpResponse
    from django.test import RequestFactory

    call_command("migrate", verbosity=0)
    for group, name in (("analytics", "_ga"), ("marketing", "_fbp")):
        Cookie.objects.create(
            cookiegroup=CookieGroup.objects.create(varname=group, name=group), name=name, domain="", path="/"
        )
    request = RequestFactory().get("/")
    request.COOKIES = {"session": "1", "cookie_consent": "analytics=2026-11-01T00:00:00|marketing=-1"}

    def view(request):
        response = HttpResponse(b"{}")
        for line in SET:
            name, _, value = line.partition(";")[0].partition("=")
            response.set_cookie(name, value)
        return response

    middleware = CleanCookiesMiddleware(view)
    return {"django": lambda: view(request), "django-cookie-consent": lambda: middleware(request)}


def calls() -> dict[str, Callable[[], object]]:
    """Return what is measured, by name."""
    name, value = consent_cookie(POLICY, KEY, ["analytics"])
    seen, unseen = (HOST, f"{SESSION}; {name}={value}"), list(decided())
    # More visitors than are remembered, all of the same decision.
    new = [(HOST, f"session={number}; {name}={value}") for number in range(1500)]
    signer = Signer(KEY, salt="bench", key_derivation="hmac", digest_method=hashlib.sha256)
    signed = signer.sign(value)
    bare, talisman = flask_app(False).wsgi_app, flask_app(True).wsgi_app
    return {
        "json": requests(wrapped(json_app), (HOST, "")),
        "json, cookieguard": requests(CookieGuard(json_app, POLICY, secret_key=KEY), (HOST, "")),
        "json, ProxyFix": requests(ProxyFix(json_app), (HOST, "")),
        "json, WhiteNoise": requests(WhiteNoise(json_app), (HOST, "")),
        "flask": requests(bare, (HOST, "")),
        "flask, flask-talisman": requests(talisman, (HOST, "")),
        "cookies, seen": requests(wrapped(cookie_app), seen),
        "cookies, seen, cookieguard": requests(CookieGuard(cookie_app, POLICY, secret_key=KEY), seen),
        "fresh, seen": requests(wrapped(fresh_app), seen),
        "fresh, seen, cookieguard": requests(CookieGuard(fresh_app, POLICY, secret_key=KEY), seen),
        "cookies, new": requests(wrapped(cookie_app), *new),
        "cookies, new, cookieguard": requests(CookieGuard(cookie_app, POLICY, secret_key=KEY), *new),
        "cookies, unseen": requests(wrapped(cookie_app), *unseen),
        "cookies, unseen, cookieguard": requests(CookieGuard(cookie_app, POLICY, secret_key=KEY), *unseen),
        "unsign": lambda: signer.unsign(signed),
        **django_calls(),
    }


# The same in every process of its own: what is there once modules are imported.
FOOTPRINT = """
import os, time
def memory():
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before, start = memory(), time.perf_counter()
import {module}
print(time.perf_counter() - start, memory() - before)
"""


def footprints(*modules: str, rounds: int = 15) -> dict[str, tuple[float, float]]:
    """Return each module's import time (milliseconds) and memory (MiB): medians of processes in turn."""
    found: dict[str, list[tuple[float, float]]] = {module: [] for module in modules}
    for _ in range(rounds):
        for module in modules:
            shown = subprocess.run(
                [sys.executable, "-c", FOOTPRINT.format(module=module)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            found[module].append((float(shown[0]) * 1000, float(shown[1]) / 2**20))
    return {
        module: (sorted(times)[rounds // 2], sorted(sizes)[rounds // 2])
        for module, (times, sizes) in ((module, zip(*pairs, strict=True)) for module, pairs in found.items())
    }


def sizes() -> dict[str, int]:
    """Return the bytes of script and style sheet after gzip -9, by package and version."""
    from size import sizes as own

    found = {"cookieguard": sum(own().values())}
    with tempfile.TemporaryDirectory() as folder:
        for package, files in SCRIPTS.items():
            packed = subprocess.run(
                ["npm", "pack", "--silent", package], cwd=folder, capture_output=True, text=True, check=True
            ).stdout.strip()
            shutil.unpack_archive(Path(folder) / packed, folder, "gztar", filter="data")
            root = Path(folder) / "package"
            found[packed.removesuffix(".tgz")] = sum(
                len(gzip.compress((root / file).read_bytes(), 9, mtime=0)) for file in files
            )
            shutil.rmtree(root)
    return found


def table(times: dict[str, float]) -> str:
    """Write the table of README.md; `times` are microseconds."""

    def added(name: str, bare: str) -> float:
        return times[name] - times[bare]

    guard, proxy_fix = added("json, cookieguard", "json"), added("json, ProxyFix", "json")
    seen = added("cookies, seen, cookieguard", "cookies, seen")
    fresh = added("fresh, seen, cookieguard", "fresh, seen")
    new = added("cookies, new, cookieguard", "cookies, new")
    unseen = added("cookies, unseen, cookieguard", "cookies, unseen")
    unsign, django = times["unsign"], added("django-cookie-consent", "django")
    imports = footprints("werkzeug", "cookieguard")
    (other_time, other_size), (own_time, own_size) = imports["werkzeug"], imports["cookieguard"]
    rows = [
        ("**A response without cookies**: cookieguard adds", f"{guard:.2f} µs", ""),
        (
            "werkzeug's ProxyFix, no forwarded headers there",
            f"{proxy_fix:.2f} µs",
            f"{guard / proxy_fix:.2f}",
        ),
        *(
            (label, f"{cost:.2f} µs", f"{guard / cost:.2f}")
            for label, cost in (
                ("WhiteNoise, passing it through", added("json, WhiteNoise", "json")),
                ("flask-talisman", added("flask, flask-talisman", "flask")),
            )
        ),
        ("**Three `Set-Cookie`, a consent seen before**: cookieguard adds", f"{seen:.2f} µs", ""),
        ("one `unsign` of itsdangerous", f"{unsign:.2f} µs", f"{seen / unsign:.2f}"),
        ("django-cookie-consent's middleware", f"{django:.2f} µs", f"{seen / django:.3f}"),
        ("**The same, values of cookies never seen before**: cookieguard adds", f"{fresh:.2f} µs", ""),
        ("one `unsign` of itsdangerous", f"{unsign:.2f} µs", f"{fresh / unsign:.2f}"),
        ("django-cookie-consent's middleware", f"{django:.2f} µs", f"{fresh / django:.3f}"),
        ("**The same, a new visitor who decided as others did**: cookieguard adds", f"{new:.2f} µs", ""),
        ("one `unsign` of itsdangerous", f"{unsign:.2f} µs", f"{new / unsign:.2f}"),
        ("**The same, a decision never seen before**: cookieguard adds", f"{unseen:.2f} µs", ""),
        ("one `unsign` of itsdangerous", f"{unsign:.2f} µs", f"{unseen / unsign:.2f}"),
        ("**`import cookieguard`**", f"{own_time:.0f} ms, {own_size:.1f} MiB", ""),
        (
            "`import werkzeug`",
            f"{other_time:.0f} ms, {other_size:.1f} MiB",
            f"{own_time / other_time:.2f}, {own_size / other_size:.2f}",
        ),
    ]
    if shutil.which("npm"):
        found = sizes()
        own = found.pop("cookieguard")
        rows.append(("**Script and style sheet**, gzip -9", f"{own:,} bytes", ""))
        rows += [(package, f"{size:,} bytes", f"{own / size:.2f}") for package, size in found.items()]
    lines = [f"| {label} | {figure} | {ratio} |" for label, figure, ratio in rows]
    head = ["| | | cookieguard's part of it |", "|---|--:|--:|"]
    return "\n".join([*head, *lines])


def main() -> None:
    runner = pyperf.Runner(processes=10, values=5, warmups=1)
    benchmarks = {name: runner.bench_func(name, call) for name, call in calls().items()}
    if runner.args.worker or not all(benchmarks.values()):
        return
    written = table({name: benchmark.median() * 1e6 for name, benchmark in benchmarks.items()})
    print(written)
    before, _, rest = README.read_text().partition(BEGIN)
    if rest:
        README.write_text(f"{before}{BEGIN}\n{written}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
