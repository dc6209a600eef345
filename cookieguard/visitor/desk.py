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
from ..visit import Visit
from .ask import NOTHING, Ask, Reply, reply
from .banner import render_banner
from .choice import BadChoice, Posted, is_json, read_choice
from .origin import local_path, sender
from .pages import render_dialog, render_error, render_page, texts_for
from .policy_page import Format, render_policy
from .proof import Proof
from .receipts import receipts_as_json
from .script import SCRIPT_PATH, page_language, script_for
from .shown import ShownTexts
from .style import POLICY_STYLE, STYLE, Style
from .templating import Templates
from .texts import Texts, languages

GPC_PATH = "/.well-known/gpc.json"
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
        self._routes: dict[str, Callable[[Ask, Visit], Reply]] = {
            mount: self._show,
            f"{mount}/": lambda ask, visit: _see(ask.link(mount)),
            f"{mount}/policy": lambda ask, visit: self._policy(ask, visit, "html"),
            f"{mount}/policy.md": lambda ask, visit: self._policy(ask, visit, "md"),
            f"{mount}/banner": self._banner,
            mount + SCRIPT_PATH: _serve_script,
            f"{mount}/dialog": self._dialog,
            mount + STYLE.path: lambda ask, visit: _serve_style(ask, STYLE),
            mount + POLICY_STYLE.path: lambda ask, visit: _serve_style(ask, POLICY_STYLE),
        }
        self._proof = Proof(ShownTexts(self._templates, mount)) if enforcer.ledger else None
        self._posts: dict[str, Callable[[Ask, Visit], Reply]] = {mount: self._decide}
        if enforcer.ledger:
            self._routes[f"{mount}/receipts"] = self._receipts
            self._posts[f"{mount}/receipts"] = self._erase
        if enforcer.policy.consent.gpc == "honour":
            self._routes[GPC_PATH] = _gpc_support

    @property
    def paths(self) -> frozenset[str]:
        """The paths, below the app's root, that are ours."""
        return frozenset(self._routes)

    def answer(self, ask: Ask, visit: Visit) -> Reply:
        """Answer a request to one of our paths."""
        takes = ask.path in self._posts
        if ask.method == "POST" and takes:
            return self._posts[ask.path](ask, visit)
        if ask.method not in ("GET", "HEAD"):
            allowed = "GET, HEAD, POST" if takes else "GET, HEAD"
            return self._error("405 Method Not Allowed", "error.method", ask, visit, ("Allow", allowed))
        return self._routes[ask.path](ask, visit)

    def _show(self, ask: Ask, visit: Visit, posted: Posted | None = None) -> Reply:
        stale = posted.stale if posted else ()
        status = "409 Conflict" if stale else "200 OK"
        if _wants_json(ask):
            return reply(status, json.dumps(_state(visit, posted), ensure_ascii=False), _JSON, _VARY)
        page = render_page(
            ask,
            visit,
            ask.link(self._mount),
            stale=stale,
            enforced=self._enforced,
            templates=self._templates,
            script=self._script_address(ask, visit),
            shown=self._shown("preferences", ask, visit),
        )
        return reply(status, page, _HTML, _VARY)

    def _policy(self, ask: Ask, visit: Visit, format: Format) -> Reply:
        document = render_policy(
            visit.policy,
            texts_for(ask, visit.policy).language,
            visit.today,
            ask.link(self._mount),
            format=format,
            consent_cookie=visit.standing.scope.name,
            keep_language=bool(ask.asked("lang")),
            home=ask.link("/"),
            templates=self._templates,
            script=self._script_address(ask, visit),
        )
        kind = _MARKDOWN if format == "md" else _HTML
        return reply("200 OK", document, kind, ("Vary", "Accept-Language"))

    def _banner(self, ask: Ask, visit: Visit) -> Reply:
        if not self._enforced:
            return NOTHING
        shown = self._shown("banner", ask, visit)
        banner = render_banner(ask, visit, ask.link(self._mount), templates=self._templates, shown=shown)
        return NOTHING if banner is None else reply("200 OK", banner, _HTML, _VARY)

    def _dialog(self, ask: Ask, visit: Visit) -> Reply:
        link = ask.link(self._mount)
        dialog = render_dialog(
            ask,
            visit,
            link,
            enforced=self._enforced,
            templates=self._templates,
            shown=self._shown("preferences", ask, visit),
        )
        return reply("200 OK", dialog, _HTML, _VARY)

    def _shown(self, layer: Layer, ask: Ask, visit: Visit) -> str:
        return self._proof.field(layer, ask, visit) if self._proof else ""

    def _script_address(self, ask: Ask, visit: Visit) -> str | None:
        """Return the address of the browser guard, None where nothing is enforced."""
        if not self._enforced:
            return None
        language = texts_for(ask, visit.policy).language
        return ask.link(self._mount) + script_for(visit.policy, language).path

    def _decide(self, ask: Ask, visit: Visit) -> Reply:
        if not self._enforced:
            return self._error("409 Conflict", "page.report", ask, visit)
        who = sender(ask)
        # Before the body: it may come slowly, and holds a worker until it is there.
        if who == "foreign":
            return self._error("403 Forbidden", "error.foreign", ask, visit)
        try:
            posted = read_choice(ask.read(), ask.content_type, visit.policy)
        except BadChoice as error:
            return self._error(error.status, str(error), ask, visit)
        if who == "unknown" and posted.accepts:
            return self._error("403 Forbidden", "error.foreign", ask, visit)
        if self._proof:
            posted = self._proof.take(posted, ask, visit)
        try:
            _apply(posted, visit)
        except LedgerUnavailable:
            return self._unproved(posted, ask, visit)
        if posted.stale or _wants_json(ask):
            return self._show(ask, visit, posted)
        language = ask.asked("lang")
        kept = f"&lang={language}" if language in languages(visit.policy) else ""
        return _see(local_path(posted.next) or f"{ask.link(self._mount)}?saved{kept}")

    def _unproved(self, posted: Posted, ask: Ask, visit: Visit) -> Reply:
        # What the same form takes back needs no proof: "a refusal or withdrawal always works".
        left_open = {*posted.accepted, *posted.stale, *posted.unseen}
        optional = [category.id for category in visit.policy.optional if category.id not in left_open]
        if posted.action == "decide" and (taken := [id for id in optional if visit.consent.allows(id)]):
            visit.withdraw(taken)
        return self._unavailable(ask, visit)

    def _unavailable(self, ask: Ask, visit: Visit) -> Reply:
        return self._error("503 Service Unavailable", "error.ledger", ask, visit, ("Retry-After", "30"))

    def _receipts(self, ask: Ask, visit: Visit) -> Reply:
        try:
            told = receipts_as_json(visit.receipts(), visit.receipt_text)
        except LedgerUnavailable:
            return self._unavailable(ask, visit)
        return reply("200 OK", told, _JSON, ("Vary", "Cookie"))

    def _erase(self, ask: Ask, visit: Visit) -> Reply:
        # Nobody else may take a visitor's proof away.
        if sender(ask) != "same-origin":
            return self._error("403 Forbidden", "error.foreign", ask, visit)
        try:
            return reply("200 OK", json.dumps({"erased": visit.erase_receipts()}), _JSON)
        except LedgerUnavailable:
            return self._unavailable(ask, visit)

    def _error(self, status: str, message: str, ask: Ask, visit: Visit, *headers: tuple[str, str]) -> Reply:
        if _wants_json(ask):
            texts = Texts("en", visit.policy.language)
            text = str(texts.say(message)) if texts.knows(message) else message
            return reply(status, json.dumps({"error": text}, ensure_ascii=False), _JSON, *headers)
        page = render_error(
            ask,
            visit,
            ask.link(self._mount),
            message,
            templates=self._templates,
            script=self._script_address(ask, visit),
        )
        return reply(status, page, _HTML, *headers)


def _apply(posted: Posted, visit: Visit) -> None:
    if posted.action == "grant":
        visit.grant(posted.accepted)
    elif posted.action == "withdraw":
        visit.withdraw(posted.refused)
    else:
        visit.decide(posted.accepted, undecided={*posted.stale, *posted.unseen})


def _wants_json(ask: Ask) -> bool:
    if ask.method == "POST" and is_json(ask.content_type):
        return True
    accept = parse_accept_header(ask.headers.get("accept"), MIMEAccept)
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


def _serve_style(ask: Ask, style: Style) -> Reply:
    # A page from before an update asks for an old version: it gets today's, uncached.
    return reply("200 OK", style.body, "text/css; charset=utf-8", cached=ask.asked("v") == style.version)


def _serve_script(ask: Ask, visit: Visit) -> Reply:
    # "The script's address is the hash of its bytes, cached for ever; an unknown hash gets today's,
    # `no-store`."
    asked, _, version = (ask.asked("v") or "").rpartition(".")
    script = script_for(visit.policy, page_language(visit.policy, asked))
    known = (script.language, script.version) == (asked, version)
    return reply("200 OK", script.body, "text/javascript; charset=utf-8", cached=known)


def _gpc_support(ask: Ask, visit: Visit) -> Reply:
    # https://w3c.github.io/gpc/ : "gpc" is boolean, "lastUpdate" a date.
    support: dict[str, object] = {"gpc": True}
    if visit.policy.site.updated is not None:
        support["lastUpdate"] = visit.policy.site.updated.isoformat()
    return reply("200 OK", json.dumps(support), _JSON)


def _see(location: str) -> Reply:
    return reply("303 See Other", "", _HTML, ("Location", location))
