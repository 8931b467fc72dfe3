"""The practice's monthly file in the browser: choose, look at every row's fate, correct, confirm, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.jobs.queries import JobProgress, job_progress
from bhi.tenancy.models import Membership
from bhi.web.asked import page_number, seat
from bhi.web.whole_sight import needs_whole_sight
from billing.forms.practice_files import ReadingForm, UploadForm
from billing.operations.practice_files import correct_practice_file, start_practice_file
from billing.operations.practice_taking import take_practice_file, undo_practice_file
from billing.queries.calendar import page_zone
from billing.queries.practice_files import FILES_PER_PAGE, PracticeFilePage, practice_file_page, practice_files
from caseload.operations.read_workbook import WorkbookUnreadable
from caseload.rules.clock import local_date
from registry.queries.clinicians import clinicians_shown

WHOLE = "A practice’s file touches"
# By fate: its tab, what a row of it is called, what a tile says below the number, and its tone.
FATES = {
    "faulty": ("To correct", "To correct", "each with its reason", "danger"),
    "visit": ("Visits", "Visit", "that may start services", ""),
    "service": ("Other services", "Other service", "of the month", ""),
    "appointment": ("Appointments", "Appointment", "that lie ahead", ""),
    "canceled": ("Canceled", "Canceled", "or missed: not recorded", ""),
    "own": ("Our own charges", "Our own charge", "to compare, not recorded", ""),
    "known": ("On record already", "On record already", "nothing changes", ""),
    "past": ("Past appointments", "Past appointment", "without a code", ""),
    "not_needed": ("Not needed", "Not needed", "codes that decide nothing here", ""),
    "unknown": ("Not in the program", "Not in the program", "not kept", ""),
}


@requires(Permission.TAKE_PRACTICE_FILE)
@needs_whole_sight(WHOLE)
@require_http_methods(["GET", "HEAD", "POST"])
def practice_file_list(request: HttpRequest, organization: str) -> HttpResponse:
    """Files taken so far, and the form for a new one."""
    by, now = seat(request), timezone.now()
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm.fresh()
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        chosen = values["file"]
        try:
            file = start_practice_file(
                by=by,
                at=now,
                name=chosen.name or "file",
                content=chosen.read(),
                client_token=values["client_token"],
            )
        except WorkbookUnreadable as fault:
            form.add_error("file", str(fault))
        else:
            return redirect("practice_file", organization, file.id)
    return _list(request, form)


@requires(Permission.TAKE_PRACTICE_FILE)
@needs_whole_sight(WHOLE)
@require_safe
def practice_file(request: HttpRequest, organization: str, file_id: UUID) -> HttpResponse:
    """One file: the fate of every row, a page at a time."""
    fate = request.GET.get("fate", "")
    page = _page_of(request, file_id, fate=fate if fate in FATES else "", number=page_number(request))
    return _page(request, page, fate if fate in FATES else "")


@requires(Permission.TAKE_PRACTICE_FILE)
@needs_whole_sight(WHOLE)
@require_POST
def practice_file_correct(request: HttpRequest, organization: str, file_id: UUID) -> HttpResponse:
    """Read the file again with other columns, dates and people."""
    page = _page_of(request, file_id)
    form = _reading(request, page, request.POST)
    if not form.is_valid():
        return _page(request, page, "", form=form, status=422)
    by, now, chosen = seat(request), timezone.now(), form.chosen()
    return _done(
        request,
        lambda: correct_practice_file(by=by, at=now, file_id=file_id, choices=chosen),
        lambda file: "Read again with your choices.",
    )


@requires(Permission.TAKE_PRACTICE_FILE)
@needs_whole_sight(WHOLE)
@require_POST
def practice_file_take(request: HttpRequest, organization: str, file_id: UUID) -> HttpResponse:
    """Carry out what the preview showed; where the record has changed since, show it anew."""
    by, now, digest = seat(request), timezone.now(), request.POST.get("digest", "")
    return _done(
        request,
        lambda: take_practice_file(by=by, at=now, file_id=file_id, digest=digest),
        lambda file: "Taken over." if file.state == "taken" else "",
    )


@requires(Permission.TAKE_PRACTICE_FILE)
@needs_whole_sight(WHOLE)
@require_POST
def practice_file_undo(request: HttpRequest, organization: str, file_id: UUID) -> HttpResponse:
    """Take a file back."""
    by, now = seat(request), timezone.now()
    return _done(
        request,
        lambda: undo_practice_file(by=by, at=now, file_id=file_id),
        lambda file: "The file was undone: what it brought is taken back.",
    )


def _page_of(request: HttpRequest, file_id: UUID, *, fate: str = "", number: int = 1) -> PracticeFilePage:
    """The file, or the 404 that foreign and absent ones share."""
    try:
        return practice_file_page(seat(request).organization_id, file_id, fate=fate, page=number)
    except NotFound:
        raise Http404 from None


def _done(request: HttpRequest, act: Callable[[], Any], said: Callable[[Any], str]) -> HttpResponse:
    """Do one thing to a file and go back to it, with what came of it."""
    match = request.resolver_match
    assert match is not None
    try:
        file = act()
    except NotFound:
        raise Http404 from None
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        if words := said(file):
            messages.success(request, words)
    return redirect("practice_file", match.kwargs["organization"], match.kwargs["file_id"])


def _list(request: HttpRequest, form: UploadForm) -> HttpResponse:
    by, number = seat(request), page_number(request)
    zone = page_zone(by.organization_id)
    files, total = practice_files(by.organization_id, page=number)
    here = reverse("practice_files", args=[by.organization.slug])
    first = (number - 1) * FILES_PER_PAGE
    context = {
        "form": form,
        "files": files,
        "total": total,
        "zone": zone.key,
        "today": local_date(timezone.now(), zone),
        "shown": f"{first + 1} to {first + len(files)}" if files else "",
        "previous_url": f"{here}?page={number - 1}" if number > 1 else "",
        "next_url": f"{here}?page={number + 1}" if first + len(files) < total else "",
    }
    return render(request, "billing/practice_files.html", context, status=422 if form.errors else 200)


def _page(
    request: HttpRequest, page: PracticeFilePage, fate: str, *, form: ReadingForm | None = None, status: int = 200
) -> HttpResponse:
    by, now = seat(request), timezone.now()
    seen = [row.patient_id for row in page.rows if row.patient_id]
    record("practice_file.viewed", by=by, at=now, object_id=page.file.id, count=len(page.rows), shown=seen)
    zone = page_zone(by.organization_id)
    here = reverse("practice_file", args=[by.organization.slug, page.file.id])
    counts = page.file.counts
    context = {
        "page": page,
        "here": here,
        "zone": zone.key,
        "today": local_date(now, zone),
        "form": form or (_reading(request, page) if page.is_waiting else None),
        "job": _job(by, page),
        "tiles": _tiles(page, here),
        "tabs": [(FATES[key][0], count, f"{here}?fate={key}", key == fate) for key, count in counts.items()],
        "all_url": here,
        "is_all": not fate,
        "rows": [(row, FATES[row.fate][1] if row.fate in FATES else row.fate) for row in page.rows],
        "unsaid": [one["label"] for one in page.summary.get("people", ()) if one["meant"] == ""],
        "shown": f"Page {page.page} of {page.pages}",
        "previous_url": f"{here}?fate={fate}&page={page.page - 1}" if page.page > 1 else "",
        "next_url": f"{here}?fate={fate}&page={page.page + 1}" if page.page < page.pages else "",
    }
    return render(request, "billing/practice_file.html", context, status=status)


def _reading(request: HttpRequest, page: PracticeFilePage, data: Any = None) -> ReadingForm:
    clinicians = [
        (str(one.id), ", ".join(part for part in (one.name, one.credential) if part))
        for one in clinicians_shown(seat(request).organization_id)
    ]
    return ReadingForm(data, summary=page.summary, choices=page.choices, clinicians=clinicians)


def _tiles(page: PracticeFilePage, here: str) -> list[dict[str, Any]]:
    """What is written, what is to correct, and our own charges; the rest is in the tabs."""
    counts = page.file.counts
    keys = [key for key in ("visit", "service", "appointment") if page.file.counts] + [
        key for key in ("faulty", "own") if counts.get(key)
    ]
    return [
        {
            "label": FATES[key][0],
            "value": counts.get(key, 0),
            "detail": FATES[key][2],
            "tone": FATES[key][3],
            "url": f"{here}?fate={key}" if counts.get(key) else "",
        }
        for key in keys
    ]


def _job(by: Membership, page: PracticeFilePage) -> JobProgress | None:
    """How far the job is, for the person who started it."""
    if not page.is_working or page.job_id is None:
        return None
    try:
        return job_progress(page.job_id, owner=by)
    except NotFound:
        return None
