"""Progress of a long job, for the person who started it."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import NotFound
from bhi.jobs.queries import job_progress

STOP_POLLING = 286  # htmx stops asking


@requires(Permission.VIEW_JOB)
@require_safe
def progress(request: HttpRequest, organization: str, job_id: UUID) -> HttpResponse:
    try:
        job = job_progress(job_id, owner=request.membership)  # type: ignore[attr-defined]
    except NotFound:
        raise Http404 from None
    status = STOP_POLLING if job.is_over and request.htmx else 200  # type: ignore[attr-defined]
    return render(request, "components/_job_progress.html", {"job": job, "poll_url": request.path}, status=status)
