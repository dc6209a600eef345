"""Receipts in Django's admin, where the policy has a ledger: to look through, to search, to verify."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from ..errors import ConfigurationError
from .conf import policy
from .models import Receipt

if TYPE_CHECKING:
    from ..ledger.listing import Wanted
    from ..ledger.store import Store

_PAGE = 100
# So many are verified while somebody waits, in a few seconds.
_MOST_VERIFIED = 50_000
_METHODS = ("banner", "preferences", "api")


@admin.register(Receipt)
class ReceiptAdmin(admin.ModelAdmin):
    """Reads the ledger; nobody changes it here."""

    def get_urls(self) -> list[Any]:
        """Return the list, a receipt, and the button that verifies; by Django's usual names."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="cookieguard_receipt_changelist"),
            path("verify/", view(require_POST(self.verify_view)), name="cookieguard_receipt_verify"),
            path("<str:object_id>/change/", view(self.change_view), name="cookieguard_receipt_change"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show receipts to those who may see them, where there is a ledger."""
        return _has_ledger() and bool(super().has_view_permission(request, obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the heading where there is anything below it."""
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A receipt that can be changed proves nothing."""
        return False

    has_add_permission = has_delete_permission = has_change_permission

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """List receipts, newest first."""
        return self._answer(request, lambda store: self._list(request, store))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """Show one receipt, whether it is as it was written, and the text that was shown."""
        return self._answer(request, lambda store: self._show(request, store, object_id))

    def verify_view(self, request: HttpRequest) -> HttpResponseBase:
        """Verify every receipt, and say what was found."""
        return self._answer(request, lambda store: self._verify(request, store))

    def _answer(self, request: HttpRequest, answer: Callable[[Store], HttpResponseBase]) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        from sqlalchemy.exc import SQLAlchemyError

        from .receipts import store_of

        try:
            return answer(store_of())
        except SQLAlchemyError as error:
            told = getattr(error, "orig", None) or error
            self.message_user(request, f"The ledger can't be read: {told}", messages.ERROR)
            return render(request, "admin/base_site.html", self._context(request, "Receipts"), status=503)

    def _list(self, request: HttpRequest, store: Store) -> HttpResponseBase:
        from ..ledger import listing

        asked = request.GET.dict()
        wanted, after = _wanted(asked), None
        if "after" in asked and (place := listing.place_of(store.database, store.keys, asked["after"])):
            after = place.receipt
        found = listing.newest(store.database, wanted, _PAGE + 1, after=after)
        context = {
            **self._context(request, "Receipts"),
            "receipts": [(each, each.decided) for each in found[:_PAGE]],
            "total": listing.count(store.database),
            "query": asked.get("q", ""),
            "asked": {name: value for name, value in asked.items() if name not in ("q", "after")},
            "filters": [*_filters(asked, listing.languages(store.database))],
            "older": _query(asked, after=found[_PAGE - 1].id) if len(found) > _PAGE else "",
            "newest": _query(asked, after="") if after else "",
        }
        return render(request, "admin/cookieguard/receipt/change_list.html", context)

    def _show(self, request: HttpRequest, store: Store, id: str) -> HttpResponseBase:
        from ..ledger import listing

        place = listing.place_of(store.database, store.keys, id)
        if place is None:
            raise Http404("there is no such receipt: it may be erased, or pruned")
        text = store.text(place.receipt.text) if place.receipt.text else None
        context = {**self._context(request, f"Receipt {id}"), "place": place, "text": text}
        context |= {"receipt": place.receipt, "decisions": place.receipt.decided}
        return render(request, "admin/cookieguard/receipt/change_form.html", context)

    def _verify(self, request: HttpRequest, store: Store) -> HttpResponseBase:
        from ..ledger import listing
        from ..ledger.verifying import verify

        if (total := listing.count(store.database)) > _MOST_VERIFIED:
            said = f"{total:,} receipts take their time: run 'cookieguard ledger verify', by night."
            self.message_user(request, said, messages.WARNING)
        else:
            report = verify(store)
            for each in report.breaks:
                self.message_user(request, f"{each}.", messages.ERROR)
            if not report.breaks:
                said = (
                    f"Every receipt is as it was written: {report.verified}, {report.erased} of them erased."
                )
                self.message_user(request, said, messages.SUCCESS)
        there = reverse("admin:cookieguard_receipt_changelist", current_app=self.admin_site.name)
        return HttpResponseRedirect(there)

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        request.current_app = self.admin_site.name
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}


def _has_ledger() -> bool:
    try:
        return policy().ledger is not None
    except ConfigurationError:
        # `manage.py check` says so.
        return False


def _wanted(asked: Mapping[str, str]) -> Wanted:
    from ..ledger.listing import Wanted

    known = {name: asked.get(name, "") for name in ("since", "until", "language", "method")}
    choices = {name: asked.get(name, "") for name in ("accepted", "refused")}
    # As they stand in the visitor's cookie, several with dots between.
    ids = tuple(id for id in asked.get("q", "").strip().split(".") if id)
    return Wanted(ids, **known, **choices)


def _filters(asked: Mapping[str, str], languages: list[str]) -> Iterator[dict[str, Any]]:
    today = datetime.now(UTC).date()
    days = {
        "Any date": {"since": "", "until": ""},
        "Today": {"since": today.isoformat(), "until": ""},
        "Past 7 days": {"since": (today - timedelta(7)).isoformat(), "until": ""},
        "This month": {"since": today.replace(day=1).isoformat(), "until": ""},
    }
    if asked.get("until"):
        days[asked["until"]] = {"since": asked.get("since", ""), "until": asked["until"]}
    yield _filter("day (UTC)", asked, days)
    yield _filter("language", asked, _each("language", languages))
    yield _filter("method", asked, _each("method", _METHODS))
    categories = [category.id for category in policy().optional]
    for choice in ("accepted", "refused"):
        yield _filter(f"what was {choice}", asked, _each(choice, categories))


def _each(name: str, values: Any) -> dict[str, dict[str, str]]:
    return {"All": {name: ""}, **{value: {name: value} for value in values}}


def _filter(title: str, asked: Mapping[str, str], choices: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    """Write a filter as Django's own template for them takes it."""
    told = [
        {
            "display": display,
            "selected": all(asked.get(name, "") == value for name, value in changes.items()),
            "query_string": _query(asked, after="", **changes),
        }
        for display, changes in choices.items()
    ]
    return {"title": title, "choices": told}


def _query(asked: Mapping[str, str], **changes: str) -> str:
    from django.http import QueryDict

    query = QueryDict(mutable=True)
    query.update({name: value for name, value in {**asked, **changes}.items() if value})
    return f"?{query.urlencode()}"
