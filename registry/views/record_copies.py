"""A copy of a patient's record: how far it is, its files, and that it was given."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.recent import requires_recent_sign_in
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import read
from billing.operations.record_exports import KEPT_FOR, give_copy
from billing.queries.record_exports import PAPER, STRUCTURED, ExportShown, export_file, export_job, export_of
from registry.forms.rights import GiveForm
from registry.operations.rights_errors import RightsRefused
from registry.views.door import Asked, asked

STOP_POLLING = 286  # htmx stops asking
_FILES = {PAPER: ("application/pdf", "record.pdf"), STRUCTURED: ("application/zip", "record.zip")}


@requires(Permission.EXPORT_RECORD)
@require_safe
def record_copy(request: HttpRequest, organization: str, patient_id: UUID, export_id: UUID) -> HttpResponse:
    """A copy being made, or made; asked again by the part itself every two seconds."""
    here = asked(request, patient_id)
    return _page(here, _found(here, export_id), GiveForm(initial={"given_on": here.door.today}))


@requires(Permission.EXPORT_RECORD)
@require_POST
def record_copy_give(request: HttpRequest, organization: str, patient_id: UUID, export_id: UUID) -> HttpResponse:
    """It reached whoever asked for it."""
    here = asked(request, patient_id)
    copy, form = _found(here, export_id), GiveForm(request.POST)
    if form.is_valid():
        who: dict[str, Any] = {"by": here.by, "at": here.at, "patient_id": patient_id}
        try:
            give_copy(**who, export_id=export_id, given_on=form.cleaned_data["given_on"], today=here.door.today)
        except RightsRefused as refused:
            form.add_error("given_on", str(refused))
        else:
            messages.success(request, "Recorded as given to the patient.")
            return redirect("record_rights", organization, patient_id)
    return _page(here, copy, form)


@requires(Permission.EXPORT_RECORD)
@requires_recent_sign_in
@require_safe
def record_copy_file(
    request: HttpRequest, organization: str, patient_id: UUID, export_id: UUID, kind: str
) -> HttpResponse:
    """A file of the copy, while it is kept."""
    here = asked(request, patient_id)
    if kind not in _FILES:
        raise Http404
    try:
        file = export_file(here.by.organization_id, patient_id, export_id, kind, at=here.at)
    except NotFound:
        raise Http404 from None
    record("record_copy.downloaded", by=here.by, at=here.at, patient_id=patient_id, object_id=file.id, fields=[kind])
    media_type, name = _FILES[kind]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(read(file), content_type=media_type, headers=headers)


def _found(here: Asked, export_id: UUID) -> ExportShown:
    of = (here.by.organization_id, here.door.patient.id, export_id)
    try:
        return export_of(*of, at=here.at, today=here.door.today)
    except NotFound:
        raise Http404 from None


def _page(here: Asked, copy: ExportShown, form: GiveForm) -> HttpResponse:
    job = None if copy.is_made else export_job(copy, owner=here.by)
    context: dict[str, Any] = {"copy": copy, "job": job, "poll_url": here.request.path, "form": form}
    context |= {"result_url": "", "kept_days": KEPT_FOR.days, "today": here.door.today, "zone": here.door.zone.key}
    if job is not None and here.request.htmx and not here.request.htmx.boosted:  # type: ignore[attr-defined]
        return render(here.request, "components/_job_progress.html", context)
    if here.request.htmx and not here.request.htmx.boosted and not here.is_post:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Refresh": "true"})
    status = 422 if here.is_post else 200
    return here.page("record_copy.viewed", "registry/record_copy.html", context, status=status)
