"""A clinic's settings about danger: who is called, what a link does at night, what patients read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Clinic, Membership
from bhi.web.asked import seat
from registry.forms.safety import SafetyTextsForm, TurnForm
from registry.operations.duty import add_turns, end_turn
from registry.operations.protocols import set_protocol
from registry.queries.duty import Rota, rota_of
from registry.queries.protocols import Protocol, protocol_of


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def clinic_safety(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """Both parts; a POST saves the texts and what a link does outside hours."""
    by = seat(request)
    protocol = _protocol(clinic_id)
    form = SafetyTextsForm(request.POST if request.method == "POST" else None, protocol=protocol)
    if request.method == "POST" and form.is_valid() and _save(form, protocol, by=by, at=timezone.now()):
        messages.success(request, "Saved.")
        return redirect("clinic_safety", organization, clinic_id)
    rota = rota_of(clinic_id, by.organization_id)
    return _page(request, protocol, rota, form, TurnForm(people=rota.people), status=422 if form.is_bound else 200)


@requires(Permission.SET_PROTOCOLS)
@require_POST
def duty_add(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """Put people on duty."""
    by = seat(request)
    protocol, rota = _protocol(clinic_id), rota_of(clinic_id, by.organization_id)
    turn = TurnForm(request.POST, people=rota.people)
    if turn.is_valid() and _add(turn, clinic_id, by=by, at=timezone.now()):
        messages.success(request, "The rota is saved.")
        return redirect("clinic_safety", organization, clinic_id)
    return _page(request, protocol, rota, SafetyTextsForm(protocol=protocol), turn, status=422)


@requires(Permission.SET_PROTOCOLS)
@require_POST
def duty_end(request: HttpRequest, organization: str, clinic_id: UUID, turn_id: UUID) -> HttpResponse:
    """Take a turn off the rota."""
    by = seat(request)
    _protocol(clinic_id)
    try:
        end_turn(by=by, at=timezone.now(), turn_id=turn_id, clinic_id=clinic_id)
    except NotFound:
        raise Http404 from None
    if rota_of(clinic_id, by.organization_id).is_empty:
        messages.warning(request, "Nobody is on duty any more. Questionnaires cannot be sent until somebody is.")
    else:
        messages.success(request, "The turn is taken off the rota.")
    return redirect("clinic_safety", organization, clinic_id)


def _protocol(clinic_id: UUID) -> Protocol:
    try:
        return protocol_of(clinic_id)
    except NotFound:
        raise Http404 from None


def _save(form: SafetyTextsForm, protocol: Protocol, *, by: Membership, at: datetime) -> bool:
    try:
        clinic = Clinic.objects.get(id=protocol.clinic_id)
        set_protocol(by=by, at=at, clinic=clinic, seen=form.seen_at, is_seen=True, **form.changes)
    except DomainError as fault:
        form.add_error(None, str(fault))
        return False
    return True


def _add(turn: TurnForm, clinic_id: UUID, *, by: Membership, at: datetime) -> bool:
    typed = turn.cleaned_data
    try:
        add_turns(
            by=by,
            at=at,
            clinic_id=clinic_id,
            weekdays=typed["weekdays"],
            begins_at=typed["begins_at"],
            ends_at=typed["ends_at"],
            people=turn.people,
        )
    except DomainError as fault:
        turn.add_error(None, str(fault))
        return False
    return True


def _page(
    request: HttpRequest, protocol: Protocol, rota: Rota, form: SafetyTextsForm, turn: TurnForm, *, status: int
) -> HttpResponse:
    context = {"protocol": protocol, "rota": rota, "form": form, "turn": turn}
    return render(request, "registry/clinic_safety.html", context, status=status)
