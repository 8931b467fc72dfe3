"""Treating clinicians: who they are, and by which channel each is told of recommendations."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from registry.forms.clinicians import ClinicianForm
from registry.operations.clinicians import ClinicianRefused, set_clinician
from registry.queries.clinicians import ClinicianShown, clinician_seats, clinician_shown, clinicians_shown


@requires(Permission.SET_PROTOCOLS)
@require_safe
def clinicians(request: HttpRequest, organization: str) -> HttpResponse:
    """Every treating clinician with their channel."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    return render(request, "registry/clinicians.html", {"clinicians": clinicians_shown(by.organization_id)})


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def clinician_new(request: HttpRequest, organization: str) -> HttpResponse:
    """One more."""
    return _edited(request, organization, None)


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def clinician(request: HttpRequest, organization: str, clinician_id: UUID) -> HttpResponse:
    """One of them, changed."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        shown = clinician_shown(by.organization_id, clinician_id)
    except NotFound:
        raise Http404 from None
    return _edited(request, organization, shown)


def _edited(request: HttpRequest, organization: str, shown: ClinicianShown | None) -> HttpResponse:
    by: Membership = request.membership  # type: ignore[attr-defined]
    data = request.POST if request.method == "POST" else None
    form = ClinicianForm(data, seats=clinician_seats(by.organization_id), shown=shown)
    if data is not None and form.is_valid() and _set(form, by, shown):
        messages.success(request, "Saved.")
        return redirect("clinicians", organization)
    context = {"form": form, "shown": shown}
    return render(request, "registry/clinician.html", context, status=200 if data is None else 422)


def _set(form: ClinicianForm, by: Membership, shown: ClinicianShown | None) -> bool:
    """Whether it was saved; a refusal is shown at its field."""
    clinician_id = shown.id if shown is not None else None
    try:
        set_clinician(by=by, at=timezone.now(), values=form.values, clinician_id=clinician_id)
    except ClinicianRefused as fault:
        form.refuse(fault)
        return False
    return True
