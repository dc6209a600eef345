"""The site's own pages for its visitors: which there are, and who answers."""

from __future__ import annotations

import json
from collections.abc import Callable

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from ..enforcer import Enforcer
from ..visit import Visit
from .ask import Ask, Reply, reply
from .choice import BadChoice, Posted, is_json, read_choice
from .origin import local_path, sender
from .pages import STYLE, STYLE_PATH, STYLE_VERSION, render_error, render_page
from .texts import Texts, languages

GPC_PATH = "/.well-known/gpc.json"
_HTML = "text/html; charset=utf-8"
_JSON = "application/json"


class Desk:
    """Answers at the policy's mount, and for Global Privacy Control at its well-known address."""

    def __init__(self, enforcer: Enforcer) -> None:
        self._enforced = enforcer.mode == "enforce"
        self._mount = mount = enforcer.policy.guard.mount
        self._routes: dict[str, Callable[[Ask, Visit], Reply]] = {
            mount: self._show,
            f"{mount}/": lambda ask, visit: _see(ask.link(mount)),
            mount + STYLE_PATH: _style,
        }
        if enforcer.policy.consent.gpc == "honour":
            self._routes[GPC_PATH] = _gpc_support

    @property
    def paths(self) -> frozenset[str]:
        """The paths, below the app's root, that are ours."""
        return frozenset(self._routes)

    def answer(self, ask: Ask, visit: Visit) -> Reply:
        """Answer a request to one of our paths."""
        decides = ask.path == self._mount
        if ask.method == "POST" and decides:
            return self._decide(ask, visit)
        if ask.method not in ("GET", "HEAD"):
            allowed = "GET, HEAD, POST" if decides else "GET, HEAD"
            return self._error("405 Method Not Allowed", "error.method", ask, visit, ("Allow", allowed))
        return self._routes[ask.path](ask, visit)

    def _show(self, ask: Ask, visit: Visit, posted: Posted | None = None) -> Reply:
        status = "409 Conflict" if posted and posted.stale else "200 OK"
        vary = ("Vary", "Accept, Accept-Language, Cookie, Sec-GPC")
        if _wants_json(ask):
            return reply(status, json.dumps(_state(visit, posted), ensure_ascii=False), _JSON, vary)
        stale = posted.stale if posted else ()
        page = render_page(ask, visit, ask.link(self._mount), stale=stale, enforced=self._enforced)
        return reply(status, page, _HTML, vary)

    def _decide(self, ask: Ask, visit: Visit) -> Reply:
        if not self._enforced:
            return self._error("409 Conflict", "page.report", ask, visit)
        try:
            posted = read_choice(ask.read(), ask.content_type, visit.policy)
        except BadChoice as error:
            return self._error(error.status, str(error), ask, visit)
        who = sender(ask)
        if who == "foreign" or (who == "unknown" and (posted.accepted or posted.stale)):
            return self._error("403 Forbidden", "error.foreign", ask, visit)
        visit.decide(posted.accepted, undecided={*posted.stale, *posted.unseen})
        if posted.stale or _wants_json(ask):
            return self._show(ask, visit, posted)
        language = ask.asked("lang")
        kept = f"&lang={language}" if language in languages(visit.policy) else ""
        return _see(local_path(posted.next) or f"{ask.link(self._mount)}?saved{kept}")

    def _error(self, status: str, message: str, ask: Ask, visit: Visit, *headers: tuple[str, str]) -> Reply:
        if _wants_json(ask):
            texts = Texts("en", visit.policy.language)
            text = str(texts.say(message)) if texts.knows(message) else message
            return reply(status, json.dumps({"error": text}, ensure_ascii=False), _JSON, *headers)
        return reply(status, render_error(ask, visit, ask.link(self._mount), message), _HTML, *headers)


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


def _style(ask: Ask, visit: Visit) -> Reply:
    # A page from before an update asks for an old version: it gets today's, uncached.
    return reply("200 OK", STYLE, "text/css; charset=utf-8", cached=ask.asked("v") == STYLE_VERSION)


def _gpc_support(ask: Ask, visit: Visit) -> Reply:
    # https://w3c.github.io/gpc/ : "gpc" is boolean, "lastUpdate" a date.
    support: dict[str, object] = {"gpc": True}
    if visit.policy.site.updated is not None:
        support["lastUpdate"] = visit.policy.site.updated.isoformat()
    return reply("200 OK", json.dumps(support), _JSON)


def _see(location: str) -> Reply:
    return reply("303 See Other", "", _HTML, ("Location", location))
