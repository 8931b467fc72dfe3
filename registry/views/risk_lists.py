"""Open risk cases, and the rehearsals of the protocol."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from caseload.queries.risk_contacts import last_contacts
from registry.forms.risk import DrillEndForm, DrillForm, DrillTierForm
from registry.operations.risk_errors import RiskRefused
from registry.operations.risk_protocols import assess_in_drill, begin_drill, do_in_drill, end_drill
from registry.queries.risk_drills import DrillPage, drill_page, risk_drills
from registry.queries.risk_lists import patients_at_risk, risk_lists
from registry.queries.risk_protocols import risk_settings_of


@requires(Permission.HANDLE_SAFETY)
@require_safe
def risk_cases(request: HttpRequest, organization: str) -> HttpResponse:
    """Who is at risk, the unassessed first; for the lead also what was not followed up the same day."""
    by, now = seat(request), timezone.now()
    contacts = last_contacts(by.organization_id, patients_at_risk(by.organization_id))
    lists = risk_lists(by.organization_id, at=now, last_contacts=contacts)
    sees_missed = Permission.VIEW_TEAM in permissions_of(by.roles)
    seen = {row.patient_id for row in lists.open} | {row.patient_id for row in lists.missed if sees_missed}
    record("risk_cases.viewed", by=by, at=now, shown=seen)
    context = {
        "rows": lists.open,
        "missed": lists.missed if sees_missed else (),
        "sees_missed": sees_missed,
        "hours": lists.clinics,
    }
    return render(request, "registry/risk_cases.html", context)


@requires(Permission.HANDLE_SAFETY)
@require_http_methods(["GET", "HEAD", "POST"])
def drills(request: HttpRequest, organization: str) -> HttpResponse:
    """Who rehearsed and when; a POST begins a drill."""
    by, now = seat(request), timezone.now()
    shown = risk_drills(by.organization_id, at=now)
    hours = list(risk_settings_of(by.organization_id).values())
    clinics = [(str(one.clinic_id), one.clinic_name) for one in hours]
    form = DrillForm(request.POST if request.method == "POST" else None, clinics=clinics)
    if form.is_bound and form.is_valid():
        clinic_id, scenario = UUID(form.cleaned_data["clinic"]), form.cleaned_data["scenario"]
        drill = begin_drill(by=by, at=now, clinic_id=clinic_id, scenario=scenario)
        return redirect("risk_drill", organization, drill.id)
    context = {"drills": shown, "form": form, "has_clinics": bool(clinics), "hours": hours}
    return render(request, "registry/risk_drills.html", context, status=422 if form.is_bound else 200)


@requires(Permission.HANDLE_SAFETY)
@require_http_methods(["GET", "HEAD", "POST"])
def drill(request: HttpRequest, organization: str, drill_id: UUID) -> HttpResponse:
    """A rehearsal under way: the same steps and rules as in earnest, with the clock."""
    by, now = seat(request), timezone.now()
    forms: dict[str, Any] = {"tier": DrillTierForm(), "end": DrillEndForm()}
    status = 200
    if request.method == "POST":
        if _acted(request, by, now, drill_id, forms):
            return redirect("risk_drill", organization, drill_id)
        status = 422
    page = _drill(drill_id, by, now)
    context = {"page": page, "forms": forms, "steps": [(step, None) for step in page.steps]}
    return render(request, "registry/risk_drill.html", context, status=status)


def _acted(request: HttpRequest, by: Membership, at: datetime, drill_id: UUID, forms: dict[str, Any]) -> bool:
    """Carry out one act of a drill. False with the fault said in its form."""
    act = request.POST.get("act", "")
    form: DrillTierForm | DrillEndForm | None = None
    if act == "tier":
        forms["tier"] = form = DrillTierForm(request.POST)
    elif act == "end":
        forms["end"] = form = DrillEndForm(request.POST)
    if form is not None and not form.is_valid():
        return False
    try:
        if act == "tier" and form is not None:
            assess_in_drill(by=by, at=at, drill_id=drill_id, tier=form.cleaned_data["tier"])
        elif act == "end" and form is not None:
            end_drill(by=by, at=at, drill_id=drill_id, remark=form.cleaned_data["remark"])
        else:
            do_in_drill(by=by, at=at, drill_id=drill_id, key=request.POST.get("key", ""))
    except NotFound:
        raise Http404 from None
    except RiskRefused as fault:
        if form is None:
            messages.info(request, str(fault))
            return True
        form.add_error(fault.field or None, str(fault))
        return False
    return True


def _drill(drill_id: UUID, by: Membership, at: datetime) -> DrillPage:
    try:
        return drill_page(drill_id, by.organization_id, at=at)
    except NotFound:
        raise Http404 from None
