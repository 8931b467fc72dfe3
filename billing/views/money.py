"""Money: what was expected, what came, what was denied, and what was left on the table. No patient stands on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from billing.forms.analysis import SPANS, AnalysisFilter
from billing.queries.calendar import clinic_calendar, month_title
from billing.queries.money import Money, money_of, span_title
from billing.queries.money_left import Left, money_left
from caseload.rules.clock import local_date, month_index, month_named

CHOICES = 36


@requires(Permission.VIEW_MONEY)
@require_safe
def money(request: HttpRequest, organization: str) -> HttpResponse:
    """Expected against paid: a span of months by month, payer and code; denials and days to payment."""
    now = timezone.now()
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    calendar = clinic_calendar(organization_id)
    present = calendar.present_month(now)
    first, last = AnalysisFilter(request.GET).span(present=present)
    found = money_of(organization_id, first, last, calendar.page_zone)
    record("money.viewed", by=request.membership, at=now)  # type: ignore[attr-defined]
    may = permissions_of(request.membership.roles)  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "found": found,
        "sub": span_title(found),
        "month": last,
        "months": month_index(last) - month_index(first) + 1,
        "spans": SPANS,
        "choices": [month_named(month_index(present) - back) for back in range(CHOICES)],
        "groups": _groups(found),
        "may_months": Permission.VIEW_MONTHS in may,
        "may_work": Permission.WORK_DENIALS in may,
    }
    return render(request, "billing/money.html", context)


@requires(Permission.VIEW_MONEY)
@require_safe
def money_left_page(request: HttpRequest, organization: str) -> HttpResponse:
    """What one month did not bring, and why."""
    now = timezone.now()
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    calendar = clinic_calendar(organization_id)
    present = calendar.present_month(now)
    before = month_named(month_index(present) - 1)
    _, last = AnalysisFilter({"month": request.GET.get("month") or before}).span(present=before)
    found = money_left(organization_id, last, on=local_date(now, calendar.page_zone))
    record("money.viewed", by=request.membership, at=now)  # type: ignore[attr-defined]
    may_open = Permission.VIEW_MONTHS in permissions_of(request.membership.roles)  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "rows": [(one, _months_url(organization, last, one) if may_open and one.months else "") for one in found],
        "is_any": any(one.months for one in found),
        "month": last,
        "sub": month_title(last),
        "is_over": calendar.is_over(last, now),
        "choices": [month_named(month_index(before) - back) for back in range(CHOICES)],
    }
    return render(request, "billing/money_left.html", context)


def _groups(found: Money) -> list[tuple[str, str, Any]]:
    """The tables below the tiles: heading, word for a row, and rows. Months are named by people's words."""
    return [
        ("By month of service", "month", found.by_month),
        ("By payer", "payer", found.by_payer),
        ("By code", "code", found.by_code),
    ]


def _months_url(slug: str, month: str, left: Left) -> str:
    """The months behind a number."""
    address = reverse("month", args=[slug, month])
    return f"{address}?{urlencode({'show': left.show})}" if left.show else address
