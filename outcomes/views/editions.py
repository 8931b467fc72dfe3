"""Months as measured: which are frozen, in which edition; and measuring a frozen one again."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.tenancy.models import Membership
from bhi.web.asked import cut, page_number, seat
from billing.queries.calendar import page_zone
from outcomes.forms.reports import EditionForm
from outcomes.operations.measuring import MonthNotFrozen, further_edition
from outcomes.queries.measured import editions, freeze_day_of, measured_months
from outcomes.rules.months import freezes_on

MONTHS_A_PAGE = 24


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def measured_months_page(request: HttpRequest, organization: str) -> HttpResponse:
    """Every month that was measured, the newest first."""
    by = seat(request)
    newest = sorted(measured_months(by.organization_id).values(), key=lambda one: one.month, reverse=True)
    freeze_day = freeze_day_of(by.organization_id)
    page = cut([(one, freezes_on(one.month, freeze_day)) for one in newest], page_number(request), MONTHS_A_PAGE)
    return render(request, "outcomes/measured_months.html", {"page": page, **_around(by)})


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def measured_month_page(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """The editions of one month, the newest first."""
    return _page(request, _month(month), EditionForm())


@requires(Permission.SET_OUTCOMES)
@require_http_methods(["POST"])
def further_edition_new(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """A frozen month is measured again from what is on record now; what was frozen stays."""
    by, first = seat(request), _month(month)
    form = EditionForm(request.POST)
    if not form.is_valid():
        return _page(request, first, form, status=422)
    try:
        further_edition(
            organization_id=by.organization_id,
            month=first,
            because=form.cleaned_data["because"],
            by=by,
            at=timezone.now(),
        )
    except MonthNotFrozen as fault:
        messages.info(request, str(fault))
    else:
        messages.success(
            request, "Measured again. The new edition is frozen in the coming night; the earlier one stays."
        )
    return redirect("measured_month", organization, month)


def _page(request: HttpRequest, month: date, form: EditionForm, status: int = 200) -> HttpResponse:
    by = seat(request)
    found = editions(by.organization_id, month)
    if not found:
        raise Http404
    context = {
        "form": form,
        "month": month,
        "editions": found,
        "newest": found[0],
        "freezes_on": freezes_on(month, freeze_day_of(by.organization_id)),
        **_around(by),
    }
    return render(request, "outcomes/measured_month.html", context, status=status)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Http404 from None


def _around(by: Membership) -> dict[str, Any]:
    zone = page_zone(by.organization_id)
    return {"zone": zone.key, "today": timezone.now().astimezone(zone).date()}
