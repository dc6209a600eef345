"""What a site's owner pastes in without a second thought."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def track(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Count visitors, and mark them for somebody's ads."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.set_cookie("_ga", "GA1.1.1604.1795305600", max_age=34560000)
        response.set_cookie("ads_visitor", "1604")
        return response

    return middleware
