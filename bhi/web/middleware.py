"""What surrounds every request: its id, its line in the log, and how its answer may be kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from bhi.errors import MonthClosed

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]

OF_EVERY_ANSWER: Final = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    # No other site may load a page, a picture or a file of ours into itself.
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Nothing of a person's is kept in the browser but pages that it may hold for going back. "storage" would also
# forget the choice to have no single keys (WCAG 2.1.4).
CLEAR_AFTER_SIGN_OUT = '"cache"'


class RequestIdMiddleware:
    """Gives each request an id that its log lines and audit events share, and forbids storing its answer.

    The log names the view, never the path: a path may hold ids, and a mistyped one anything.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4()
        request.request_id = request_id  # type: ignore[attr-defined]
        is_static = request.path_info.startswith(f"/{settings.STATIC_URL.strip('/')}/")
        with structlog.contextvars.bound_contextvars(request_id=str(request_id)):
            response = self.get_response(request)
            view = request.resolver_match.view_name if request.resolver_match else None
            if not is_static:
                log.info("request", method=request.method, view=view, status=response.status_code)
        if not (is_static and response.status_code < 400):
            _forbid_storing(response)
        if view == "account_logout" and request.method == "POST":
            response.headers["Clear-Site-Data"] = CLEAR_AFTER_SIGN_OUT
        response.headers["X-Request-ID"] = str(request_id)
        for name, value in OF_EVERY_ANSWER.items():
            response.headers[name] = value
        return response


class MonthClosedMiddleware:
    """Whatever page wrote into a closed month and did not expect it: nothing is saved, and the page says why."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, MonthClosed):
            return render(request, "month_closed.html", {"sentence": str(exception)}, status=409)
        return None


def _forbid_storing(response: HttpResponse) -> None:
    if "no-store" not in response.headers.get("Cache-Control", ""):
        response.headers["Cache-Control"] = "no-store"
