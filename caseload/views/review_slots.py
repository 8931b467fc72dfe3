"""When reviews take place each week, and one more session beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership, Role
from caseload.forms.review_sessions import MeetingForm, SessionForm, SlotForm, slot_initial
from caseload.operations.review_sessions import plan_session
from caseload.operations.review_slots import end_slot, set_slot
from caseload.operations.session_errors import SessionRefused
from caseload.queries.hand_overs import organization_today
from caseload.queries.review_sessions import SlotShown, names_of, slots_of
from registry.queries.choices import clinic_choices

METHODS = ["GET", "HEAD", "POST"]


@requires(Permission.SET_SLOTS)
@require_http_methods(METHODS)
def review_slots(request: HttpRequest, organization: str) -> HttpResponse:
    """The standing slots, and a new one."""
    return _slot_page(request, organization, None)


@requires(Permission.SET_SLOTS)
@require_http_methods(METHODS)
def review_slot(request: HttpRequest, organization: str, slot_id: UUID) -> HttpResponse:
    """Change a slot from now on; sessions that are planned already stay."""
    return _slot_page(request, organization, slot_id)


@requires(Permission.SET_SLOTS)
@require_POST
def review_slot_end(request: HttpRequest, organization: str, slot_id: UUID) -> HttpResponse:
    """No further sessions of this slot."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        end_slot(by=by, at=timezone.now(), slot_id=slot_id)
    except NotFound:
        raise Http404 from None
    messages.success(request, "Ended. Sessions that are planned already stay.")
    return redirect("review_slots", organization)


@requires(Permission.JOIN_REVIEW)
@require_http_methods(METHODS)
def review_session_new(request: HttpRequest, organization: str) -> HttpResponse:
    """A session by hand, with its agenda drawn up at once."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    initial = _session_initial(by, now)
    form = SessionForm(request.POST if request.method == "POST" else None, initial=initial, **_people(by))
    if form.is_bound and form.is_valid():
        try:
            token = form.cleaned_data["client_token"]
            session = plan_session(by=by, at=now, terms=form.terms, client_token=token)
        except DomainError as fault:
            _refuse(form, fault)
        else:
            messages.success(request, "Planned. This is its agenda.")
            return redirect("review_session", organization, session.id)
    return render(request, "caseload/review_session_new.html", {"form": form}, status=422 if form.is_bound else 200)


def _slot_page(request: HttpRequest, organization: str, slot_id: UUID | None) -> HttpResponse:
    by: Membership = request.membership  # type: ignore[attr-defined]
    slots = slots_of(by.organization_id)
    slot = next((one for one in slots if one.id == slot_id), None)
    if slot_id is not None and slot is None:
        raise Http404
    initial = slot_initial(slot) if slot else {}
    form = SlotForm(request.POST if request.method == "POST" else None, initial=initial, **_people(by))
    if form.is_bound and form.is_valid() and _set(form, by, slot):
        messages.success(request, "Saved. The next session is planned within minutes, with its agenda.")
        return redirect("review_slots", organization)
    people = people_of(by.organization_id)
    context = {
        "form": form,
        "slot": slot,
        "slots": [(one, people[one.consultant_id].name, names_of(one.care_manager_ids, people)) for one in slots],
    }
    return render(request, "caseload/review_slots.html", context, status=422 if form.is_bound else 200)


def _set(form: SlotForm, by: Membership, slot: SlotShown | None) -> bool:
    which: dict[str, Any] = {"slot_id": slot.id, "seen_at": form.seen_at} if slot else {}
    try:
        set_slot(by=by, at=timezone.now(), terms=form.terms, **which)
    except NotFound:
        raise Http404 from None
    except DomainError as fault:
        _refuse(form, fault)
    return form.is_valid()


def _refuse(form: MeetingForm, fault: DomainError) -> None:
    form.add_error(fault.field if isinstance(fault, SessionRefused) else None, str(fault))


def _people(by: Membership) -> dict[str, list[tuple[str, str]]]:
    """Who and where can be chosen."""
    at_work = sorted(
        (seat for seat in people_of(by.organization_id).values() if seat.is_active),
        key=lambda seat: (seat.name, str(seat.id)),
    )
    return {
        "clinics": clinic_choices(by.organization_id),
        "consultants": [(str(seat.id), seat.name) for seat in at_work if Role.PSYCHIATRIC_CONSULTANT in seat.roles],
        "care_managers": [(str(seat.id), seat.name) for seat in at_work if Role.CARE_MANAGER in seat.roles],
    }


def _session_initial(by: Membership, at: datetime) -> dict[str, Any]:
    """Whoever plans comes, most likely, and it is today."""
    initial: dict[str, Any] = {"on": organization_today(by.organization_id, at)}
    if Role.PSYCHIATRIC_CONSULTANT in by.roles:
        initial["consultant"] = str(by.id)
    if Role.CARE_MANAGER in by.roles:
        initial["care_managers"] = [str(by.id)]
    return initial
