"""What was refused inside an organization is written too, after the request's own transaction was taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from bhi.accounts.permissions import declared
from bhi.audit.operations import record
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership

REFUSED: Final[dict[int, str]] = {403: "not_permitted", 404: "not_found"}

IsOurs = Callable[[UUID, UUID], bool]
_questions: dict[str, IsOurs] = {}


def names_patients(name: str, is_ours: IsOurs) -> None:
    """Subscribe: `is_ours(organization, patient)` says whether an address names a patient of the organization.

    The ground knows no app's tables. Only whom the organization has is written down: of another organization's
    patient not even the id.
    """
    _questions[name] = is_ours


class DenialMiddleware:
    """One row for each refused request of a seat: the permission that its page asks for, and why it was refused.

    Stands around the tenant, so that the row is kept in a transaction of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        seat: Membership | None = getattr(request, "membership", None)
        if seat is not None and response.status_code in REFUSED and request.resolver_match is not None:
            _keep(request, seat, why=REFUSED[response.status_code])
        return response


def _keep(request: HttpRequest, seat: Membership, *, why: str) -> None:
    match = request.resolver_match
    access = declared(match.func, match.url_name) if match else None
    asked = match.kwargs.get("patient_id") if match else None
    with tenant(seat.organization_id):
        patient_id = asked if isinstance(asked, UUID) and _is_ours(seat.organization_id, asked) else None
        fields = [why, str(access)] if access else [why]
        record("access.denied", by=seat, at=timezone.now(), patient_id=patient_id, fields=fields)


def _is_ours(organization_id: UUID, patient_id: UUID) -> bool:
    return any(is_ours(organization_id, patient_id) for is_ours in _questions.values())
