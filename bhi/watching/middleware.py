"""Counts every request by its view and how it was answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from django.db import connection
from django.http import HttpRequest, HttpResponse

from bhi.watching.figures import POOL, REQUEST_SECONDS, REQUESTS

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_POOL_SAYS: Final = {"size": "pool_size", "available": "pool_available", "waiting": "requests_waiting"}


class MetricsMiddleware:
    """Views by name, never paths: a path may hold ids, and a mistyped one anything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        view = (request.resolver_match.view_name if request.resolver_match else None) or "none"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(view, method, str(response.status_code)).inc()
        REQUEST_SECONDS.labels(view).observe(time.perf_counter() - began)
        _note_pool()
        return response


def _note_pool() -> None:
    """Only web processes have one."""
    pool = getattr(connection, "pool", None)
    if pool is None:
        return
    stats = pool.get_stats()
    for what, name in _POOL_SAYS.items():
        POOL.labels(what).set(stats.get(name, 0))
