"""Writing a contact: the note, its minutes, its scores and what comes next, in one step."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
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
from caseload.forms.contacts import NOT_TYPED, TIME_FIELDS, ContactForm
from caseload.operations.consented_contacts import Agreed, record_contact_with_consent
from caseload.operations.contacts import ContactKept
from caseload.operations.drafts import discard_draft, save_draft
from caseload.operations.errors import NotHowItIsDone
from caseload.operations.timekeeping import Work
from caseload.queries.advice import advice_to_tell
from caseload.queries.doors import PatientDoor
from caseload.queries.drafts import DraftShown, draft_of
from caseload.queries.note_templates import TemplateShown, templates_in_use
from caseload.queries.time_shown import Preview, held_words, time_preview
from caseload.queries.timers import TimerShown, timer_for_contact
from caseload.views.door import door_of
from caseload.views.late import written
from registry.forms.score_entry import ToolShown, field_of, tool_shown
from registry.operations.errors import ConsentImpossible, ScoreUnusable
from registry.queries.consents import cost_words, covering_consent, current_texts, text_of
from registry.queries.tools import scores_due, tools_of
from registry.rules.consent import is_minor
from registry.rules.tools import ScoreDue


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The form, and saving it. Faulty input comes back with everything as typed."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    door = door_of(patient_id, by, now)
    if request.method != "POST" or not door.is_open:
        status = 409 if request.method == "POST" else 200
        draft = draft_of(patient_id, for_=by) if door.is_open else None
        form = _form(request, door, now, draft=draft)
        return _page(request, door, form, by=by, at=now, status=status, draft=draft)
    if "fill" in request.POST:
        return _filled(request, door, by=by, at=now)
    form = _form(request, door, now)
    kept = _save(form, door, by=by, at=now) if form.is_valid() else None
    if kept is None:
        return _page(request, door, form, by=by, at=now, status=422)
    _tell(request, kept, form, door)
    return redirect("risk_case" if form.is_risk else "patient_chart", organization, patient_id)


@requires(Permission.LOG_CONTACT)
@require_POST
def contact_preview(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What the minutes typed so far would do."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    door = door_of(patient_id, by, now)
    form = _form(request, door, now)
    context = {"preview": _preview(form, door, by=by), "form": form, "door": door}
    return render(request, "caseload/contact_new.html#preview", context)


@requires(Permission.LOG_CONTACT)
@require_POST
def draft_save(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Keep what is typed so far. Answers nothing; the session is left as it is, so that it ends when it would have."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    sent = request.POST.get("client_token", "")
    try:
        token = UUID(sent)
    except ValueError:
        token = None
    try:
        save_draft(by=by, at=timezone.now(), patient_id=patient_id, typed=_typed(request), token=token)
    except NotFound:
        raise Http404 from None
    return HttpResponse(status=204)


@requires(Permission.LOG_CONTACT)
@require_POST
def draft_discard(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Let the draft go, and begin anew."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    door = door_of(patient_id, by, timezone.now())
    discard_draft(by=by, patient_id=door.patient.id)
    messages.info(request, "Draft discarded.")
    return redirect("contact_new", organization, patient_id)


def _typed(request: HttpRequest) -> dict[str, str]:
    """What a person typed, without what belongs to one opening of the form."""
    return {name: text for name, text in request.POST.items() if name not in NOT_TYPED and isinstance(text, str)}


def _filled(request: HttpRequest, door: PatientDoor, *, by: Membership, at: datetime) -> HttpResponse:
    """The form as typed, its note begun with the chosen template. A note that has text is left alone."""
    typed, templates = _typed(request), templates_in_use(by.organization_id)
    chosen = next((one for one in templates if str(one.id) == request.POST.get("template")), None)
    if typed.get("note", "").strip():
        messages.info(request, "The note has text already, so no template was filled in.")
    elif chosen is None:
        messages.info(request, "Choose a template first.")
    else:
        typed["note"] = chosen.body
    form = _form(request, door, at, typed=typed)
    return _page(request, door, form, by=by, at=at, status=200, templates=templates)


def _form(
    request: HttpRequest,
    door: PatientDoor,
    now: datetime,
    *,
    draft: DraftShown | None = None,
    typed: dict[str, str] | None = None,
) -> ContactForm:
    """The form as it was sent, else with what a draft or `typed` holds; a timer's time goes before a draft's."""
    clinic_id = (door.episode or door.patient).clinic_id
    asks = door.is_open and not is_minor(door.patient.birth_date, door.today)
    asks = asks and covering_consent(door.patient.id, door.today) is None
    texts = current_texts(door.patient.organization_id) if asks else None
    data = request.POST if request.method == "POST" and door.is_open and typed is None else None
    clock = _clock(request, door, now)
    if draft is not None:
        typed = {name: text for name, text in draft.typed.items() if clock is None or name not in TIME_FIELDS}
    tools = tools_of(clinic_id)
    told = advice_to_tell(door.patient.organization_id, door.episode.id) if door.episode is not None else []
    return ContactForm(data, zone=door.zone, now=now, tools=tools, texts=texts, clock=clock, typed=typed, to_tell=told)


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
        write = partial(
            record_contact_with_consent,
            by=by,
            at=at,
            episode=door.episode,
            agreed=_agreed(form, by),
            client_token=form.cleaned_data["client_token"],
            time=form.time,
            mode=form.cleaned_data["mode"],
            work=Work(activity=form.cleaned_data["activity"]),
            outcome=form.cleaned_data["outcome"],
            note=form.cleaned_data["note"],
            parts=form.parts,
            question=form.cleaned_data["question"],
            changed=form.change,
            told=form.told,
            scores=form.scores,
            next_contact=form.next_contact,
            timer_id=form.timer_id,
        )
        kept = written(form, write, by=by, at=at)
    except DomainError as fault:
        form.add_error(_field_of(fault, form), str(fault))
        return None
    discard_draft(by=by, patient_id=door.patient.id)
    return kept


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
    if isinstance(fault, NotHowItIsDone):
        return fault.field
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
    request: HttpRequest,
    door: PatientDoor,
    form: ContactForm,
    *,
    by: Membership,
    at: datetime,
    status: int,
    draft: DraftShown | None = None,
    templates: list[TemplateShown] | None = None,
) -> HttpResponse:
    record("contact.opened", by=by, at=at, patient_id=door.patient.id, object_id=door.patient.id)
    context: dict[str, Any] = {
        "door": door,
        "form": form,
        "preview": _preview(form, door, by=by) if form.is_bound else None,
        "tools": _tools(form, door),
        "sub": f"{door.patient.mrn} · {door.clinic_name}",
        "draft": draft,
        "draft_from": _draft_from(draft, door) if draft is not None else "",
        "templates": templates_in_use(by.organization_id) if templates is None and door.is_open else templates,
        "chosen": request.POST.get("template", ""),
    }
    if form.asks_consent:
        texts = current_texts(by.organization_id)
        context |= {"texts": list(texts.values()), "cost": cost_words(door.patient.id)}
    return render(request, "caseload/contact_new.html", context, status=status)


def _tools(form: ContactForm, door: PatientDoor) -> list[tuple[ToolShown, ScoreDue | None]]:
    """The clinic's tools, each with what its rhythm asks for today, if anything."""
    asked = scores_due(door.episode, form.tools) if door.is_open and door.episode else ()
    due = {one.instrument.key: one for one in asked if one.due_on <= door.today}
    return [(tool_shown(form, tool, language="en"), due.get(tool.key)) for tool in form.tools]


def _draft_from(draft: DraftShown, door: PatientDoor) -> str:
    """`14:05`, with its day unless that is today."""
    local = draft.saved_at.astimezone(door.zone)
    return f"{local:%H:%M}" if local.date() == door.today else f"{local:%b} {local.day}, {local:%H:%M}"
