"""Screening in the whole practice: its numbers, its files, and positive screens that nobody followed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.narrowing import may_here
from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.queries import JobProgress, job_progress
from bhi.tenancy.models import Membership
from bhi.web.asked import own_clinics, page_number, seat
from caseload.operations.read_workbook import WorkbookUnreadable
from outcomes.forms.asked import id_of, month_of
from outcomes.forms.screening import ScreeningFileForm
from outcomes.operations.screening import ScreeningNotReady, start_screening_file, take_screening_file
from outcomes.queries.choices import Choices, choices
from outcomes.queries.posts import full_time_posts
from outcomes.queries.screening import (
    FILES_PER_PAGE,
    WAITING_PER_PAGE,
    File,
    Months,
    screened_months,
    screening_file,
    screening_files,
    waiting_screens,
)
from outcomes.rules.charts import PERCENT, Trend, trend
from outcomes.rules.measure import Measure
from outcomes.rules.months import month_before
from outcomes.rules.screening import INSTRUMENT_WORDS, SCREENING, STAFFING_FORMULA, ScreenedMonth, Share

MONTHS_SHOWN: Final = 24
FEWEST_SHOWN: Final = 12


@dataclass(frozen=True)
class Asked:
    """Who looks at which month and clinic. `clinics`: those that numbers are counted for, None for all."""

    by: Membership
    at: datetime
    names: Choices
    own: frozenset[UUID] | None
    clinic: UUID | None
    month: date

    @property
    def today(self) -> date:
        return self.names.today(self.at)

    @property
    def clinics(self) -> frozenset[UUID] | None:
        return frozenset({self.clinic}) if self.clinic else self.own

    def url(self, name: str) -> str:
        """An address narrowed as this page is."""
        clinic = f"&clinic={self.clinic}" if self.clinic else ""
        return f"{reverse(name, args=[self.by.organization.slug])}?month={self.month:%Y-%m}{clinic}"

    def context(self) -> dict[str, Any]:
        months = [month_before(self.today, back) for back in range(MONTHS_SHOWN)]
        return {
            "slug": self.by.organization.slug,
            "names": self.names,
            "clinic": self.clinic,
            "shown_month": self.month,
            "month": f"{self.month:%Y-%m}",
            "months": [(f"{one:%Y-%m}", f"{one:%B %Y}") for one in months],
            "today": self.today,
            "zone": self.names.zone,
        }


@dataclass(frozen=True)
class MeasureShown:
    """A measure of the page: its number, its two years, and its clinics."""

    measure: Measure
    share: Share
    chart: Trend | None
    months: list[tuple[date, Share | None]]
    clinics: list[tuple[str, Share]]

    @property
    def is_met(self) -> bool | None:
        return self.share.reaches(self.measure.target)


@requires(Permission.VIEW_OUTCOMES)
@require_safe
def screening(request: HttpRequest, organization: str) -> HttpResponse:
    """Who was screened, what was found, and who was followed up: a month, two years, and by clinic."""
    asked = _asked(request)
    span = [month_before(asked.month, back) for back in reversed(range(MONTHS_SHOWN))]
    found = screened_months(asked.by.organization_id, on=asked.today, months=span, clinics=asked.clinics)
    posts = full_time_posts(asked.by.organization_id, [asked.month])[asked.month]
    record("screening.viewed", by=asked.by, at=asked.at)
    context = {
        **asked.context(),
        "current": "screening",
        "of_month": found.get((asked.month, None)),
        "has_any": bool(found) or bool(screening_files(asked.by.organization_id, clinics=asked.own)[1]),
        "measures": _measures(asked, found, span),
        "posts": sum(posts.values()) if posts else None,
        "staffing": STAFFING_FORMULA,
        "waiting_url": asked.url("screening_waiting") if may_here(asked.by, Permission.NAME_OUTCOMES) else "",
        "files_url": reverse("screening_files", args=[organization])
        if may_here(asked.by, Permission.TAKE_SCREENING)
        else "",
    }
    return render(request, "outcomes/screening.html", context)


@requires(Permission.NAME_OUTCOMES)
@require_safe
def screening_waiting(request: HttpRequest, organization: str) -> HttpResponse:
    """Positive screens of a month without a follow-up, by record number: most are not in the program."""
    asked, number = _asked(request), page_number(request)
    rows, total = waiting_screens(
        asked.by.organization_id, on=asked.today, months=[asked.month], clinics=asked.clinics, page=number
    )
    seen = [row.patient_id for row in rows if row.patient_id]
    record("screening.waiting_viewed", by=asked.by, at=asked.at, count=len(rows), shown=seen)
    here, first = asked.url("screening_waiting"), (number - 1) * WAITING_PER_PAGE
    context = {
        **asked.context(),
        "current": "screening",
        "rows": [
            (
                row,
                asked.names.name_of("clinic", row.clinic_id),
                INSTRUMENT_WORDS[row.instrument],
                row.is_late(asked.today),
            )
            for row in rows
        ],
        "total": total,
        "shown": f"{first + 1} to {first + len(rows)}" if rows else "",
        "previous_url": f"{here}&page={number - 1}" if number > 1 else "",
        "next_url": f"{here}&page={number + 1}" if first + len(rows) < total else "",
        "may_view": may_here(asked.by, Permission.VIEW_OUTCOMES),
        "back_url": asked.url("screening"),
    }
    return render(request, "outcomes/screening_waiting.html", context)


@requires(Permission.TAKE_SCREENING)
@require_http_methods(["GET", "HEAD", "POST"])
def screening_file_list(request: HttpRequest, organization: str) -> HttpResponse:
    """Files so far, and the form for a new one."""
    asked = _asked(request)
    offered = [(str(key), name) for key, name in asked.names.clinics.items()]
    make = partial(ScreeningFileForm, clinics=offered, today=asked.today)
    form = make(request.POST, request.FILES) if request.method == "POST" else make()
    if request.method == "POST" and form.is_valid():
        try:
            file = start_screening_file(by=asked.by, at=asked.at, **form.given())
        except WorkbookUnreadable as fault:
            form.add_error("file", str(fault))
        else:
            return redirect("screening_file", organization, file.id)
    return _list(request, asked, form)


@requires(Permission.TAKE_SCREENING)
@require_safe
def screening_file_page(request: HttpRequest, organization: str, file_id: UUID) -> HttpResponse:
    """What a file holds, and what is to mend in it, before and after it is taken over."""
    asked = _asked(request)
    file = _file(asked, file_id)
    record("screening.file_viewed", by=asked.by, at=asked.at, object_id=file.id)
    context = {
        **asked.context(),
        "current": "screening",
        "file": file,
        "tiles": _tiles(file),
        "job": _job(asked.by, file),
        "here": reverse("screening_file", args=[organization, file.id]),
        "more_faults": max(0, file.counts.get("faults", 0) - len(file.faults)),
    }
    return render(request, "outcomes/screening_file.html", context)


@requires(Permission.TAKE_SCREENING)
@require_POST
def screening_file_take(request: HttpRequest, organization: str, file_id: UUID) -> HttpResponse:
    """Count what the page showed."""
    asked = _asked(request)
    _file(asked, file_id)
    try:
        file = take_screening_file(by=asked.by, at=asked.at, file_id=file_id)
    except ScreeningNotReady as refusal:
        messages.error(request, str(refusal))
    else:
        if file.state == "taken":
            messages.success(request, f"Taken over: {file.month:%B %Y} is counted from this file now.")
    return redirect("screening_file", organization, file_id)


def _asked(request: HttpRequest) -> Asked:
    """The month asked for, else the last that is over; the clinic asked for, of those that can be chosen."""
    by, at, own = seat(request), timezone.now(), own_clinics(request)
    names = choices(by.organization_id, own_clinics=own)
    clinic = id_of(request.GET.get("clinic", ""))
    month = month_of(request.GET.get("month", "")) or month_before(names.today(at))
    return Asked(by, at, names, own, clinic if clinic in names.clinics else None, month)


def _file(asked: Asked, file_id: UUID) -> File:
    try:
        return screening_file(asked.by.organization_id, file_id, clinics=asked.own)
    except NotFound:
        raise Http404 from None


def _measures(asked: Asked, found: Months, span: list[date]) -> list[MeasureShown]:
    first = min((place for place, of in enumerate(span) if (of, None) in found), default=len(span))
    months = span[min(first, len(span) - FEWEST_SHOWN) :]
    return [_measure(asked, one, found, months) for one in SCREENING]


def _measure(asked: Asked, one: Measure, found: Months, months: list[date]) -> MeasureShown:
    course = [(of, found[of, None].share(one.key) if (of, None) in found else None) for of in months]
    parts = [
        (name, found[asked.month, clinic].share(one.key))
        for clinic, name in asked.names.clinics.items()
        if (asked.month, clinic) in found
    ]
    values = [(of, share.percent if share else None) for of, share in course]
    return MeasureShown(
        measure=one,
        share=found.get((asked.month, None), ScreenedMonth()).share(one.key),
        chart=trend(values, target=one.target, highest=PERCENT),
        months=course[::-1],
        clinics=parts,
    )


def _list(request: HttpRequest, asked: Asked, form: ScreeningFileForm) -> HttpResponse:
    number = page_number(request)
    files, total = screening_files(asked.by.organization_id, page=number, clinics=asked.own)
    here = reverse("screening_files", args=[asked.by.organization.slug])
    first = (number - 1) * FILES_PER_PAGE
    context = {
        **asked.context(),
        "current": "screening",
        "form": form,
        "files": files,
        "total": total,
        "shown": f"{first + 1} to {first + len(files)}" if files else "",
        "previous_url": f"{here}?page={number - 1}" if number > 1 else "",
        "next_url": f"{here}?page={number + 1}" if first + len(files) < total else "",
    }
    return render(request, "outcomes/screening_files.html", context, status=422 if form.errors else 200)


def _tiles(file: File) -> list[tuple[str, int, str]]:
    counts = file.counts
    if not counts.get("seen"):
        return []
    tiles = [
        ("Patients seen", counts["seen"], f"in {file.month:%B %Y}, each once"),
        ("With a screen", counts["screened"], "PHQ-2 or PHQ-9"),
        ("Positive in the month", counts["positive"], "PHQ-2 of 3 or more, PHQ-9 of 10 or more"),
        ("Of these followed up", counts["followed_up"], "as the file says"),
    ]
    known = counts.get("in_program")
    return tiles if known is None else [*tiles, ("In the program", known, "by record number")]


def _job(by: Membership, file: File) -> JobProgress | None:
    """The work that goes on, for whoever started it; None when it is done."""
    if file.job_id is None or file.state not in ("waiting", "read"):
        return None
    try:
        job = job_progress(file.job_id, owner=by)
    except NotFound:
        return None
    return None if job.state == "done" else job
