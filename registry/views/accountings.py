"""The accounting of disclosures, on a page and as a PDF that a job makes."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.queries import JobProgress, job_progress
from billing.queries.accounting import accounting_whole
from registry.operations.accountings import MAKE, ask_for_accounting
from registry.queries.accountings import accounting_file
from registry.rules.disclosures import accounted_from
from registry.views.door import Asked, asked

STOP_POLLING = 286  # htmx stops asking


@requires(Permission.RECORD_DISCLOSURE)
@require_safe
def accounting(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The accounting of the last six years, to print for the patient."""
    here = asked(request, patient_id)
    today = here.door.today
    rows = accounting_whole(here.by.organization_id, patient_id, asked_on=today, zone=here.door.zone)
    context = {"rows": rows, "from_on": accounted_from(today), "today": today}
    return here.page("disclosures.accounted", "registry/accounting.html", context)


@requires(Permission.RECORD_DISCLOSURE)
@require_POST
def accounting_pdf(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Ask for the PDF, and see it being made."""
    here = asked(request, patient_id)
    job_id = ask_for_accounting(by=here.by, at=here.at, patient_id=patient_id)
    return redirect("accounting_making", organization, patient_id, job_id)


@requires(Permission.RECORD_DISCLOSURE)
@require_safe
def accounting_making(request: HttpRequest, organization: str, patient_id: UUID, job_id: UUID) -> HttpResponse:
    """How far it is, and where it is once it is done; asked again by the part itself every two seconds."""
    here = asked(request, patient_id)
    job = _job(here, job_id)
    context = {
        "slug": organization,
        "job": job,
        "poll_url": request.path,
        "result_url": reverse("accounting_file", args=[organization, patient_id]) if job.state == "done" else "",
        "result_label": "Open the PDF",
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        status = STOP_POLLING if job.is_over else 200
        return render(request, "components/_job_progress.html", context, status=status)
    return here.page("disclosures.accounted", "registry/accounting_making.html", context)


@requires(Permission.RECORD_DISCLOSURE)
@require_safe
def accounting_download(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The PDF that was made last, within its day."""
    here = asked(request, patient_id)
    try:
        file = accounting_file(here.by.organization_id, patient_id, at=here.at)
    except NotFound:
        raise Http404 from None
    record("disclosures.downloaded", by=here.by, at=here.at, patient_id=patient_id, object_id=file.id)
    headers = {"Content-Disposition": 'inline; filename="accounting.pdf"'}
    return HttpResponse(read(file), content_type="application/pdf", headers=headers)


def _job(here: Asked, job_id: UUID) -> JobProgress:
    """Its maker's own, of this patient. Raises Http404."""
    try:
        job = job_progress(job_id, owner=here.by)
    except NotFound:
        raise Http404 from None
    if job.kind != MAKE:
        raise Http404
    return job
