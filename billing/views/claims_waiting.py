"""What claims lack that only who cares for patients, or who leads a clinic, can record: the list, and its count."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.tenancy.models import Membership, Role
from bhi.web.asked import seat
from billing.queries.calendar import month_title
from billing.queries.claims_waiting import WaitingClaim, claims_waiting
from billing.rules.mending import Mender
from billing.views.mending import mending

MOST_SHOWN: Final = 100


@requires(Permission.ENROL)
@require_safe
def claims_waiting_page(request: HttpRequest, organization: str) -> HttpResponse:
    """By patient and month what is missing, with its page. No amounts: they are not for who cares for patients."""
    by, now = seat(request), timezone.now()
    found = _waiting(by)
    shown = found[:MOST_SHOWN]
    record("claims_waiting.viewed", by=by, at=now, shown={one.patient_id for one in shown})
    context: dict[str, Any] = {
        "rows": [_row(one, by) for one in shown],
        "total": len(found),
        "more": len(found) - len(shown),
        "is_lead": _is_lead(by),
    }
    return render(request, "billing/claims_waiting.html", context)


@requires(Permission.ENROL)
@require_safe
def claims_waiting_count(request: HttpRequest, organization: str) -> HttpResponse:
    """How many, for the link to the list."""
    return render(request, "billing/_claims_waiting_count.html", {"count": len(_waiting(seat(request)))})


def _waiting(by: Membership) -> tuple[WaitingClaim, ...]:
    """A care manager's own and nobody's; a lead's are all."""
    may = permissions_of(by.roles)
    menders = {Mender.CARE} | ({Mender.SETTINGS} if Permission.SET_PROTOCOLS in may else set())
    mine = None if _is_lead(by) else by.id
    return claims_waiting(by.organization_id, at=timezone.now(), menders=menders, care_manager_id=mine)


def _is_lead(by: Membership) -> bool:
    return Role.CLINIC_LEAD.value in by.roles


def _row(one: WaitingClaim, by: Membership) -> dict[str, Any]:
    slug = by.organization.slug
    mend = mending(slug, one.month, permissions_of(by.roles), back=reverse("claims_waiting", args=[slug]))
    episode = one.prepared.billable.episode
    return {
        "name": one.prepared.patient_name,
        "month": month_title(one.month),
        "payer": one.payer,
        "url": reverse("patient_chart", args=[slug, episode.patient_id]),
        "mends": [mend(fault, one.prepared.claim.ids, episode.care_manager_id) for fault in one.faults],
    }
