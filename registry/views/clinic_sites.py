"""What claims say of a clinic."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.tenancy.models import Membership
from registry.forms.clinic_sites import ClinicSiteForm
from registry.operations.clinic_sites import NpiWrong, set_clinic_site
from registry.queries.choices import clinic_named_by


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def clinic_site(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """A clinic's NPI, kind of site and place of service."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    clinic = clinic_named_by(by.organization_id, str(clinic_id))
    if clinic is None:
        raise Http404
    form = ClinicSiteForm(request.POST if request.method == "POST" else None, clinic=clinic)
    if form.is_bound and form.is_valid():
        try:
            set_clinic_site(by=by, at=timezone.now(), clinic_id=clinic_id, values=form.values)
        except NpiWrong as fault:
            form.add_error("npi", str(fault))
        else:
            messages.success(request, "Saved.")
            return redirect("clinic_settings", organization)
    context = {"form": form, "clinic": clinic}
    return render(request, "registry/clinic_site.html", context, status=422 if form.is_bound else 200)
