"""One transaction in one organization for each request below /o/<slug>/, rendering included."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.db import transaction
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from bhi.accounts.middleware import to_other_sign_in, to_sign_in
from bhi.accounts.queries import membership_of
from bhi.tenancy.context import tenant
from bhi.tenancy.sight import looking_as

_PATH = re.compile(r"^/o/(?P<slug>[-\w]+)/")


class StreamingInsideTenant(RuntimeError):
    """A streaming response is read after the transaction ended: it would show nothing. Build a file first."""


class TenancyMiddleware:
    """Finds the seat of the signed-in person in the path's organization, else 404, and opens the tenant.

    It owns the outer transaction because a template response renders after its view's own transaction has
    ended, and would render an empty page there. An answer of 500 or above takes everything back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _PATH.match(request.path_info)
        if match is None:
            return self.get_response(request)
        if not request.user.is_authenticated:
            return to_sign_in(request)
        membership = membership_of(request.user.pk, match["slug"])
        if membership is None:
            return to_other_sign_in(request, match["slug"])
        request.membership = membership  # type: ignore[attr-defined]
        request.organization = membership.organization  # type: ignore[attr-defined]
        organization_id = membership.organization_id
        with tenant(organization_id, history=_who(request)), looking_as(membership, timezone.now()) as sight:
            request.sight = sight  # type: ignore[attr-defined]
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            elif response.streaming and not isinstance(response, FileResponse):
                raise StreamingInsideTenant
        return response


def _who(request: HttpRequest) -> dict[str, str]:
    """Whom the history of a change names."""
    membership = request.membership  # type: ignore[attr-defined]
    return {"membership": str(membership.id), "request": str(getattr(request, "request_id", ""))}
