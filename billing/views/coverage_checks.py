"""Whose coverage to ask about this month, and what was said."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from billing.forms.release import CoverageCheckForm
from billing.queries.calendar import ClinicCalendar, clinic_calendar, month_title, neighbours, present_month
from billing.queries.coverage_checks import CoverageChecks, coverage_checks
from caseload.rules.clock import local_date
from registry.operations.coverages import record_coverage_checks
from registry.operations.errors import DateOutOfOrder, SourceMissing


@requires(Permission.RECORD_SERVICES)
@require_safe
def current_coverage(request: HttpRequest, organization: str) -> HttpResponse:
    """The month that it is now at the clinics."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    return redirect("coverage_checks", organization, present_month(by.organization_id, timezone.now()))


@requires(Permission.RECORD_SERVICES)
@require_http_methods(["GET", "HEAD", "POST"])
def coverage_checks_page(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """The month's patients whose coverage nobody has asked about, and one answer for several of them."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    start = request.GET.get("start", "")
    is_all = request.GET.get("show") == "all"
    shown = coverage_checks(
        by.organization_id,
        month,
        is_all=is_all,
        start=int(start) if start.isascii() and start.isdigit() else 0,
    )
    calendar = clinic_calendar(by.organization_id)
    today = local_date(now, calendar.page_zone)
    if request.method != "POST":
        form = CoverageCheckForm(unasked=len(shown.unasked), initial={"on": today})
        return _page(request, shown, month, at=now, form=form, is_all=is_all, calendar=calendar)
    form = CoverageCheckForm(request.POST, unasked=len(shown.unasked))
    if form.is_valid():
        values = form.cleaned_data
        chosen = shown.unasked if values["which"] == "unasked" else [UUID(value) for value in values["coverage"]]
        try:
            count = record_coverage_checks(
                by=by,
                at=now,
                coverage_ids=chosen,
                on=values["on"],
                source=values["source"],
                is_in_force=values["answer"] == "yes",
            )
        except NotFound:
            raise Http404 from None
        except DomainError as fault:
            form.add_error({DateOutOfOrder: "on", SourceMissing: "source"}.get(type(fault), "which"), str(fault))
        else:
            messages.success(request, f"Kept for {count} {'patient' if count == 1 else 'patients'}.")
            return _back(request, organization, month, by)
    return _page(request, shown, month, at=now, form=form, is_all=is_all, calendar=calendar, status=422)


def _back(request: HttpRequest, organization: str, month: str, by: Membership) -> HttpResponse:
    """To the patient's month where the answer was given there, else to the list."""
    back = request.POST.get("back", "")
    if Permission.VIEW_MONTHS in permissions_of(by.roles):
        try:
            return redirect("month_row", organization, month, UUID(back))
        except ValueError:
            pass
    return redirect("coverage_checks", organization, month)


def _page(
    request: HttpRequest,
    shown: CoverageChecks,
    month: str,
    *,
    at: datetime,
    form: CoverageCheckForm,
    is_all: bool,
    calendar: ClinicCalendar,
    status: int = 200,
) -> HttpResponse:
    by: Membership = request.membership  # type: ignore[attr-defined]
    record("coverage_checks.viewed", by=by, at=at, shown=[row.patient_id for row in shown.rows])
    before, following = neighbours(month)
    query = "show=all&" if is_all else ""
    ticked = set(form.sent)
    context = {
        "shown": shown,
        "month": month,
        "title": month_title(month),
        "before": before,
        "following": following if month < calendar.present_month(at) else "",
        "rows": [(row, str(row.coverage_id) in ticked) for row in shown.rows],
        "form": form,
        "is_all": is_all,
        "back": request.POST.get("back", ""),
        "may_months": Permission.VIEW_MONTHS in permissions_of(by.roles),
        "today": local_date(at, calendar.page_zone),
        "range": f"{shown.first_row} to {shown.first_row + len(shown.rows) - 1}",
        "previous_url": f"?{query}start={shown.previous}" if shown.previous is not None else "",
        "next_url": f"?{query}start={shown.next}" if shown.next is not None else "",
    }
    return render(request, "billing/coverage_checks.html", context, status=status)
