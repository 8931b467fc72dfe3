"""Answers in the browser: choosing files, what each said, and the original."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.queries import JobProgress, job_progress
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import sees_all, sees_every_clinic
from bhi.web.asked import page_number, seat
from billing.forms.answers import AnswersForm
from billing.operations.answers import Chosen, Taken, take_answers
from billing.queries.answers import (
    FILES_PER_PAGE,
    answer_file,
    answer_files,
    answer_page,
    people_in,
)
from billing.queries.answers_shown import AnswerPage
from billing.queries.answers_waiting import unmatched_count
from billing.queries.calendar import page_zone
from billing.queries.whom_shown import is_answer_seen_whole, patients_in_answer, patients_meant
from caseload.rules.clock import local_date

# Nobody knows yet whose they are, so who may not see everybody may not read the names in them.
WITHOUT_CLAIM = "Answers whose claim is not known yet may touch"
KEPT_BACK = "Name not open to you"


@requires(Permission.TAKE_ANSWERS)
@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: HttpRequest, organization: str) -> HttpResponse:
    """Answers read so far, and the form for more. One that cannot be read stops no other."""
    form = AnswersForm(request.POST, request.FILES) if request.method == "POST" else AnswersForm()
    if request.method == "POST" and form.is_valid():
        taken = _take_all(request, form)
        if not form.errors:
            return (
                redirect("answer", organization, taken[0])
                if len(taken) == 1
                else redirect("answer_files", organization)
            )
    return _list(request, form)


@requires(Permission.TAKE_ANSWERS)
@require_safe
def answer(request: HttpRequest, organization: str, file_id: UUID) -> HttpResponse:
    """What one file said, and what it was found to mean."""
    by, now, number = seat(request), timezone.now(), page_number(request)
    try:
        page = answer_page(by.organization_id, file_id, page=number)
    except NotFound:
        raise Http404 from None
    seen = patients_meant([*page.said, *page.claims])
    count = len(page.said) + len(page.claims)
    record("answer.viewed", by=by, at=now, object_id=file_id, count=count, shown=seen)
    zone = page_zone(by.organization_id)
    here = reverse("answer", args=[organization, file_id])
    context = {
        "page": page if sees_every_clinic() else _without_names(page),
        "here": here,
        "zone": zone.key,
        "today": local_date(now, zone),
        "job": _job(by, page),
        "may_fetch": page.is_kept and (sees_all() or _names_only_known(page)),
        "may_set_aside": sees_all() and _has_strangers(page),
        "shown": f"Page {page.page} of {page.pages}",
        "previous_url": f"{here}?page={page.page - 1}" if page.page > 1 else "",
        "next_url": f"{here}?page={page.page + 1}" if page.page < page.pages else "",
    }
    return render(request, "billing/answer.html", context)


@requires(Permission.TAKE_ANSWERS)
@require_safe
def answer_original(request: HttpRequest, organization: str, file_id: UUID) -> HttpResponse:
    """The bytes as they came, as long as they are kept."""
    by = seat(request)
    try:
        file = answer_file(by.organization_id, file_id)
    except NotFound:
        raise Http404 from None
    if file.stored_file is None or not file.stored_file.sealed:
        raise Http404
    seen = patients_in_answer(file)
    if not is_answer_seen_whole(file, seen):
        raise Http404
    record("answer.downloaded", by=by, at=timezone.now(), object_id=file_id, count=people_in(file), shown=seen)
    name = f"answer-{file.received_at:%Y%m%d-%H%M%S}.x12"
    return HttpResponse(
        read(file.stored_file),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _has_strangers(page: AnswerPage) -> bool:
    """Whether something of a file waits, or was set aside, so that all of it may be at once."""
    is_aside = any(one.set_aside_because for one in page.said) or any(one.set_aside_because for one in page.claims)
    return bool(page.waiting) or is_aside


def _names_only_known(page: AnswerPage) -> bool:
    """Whether the file may be offered to who may not see everybody, as far as the page tells; to fetch it asks more."""
    is_whole = page.file.state == "read" and not page.file.kept
    return is_whole and not page.known and not _has_strangers(page)


def _without_names(page: AnswerPage) -> AnswerPage:
    """Without the names of whom no claim is known."""
    kept = {"patient": KEPT_BACK}
    claims = (one if one.claim else replace(one, names=kept, unknown=()) for one in page.claims)
    said = (one if one.claim or not one.names else replace(one, names=kept) for one in page.said)
    return replace(page, claims=tuple(claims), said=tuple(said))


def _take_all(request: HttpRequest, form: AnswersForm) -> list[UUID]:
    """Each chosen file; what cannot be read is an error of its own, what was read before is said."""
    by = seat(request)
    chosen = [Chosen(_name(one), partial(_bytes_of, one)) for one in form.cleaned_data["chosen"]]
    taken = take_answers(by=by, at=timezone.now(), chosen=chosen)
    for one in taken:
        if one.fault:
            form.add_error("chosen", f"{one.name}: {one.fault}")
        else:
            _say(request, one)
    return [one.file_id for one in taken if one.file_id is not None]


def _name(chosen: UploadedFile[Any]) -> str:
    return (chosen.name or "The file").rsplit("/", 1)[-1]


def _bytes_of(chosen: UploadedFile[Any]) -> bytes:
    chosen.seek(0)
    content: bytes = chosen.read()
    return content


def _say(request: HttpRequest, taken: Taken) -> None:
    """What became of one file, in a message."""
    if taken.state == "refused":
        messages.error(request, f"{taken.name} was refused: nothing of it was posted.")
    elif taken.state == "reading":
        messages.success(request, f"{taken.name} is being read.")
    elif taken.known_at is not None:
        read_on = local_date(taken.known_at, page_zone(seat(request).organization_id))
        messages.info(request, f"{taken.name} was read before, on {read_on:%B %-d, %Y}.")
    else:
        messages.success(request, f"{taken.name} was read.")


def _list(request: HttpRequest, form: AnswersForm) -> HttpResponse:
    by, number = seat(request), page_number(request)
    zone = page_zone(by.organization_id)
    files, total = answer_files(by.organization_id, page=number)
    here = reverse("answer_files", args=[by.organization.slug])
    first = (number - 1) * FILES_PER_PAGE
    context = {
        "form": form,
        "files": files,
        "total": total,
        "waiting": unmatched_count(by.organization_id),
        "zone": zone.key,
        "today": local_date(timezone.now(), zone),
        "shown": f"{first + 1} to {first + len(files)}" if files else "",
        "previous_url": f"{here}?page={number - 1}" if number > 1 else "",
        "next_url": f"{here}?page={number + 1}" if first + len(files) < total else "",
    }
    return render(request, "billing/answers.html", context, status=422 if form.errors else 200)


def _job(by: Membership, page: AnswerPage) -> JobProgress | None:
    """How far the job is, for the person who started it."""
    if page.file.state != "reading" or page.job_id is None:
        return None
    try:
        return job_progress(page.job_id, owner=by)
    except NotFound:
        return None
