"""A clinic's protocol about danger."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.tenancy.models import Clinic, Membership
from bhi.web.asked import seat
from registry.forms.risk_protocols import RiskProtocolForm
from registry.operations.protocols import ProtocolChanged
from registry.operations.risk_protocols import ProtocolRefused, set_risk_protocol
from registry.queries.choices import clinic_named_by
from registry.queries.risk_protocols import possible_supervisors, risk_protocol_history, risk_settings


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def clinic_risk(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """Steps with their deadlines, days until it is asked again, after hours, supervisors, and who changed them."""
    by = seat(request)
    clinic = clinic_named_by(by.organization_id, str(clinic_id))
    if clinic is None:
        raise Http404
    settings, people = risk_settings(clinic.id), possible_supervisors(by.organization_id)
    form = RiskProtocolForm(request.POST if request.method == "POST" else None, settings=settings, people=people)
    if form.is_bound and form.is_valid() and _save(form, clinic, by):
        messages.success(request, "Saved. Days until it is asked again hold from the next assessment on.")
        return redirect("clinic_risk", organization, clinic_id)
    context = {
        "form": form,
        "settings": settings,
        "history": risk_protocol_history(clinic.id, by.organization_id),
        "zone": settings.zone.key,
    }
    return render(request, "registry/clinic_risk.html", context, status=422 if form.is_bound else 200)


def _save(form: RiskProtocolForm, clinic: Clinic, by: Membership) -> bool:
    try:
        set_risk_protocol(by=by, at=timezone.now(), clinic=clinic, given=form.given, seen=form.seen_at)
    except ProtocolChanged as fault:
        form.look_again(risk_settings(clinic.id))
        form.add_error(None, str(fault))
    except ProtocolRefused as refused:
        form.say(refused.faults)
    else:
        return True
    return False
