"""The month: what every patient's month bills, and one patient's month with everything behind it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from billing.forms.months import MonthFilter
from billing.queries.calendar import is_over, month_title, neighbours, present_month, today
from billing.queries.claims import month_batches
from billing.queries.month_detail import month_detail
from billing.queries.month_page import Show, month_page

SHOWS = (
    (Show.ALL, "All"),
    (Show.BILLS, "Bills"),
    (Show.MISSING, "Something missing"),
    (Show.HELD, "Held minutes"),
)


@requires(Permission.VIEW_MONTHS)
@require_safe
def current_month(request: HttpRequest, organization: str) -> HttpResponse:
    """The month that it is now at the clinics."""
    return redirect("month", organization, present_month(request.organization.id, timezone.now()))  # type: ignore[attr-defined]


@requires(Permission.VIEW_MONTHS)
@require_safe
def month(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    now = timezone.now()
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    chosen = MonthFilter(request.GET).values()
    page = month_page(organization_id, month, **chosen)
    record("month.viewed", by=request.membership, at=now, count=len(page.rows))  # type: ignore[attr-defined]
    before, following = neighbours(month)
    return render(
        request,
        "billing/month.html",
        {
            "page": page,
            "title": month_title(month),
            "before": before,
            "before_title": month_title(before),
            "following": following,
            "following_title": month_title(following),
            "is_over": is_over(organization_id, month, now),
            "is_present": present_month(organization_id, now) == month,
            "batches": month_batches(organization_id, month),
            "may_batch": Permission.MAKE_BATCH in permissions_of(request.membership.roles),  # type: ignore[attr-defined]
            "shows": [(show, label, page.counts[show]) for show, label in SHOWS],
            **chosen,
        },
    )


@requires(Permission.VIEW_MONTHS)
@require_safe
def month_row(request: HttpRequest, organization: str, month: str, episode_id: UUID) -> HttpResponse:
    now = timezone.now()
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    try:
        detail = month_detail(organization_id, month, episode_id)
    except NotFound:
        raise Http404 from None
    record(
        "month.patient_viewed",
        by=request.membership,  # type: ignore[attr-defined]
        at=now,
        patient_id=detail.episode.patient_id,
        object_id=episode_id,
    )
    return render(
        request,
        "billing/month_row.html",
        {"detail": detail, "month": month, "title": month_title(month), "today": today(organization_id, now)},
    )
