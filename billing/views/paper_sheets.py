"""Charge sheets and claim sheets as PDFs: asked for, made by a job, then opened within a day."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.queries import job_progress
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.operations.errors import HoldsTakenBack
from billing.operations.paper_sheets import ask_for_batch_paper, ask_for_month_paper
from billing.queries.calendar import month_title
from billing.queries.paper_sheets import FORMS, PaperAsked, paper_asked, paper_file, paper_files, patients_on_part
from billing.queries.part_two import refused_ids
from registry.operations.rights_errors import PartTwoRefused
from registry.rules.part_two import Use, refused_words

STOP_POLLING = 286  # htmx stops asking


@requires(Permission.VIEW_CLAIMS)
@require_POST
def month_paper(request: HttpRequest, organization: str, month: str, kind: str) -> HttpResponse:
    """Have the sheets made of the charges of a month that are still to post."""
    try:
        job_id = ask_for_month_paper(by=seat(request), at=timezone.now(), month=month, kind=kind)
    except NotFound:
        raise Http404 from None
    return redirect("paper", organization, job_id)


@requires(Permission.VIEW_CLAIMS)
@require_POST
def episode_paper(request: HttpRequest, organization: str, month: str, episode_id: UUID) -> HttpResponse:
    """Have the claim sheet of one patient's month made."""
    try:
        job_id = ask_for_month_paper(
            by=seat(request), at=timezone.now(), month=month, kind=FORMS, episode_id=episode_id
        )
    except NotFound:
        raise Http404 from None
    except PartTwoRefused as refused:
        messages.error(request, str(refused))
        return redirect("charges", organization, month)
    return redirect("paper", organization, job_id)


@requires(Permission.MAKE_BATCH)
@require_POST
def batch_paper(request: HttpRequest, organization: str, batch_id: UUID, kind: str) -> HttpResponse:
    """Have the sheets made of the claims of a batch, as they left."""
    try:
        job_id = ask_for_batch_paper(by=seat(request), at=timezone.now(), batch_id=batch_id, kind=kind)
    except NotFound:
        raise Http404 from None
    except (HoldsTakenBack, PartTwoRefused) as refused:
        messages.error(request, str(refused))
        return redirect("batch", organization, batch_id)
    return redirect("paper", organization, job_id)


@requires(Permission.VIEW_CLAIMS)
@require_safe
def paper(request: HttpRequest, organization: str, job_id: UUID) -> HttpResponse:
    """How far the PDF is, and its parts once it is made; asked again by the part itself every two seconds."""
    by, at = seat(request), timezone.now()
    asked = _asked(by, job_id)
    job = job_progress(job_id, owner=by)
    is_made = job.state == "done"
    context: dict[str, Any] = {
        "asked": asked,
        "sub": _of_what(asked),
        "back_url": _back(organization, asked),
        "job": job,
        "poll_url": request.path,
        "result_url": request.path if is_made else "",
        "result_label": "Open the PDF",
        "is_made": is_made,
        "files": paper_files(by.organization_id, job_id, at=at) if is_made else [],
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        status = STOP_POLLING if job.is_over else 200
        return render(request, "components/_job_progress.html", context, status=status)
    record("paper.viewed", by=by, at=at, patient_id=asked.patient_id, object_id=job_id)
    return render(request, "billing/paper.html", context)


@requires(Permission.VIEW_CLAIMS)
@require_safe
def paper_download(request: HttpRequest, organization: str, job_id: UUID, part: int) -> HttpResponse:
    """One part of the PDF, within its day."""
    by, at = seat(request), timezone.now()
    asked = _asked(by, job_id)
    try:
        file = paper_file(by.organization_id, job_id, part, at=at)
        seen = patients_on_part(by.organization_id, job_id, part, at=at)
    except NotFound:
        raise Http404 from None
    if refused_ids(by.organization_id, seen, at=at):
        messages.error(request, refused_words(Use.PAYMENT))
        return redirect("paper", organization, job_id)
    shown = None if asked.patient_id else seen
    record("paper.downloaded", by=by, at=at, patient_id=asked.patient_id, object_id=job_id, shown=shown)
    name = f"{asked.title.lower().replace(' ', '-')}-{asked.month}-{part}.pdf"
    return HttpResponse(
        read(file),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _asked(by: Membership, job_id: UUID) -> PaperAsked:
    try:
        return paper_asked(job_id, owner=by)
    except NotFound:
        raise Http404 from None


def _of_what(asked: PaperAsked) -> str:
    month = month_title(asked.month)
    return month if asked.batch_number is None else f"Batch {asked.batch_number}, {month}"


def _back(organization: str, asked: PaperAsked) -> str:
    if asked.batch_id is not None:
        return reverse("batch", args=[organization, asked.batch_id])
    if asked.episode_id is not None:
        return reverse("cms_sheet", args=[organization, asked.month, asked.episode_id])
    return reverse("charges_print", args=[organization, asked.month])
