"""What every view of an organization reads from its request."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from bhi.tenancy.models import Membership

_MOST_DIGITS = 6


def seat(request: HttpRequest) -> Membership:
    """The seat that asks; the middleware found it."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    return by


def own_clinics(request: HttpRequest) -> frozenset[UUID] | None:
    """The clinics that the seat works at; None: all of them."""
    clinics: frozenset[UUID] | None = request.sight.clinics  # type: ignore[attr-defined]
    return clinics


def page_number(request: HttpRequest) -> int:
    """Which page of a list is asked for; the first where the address names none."""
    text = request.GET.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) <= _MOST_DIGITS else 1
