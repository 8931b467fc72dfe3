"""The month: what every patient's month bills, and one patient's month with everything behind it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from billing.forms.months import MonthFilter
from billing.queries.calendar import is_over, month_title, neighbours, page_zone, present_month
from billing.queries.claims import month_batches
from billing.queries.month_detail import month_detail
from billing.queries.month_page import Show, month_page
from caseload.rules.clock import local_date

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
    zone = page_zone(organization_id)
    context = {
        "page": page,
        "title": month_title(month),
        "sub": "What each patient's month bills, and why",
        "before": before,
        "following": following,
        "is_over": is_over(organization_id, month, now),
        "is_present": present_month(organization_id, now) <= month,
        "batches": month_batches(organization_id, month),
        "may_batch": Permission.MAKE_BATCH in permissions_of(request.membership.roles),  # type: ignore[attr-defined]
        "may_close": Permission.CLOSE_MONTH in permissions_of(request.membership.roles),  # type: ignore[attr-defined]
        "zone": zone.key,
        "today": local_date(now, zone),
        "shows": [(show, label, page.counts[show]) for show, label in SHOWS],
        "changed_words": f"{page.changed} changed since" if page.changed else "",
        "shown": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": _page_url(chosen, page.previous_after) if page.has_previous else "",
        "next_url": _page_url(chosen, page.next_after) if page.next_after else "",
        **chosen,
    }
    return render(request, "billing/month.html", context)


def _page_url(chosen: dict[str, Any], after: UUID | None) -> str:
    """The same filters, beginning after an episode."""
    values = {"show": chosen["show"], "clinic": chosen["clinic_id"], "after": after}
    return "?" + urlencode({name: value for name, value in values.items() if value})


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
        {
            "detail": detail,
            "month": month,
            "sub": f"{month_title(month)} · {detail.episode.mrn} · {detail.episode.clinic_name}",
            "today": local_date(now, ZoneInfo(detail.zone)),
        },
    )
