"""Deny by default: nobody passes to a view that does not say what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from bhi.accounts.narrowing import may_here
from bhi.accounts.permissions import PLATFORM, PUBLIC, SIGNED_IN, declared
from bhi.accounts.queries import any_membership_of
from bhi.web.frame import EMPTY

log = structlog.get_logger(__name__)


class PermissionMiddleware:
    """Compares what the view declares with what the seat may do, before the view runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        access = declared(view, match.url_name if match else None)
        if access == PUBLIC:
            return None
        if access is None:
            log.error("access.undeclared", view=match.view_name if match else None)
            raise PermissionDenied
        if not request.user.is_authenticated:
            return to_sign_in(request)
        if access == SIGNED_IN or (access == PLATFORM and getattr(request.user, "is_platform_staff", False)):
            return None
        membership = getattr(request, "membership", None)
        if membership is None or not may_here(membership, access):
            log.info("access.denied", permission=access, membership_id=str(membership.id) if membership else None)
            raise PermissionDenied
        return None


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, and back here afterwards where that is a page.

    htmx follows the redirect too; static/bhi.js sees where it ended and leaves what was typed in its form.
    """
    address = reverse("account_login")
    if request.method in ("GET", "HEAD"):
        address += "?" + urlencode({"next": request.path})
    return redirect(address)


def to_other_sign_in(request: HttpRequest, slug: str) -> HttpResponse:
    """For a seat that this session may not open: to the organization's own provider, or how else to come in.

    Raises Http404 where the person has no seat.
    """
    seat = any_membership_of(request.user.pk, slug)  # type: ignore[arg-type]
    if seat is None:
        raise Http404
    if not seat.organization.requires_single_sign_on:
        return render(request, "account/sso_limits.html", {"frame": EMPTY}, status=403)
    address = reverse("sso_organization", args=[slug])
    if request.method in ("GET", "HEAD"):
        address += "?" + urlencode({"next": request.path})
    return redirect(address)
