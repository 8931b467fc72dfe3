"""The case summary as a PDF: asked for, made by a job, then opened."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.queries import JobProgress, job_progress
from caseload.operations.summary_files import MAKE, ask_for_summary
from caseload.queries.summary_files import summary_file
from caseload.views.door import Asking, asking_of
from registry.operations.rights_errors import PartTwoRefused

STOP_POLLING = 286  # htmx stops asking


@requires(Permission.VIEW_CHART)
@require_POST
def summary_pdf(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Ask for the PDF, and see it being made."""
    asking = asking_of(request, organization, patient_id)
    episode_id = _episode(asking)
    try:
        job_id = ask_for_summary(by=asking.by, at=asking.at, patient_id=patient_id, episode_id=episode_id)
    except PartTwoRefused as refused:
        messages.error(request, str(refused))
        return redirect("case_summary", organization, patient_id)
    return redirect("summary_making", organization, patient_id, job_id)


@requires(Permission.VIEW_CHART)
@require_safe
def summary_making(request: HttpRequest, organization: str, patient_id: UUID, job_id: UUID) -> HttpResponse:
    """How far it is, and where it is once it is done; asked again by the part itself every two seconds."""
    asking = asking_of(request, organization, patient_id)
    _episode(asking)
    job = _job(asking, job_id)
    context = {
        "door": asking.door,
        "slug": organization,
        "job": job,
        "poll_url": request.path,
        "result_url": reverse("summary_file", args=[organization, patient_id]) if job.state == "done" else "",
        "result_label": "Open the PDF",
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        status = STOP_POLLING if job.is_over else 200
        return render(request, "components/_job_progress.html", context, status=status)
    record("summary.viewed", by=asking.by, at=asking.at, patient_id=patient_id, object_id=patient_id)
    return render(request, "caseload/summary_making.html", context)


@requires(Permission.VIEW_CHART)
@require_safe
def summary_file_download(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The PDF that was made last, within its day."""
    asking = asking_of(request, organization, patient_id)
    try:
        file = summary_file(asking.by.organization_id, _episode(asking), at=asking.at)
    except NotFound:
        raise Http404 from None
    record("summary.downloaded", by=asking.by, at=asking.at, patient_id=patient_id, object_id=file.id)
    return HttpResponse(
        read(file),
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="case-summary.pdf"'},
    )


def _episode(asking: Asking) -> UUID:
    """Whoever was never enrolled has no summary."""
    if asking.door.episode is None:
        raise Http404
    return asking.door.episode.id


def _job(asking: Asking, job_id: UUID) -> JobProgress:
    try:
        job = job_progress(job_id, owner=asking.by)
    except NotFound:
        raise Http404 from None
    if job.kind != MAKE:
        raise Http404
    return job
