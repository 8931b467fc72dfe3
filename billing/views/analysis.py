"""Analysis: what months came to, what was missed and where the open one is going. No patient stands on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from billing.forms.analysis import SPANS, AnalysisFilter
from billing.queries.analysis import Analysis, Part, analysis
from billing.queries.calendar import clinic_calendar, month_title
from billing.queries.month_page import Order, Show
from billing.rules.forecast import RULE
from billing.rules.stakes import NEAR_MINUTES
from caseload.rules.clock import local_date, month_index, month_named


@requires(Permission.VIEW_MONEY)
@require_safe
def analysis_page(request: HttpRequest, organization: str) -> HttpResponse:
    """One month or a span that ends with it."""
    now = timezone.now()
    organization_id: UUID = request.organization.id  # type: ignore[attr-defined]
    calendar = clinic_calendar(organization_id)
    present, today = calendar.present_month(now), local_date(now, calendar.page_zone)
    first, last = AnalysisFilter(request.GET).span(present=present)
    names = {seat: person.name for seat, person in people_of(organization_id).items()}
    found = analysis(organization_id, first, last, on=today, names=names, open_month=present)
    record("analysis.viewed", by=request.membership, at=now)  # type: ignore[attr-defined]
    may_open = Permission.VIEW_MONTHS in permissions_of(request.membership.roles)  # type: ignore[attr-defined]
    month = last if may_open and found.is_one else ""
    context = {
        "found": found,
        "sub": _span_words(found),
        "today": today,
        "month": last,
        "months": month_index(last) - month_index(first) + 1,
        "spans": SPANS,
        "choices": [month_named(month_index(present) - back) for back in range(24)],
        "near_minutes": NEAR_MINUTES,
        "forecast_rule": RULE,
        "may_open": may_open,
        "bills_url": _months_url(organization, month, show=Show.BILLS.value),
        "reach_url": _months_url(organization, month, show=Show.REACHABLE.value, order=Order.STAKES.value),
        "reach_label": f"{month_title(found.open_month)} may reach" if found.open_month else "",
        "groups": [
            ("Clinic", _linked(found.by_clinic, "clinic", organization, month)),
            ("Payer", _linked(found.by_payer, "payer", organization, month)),
            ("Care manager", _linked(found.by_care_manager, "care_manager", organization, month)),
        ],
    }
    return render(request, "billing/analysis.html", context)


def _linked(parts: Iterable[Part], name: str, slug: str, month: str) -> list[tuple[Part, str]]:
    """Each part with the months behind it; no address for what has no filter of its own."""
    return [(part, _months_url(slug, month, **{name: part.id}) if part.id else "") for part in parts]


def _months_url(slug: str, month: str, **narrowed: Any) -> str:
    """The months behind a number; no address where they may not be opened, or are those of a span."""
    return f"{reverse('month', args=[slug, month])}?{urlencode(narrowed)}" if month else ""


def _span_words(found: Analysis) -> str:
    """`October 2026`, `August 2026 to October 2026`; that it runs still."""
    span = month_title(found.last) if found.is_one else f"{month_title(found.first)} to {month_title(found.last)}"
    return f"{span}, which still runs" if found.open_month else span
