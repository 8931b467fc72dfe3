"""How each clinic works: the list of settings pages, and a clinic's limits and hours."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.tenancy.models import Clinic, Membership
from caseload.queries.note_templates import templates_in_use
from registry.forms.protocols import ProtocolForm
from registry.operations.protocols import ProtocolChanged, set_protocol
from registry.queries.choices import clinic_named_by
from registry.queries.panels import panels_with
from registry.queries.protocol_history import protocol_history
from registry.queries.protocols import Protocol, protocol_of, protocols_of


@requires(Permission.SET_PROTOCOLS)
@require_safe
def clinic_settings(request: HttpRequest, organization: str) -> HttpResponse:
    """Every clinic, with what it has decided and where more is decided."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    templates = [template.name for template in templates_in_use(by.organization_id)]
    context = {"clinics": list(protocols_of(by.organization_id).values()), "templates": ", ".join(templates)}
    return render(request, "registry/settings.html", context)


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def clinic_protocol(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """A clinic's limits and hours; who saves after somebody else sees both."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    clinic = clinic_named_by(by.organization_id, str(clinic_id))
    if clinic is None:
        raise Http404
    protocol = protocol_of(clinic_id)
    if request.method != "POST":
        return _page(request, clinic, protocol, ProtocolForm(protocol=protocol), status=200)
    form = ProtocolForm(request.POST, protocol=protocol)
    if not form.is_valid():
        return _page(request, clinic, protocol, form, status=422)
    try:
        set_protocol(by=by, at=timezone.now(), clinic=clinic, seen=form.seen_at, is_seen=True, **form.settings)
    except ProtocolChanged:
        form.look_again(protocol)
        return _page(request, clinic, protocol, form, status=422, is_overtaken=True)
    messages.success(request, "Saved.")
    return redirect("clinic_protocol", organization, clinic_id)


def _page(
    request: HttpRequest,
    clinic: Clinic,
    protocol: Protocol,
    form: ProtocolForm,
    *,
    status: int,
    is_overtaken: bool = False,
) -> HttpResponse:
    context: dict[str, Any] = {
        "protocol": protocol,
        "form": form,
        "zone": str(protocol.zone),
        "panels": panels_with(clinic.organization_id, limit=protocol.panel_limit),
        "history": protocol_history(clinic),
        "is_overtaken": is_overtaken,
    }
    return render(request, "registry/protocol.html", context, status=status)
