"""The month: what every patient's month bills."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from billing.forms.months import MonthFilter
from billing.queries.calendar import clinic_calendar, month_title, neighbours, present_month
from billing.queries.claims import month_batches
from billing.queries.month_page import MonthPage, Order, Show, month_page
from billing.queries.stakes import Moment
from billing.rules.stakes import NEAR_MINUTES
from caseload.rules.clock import local_date

SHOWS = (
    (Show.ALL, "All"),
    (Show.BILLS, "Bills"),
    (Show.MISSING, "Something missing"),
    (Show.HELD, "Held minutes"),
    (Show.HELD_BACK, "Held back"),
    (Show.REACHABLE, "Still reachable"),
    (Show.NEAR, f"Within {NEAR_MINUTES} minutes of a code"),
    (Show.PAPERS, "Papers to close"),
    (Show.ALMOST, "Ended a few minutes short"),
    (Show.ONE_PAPER, "Ended with one paper missing"),
)
ORDERS = ((Order.NAME, "Name"), (Order.STAKES, "Amount at stake"), (Order.MINUTES, "Minutes to the next code"))


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
    calendar = clinic_calendar(organization_id)
    today = local_date(now, calendar.page_zone)
    is_over = calendar.is_over(month, now)
    may = permissions_of(request.membership.roles)  # type: ignore[attr-defined]
    page = month_page(
        organization_id,
        month,
        moment=_moment(chosen["show"], today, is_over=is_over),
        by_fees=Permission.VIEW_MONEY in may,
        **chosen,
    )
    seen = {row.patient_id for row in page.rows}
    record("month.viewed", by=request.membership, at=now, shown=seen)  # type: ignore[attr-defined]
    before, following = neighbours(month)
    context = {
        "page": page,
        "title": month_title(month),
        "sub": "What each patient's month bills, and why",
        "before": before,
        "following": following,
        "is_over": is_over,
        "is_present": calendar.present_month(now) <= month,
        "batches": month_batches(organization_id, month),
        "may_batch": Permission.MAKE_BATCH in may,
        "may_set_release": Permission.SET_RELEASE in may,
        "may_decide": Permission.DECIDE_MONTH in may,
        "may_close": Permission.CLOSE_MONTH in may,
        "may_money": Permission.VIEW_MONEY in may,
        "zone": calendar.page_zone.key,
        "today": today,
        "shows": _shows(page, chosen["show"]),
        "orders": ORDERS if Permission.VIEW_MONEY in may else [one for one in ORDERS if one[0] is not Order.STAKES],
        "is_narrowed": bool(chosen["payer_id"] or chosen["care_manager_id"]),
        "changed_words": f"{page.changed} changed since" if page.changed else "",
        "shown": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": _page_url(chosen, page.previous_after) if page.has_previous else "",
        "next_url": _page_url(chosen, page.next_after) if page.next_after else "",
        **chosen,
    }
    return render(request, "billing/month.html", context)


def _moment(show: Show, today: date, *, is_over: bool) -> Moment:
    """What an ended month was short of is worked out only for those who ask for it."""
    return Moment(is_over, today, looks_back=is_over and show in (Show.ALMOST, Show.ONE_PAPER))


def _shows(page: MonthPage, chosen: Show) -> list[tuple[Show, str, int]]:
    """The filters that show anybody, the chosen one among them, and all."""
    listed = [(show, label, page.counts[show]) for show, label in SHOWS]
    return [one for one in listed if one[2] or one[0] in (Show.ALL, chosen)]


def _page_url(chosen: dict[str, Any], after: UUID | None) -> str:
    """The same filters, beginning after an episode."""
    values = {
        "show": chosen["show"],
        "clinic": chosen["clinic_id"],
        "payer": chosen["payer_id"],
        "care_manager": chosen["care_manager_id"],
        "order": "" if chosen["order"] is Order.NAME else chosen["order"],
        "after": after,
    }
    return "?" + urlencode({name: value for name, value in values.items() if value})
