"""What a visitor posted -> which categories they accept, and under which wording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qs

from msgspec import Struct
from msgspec.structs import replace
from werkzeug.http import parse_options_header

from ..policy.policy import Policy

_MOST_FIELDS = 1000


class BadChoice(Exception):
    """The posted data can't be used; `status` is the answer's, the message says what instead."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class Posted(Struct, frozen=True):
    """A decision on every category: these are accepted, all others refused.

    With `action` "grant" or "withdraw" it is on `accepted` or `refused` alone. `stale` names what was
    accepted under another wording than today's, which counts for nothing, and `unseen` what the form
    didn't show yet: both are left open. `next` is where the visitor wants to go on, as posted; `stamp`
    what says which text the form stands under, and `asked` what a banner asked about.
    """

    accepted: tuple[str, ...]
    stale: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    next: str | None = None
    action: Literal["decide", "grant", "withdraw"] = "decide"
    refused: tuple[str, ...] = ()
    stamp: str | None = None
    asked: tuple[str, ...] = ()

    @property
    def accepts(self) -> bool:
        """Whether anything is to be accepted: what a stranger must not do for the visitor."""
        return bool(self.accepted or self.stale)


def is_json(content_type: str) -> bool:
    """Tell whether a media type is JSON."""
    return parse_options_header(content_type)[0].lower() == "application/json"


def read_choice(body: bytes | None, content_type: str, policy: Policy) -> Posted:
    """Read a form or a JSON object; BadChoice says what is wrong with it."""
    if body is None:
        raise BadChoice("413 Content Too Large", "send a Content-Length of at most 64 KiB")
    if is_json(content_type):
        return _read_json(body, policy)
    if parse_options_header(content_type)[0].lower() in ("application/x-www-form-urlencoded", ""):
        return _read_form(body, policy)
    raise BadChoice(
        "415 Unsupported Media Type", "send application/x-www-form-urlencoded or application/json"
    )


def _read_form(body: bytes, policy: Policy) -> Posted:
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise BadChoice("400 Bad Request", "too many fields") from error
    choice = fields.get("choice", [""])[-1]
    if choice not in ("all", "none", "some"):
        raise BadChoice("400 Bad Request", "choice must be all, none or some")
    following, stamp = fields.get("next", [None])[-1], fields.get("shown", [None])[-1]
    tokens = dict(entry.partition(":")[::2] for entry in fields.get("digest", []))
    if asked := _optional(fields.get("asked", []), policy):
        # The banner asks about some alone: what it didn't name, its buttons don't touch.
        if choice == "all":
            granted = _checked(asked, tokens, policy)
            return replace(granted, action="grant", next=following, stamp=stamp, asked=tuple(asked))
        withdrawn = tuple(asked)
        return Posted((), action="withdraw", refused=withdrawn, next=following, stamp=stamp, asked=withdrawn)
    everything = [category.id for category in policy.optional]
    accepted = {"all": everything, "none": [], "some": fields.get("accept", [])}[choice]
    posted = _checked(accepted, tokens, policy)
    # Without any digest there is no telling what was shown, and "a refusal always works".
    seen = tokens if choice == "some" and tokens else policy.categories
    unseen = tuple(category.id for category in policy.optional if category.id not in seen)
    return replace(posted, unseen=unseen, next=following, stamp=stamp)


def _read_json(body: bytes, policy: Policy) -> Posted:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadChoice("400 Bad Request", "the body isn't JSON") from error
    if not isinstance(data, dict) or not isinstance(data.get("accept"), list):
        raise BadChoice("400 Bad Request", 'send {"accept": ["analytics"], "digests": {"analytics": "…"}}')
    tokens = data.get("digests", {})
    if not isinstance(tokens, dict):
        raise BadChoice("400 Bad Request", "digests must be an object: category to digest")
    return _checked(data["accept"], tokens, policy)


def _checked(accepted: list[Any], tokens: Mapping[str, Any], policy: Policy) -> Posted:
    asked = _optional(accepted, policy)
    # "a grant under another digest asks again, a refusal always works"
    current = tuple(id for id in asked if tokens.get(id) == policy.categories[id].token)
    return Posted(current, tuple(id for id in asked if id not in current))


def _optional(ids: list[Any], policy: Policy) -> list[str]:
    for id in ids:
        if not isinstance(id, str) or id not in policy.categories:
            raise BadChoice(
                "400 Bad Request", f"unknown category {id!r}: the policy has {', '.join(policy.categories)}"
            )
    return [id for id in dict.fromkeys(ids) if not policy.categories[id].essential]
