"""The site's own pages for its visitors: which there are, and who answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from os import PathLike

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from ..enforcer import Enforcer
from ..errors import LedgerUnavailable
from ..ledger.receipt import Layer
from ..policy.addresses import GPC_PATH
from ..visit import Visit
from .banner import render_banner
from .choice import BadChoice, Posted, is_json, read_choice
from .origin import local_path, sender
from .pages import render_dialog, render_error, render_page, texts_for
from .policy_page import Format, render_policy
from .proof import Proof
from .receipts import receipts_as_json
from .request import NOTHING, PageRequest, Reply, reply
from .script import SCRIPT_PATH, page_language, script_for
from .shown import ShownTexts
from .style import POLICY_STYLE, STYLE, Style
from .templating import Templates
from .texts import Texts, languages

_HTML = "text/html; charset=utf-8"
_JSON = "application/json"
_MARKDOWN = "text/markdown; charset=utf-8"
# GPC decides which categories are asked about.
_VARY = ("Vary", "Accept, Accept-Language, Cookie, Sec-GPC")


class Desk:
    """Answers at the policy's mount, and for Global Privacy Control at its well-known address.

    `templates` is a folder with a site's own; ConfigurationError says what is wrong with one.
    """

    def __init__(self, enforcer: Enforcer, templates: str | PathLike[str] | None = None) -> None:
        self._templates = Templates(templates)
        self._enforced = enforcer.mode == "enforce"
        self._mount = mount = enforcer.policy.guard.mount
        self._routes: dict[str, Callable[[PageRequest, Visit], Reply]] = {
            mount: self._show,
            f"{mount}/": lambda request, visit: _see(request.link(mount)),
            f"{mount}/policy": lambda request, visit: self._policy(request, visit, "html"),
            f"{mount}/policy.md": lambda request, visit: self._policy(request, visit, "md"),
            f"{mount}/banner": self._banner,
            mount + SCRIPT_PATH: _serve_script,
            f"{mount}/dialog": self._dialog,
            mount + STYLE.path: lambda request, visit: _serve_style(request, STYLE),
            mount + POLICY_STYLE.path: lambda request, visit: _serve_style(request, POLICY_STYLE),
        }
        self._proof = Proof(ShownTexts(self._templates, mount)) if enforcer.ledger else None
        self._posts: dict[str, Callable[[PageRequest, Visit], Reply]] = {mount: self._decide}
        if enforcer.ledger:
            self._routes[f"{mount}/receipts"] = self._receipts
            self._posts[f"{mount}/receipts"] = self._erase
        if enforcer.policy.consent.gpc == "honour":
            self._routes[GPC_PATH] = _gpc_support

    @property
    def paths(self) -> frozenset[str]:
        """The paths, below the app's root, that are ours."""
        return frozenset(self._routes)

    def answer(self, request: PageRequest, visit: Visit) -> Reply:
        """Answer a request to one of our paths."""
        takes = request.path in self._posts
        if request.method == "POST" and takes:
            return self._posts[request.path](request, visit)
        if request.method not in ("GET", "HEAD"):
            allowed = "GET, HEAD, POST" if takes else "GET, HEAD"
            return self._error("405 Method Not Allowed", "error.method", request, visit, ("Allow", allowed))
        return self._routes[request.path](request, visit)

    def _show(self, request: PageRequest, visit: Visit, posted: Posted | None = None) -> Reply:
        stale = posted.stale if posted else ()
        status = "409 Conflict" if stale else "200 OK"
        if _wants_json(request):
            return reply(status, json.dumps(_state(visit, posted), ensure_ascii=False), _JSON, _VARY)
        page = render_page(
            request,
            visit,
            request.link(self._mount),
            stale=stale,
            enforced=self._enforced,
            templates=self._templates,
            script=self._script_address(request, visit),
            stamp=self._stamp("preferences", request, visit),
        )
        return reply(status, page, _HTML, _VARY)

    def _policy(self, request: PageRequest, visit: Visit, format: Format) -> Reply:
        document = render_policy(
            visit.policy,
            texts_for(request, visit.policy).language,
            visit.today,
            request.link(self._mount),
            format=format,
            consent_cookie=visit.standing.scope.name,
            keep_language=bool(request.query_value("lang")),
            home=request.link("/"),
            templates=self._templates,
            script=self._script_address(request, visit),
        )
        kind = _MARKDOWN if format == "md" else _HTML
        return reply("200 OK", document, kind, ("Vary", "Accept-Language"))

    def _banner(self, request: PageRequest, visit: Visit) -> Reply:
        if not self._enforced:
            return NOTHING
        stamp = self._stamp("banner", request, visit)
        banner = render_banner(
            request, visit, request.link(self._mount), templates=self._templates, stamp=stamp
        )
        return NOTHING if banner is None else reply("200 OK", banner, _HTML, _VARY)

    def _dialog(self, request: PageRequest, visit: Visit) -> Reply:
        link = request.link(self._mount)
        dialog = render_dialog(
            request,
            visit,
            link,
            enforced=self._enforced,
            templates=self._templates,
            stamp=self._stamp("preferences", request, visit),
        )
        return reply("200 OK", dialog, _HTML, _VARY)

    def _stamp(self, layer: Layer, request: PageRequest, visit: Visit) -> str:
        return self._proof.stamp(layer, request, visit) if self._proof else ""

    def _script_address(self, request: PageRequest, visit: Visit) -> str | None:
        """Return the address of the browser guard, None where nothing is enforced."""
        if not self._enforced:
            return None
        language = texts_for(request, visit.policy).language
        return request.link(self._mount) + script_for(visit.policy, language).path

    def _decide(self, request: PageRequest, visit: Visit) -> Reply:
        if not self._enforced:
            return self._error("409 Conflict", "page.report", request, visit)
        who = sender(request)
        # Before the body: it may come slowly, and holds a worker until it is there.
        if who == "foreign":
            return self._error("403 Forbidden", "error.foreign", request, visit)
        try:
            posted = read_choice(request.read(), request.content_type, visit.policy)
        except BadChoice as error:
            return self._error(error.status, str(error), request, visit)
        if who == "unknown" and posted.accepts:
            return self._error("403 Forbidden", "error.foreign", request, visit)
        if self._proof:
            posted = self._proof.take(posted, request, visit)
        try:
            _apply(posted, visit)
        except LedgerUnavailable:
            return self._unproved(posted, request, visit)
        if posted.stale or _wants_json(request):
            return self._show(request, visit, posted)
        language = request.query_value("lang")
        kept = f"&lang={language}" if language in languages(visit.policy) else ""
        return _see(local_path(posted.next) or f"{request.link(self._mount)}?saved{kept}")

    def _unproved(self, posted: Posted, request: PageRequest, visit: Visit) -> Reply:
        # What the same form takes back needs no proof: "a refusal or withdrawal always works".
        left_open = {*posted.accepted, *posted.stale, *posted.unseen}
        optional = [category.id for category in visit.policy.optional if category.id not in left_open]
        if posted.action == "decide" and (taken := [id for id in optional if visit.consent.allows(id)]):
            visit.withdraw(taken)
        return self._unavailable(request, visit)

    def _unavailable(self, request: PageRequest, visit: Visit) -> Reply:
        return self._error("503 Service Unavailable", "error.ledger", request, visit, ("Retry-After", "30"))

    def _receipts(self, request: PageRequest, visit: Visit) -> Reply:
        try:
            told = receipts_as_json(visit.receipts(), visit.receipt_text)
        except LedgerUnavailable:
            return self._unavailable(request, visit)
        return reply("200 OK", told, _JSON, ("Vary", "Cookie"))

    def _erase(self, request: PageRequest, visit: Visit) -> Reply:
        # Nobody else may take a visitor's proof away.
        if sender(request) != "same-origin":
            return self._error("403 Forbidden", "error.foreign", request, visit)
        try:
            return reply("200 OK", json.dumps({"erased": visit.erase_receipts()}), _JSON)
        except LedgerUnavailable:
            return self._unavailable(request, visit)

    def _error(
        self, status: str, message: str, request: PageRequest, visit: Visit, *headers: tuple[str, str]
    ) -> Reply:
        if _wants_json(request):
            texts = Texts("en", visit.policy.language)
            text = str(texts.say(message)) if texts.knows(message) else message
            return reply(status, json.dumps({"error": text}, ensure_ascii=False), _JSON, *headers)
        page = render_error(
            request,
            visit,
            request.link(self._mount),
            message,
            templates=self._templates,
            script=self._script_address(request, visit),
        )
        return reply(status, page, _HTML, *headers)


def _apply(posted: Posted, visit: Visit) -> None:
    if posted.action == "grant":
        visit.grant(posted.accepted)
    elif posted.action == "withdraw":
        visit.withdraw(posted.refused)
    else:
        visit.decide(posted.accepted, undecided={*posted.stale, *posted.unseen})


def _wants_json(request: PageRequest) -> bool:
    if request.method == "POST" and is_json(request.content_type):
        return True
    accept = parse_accept_header(request.headers.get("accept"), MIMEAccept)
    return accept.best_match(["text/html", _JSON], "text/html") == _JSON


def _state(visit: Visit, posted: Posted | None) -> dict[str, object]:
    consent, policy = visit.consent, visit.policy
    state: dict[str, object] = {
        "categories": {
            category.id: {
                "allowed": consent.allows(category.id),
                "state": consent.state(category.id),
                "reason": consent.reason(category.id),
                "digest": category.token,
            }
            for category in policy.categories.values()
            if category.shown
        },
        "undecided": list(consent.undecided),
        "decided_on": consent.day.isoformat() if consent.day else None,
        "gpc": consent.gpc,
    }
    if posted and posted.stale:
        state["stale"] = list(posted.stale)
    return state


def _serve_style(request: PageRequest, style: Style) -> Reply:
    # A page from before an update asks for an old version: it gets today's, uncached.
    return reply(
        "200 OK", style.body, "text/css; charset=utf-8", cached=request.query_value("v") == style.version
    )


def _serve_script(request: PageRequest, visit: Visit) -> Reply:
    # "The script's address is the hash of its bytes, cached for ever; an unknown hash gets today's,
    # `no-store`."
    asked, _, version = (request.query_value("v") or "").rpartition(".")
    script = script_for(visit.policy, page_language(visit.policy, asked))
    known = (script.language, script.version) == (asked, version)
    return reply("200 OK", script.body, "text/javascript; charset=utf-8", cached=known)


def _gpc_support(request: PageRequest, visit: Visit) -> Reply:
    # https://w3c.github.io/gpc/ : "gpc" is boolean, "lastUpdate" a date.
    support: dict[str, object] = {"gpc": True}
    if visit.policy.site.updated is not None:
        support["lastUpdate"] = visit.policy.site.updated.isoformat()
    return reply("200 OK", json.dumps(support), _JSON)


def _see(location: str) -> Reply:
    return reply("303 See Other", "", _HTML, ("Location", location))
