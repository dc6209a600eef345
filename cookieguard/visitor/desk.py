"""The site's own pages for its visitors: which there are, and who answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from os import PathLike

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from ..enforcer import Enforcer
from ..errors import LedgerUnavailable
from ..ledger.receipt import Layer
from ..logger import logger
from ..policy.addresses import GPC_PATH
from ..visit import Visit
from .banner import render_banner
from .choice import BadChoice, Posted, is_json, read_choice
from .context import Links, PageContext
from .origin import local_path, sender
from .pages import render_dialog, render_error, render_page
from .policy_page import Format, render_policy
from .proof import Proof
from .receipts import receipts_as_json
from .request import NOTHING, PageRequest, Reply, reply
from .script import SCRIPT_PATH, page_language, script_for
from .shown import ShownTexts
from .style import POLICY_STYLE, STYLE, Style
from .templating import Templates
from .texts import Texts, choose_language, languages

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
        self._warned_of_proxy = False
        # What says nothing in any language.
        self._wordless: dict[str, Callable[[PageRequest, Visit], Reply]] = {
            f"{mount}/": lambda request, visit: _see(request.link(mount)),
            mount + SCRIPT_PATH: _serve_script,
            mount + STYLE.path: lambda request, visit: _serve_style(request, STYLE),
            mount + POLICY_STYLE.path: lambda request, visit: _serve_style(request, POLICY_STYLE),
        }
        self._pages: dict[str, Callable[[PageContext], Reply]] = {
            mount: self._show,
            f"{mount}/policy": lambda context: _policy(context, "html"),
            f"{mount}/policy.md": lambda context: _policy(context, "md"),
            f"{mount}/banner": self._banner,
            f"{mount}/dialog": self._dialog,
        }
        self._posts: dict[str, Callable[[PageContext], Reply]] = {mount: self._decide}
        self._proof = Proof(ShownTexts(self._templates, mount)) if enforcer.ledger else None
        if enforcer.ledger:
            self._pages[f"{mount}/receipts"] = _receipts
            self._posts[f"{mount}/receipts"] = _erase
        # Where nothing is enforced the signal isn't honoured: what to say there is the app's.
        if self._enforced and enforcer.policy.consent.gpc == "honour":
            self._wordless[GPC_PATH] = _gpc_support

    @property
    def paths(self) -> frozenset[str]:
        """The paths, below the app's root, that are ours."""
        return frozenset((*self._wordless, *self._pages))

    def answer(self, request: PageRequest, visit: Visit) -> Reply:
        """Answer a request to one of our paths."""
        self._warn_of_proxy(request)
        path, reads = request.path, request.method in ("GET", "HEAD")
        if reads and path in self._wordless:
            return self._wordless[path](request, visit)
        context = self._context(request, visit)
        if reads:
            return self._pages[path](context)
        if request.method == "POST" and path in self._posts:
            return self._posts[path](context)
        allowed = "GET, HEAD, POST" if path in self._posts else "GET, HEAD"
        return _error(context, "405 Method Not Allowed", "error.method", ("Allow", allowed))

    def _warn_of_proxy(self, request: PageRequest) -> None:
        said = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
        if said == "https" and request.scheme == "http" and not self._warned_of_proxy:
            self._warned_of_proxy = True
            logger.warning(
                "cookieguard.W305: a proxy says https (X-Forwarded-Proto), and the app takes the request for "
                "http, so that consent is kept in a weaker cookie and some browsers' choices are refused; "
                "have what stands before the app trust the proxy, as docs/serving.md, docs/flask.md, "
                "docs/django.md and docs/sidecar.md say"
            )

    def _context(self, request: PageRequest, visit: Visit) -> PageContext:
        policy, asked = visit.policy, request.query_value("lang")
        language = choose_language(policy, asked, request.headers.get("accept-language"))
        mount = request.link(self._mount)
        return PageContext(
            request=request,
            visit=visit,
            texts=Texts(language, policy.language),
            # Links keep a language that was asked for; any other the browser asks for again.
            links=Links(mount, language if asked else None),
            templates=self._templates,
            enforced=self._enforced,
            script=mount + script_for(policy, language).path if self._enforced else None,
        )

    def _show(self, context: PageContext, posted: Posted | None = None) -> Reply:
        stale = posted.stale if posted else ()
        status = "409 Conflict" if stale else "200 OK"
        if _wants_json(context.request):
            return reply(status, json.dumps(_state(context, stale), ensure_ascii=False), _JSON, _VARY)
        page = render_page(context, stale=stale, stamp=self._stamp("preferences", context))
        return reply(status, page, _HTML, _VARY)

    def _banner(self, context: PageContext) -> Reply:
        if not self._enforced:
            return NOTHING
        banner = render_banner(context, stamp=self._stamp("banner", context))
        return NOTHING if banner is None else reply("200 OK", banner, _HTML, _VARY)

    def _dialog(self, context: PageContext) -> Reply:
        dialog = render_dialog(context, stamp=self._stamp("preferences", context))
        return reply("200 OK", dialog, _HTML, _VARY)

    def _stamp(self, layer: Layer, context: PageContext) -> str:
        return self._proof.stamp(layer, context) if self._proof else ""

    def _decide(self, context: PageContext) -> Reply:
        request, visit = context.request, context.visit
        if not self._enforced:
            return _error(context, "409 Conflict", "page.report")
        who = sender(request)
        # Before the body: it may come slowly, and holds a worker until it is there.
        if who == "foreign":
            return _error(context, "403 Forbidden", "error.foreign")
        try:
            posted = read_choice(request.read(), request.content_type, visit.policy)
        except BadChoice as error:
            return _error(context, error.status, str(error))
        if who == "unknown" and posted.accepts:
            return _error(context, "403 Forbidden", "error.foreign")
        if self._proof:
            posted = self._proof.take(posted, request, visit)
        try:
            _apply(posted, visit)
        except LedgerUnavailable:
            return _unproved(posted, context)
        if posted.stale or _wants_json(request):
            return self._show(context, posted)
        language = request.query_value("lang")
        kept = f"&lang={language}" if language in languages(visit.policy) else ""
        return _see(local_path(posted.next) or f"{context.links.mount}?saved{kept}")


def _apply(posted: Posted, visit: Visit) -> None:
    if posted.action == "grant":
        visit.grant(posted.accepted)
    elif posted.action == "withdraw":
        visit.withdraw(posted.refused)
    else:
        visit.decide(posted.accepted, undecided={*posted.stale, *posted.unseen})


def _unproved(posted: Posted, context: PageContext) -> Reply:
    # What the same form takes back needs no proof: "a refusal or withdrawal always works".
    visit, left_open = context.visit, {*posted.accepted, *posted.stale, *posted.unseen}
    optional = [category.id for category in visit.policy.optional if category.id not in left_open]
    if posted.action == "decide" and (taken := [id for id in optional if visit.consent.allows(id)]):
        visit.withdraw(taken)
    return _unavailable(context)


def _receipts(context: PageContext) -> Reply:
    visit = context.visit
    try:
        told = receipts_as_json(visit.receipts(), visit.receipt_text)
    except LedgerUnavailable:
        return _unavailable(context)
    return reply("200 OK", told, _JSON, ("Vary", "Cookie"))


def _erase(context: PageContext) -> Reply:
    # Nobody else may take a visitor's proof away.
    if sender(context.request) != "same-origin":
        return _error(context, "403 Forbidden", "error.foreign")
    try:
        return reply("200 OK", json.dumps({"erased": context.visit.erase_receipts()}), _JSON)
    except LedgerUnavailable:
        return _unavailable(context)


def _unavailable(context: PageContext) -> Reply:
    return _error(context, "503 Service Unavailable", "error.ledger", ("Retry-After", "30"))


def _error(context: PageContext, status: str, message: str, *headers: tuple[str, str]) -> Reply:
    if _wants_json(context.request):
        texts = Texts("en", context.policy.language)
        text = str(texts.say(message)) if texts.knows(message) else message
        return reply(status, json.dumps({"error": text}, ensure_ascii=False), _JSON, *headers)
    return reply(status, render_error(context, message), _HTML, *headers)


def _policy(context: PageContext, format: Format) -> Reply:
    kind = _MARKDOWN if format == "md" else _HTML
    return reply("200 OK", render_policy(context, format), kind, ("Vary", "Accept-Language"))


def _wants_json(request: PageRequest) -> bool:
    if request.method == "POST" and is_json(request.content_type):
        return True
    accept = parse_accept_header(request.headers.get("accept"), MIMEAccept)
    return accept.best_match(["text/html", _JSON], "text/html") == _JSON


def _state(context: PageContext, stale: Sequence[str]) -> dict[str, object]:
    consent, policy = context.visit.consent, context.policy
    state: dict[str, object] = {
        # What isn't allowed passes all the same where nothing is enforced.
        "enforced": context.enforced,
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
    if stale:
        state["stale"] = list(stale)
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
