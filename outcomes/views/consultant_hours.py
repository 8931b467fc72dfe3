"""The hours of psychiatric consultants as a sheet to lay beside an invoice: on a page, as CSV and as PDF."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.narrowing import permissions_here
from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.queries import job_progress
from bhi.tenancy.models import Membership
from bhi.web.asked import own_clinics, seat
from outcomes.forms.asked import month_of
from outcomes.operations.hours_sheets import ask_for_hours_sheet
from outcomes.queries.consultant_hours import HoursSheet, hours_sheet
from outcomes.queries.hours_sheets import hours_file, month_asked
from outcomes.queries.measured import earliest_day
from outcomes.rules.months import month_before
from registry.rules.csv_text import Cell, csv_bytes

STOP_POLLING: Final = 286  # htmx stops asking
MONTHS: Final = 24
HEADER: Final = ("Consultant", "Clinic", "Month", "Minutes", "Patients reviewed", "Reviews", "Sessions held")
MONEY: Final = ("Rate per hour", "Amount")


@requires(Permission.VIEW_CONSULTANT_HOURS)
@require_safe
def consultant_hours(request: HttpRequest, organization: str) -> HttpResponse:
    """Who worked how long for which clinic, whom they reviewed, and what it comes to."""
    by, at = seat(request), timezone.now()
    today = earliest_day(by.organization_id, at)
    month = month_of(request.GET.get("month", "")) or month_before(today)
    months = [month_before(today, back) for back in range(MONTHS)]
    record("consultant_hours.viewed", by=by, at=at)
    context = {
        "sheet": hours_sheet(by.organization_id, month, clinics=own_clinics(request)),
        "month": f"{month:%Y-%m}",
        "months": [(f"{one:%Y-%m}", f"{one:%B %Y}") for one in sorted({month, *months}, reverse=True)],
        "is_over": month < today.replace(day=1),
        "sees_money": _sees_money(by),
    }
    return render(request, "outcomes/consultant_hours.html", context)


@requires(Permission.VIEW_CONSULTANT_HOURS)
@require_POST
def hours_csv(request: HttpRequest, organization: str) -> HttpResponse:
    """The same as a table for spreadsheets."""
    by, at = seat(request), timezone.now()
    month = _month(request)
    sheet = hours_sheet(by.organization_id, month, clinics=own_clinics(request))
    record("consultant_hours.exported", by=by, at=at)
    sees_money = _sees_money(by)
    return HttpResponse(
        csv_bytes((*HEADER, *MONEY) if sees_money else HEADER, _rows(sheet, sees_money=sees_money)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="consultant-hours-{month:%Y-%m}.csv"'},
    )


@requires(Permission.VIEW_CONSULTANT_HOURS)
@require_POST
def hours_pdf(request: HttpRequest, organization: str) -> HttpResponse:
    """Have the sheet made as a PDF."""
    job_id = ask_for_hours_sheet(by=seat(request), at=timezone.now(), month=_month(request))
    return redirect("hours_making", organization, job_id)


@requires(Permission.VIEW_CONSULTANT_HOURS)
@require_safe
def hours_making(request: HttpRequest, organization: str, job_id: UUID) -> HttpResponse:
    """How far the PDF is, and the way to it; asked again by the part itself every two seconds."""
    by, at = seat(request), timezone.now()
    month = _asked(by, job_id)
    job = job_progress(job_id, owner=by)
    is_made = job.state == "done"
    context = {
        "month": month,
        "back_url": f"{reverse('consultant_hours', args=[organization])}?month={month:%Y-%m}",
        "job": job,
        "poll_url": request.path,
        "result_url": reverse("hours_file", args=[organization, job_id]) if is_made else "",
        "result_label": "Open the PDF",
        "is_gone": is_made and not _is_kept(by, job_id),
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        status = STOP_POLLING if job.is_over else 200
        return render(request, "components/_job_progress.html", context, status=status)
    record("consultant_hours.viewed", by=by, at=at)
    return render(request, "outcomes/hours_making.html", context)


@requires(Permission.VIEW_CONSULTANT_HOURS)
@require_safe
def hours_download(request: HttpRequest, organization: str, job_id: UUID) -> HttpResponse:
    """The PDF, within its day."""
    by, at = seat(request), timezone.now()
    month = _asked(by, job_id)
    try:
        file = hours_file(by.organization_id, job_id, at=at)
    except NotFound:
        raise Http404 from None
    record("consultant_hours.downloaded", by=by, at=at)
    headers = {"Content-Disposition": f'inline; filename="consultant-hours-{month:%Y-%m}.pdf"'}
    return HttpResponse(read(file), content_type="application/pdf", headers=headers)


def _rows(sheet: HoursSheet, *, sees_money: bool) -> Iterator[tuple[Cell, ...]]:
    for one in sheet.consultants:
        for shown in one.lines:
            line, seen = shown.line, shown.line.seen
            counts = (seen.patients, seen.reviews, seen.sessions) if seen else (None, None, None)
            money = (line.hourly, line.amount) if sees_money else ()
            yield (one.name, shown.clinic, f"{sheet.month:%Y-%m}", line.minutes, *counts, *money)


def _month(request: HttpRequest) -> date:
    month = month_of(request.POST.get("month", ""))
    if month is None:
        raise Http404
    return month


def _asked(by: Membership, job_id: UUID) -> date:
    try:
        return month_asked(job_id, owner=by)
    except NotFound:
        raise Http404 from None


def _is_kept(by: Membership, job_id: UUID) -> bool:
    try:
        hours_file(by.organization_id, job_id, at=timezone.now())
    except NotFound:
        return False
    return True


def _sees_money(by: Membership) -> bool:
    return Permission.VIEW_MONEY in permissions_here(by)
