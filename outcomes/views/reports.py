"""Reports: those that were made, making one, looking at it and fetching its files; who gets one every month."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.queries import JobProgress, job_progress
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import seeing_everything
from bhi.web.asked import own_clinics, page_number, seat
from billing.queries.calendar import page_zone
from outcomes.forms.reports import ReportForm, ScheduleForm
from outcomes.operations.measuring import MonthNotFrozen
from outcomes.operations.reports import ReportWrong, ask_for_report, set_schedule, stop_schedule
from outcomes.queries.measured import measured_months
from outcomes.queries.numbers import Only
from outcomes.queries.reports import (
    PAGE,
    Report,
    content_of,
    preview_asked,
    reader_choices,
    report_of,
    report_row,
    report_rows,
    schedule_rows,
)
from outcomes.rules.report_files import EVERYBODY
from registry.queries.choices import clinic_choices, payer_choices

METHODS = ["GET", "HEAD", "POST"]
STOP_POLLING = 286  # htmx stops asking
FILES = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}


@requires(Permission.REPORT_OUTCOMES)
@require_safe
def outcome_reports(request: HttpRequest, organization: str) -> HttpResponse:
    """The reports that were made, the newest first."""
    by, page = seat(request), page_number(request)
    rows, total = report_rows(by.organization_id, clinics=own_clinics(request), page=page)
    first = (page - 1) * PAGE + 1
    context = {
        **_around(by),
        "rows": rows,
        "total": total,
        "shown": f"{first} to {first + len(rows) - 1}" if rows else "",
        "previous_url": f"?page={page - 1}" if page > 1 else "",
        "next_url": f"?page={page + 1}" if page * PAGE < total else "",
    }
    return render(request, "outcomes/reports.html", context)


@requires(Permission.REPORT_OUTCOMES)
@require_http_methods(METHODS)
def outcome_report_new(request: HttpRequest, organization: str) -> HttpResponse:
    """Have a report made of a frozen month."""
    by = seat(request)
    form = _form(request, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data
        try:
            made = ask_for_report(
                by=by,
                at=timezone.now(),
                kind=typed["kind"],
                month=typed["month"],
                payer_id=typed["payer"],
                clinic_id=typed["clinic"],
                client_token=typed["client_token"],
            )
        except MonthNotFrozen:
            form.add_error("month", "This month is not frozen yet. Preview it, or choose an earlier month.")
        else:
            return redirect("outcome_report", organization, made.id)
    return render(
        request, "outcomes/report_new.html", {"form": form, **_around(by)}, status=422 if form.errors else 200
    )


@requires(Permission.REPORT_OUTCOMES)
@require_POST
def report_preview(request: HttpRequest, organization: str) -> HttpResponse:
    """What a report would say now, of a month that may still change. Nothing is kept."""
    by = seat(request)
    form = _form(request, request.POST)
    if not form.is_valid():
        return render(request, "outcomes/report_new.html", {"form": form, **_around(by)}, status=422)
    typed = form.cleaned_data
    only = Only(clinic_id=typed["clinic"], payer_id=typed["payer"])
    asked = preview_asked(by.organization, typed["kind"], form.heads, typed["month"], only=only, scope=form.scope)
    # As the report will be: what leaves is the same whoever asks for it.
    with seeing_everything():
        content = content_of(asked)
    record("outcome_report.viewed", by=by, at=timezone.now())
    return render(request, "outcomes/report_preview.html", {"content": content})


@requires(Permission.REPORT_OUTCOMES)
@require_safe
def outcome_report(request: HttpRequest, organization: str, report_id: UUID) -> HttpResponse:
    """How far a report is; once it is made, what it says, and its files."""
    by = seat(request)
    report = _report(request, report_id)
    job = _job(by, report)
    context: dict[str, Any] = {
        **_around(by),
        "job": job,
        "poll_url": request.path,
        "result_url": request.path if report.made_at else "",
        "result_label": "Open the report",
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        status = STOP_POLLING if job is None or job.is_over else 200
        return render(request, "components/_job_progress.html", context, status=status)
    record("outcome_report.viewed", by=by, at=timezone.now(), object_id=report.id)
    context["report"] = report_row(by.organization_id, report)
    parts = _parts(report)
    now = [part for part in parts if part.is_now]
    context |= {"parts": now, "more": [part for part in parts if not part.is_now]}
    return render(request, "outcomes/report.html", context)


@requires(Permission.REPORT_OUTCOMES)
@require_safe
def outcome_report_file(request: HttpRequest, organization: str, report_id: UUID, form: str) -> HttpResponse:
    """The PDF or the CSV of a report, as it was made."""
    by = seat(request)
    report = _report(request, report_id)
    file = {"pdf": report.pdf, "csv": report.csv}.get(form)
    if file is None:
        raise Http404
    record("outcome_report.downloaded", by=by, at=timezone.now(), object_id=report.id)
    name = f"{report.kind}-report-{report.measured.month:%Y-%m}-edition-{report.measured.edition}.{form}"
    return HttpResponse(
        read(file), content_type=FILES[form], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@requires(Permission.REPORT_OUTCOMES)
@require_http_methods(METHODS)
def report_schedules(request: HttpRequest, organization: str) -> HttpResponse:
    """Which reports are made whenever a month is frozen, and who is told."""
    by = seat(request)
    form = ScheduleForm(
        request.POST if request.method == "POST" else None,
        people=reader_choices(by.organization_id),
        **_lists(request),
    )
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data
        of = {"kind": typed["kind"], "payer_id": typed["payer"], "clinic_id": typed["clinic"]}
        try:
            set_schedule(by=by, at=timezone.now(), readers=typed["readers"], **of)
        except ReportWrong as fault:
            form.add_error(fault.field, str(fault))
        else:
            messages.success(request, "Saved: it is made whenever a month is frozen.")
            return redirect("report_schedules", organization)
    context = {"form": form, "rows": schedule_rows(by.organization_id), **_around(by)}
    return render(request, "outcomes/report_schedules.html", context, status=422 if form.errors else 200)


@requires(Permission.REPORT_OUTCOMES)
@require_POST
def report_schedule_stop(request: HttpRequest, organization: str, schedule_id: UUID) -> HttpResponse:
    """A report is not made any more; those that were made stay."""
    try:
        stop_schedule(by=seat(request), at=timezone.now(), schedule_id=schedule_id)
    except NotFound:
        raise Http404 from None
    messages.success(request, "Stopped. Reports that were made stay.")
    return redirect("report_schedules", organization)


def _form(request: HttpRequest, data: Any) -> ReportForm:
    """The months are those that were measured; open ones can only be previewed."""
    editions = measured_months(seat(request).organization_id)
    months = [
        (f"{month}", f"{month:%B %Y}" + ("" if one.frozen_at or one.edition > 1 else " (not final)"))
        for month, one in sorted(editions.items(), reverse=True)
    ]
    asked = {name: request.GET[name] for name in ("kind", "month") if name in request.GET}
    form = ReportForm(data, months=months, initial={"client_token": uuid4(), **asked}, **_lists(request))
    form.heads = editions
    return form


def _lists(request: HttpRequest) -> dict[str, Any]:
    own, organization_id = own_clinics(request), seat(request).organization_id
    return {
        "payers": payer_choices(organization_id),
        "clinics": clinic_choices(organization_id, among=own),
        "is_limited": own is not None,
    }


def _report(request: HttpRequest, report_id: UUID) -> Report:
    try:
        return report_of(seat(request).organization_id, report_id, clinics=own_clinics(request))
    except NotFound:
        raise Http404 from None


def _job(by: Membership, report: Report) -> JobProgress | None:
    """How far the making is, for whoever asked for it."""
    if report.made_at is not None or report.job_id is None or report.asked_by_id != by.id:
        return None
    try:
        return job_progress(report.job_id, owner=by)
    except NotFound:
        return None


@dataclass(frozen=True)
class Part:
    """A table of what a file says; `is_now`: of everybody, in the report's own month."""

    title: str
    month: str
    is_now: bool
    lines: list[dict[str, str]]


def _parts(report: Report) -> list[Part]:
    """What the file says, line by line: by month, then by group, then as sections."""
    if report.csv is None:
        return []
    lines = csv.DictReader(io.StringIO(read(report.csv).decode("utf-8-sig")))
    own, parts = f"{report.measured.month:%Y-%m}", []
    for (month, group, section), found in groupby(lines, key=itemgetter("month", "group", "section")):
        title = section if group == EVERYBODY else f"{group}: {section[0].lower()}{section[1:]}"
        parts.append(Part(title, month, group == EVERYBODY and month == own, list(found)))
    return parts


def _around(by: Membership) -> dict[str, Any]:
    zone = page_zone(by.organization_id)
    return {"zone": zone.key, "today": timezone.now().astimezone(zone).date()}
