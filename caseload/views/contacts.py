"""Writing a contact: the note, its minutes, its scores and what comes next, in one step."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.forms.contacts import ContactForm
from caseload.operations.consented_contacts import Agreed, record_contact_with_consent
from caseload.operations.contacts import ContactKept
from caseload.operations.timekeeping import Work
from caseload.queries.doors import PatientDoor, patient_door
from caseload.queries.time_shown import Preview, held_words, time_preview
from caseload.queries.timers import TimerShown, timer_for_contact
from registry.forms.score_entry import field_of, tool_shown
from registry.operations.errors import ConsentImpossible, ScoreUnusable
from registry.queries.consents import cost_words, covering_consent, current_texts, text_of
from registry.queries.tools import tools_of
from registry.rules.consent import is_minor


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The form, and saving it. Faulty input comes back with everything as typed."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    door = _door(patient_id, by, now)
    if request.method != "POST" or not door.is_open:
        status = 409 if request.method == "POST" else 200
        return _page(request, door, _form(request, door, now), by=by, at=now, status=status)
    form = _form(request, door, now)
    kept = _save(form, door, by=by, at=now) if form.is_valid() else None
    if kept is None:
        return _page(request, door, form, by=by, at=now, status=422)
    _tell(request, kept, form, door)
    return redirect("patient_chart", organization, patient_id)


@requires(Permission.LOG_CONTACT)
@require_POST
def contact_preview(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What the minutes typed so far would do."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    door = _door(patient_id, by, now)
    form = _form(request, door, now)
    context = {"preview": _preview(form, door, by=by), "form": form, "door": door}
    return render(request, "caseload/contact_new.html#preview", context)


def _door(patient_id: UUID, by: Membership, at: datetime) -> PatientDoor:
    try:
        return patient_door(patient_id, for_=by, at=at)
    except NotFound:
        raise Http404 from None


def _form(request: HttpRequest, door: PatientDoor, now: datetime) -> ContactForm:
    clinic_id = (door.episode or door.patient).clinic_id
    asks = door.is_open and not is_minor(door.patient.birth_date, door.today)
    asks = asks and covering_consent(door.patient.id, door.today) is None
    texts = current_texts(door.patient.organization_id) if asks else None
    data = request.POST if request.method == "POST" and door.is_open else None
    clock = _clock(request, door, now)
    return ContactForm(data, zone=door.zone, now=now, tools=tools_of(clinic_id), texts=texts, clock=clock)


def _clock(request: HttpRequest, door: PatientDoor, now: datetime) -> TimerShown | None:
    """The timer whose time the note saves: the one that the form or the address names, else the one that runs."""
    sent = request.POST.get("timer", "") if request.method == "POST" else request.GET.get("timer", "")
    if request.method == "POST" and not sent:
        return None
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        timer_id = UUID(sent) if sent else None
    except ValueError:
        return None
    clock = timer_for_contact(door.patient.id, for_=by, at=now, timer_id=timer_id)
    return None if clock is None or (request.method != "POST" and clock.is_closed) else clock


def _save(form: ContactForm, door: PatientDoor, *, by: Membership, at: datetime) -> ContactKept | None:
    """The contact, or None with the refusal said at its field."""
    assert door.episode is not None
    assert form.time is not None
    try:
        return record_contact_with_consent(
            by=by,
            at=at,
            episode=door.episode,
            agreed=_agreed(form, by),
            client_token=form.cleaned_data["client_token"],
            time=form.time,
            mode=form.cleaned_data["mode"],
            work=Work(activity=form.cleaned_data["activity"]),
            note=form.cleaned_data["note"],
            scores=form.scores,
            next_contact=form.next_contact,
            timer_id=form.timer_id,
        )
    except DomainError as fault:
        form.add_error(_field_of(fault, form), str(fault))
        return None


def _agreed(form: ContactForm, by: Membership) -> Agreed | None:
    """The consent given in this contact, with the text that it was given to."""
    agreed = form.agreement
    if agreed is None:
        return None
    return replace(agreed, script=text_of(by.organization_id, form.cleaned_data["agreed_script"]))


def _field_of(fault: DomainError, form: ContactForm) -> str | None:
    """Where a refusal is shown; None is above the form."""
    if isinstance(fault, ScoreUnusable):
        return field_of(fault, form)
    if isinstance(fault, ConsentImpossible):
        return "agreed"
    return form.field_of_refusal(fault)


def _tell(request: HttpRequest, kept: ContactKept, form: ContactForm, door: PatientDoor) -> None:
    if not kept.was_new:
        messages.info(request, "This contact was saved already.")
        return
    held = held_words(kept.entry, door.zone) if kept.entry is not None and kept.entry.held else ""
    if held:
        messages.warning(request, f"Contact saved. Its minutes are held: they overlap {held} with another patient's.")
    else:
        messages.success(request, "Contact saved.")
    if form.is_risk:
        messages.warning(
            request, "An answer about self-harm is above 0. Assess safety today, and say so to the treating clinician."
        )


def _preview(form: ContactForm, door: PatientDoor, *, by: Membership) -> Preview | None:
    """None while no time is typed, or what is typed is no time."""
    form.is_valid()
    if form.time is None or not door.is_open or "activity" in form.errors:
        return None
    assert door.episode is not None
    activity, agreed_at = form.cleaned_data["activity"], form.agreed_from
    return time_preview(door.episode, worked_by=by, time=form.time, activity=activity, agreed_at=agreed_at)


def _page(
    request: HttpRequest, door: PatientDoor, form: ContactForm, *, by: Membership, at: datetime, status: int
) -> HttpResponse:
    record("contact.opened", by=by, at=at, patient_id=door.patient.id, object_id=door.patient.id)
    context: dict[str, Any] = {
        "door": door,
        "form": form,
        "preview": _preview(form, door, by=by) if form.is_bound else None,
        "tools": [tool_shown(form, tool, language="en") for tool in form.tools],
        "sub": f"{door.patient.mrn} · {door.clinic_name}",
    }
    if form.asks_consent:
        texts = current_texts(by.organization_id)
        context |= {"texts": list(texts.values()), "cost": cost_words(door.patient.id)}
    return render(request, "caseload/contact_new.html", context, status=status)
