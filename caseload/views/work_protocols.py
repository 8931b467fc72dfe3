"""How a clinic reaches out to those who are not reached, and when its timers ask."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.tenancy.models import Membership
from caseload.forms.outreach import WorkProtocolForm
from caseload.operations.clinic_settings import SettingsMoved
from caseload.operations.outreach import StepsRefused, set_work_protocol
from caseload.queries.outreach import work_settings
from registry.queries.choices import clinic_named_by


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def work_protocol(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """The steps of outreach and the limits of timers; who saves after somebody else sees that."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    clinic = clinic_named_by(by.organization_id, str(clinic_id))
    if clinic is None:
        raise Http404
    settings = work_settings(clinic_id)
    form = WorkProtocolForm(request.POST if request.method == "POST" else None, settings=settings)
    if form.is_bound and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("idle_minutes", "idle_minutes_in_call", "cap_minutes")}
        try:
            set_work_protocol(
                by=by,
                at=timezone.now(),
                clinic=clinic,
                steps=form.steps,
                seen=form.seen_at,
                overdue=form.overdue,
                **values,
            )
        except StepsRefused as refused:
            for fault in refused.faults:
                form.add_error(None, fault)
        except SettingsMoved as fault:
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["seen"] = settings.changed_at.isoformat() if settings.changed_at else ""  # type: ignore[index]
            form.add_error(None, str(fault))
        else:
            messages.success(request, "Saved.")
            return redirect("work_protocol", organization, clinic_id)
    context = {"form": form, "clinic": clinic, "settings": settings}
    return render(request, "caseload/work_protocol.html", context, status=422 if form.is_bound else 200)
