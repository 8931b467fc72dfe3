"""Money: what was expected, what came, what was denied, and what was left on the table. No patient stands on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.tenancy.sight import sees_all
from billing.forms.analysis import SPANS, AnalysisFilter
from billing.queries.calendar import ClinicCalendar, clinic_calendar, month_title
from billing.queries.money import Money, money_of, span_title
from billing.queries.money_files import Table, left_table, money_table
from billing.queries.money_left import Left, money_left
from billing.queries.unseen import claims_unseen
from billing.views.unseen import more_words
from caseload.rules.clock import local_date, month_index, month_named
from registry.rules.csv_text import csv_bytes

CHOICES = 36
OPENING = {"months": "3"}  # a month that still runs has no claims: without a choice the two before it show too


@requires(Permission.VIEW_MONEY)
@require_safe
def money(request: HttpRequest, organization: str) -> HttpResponse:
    """Expected against paid: a span of months by month, payer and code; denials and days to payment."""
    now = timezone.now()
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    calendar = clinic_calendar(organization_id)
    present = calendar.present_month(now)
    first, last = AnalysisFilter(request.GET or OPENING).span(present=present)
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
        "more": more_words(
            claims_unseen(organization_id, first, last), "claim", organization_id, Permission.VIEW_MONEY, at=now
        ),
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
    before, last = _left_month(request.GET, calendar, now)
    found = money_left(organization_id, last, on=local_date(now, calendar.page_zone))
    record("money.viewed", by=request.membership, at=now)  # type: ignore[attr-defined]
    may_open = Permission.VIEW_MONTHS in permissions_of(request.membership.roles)  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "rows": [(one, _months_url(organization, last, one) if may_open and one.months else "") for one in found],
        "is_any": any(one.months for one in found),
        "is_part": not sees_all(),
        "month": last,
        "sub": month_title(last),
        "is_over": calendar.is_over(last, now),
        "choices": [month_named(month_index(before) - back) for back in range(CHOICES)],
    }
    return render(request, "billing/money_left.html", context)


@requires(Permission.VIEW_MONEY)
@require_POST
def money_file(request: HttpRequest, organization: str) -> HttpResponse:
    """One of the page's tables as a file: the same span, the same figures."""
    now = timezone.now()
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    calendar = clinic_calendar(organization_id)
    first, last = AnalysisFilter(request.POST).span(present=calendar.present_month(now))
    name = request.POST.get("table", "month")
    try:
        table = money_table(money_of(organization_id, first, last, calendar.page_zone), name)
    except KeyError:
        raise Http404 from None
    record("money.exported", by=request.membership, at=now, count=len(table[1]))  # type: ignore[attr-defined]
    return _file(table, f"money-by-{'reason' if name == 'denied' else name}-{first}-to-{last}.csv")


@requires(Permission.VIEW_MONEY)
@require_POST
def money_left_file(request: HttpRequest, organization: str) -> HttpResponse:
    """What one month did not bring, as a file."""
    now = timezone.now()
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    calendar = clinic_calendar(organization_id)
    _, last = _left_month(request.POST, calendar, now)
    table = left_table(last, money_left(organization_id, last, on=local_date(now, calendar.page_zone)))
    record("money.exported", by=request.membership, at=now, count=len(table[1]))  # type: ignore[attr-defined]
    return _file(table, f"left-on-the-table-{last}.csv")


def _left_month(asked: QueryDict, calendar: ClinicCalendar, now: datetime) -> tuple[str, str]:
    """The last month that can be over, and the one that is asked for."""
    before = month_named(month_index(calendar.present_month(now)) - 1)
    _, last = AnalysisFilter({"month": asked.get("month") or before}).span(present=before)
    return before, last


def _file(table: Table, name: str) -> HttpResponse:
    return HttpResponse(
        csv_bytes(*table),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _groups(found: Money) -> list[tuple[str, str, Any]]:
    """The tables below the tiles: heading, word for a row, and rows. Months are named by people's words."""
    return [
        ("By month of service", "month", found.by_month),
        ("By payer", "payer", found.by_payer),
        ("By code", "code", found.by_code),
    ]


def _months_url(slug: str, month: str, left: Left) -> str:
    """The months behind a number, or the claims."""
    if left.is_of_claims:
        return reverse("claims_lost", args=[slug, month])
    address = reverse("month", args=[slug, month])
    return f"{address}?{urlencode({'show': left.show})}" if left.show else address
