"""Emergency access: asked for, ended, and looked at by somebody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.recent import requires_recent_sign_in
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import page_number, seat
from bhi.web.limits import is_over_limit
from billing.queries.calendar import page_zone
from registry.forms.limits import EmergencyForm, LookForm
from registry.operations.emergencies import end_emergency, look_at_emergency, open_in_emergency
from registry.queries.emergencies import (
    PAGE_ROWS,
    AccessShown,
    accesses_waiting,
    acts_during,
    emergencies_page,
    emergency_shown,
    record_meant,
    who_opened,
)
from registry.rules.limits import MINUTES_OPEN

MOST_A_MINUTE = 5
NONE_MEANT = (
    "No record of this organization is exactly this one, or more than one is. Check the number, or add the name and "
    "the day of birth."
)
TOO_MANY = "That were many tries. Wait a minute, then try again."


@requires(Permission.OPEN_IN_EMERGENCY)
@requires_recent_sign_in(minutes=5, reading=False)
@require_http_methods(["GET", "HEAD", "POST"])
def emergency(request: HttpRequest, organization: str) -> HttpResponse:
    """Ask for a record that one may not see. What is not there and what is not exactly named are answered alike."""
    form = EmergencyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        opened = _open(request, form)
        if opened is not None:
            return redirect("patient_chart", organization, opened)
    context = {"form": form, "minutes": MINUTES_OPEN}
    return render(request, "registry/emergency.html", context, status=422 if form.is_bound else 200)


def _open(request: HttpRequest, form: EmergencyForm) -> UUID | None:
    """The record that is open now; None with the form saying why not."""
    by, at = seat(request), timezone.now()
    if is_over_limit(request, "emergency", most=MOST_A_MINUTE):
        form.add_error(None, TOO_MANY)
        return None
    try:
        found = record_meant(by.organization_id, form.named)
    except NotFound:
        record("emergency.asked_in_vain", by=by, at=at)
        form.add_error(None, NONE_MEANT)
        return None
    if found.is_seen:
        messages.info(request, "You may open this record without emergency access.")
        return found.patient_id
    token, reason = form.cleaned_data["client_token"], form.cleaned_data["reason"]
    open_in_emergency(by=by, at=at, patient_id=found.patient_id, reason=reason, client_token=token)
    messages.warning(request, "Opened. The clinic’s leads were told, and somebody will look at it afterwards.")
    return found.patient_id


@requires(Permission.OPEN_IN_EMERGENCY)
@require_POST
def emergency_end(request: HttpRequest, organization: str, access_id: UUID) -> HttpResponse:
    """Close the record again."""
    try:
        end_emergency(by=seat(request), at=timezone.now(), access_id=access_id)
    except NotFound:
        raise Http404 from None
    messages.success(request, "Emergency access has ended.")
    return redirect("enter", organization)


@requires(Permission.LOOK_AT_EMERGENCIES)
@require_safe
def emergencies(request: HttpRequest, organization: str) -> HttpResponse:
    """Every emergency access, those that nobody has looked at first."""
    by, at = seat(request), timezone.now()
    page = page_number(request)
    rows, total = emergencies_page(by.organization_id, by_id=by.id, at=at, start=(page - 1) * PAGE_ROWS)
    waiting, late = accesses_waiting(by.organization_id, at)
    record("emergencies.viewed", by=by, at=at, shown=[row.patient_id for row in rows])
    here, first = reverse("emergencies", args=[organization]), (page - 1) * PAGE_ROWS
    context = {
        "rows": rows,
        "total": total,
        "waiting": waiting,
        "late": late,
        "zone": page_zone(by.organization_id).key,
        "shown": f"{first + 1} to {first + len(rows)}",
        "previous_url": f"{here}?page={page - 1}" if page > 1 else "",
        "next_url": f"{here}?page={page + 1}" if first + len(rows) < total else "",
        "is_cut": total > PAGE_ROWS,
    }
    return render(request, "registry/emergencies.html", context)


@requires(Permission.LOOK_AT_EMERGENCIES)
@require_http_methods(["GET", "HEAD", "POST"])
def emergency_look(request: HttpRequest, organization: str, access_id: UUID) -> HttpResponse:
    """One access with what was done meanwhile, and the form that says whether it was justified."""
    by, at = seat(request), timezone.now()
    shown = _shown(request, access_id)
    form = LookForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            was_justified, finding = form.cleaned_data["was_justified"] == "yes", form.cleaned_data["finding"]
            look_at_emergency(by=by, at=at, access_id=access_id, was_justified=was_justified, finding=finding)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Kept.")
            return redirect("emergencies", organization)
    record("emergency.viewed", by=by, at=at, patient_id=shown.patient_id, object_id=access_id)
    opened_by = who_opened(by.organization_id, access_id)
    context: dict[str, Any] = {
        "access": shown,
        "acts": acts_during(by.organization_id, shown, by_id=opened_by),
        "form": form,
        "zone": page_zone(by.organization_id).key,
    }
    return render(request, "registry/emergency_look.html", context, status=422 if form.is_bound else 200)


def _shown(request: HttpRequest, access_id: UUID) -> AccessShown:
    by = seat(request)
    try:
        return emergency_shown(by.organization_id, access_id, by_id=by.id, at=timezone.now())
    except NotFound:
        raise Http404 from None
