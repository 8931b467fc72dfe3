"""What surrounds every request: its id, and how its answer may be kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id that its log lines and audit events share, and forbids storing its answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid.uuid4()  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=str(request.request_id)):  # type: ignore[attr-defined]
            response = self.get_response(request)
            log.info(
                "request",
                method=request.method,
                view=request.resolver_match.view_name if request.resolver_match else None,
                status=response.status_code,
            )
        if not request.path_info.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Request-ID"] = str(request.request_id)  # type: ignore[attr-defined]
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        return response
