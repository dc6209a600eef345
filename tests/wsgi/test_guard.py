"""The contract over WSGI; the request, by the numbers of the traps; how a guard is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import flask
import pytest
from asking import CHOICE_NONE, FORM, OWN, ROOTS, Server, an_environ, ask, consent, guarded, lined, policy_of
from contract import ALL, CASES, HOST, MOUNT, POLICY, SECRET, Answer, Case, responding
from contract import app as contract_app
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Request, Response

from cookieguard import ConfigurationError, CookieGuard, NoGuard, Policy, UsageError, visit_from
from cookieguard.testing import consent_cookie


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_contract(case: Case) -> None:
    app = lined(contract_app)

    case.check(ask(app, case.path, method=case.method, headers=case.request_headers()))


# Requests


class Input:
    """A body that tells how it was read; another read, or close(), is an error."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.reads: list[tuple[int, ...]] = []

    def read(self, *sizes: int) -> bytes:
        self.reads.append(sizes)
        return self.body[: sizes[0]]


@pytest.mark.parametrize(
    ("length", "status", "reads"),
    [
        pytest.param("11", 303, [(11,)], id="right"),
        pytest.param("65536", 400, [(65536,)], id="the most, and a body that breaks off"),
        pytest.param("65537", 413, [], id="too long"),
        pytest.param("99999999999999999999", 413, [], id="huge"),
        pytest.param("9" * 5000, 413, [], id="more digits than Python converts"),
        pytest.param(None, 413, [], id="missing"),
        pytest.param("", 413, [], id="empty"),
        pytest.param("-1", 413, [], id="negative"),
        pytest.param("+11", 413, [], id="signed"),
        pytest.param("1_1", 413, [], id="with an underscore"),
        pytest.param("\xb2", 413, [], id="no ASCII digit"),
        pytest.param("eleven", 413, [], id="a word"),
    ],
)
def test_trap_35_the_body_is_read_once_up_to_a_cap(
    length: str | None, status: int, reads: list[tuple[int, ...]]
) -> None:
    server, body = Server(), Input(CHOICE_NONE)
    environ = an_environ(
        REQUEST_METHOD="POST",
        PATH_INFO=MOUNT,
        HTTP_ORIGIN=f"http://{HOST}",
        CONTENT_TYPE=FORM["Content-Type"],
        **{"wsgi.input": body},
    )
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    b"".join(guarded(responding())(environ, server.start_response))

    assert server.calls[0][0].startswith(str(status))
    assert body.reads == reads


def test_a_client_that_went_away_decided_nothing() -> None:
    class Gone:
        def read(self, size: int) -> bytes:
            raise OSError("the client is gone")

    server = Server()
    environ = an_environ(
        REQUEST_METHOD="POST",
        PATH_INFO=MOUNT,
        HTTP_ORIGIN=f"http://{HOST}",
        CONTENT_TYPE=FORM["Content-Type"],
        CONTENT_LENGTH="11",
        **{"wsgi.input": Gone()},
    )
    b"".join(guarded(responding())(environ, server.start_response))

    status, headers = server.calls[0][:2]
    assert status.startswith("400")
    assert "Set-Cookie" not in dict(headers)


def test_trap_35_another_apps_body_is_left_unread() -> None:
    body = Input(b"x")
    environ = an_environ(REQUEST_METHOD="POST", CONTENT_LENGTH="1", **{"wsgi.input": body})
    guarded(responding("ads=1"))(environ, Server().start_response)

    assert body.reads == []


def digests() -> str:
    """The fields that show which wording was accepted."""
    categories = Policy.from_dict(POLICY).optional
    return "".join(f"&digest={category.id}:{category.token}" for category in categories)


@pytest.mark.parametrize(
    ("sender", "grant", "refusal"),
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 303, 303, id="site says same-origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, 403, id="site says cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, 403, id="a sibling"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, 403, 403, id="site before origin"),
        pytest.param({"Origin": OWN}, 303, 303, id="origin"),
        pytest.param({"Origin": "null"}, 403, 403, id="opaque origin"),
        pytest.param({"Origin": "http://evil.example"}, 403, 403, id="foreign origin"),
        pytest.param({"Origin": f"https://{HOST}"}, 403, 403, id="another scheme"),
        pytest.param({"Origin": "http://evil.example", "Referer": OWN}, 403, 403, id="origin before referer"),
        pytest.param({"Referer": f"{OWN}/page?x"}, 303, 303, id="referer"),
        pytest.param({"Referer": "http://evil.example/"}, 403, 403, id="foreign referer"),
        pytest.param({"Referer": "http://["}, 403, 403, id="no address"),
        pytest.param({}, 403, 303, id="nothing tells"),
    ],
)
def test_trap_36_only_the_sites_own_forms_count(sender: dict[str, str], grant: int, refusal: int) -> None:
    def post(choice: str) -> Answer:
        headers = {"Content-Type": FORM["Content-Type"], **sender}
        body = f"choice={choice}{digests()}".encode()
        return ask(lined(responding()), MOUNT, method="POST", headers=headers, body=body)

    granted, refused = post("all"), post("none")

    assert (granted.status, refused.status) == (grant, refusal)
    assert (granted.names, refused.names) == (
        ["cookieguard"] if grant == 303 else [],
        ["cookieguard"] if refusal == 303 else [],
    )


@pytest.mark.parametrize(
    ("target", "location"),
    [
        pytest.param("/basket?a=1%26b%3D2%23c", "/basket?a=1&b=2#c", id="a local path"),
        pytest.param("//evil.example", None, id="another host"),
        pytest.param("/%5Cevil.example", None, id="backslash"),
        pytest.param("%5C%5Cevil.example", None, id="two backslashes"),
        pytest.param("https://evil.example/", None, id="an address"),
        pytest.param("/a%0d%0aSet-Cookie: ads=1", None, id="line feed"),
        pytest.param("/%09/evil.example", None, id="tab"),
        pytest.param("/k%C3%A4se", None, id="above ASCII"),
        pytest.param("javascript:alert(1)", None, id="script"),
        pytest.param("basket", None, id="relative"),
        pytest.param("", None, id="empty"),
    ],
)
def test_trap_36_next_is_a_local_path_and_the_answer_303(target: str, location: str | None) -> None:
    body = f"choice=none&next={target}".encode()
    answer = ask(lined(responding()), MOUNT, method="POST", headers=FORM, body=body)

    assert (answer.status, answer.get("Location")) == (303, location or f"{MOUNT}?saved")


@pytest.mark.parametrize(("root", "linked"), ROOTS)
def test_trap_37_links_and_redirects_honour_the_script_name(root: str, linked: str) -> None:
    app = lined(responding())
    place = {"SCRIPT_NAME": root}
    page = ask(app, MOUNT, environ=place).body.decode()
    posted = ask(app, MOUNT, environ=place, method="POST", headers=FORM, body=CHOICE_NONE)
    slashed = ask(app, f"{MOUNT}/", environ=place)

    assert f'<form method="post" action="{linked}{MOUNT}">' in page
    assert f'href="{linked}{MOUNT}/style.css?v=' in page
    assert posted.get("Location") == f"{linked}{MOUNT}?saved"
    assert (slashed.status, slashed.get("Location")) == (303, f"{linked}{MOUNT}")


def test_trap_37_the_page_is_served_below_a_dispatcher() -> None:
    app = DispatcherMiddleware(responding(), {"/shop": lined(responding("ads=1"))})

    assert f'action="/shop{MOUNT}"'.encode() in ask(app, f"/shop{MOUNT}").body
    assert ask(app, MOUNT).body == b"ok"


@pytest.mark.parametrize(
    ("environ", "essential"),
    [
        pytest.param({"PATH_INFO": "/clientarea"}, True, id="the prefix itself"),
        pytest.param({"PATH_INFO": "/clientarea/x"}, True, id="below it"),
        pytest.param({"SCRIPT_NAME": "/clientarea", "PATH_INFO": "/x"}, True, id="SCRIPT_NAME counts"),
        pytest.param({"SCRIPT_NAME": "/shop", "PATH_INFO": "/clientarea"}, False, id="from the root only"),
        pytest.param({"PATH_INFO": "/k\xc3\xa4se/x"}, True, id="UTF-8 as latin-1"),
        pytest.param({"PATH_INFO": "/k\xe4se/x"}, False, id="latin-1 is no UTF-8"),
        pytest.param({"PATH_INFO": "/CLIENTAREA"}, False, id="by case"),
        pytest.param({"PATH_INFO": "/clientarea2"}, False, id="whole segments"),
        pytest.param({"PATH_INFO": "//clientarea"}, False, id="double slash"),
        pytest.param({"PATH_INFO": "/clientarea/../blog"}, False, id="dot segments"),
        pytest.param({"PATH_INFO": "/clientarea;v=1"}, False, id="parameters"),
        pytest.param({"PATH_INFO": "/clientarea/x", "RAW_URI": "/clientarea/x"}, True, id="raw path"),
        pytest.param({"PATH_INFO": "/clientarea/x", "RAW_URI": "/clientarea%2Fx"}, False, id="RAW_URI slash"),
        pytest.param(
            {"PATH_INFO": "/clientarea/x", "REQUEST_URI": "/clientarea%2fx?y"}, False, id="REQUEST_URI slash"
        ),
        pytest.param(
            {"PATH_INFO": "/clientarea/x", "REQUEST_URI": "/clientarea/x?next=%2F"},
            True,
            id="only in the query",
        ),
        pytest.param(
            {"PATH_INFO": "/clientarea/x", "REQUEST_URI": "/clientarea/%2e%2e/x"}, False, id="encoded dots"
        ),
        pytest.param(
            {
                "PATH_INFO": "/clientarea",
                "HTTP_SEC_FETCH_SITE": "cross-site",
                "HTTP_SEC_FETCH_MODE": "no-cors",
            },
            False,
            id="cross-site subresource",
        ),
        pytest.param(
            {
                "PATH_INFO": "/clientarea",
                "HTTP_SEC_FETCH_SITE": "cross-site",
                "HTTP_SEC_FETCH_MODE": "navigate",
            },
            True,
            id="cross-site link",
        ),
        pytest.param(
            {
                "PATH_INFO": "/clientarea",
                "HTTP_SEC_FETCH_SITE": "cross-site",
                "HTTP_SEC_FETCH_MODE": "navigate",
                "HTTP_SEC_FETCH_DEST": "iframe",
            },
            False,
            id="cross-site frame",
        ),
    ],
)
def test_trap_37_essential_under_reads_the_whole_path(environ: dict[str, str], essential: bool) -> None:
    server = Server()
    guarded(responding("chat=1"))(an_environ(**environ), server.start_response)

    assert (("Set-Cookie", "chat=1") in server.calls[0][1]) == essential


def test_a_long_host_costs_no_more_than_a_short_one() -> None:
    # Each label used to cost a look-up for each cookie, where a third party is declared.
    asked: list[str] = []
    app = guarded(responding(), use=["facebook"])
    classifier = next(iter(app.enforcer._rules.values())).classifier
    domains = classifier._third_party_domains
    classifier._third_party_domains = lambda host: asked.append(host) or domains(host)  # type: ignore[func-returns-value,method-assign]

    app(an_environ(HTTP_HOST="a." * 4000 + "b", HTTP_COOKIE=";".join("abcdefgh")), Server().start_response)

    assert asked and max(map(len, asked)) <= 253


@pytest.mark.parametrize("said", ["HTTP_AUTHORIZATION", "HTTP_COOKIE"])
def test_no_repr_tells_what_the_client_sent(said: str) -> None:
    told: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        visit = visit_from(environ)
        told.extend(map(repr, (start_response, visit, visit.arrive(), visit.standing)))
        return responding()(environ, start_response)

    guarded(app)(an_environ(**{said: "a=TOPSECRET"}), Server().start_response)

    assert len(told) == 4 and "TOPSECRET" not in "".join(told)


# Construction


def test_two_guards_are_refused_at_construction() -> None:
    app = flask.Flask("shop")
    app.wsgi_app = guarded(app.wsgi_app)  # type: ignore[method-assign]
    inner = guarded(responding())

    for twice in (inner, ProxyFix(inner), ProxyFix(ProxyFix(inner)), app, app.wsgi_app, ProxyFix(app)):
        with pytest.raises(ConfigurationError, match="two guards") as caught:
            guarded(twice)
        assert caught.value.id == "cookieguard.E006"


def test_two_guards_are_refused_at_the_first_request() -> None:
    inner = guarded(responding())

    def hidden(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return inner(environ, start_response)

    with pytest.raises(ConfigurationError, match="two guards"):
        guarded(hidden)(an_environ(), Server().start_response)


def test_guards_side_by_side_are_none_around_each_other() -> None:
    app = DispatcherMiddleware(lined(responding("ads=1")), {"/shop": lined(responding("ads=1", "session=1"))})

    assert (ask(app).cookies, ask(app, "/shop").cookies) == ([], ["session=1"])


@pytest.mark.parametrize(
    ("key", "id"),
    [
        pytest.param("fifteen bytes..", "cookieguard.E003", id="short"),
        pytest.param(b"fifteen bytes..", "cookieguard.E003", id="short bytes"),
        pytest.param("", "cookieguard.E003", id="empty"),
        pytest.param([], "cookieguard.E002", id="empty list"),
        pytest.param([SECRET, "short"], "cookieguard.E003", id="one of several short"),
        pytest.param([SECRET, None], "cookieguard.E002", id="None in a list"),
        pytest.param(None, "cookieguard.E002", id="None, as os.environ.get returns"),
        pytest.param(12345678901234567890, "cookieguard.E002", id="a number"),
    ],
)
def test_a_bad_secret_is_refused(key: Any, id: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        guarded(responding(), secret_key=key)

    assert caught.value.id == id
    assert len(str(caught.value)) > len(id) + 20


def test_sixteen_bytes_are_enough_and_keys_rotate() -> None:
    old = lined(responding("_ga=1"), secret_key="sixteen bytes...")
    new = lined(responding("_ga=1"), secret_key=["sixteen bytes...", SECRET])
    cookie = "=".join(consent_cookie(policy_of(), "sixteen bytes...", ["analytics"], host=HOST))

    assert ask(old, cookie=cookie).names == ask(new, cookie=cookie).names == ["_ga"]
    assert ask(new, cookie=consent("analytics")).names == ["_ga"]
    assert ask(old, cookie=consent("analytics")).names == []


@pytest.mark.parametrize("policy", [dict(POLICY), "cookies.toml", None], ids=["dict", "path", "None"])
def test_what_is_no_policy_is_refused(policy: Any) -> None:
    with pytest.raises(ConfigurationError, match="from_file") as caught:
        CookieGuard(responding(), policy, secret_key=SECRET)

    assert caught.value.id == "cookieguard.E005"


def test_options_are_keyword_only() -> None:
    with pytest.raises(TypeError):
        CookieGuard(responding(), policy_of(), SECRET)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("mode", "left"),
    [
        pytest.param("report", list(ALL), id="report"),
        pytest.param("off", list(ALL), id="off"),
        pytest.param("enforce", ["session=1"], id="enforce"),
    ],
)
def test_the_environment_overrides_the_mode(
    monkeypatch: pytest.MonkeyPatch, mode: str, left: list[str]
) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", mode)

    assert ask(lined(responding(*ALL))).cookies == left


def test_an_unknown_mode_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOKIEGUARD_MODE", "audit")

    with pytest.raises(ConfigurationError, match="enforce, report, off"):
        guarded(responding())


def test_visit_from_without_a_guard() -> None:
    with pytest.raises(NoGuard, match="CookieGuard"):
        visit_from(an_environ())


def test_the_visit_stands_in_the_environ() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert environ["cookieguard.visit"] is visit_from(environ)
        return responding()(environ, start_response)

    assert ask(lined(app)).body == b"ok"


@pytest.mark.parametrize(
    ("path", "excluded"),
    [
        pytest.param("/healthz", True, id="the path"),
        pytest.param("/healthz/live", True, id="below"),
        pytest.param("/healthzz", False, id="whole segments"),
        pytest.param("/healthz/../", False, id="dot segments"),
        pytest.param("/", False, id="elsewhere"),
    ],
)
def test_excluded_paths_are_left_alone(path: str, excluded: bool) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        granted = visit_from(environ).grant(["analytics"])
        body = f"{granted} {environ['HTTP_COOKIE']}".encode()
        return responding("ads=1", body=body)(environ, start_response)

    answer = ask(lined(app, guard={"exclude": ["/healthz"]}), path, cookie="ads=1; x=2")

    assert answer.body == (b"False ads=1; x=2" if excluded else b"True x=2")
    assert answer.names == (["ads"] if excluded else ["cookieguard"])


def test_a_request_without_a_host_header() -> None:
    environ = an_environ(SERVER_NAME=HOST, HTTP_COOKIE=consent("analytics"))
    del environ["HTTP_HOST"]
    server = Server()
    guarded(responding("_ga=1"))(environ, server.start_response)

    assert ("Set-Cookie", "_ga=1") in server.calls[0][1]


@pytest.mark.parametrize("host", [HOST, HOST.upper(), f"{HOST}:8080", f"{HOST}."])
def test_a_consent_is_the_hosts_however_it_is_written(host: str) -> None:
    server = Server()
    environ = an_environ(HTTP_HOST=host, HTTP_COOKIE=consent("analytics"))
    guarded(responding("_ga=1"))(environ, server.start_response)

    assert ("Set-Cookie", "_ga=1") in server.calls[0][1]


def test_another_hosts_consent_is_none() -> None:
    server = Server()
    environ = an_environ(HTTP_HOST=f"www.{HOST}", HTTP_COOKIE=consent("analytics"))
    guarded(responding("_ga=1"))(environ, server.start_response)

    assert ("Set-Cookie", "_ga=1") not in server.calls[0][1]


@pytest.mark.parametrize(
    ("given", "options"),
    [(None, {}), ("app", {}), (responding(), {"override": "strip"})],
    ids=["no app", "a text for an app", "a text for a hook"],
)
def test_what_cannot_be_called_is_refused(given: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="give a callable") as caught:
        CookieGuard(given, policy_of(), secret_key=SECRET, **options)

    assert caught.value.id == "cookieguard.E007"


def test_a_decorated_app_is_called_by_its_decorator() -> None:
    @Request.application
    def app(request: Request) -> Response:
        return Response("ok")

    assert ask(guarded(app)).body == b"ok"


@pytest.mark.parametrize("environ", [None, "environ", flask.Flask(__name__)], ids=["None", "text", "object"])
def test_what_is_no_environ_says_which_to_give(environ: Any) -> None:
    with pytest.raises(UsageError, match=r"request\.environ in Flask, request\.META in Django"):
        visit_from(environ)


def test_a_server_may_leave_an_empty_path_out() -> None:
    environ, server = an_environ(), Server()
    del environ["PATH_INFO"]

    guarded(responding("session=1", "ads=1"))(environ, server.start_response)

    assert [value for name, value in server.calls[0][1] if name == "Set-Cookie"] == ["session=1"]


def test_the_path_is_the_requests_whatever_the_app_writes_over_it() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Django decodes it in place.
        environ["PATH_INFO"] = environ["PATH_INFO"].encode("latin-1").decode()
        return responding("chat=1")(environ, start_response)

    server = Server()
    guarded(app)(an_environ(PATH_INFO="/käse/1".encode().decode("latin-1")), server.start_response)

    assert ("Set-Cookie", "chat=1") in server.calls[0][1]
