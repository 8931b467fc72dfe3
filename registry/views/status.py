"""How an episode stands: changing it, handing over, discharging, and taking a discharge back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.operations.errors import FollowUpInThePast
from caseload.operations.prevention import change_status_and_plan, plan_next
from caseload.queries.doors import PatientDoor, patient_door
from caseload.queries.follow_ups import NextDue, next_due
from caseload.queries.status_ground import status_ground
from registry.forms.status import DischargeForm, HandOffForm, Refusable, ReopenForm, SeenForm, StatusForm
from registry.operations.errors import EpisodeEnded, NothingChanges, StatusRefused
from registry.operations.status import confirm_hand_off, discharge, hand_off, reopen_episode
from registry.queries.status import (
    STATUS_LABELS,
    StatusPapers,
    StatusSince,
    WrittenPlan,
    closing_note_of,
    hand_off_of,
    has_newer_episode,
    status_history,
    status_papers,
)
from registry.rules.relapse_plans import (
    BACK,
    CHECK,
    RECALL,
    RECALL_DAYS,
    next_check_on,
    to_do,
    way_back,
)
from registry.rules.status import ACTIVE, MOVES, PREVENTION, REASONS, Consideration, Ground, asks_reason, considerations

FORM_METHODS = ["GET", "HEAD", "POST"]
# What a step is called on its button.
_STEPS = {
    ("active", "on_hold"): ("Put on hold", "The work rests for a while; the patient stays in the program and counts."),
    ("on_hold", "active"): ("Take up again", "The work goes on."),
    ("relapse_prevention", "active"): ("Back to active treatment", "The patient is treated to target again."),
    ("active", "relapse_prevention"): (
        "Begin relapse prevention",
        "Scores and contacts become rarer from that day on.",
    ),
    ("on_hold", "relapse_prevention"): (
        "Begin relapse prevention",
        "Scores and contacts become rarer from that day on.",
    ),
}


@dataclass(frozen=True)
class Step:
    """A change of status that is open now, with what speaks for and against it, and its form."""

    to: str
    button: str
    about: str
    considerations: tuple[Consideration, ...]
    asks_reason: bool
    form: StatusForm
    plans_next: bool = False


@dataclass(frozen=True)
class Asked:
    """A request about the episode behind a patient's door."""

    request: HttpRequest
    door: PatientDoor
    by: Membership
    at: datetime

    @property
    def is_post(self) -> bool:
        return self.request.method == "POST"


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def episode_status(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What is possible now and what it asks for; a POST makes one step."""
    asked = _asked(request, patient_id)
    if not asked.is_post:
        return _status_page(asked)
    form = StatusForm(request.POST)
    if asked.door.is_open and form.is_valid() and _change(asked, form):
        return redirect("patient_chart", organization, patient_id)
    return _status_page(asked, form, status=422 if asked.door.is_open else 409)


@requires(Permission.ENROL)
@require_POST
def recall(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The next contact moves to where one score that says relapse asks for it."""
    asked = _asked(request, patient_id)
    episode = asked.door.episode
    wanted = _to_do(_ground(asked.door)[0]).recall_on if episode is not None and asked.door.is_open else None
    if episode is None or wanted is None:
        messages.info(request, "No single score says relapse any more. Nothing was changed.")
    else:
        plan_next(by=asked.by, at=asked.at, episode_id=episode.id, on=wanted, purpose=RECALL)
        messages.success(request, f"The next contact is on {wanted:%b} {wanted.day}: {RECALL[0].lower()}{RECALL[1:]}.")
    return redirect("episode_status", organization, patient_id)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def discharge_patient(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """A discharge with its closing note."""
    asked = _asked(request, patient_id)
    if not asked.door.is_open:
        messages.info(request, "This patient is not enrolled, or was discharged already.")
        return redirect("patient_chart", organization, patient_id)
    ground, papers = _ground(asked.door)
    proposed = {**_proposed(request, ground), **_way_back(papers.plan)}
    form = DischargeForm(request.POST if asked.is_post else None, ground=ground, initial=proposed)
    if asked.is_post and form.is_valid() and _discharge(asked, form, ground):
        return redirect("patient_chart", organization, patient_id)
    context = {"form": form, "ground": ground, "is_inactive": ground.today >= ground.inactive_on}
    return _page(asked, "discharge", context, status=422 if asked.is_post else 200)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def reopen(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Take back a discharge that was made in error."""
    asked = _asked(request, patient_id)
    episode = asked.door.episode
    if episode is None or asked.door.is_open:
        messages.info(request, "This patient is not discharged, so there is nothing to take back.")
        return redirect("patient_chart", organization, patient_id)
    form = ReopenForm(request.POST if asked.is_post else None)
    if asked.is_post and form.is_valid():
        try:
            reopen_episode(
                by=asked.by, at=asked.at, episode=episode, on=asked.door.today, reason=form.cleaned_data["reason"]
            )
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, "The discharge was taken back. The episode goes on as it stood before.")
            return redirect("patient_chart", organization, patient_id)
    context = {"form": form, "note": closing_note_of(episode), "reason": episode.get_end_reason_display().lower()}
    return _page(asked, "reopen", context, status=422 if asked.is_post else 200)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def hand_off_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Record that the patient was handed to other care."""
    asked = _asked(request, patient_id)
    episode = asked.door.episode
    if episode is None or not asked.door.is_open:
        messages.info(request, "This patient is not enrolled, or was discharged already.")
        return redirect("patient_chart", organization, patient_id)
    form = HandOffForm(request.POST if asked.is_post else None, initial={"sent_on": asked.door.today})
    if asked.is_post and form.is_valid() and _is_past(form, "sent_on", asked.door):
        values = form.cleaned_data
        try:
            hand_off(by=asked.by, at=asked.at, episode=episode, to=values["to"], sent_on=values["sent_on"])
        except NothingChanges as fault:
            messages.info(request, str(fault))
            return redirect("episode_status", organization, patient_id)
        except DomainError as fault:
            form.add_error("sent_on", str(fault))
        else:
            messages.success(request, "The hand-off is on record. Confirm it here once the patient was seen there.")
            return redirect("episode_status", organization, patient_id)
    return _page(asked, "handoff_new", {"form": form}, status=422 if asked.is_post else 200)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def hand_off_seen(request: HttpRequest, organization: str, patient_id: UUID, hand_off_id: UUID) -> HttpResponse:
    """Record that the patient was seen where they were handed to."""
    asked = _asked(request, patient_id)
    try:
        found = hand_off_of(hand_off_id, patient_id=patient_id, organization_id=asked.by.organization_id)
    except NotFound:
        raise Http404 from None
    form = SeenForm(request.POST if asked.is_post else None, initial={"seen_on": asked.door.today})
    if asked.is_post and form.is_valid() and _is_past(form, "seen_on", asked.door):
        try:
            confirm_hand_off(by=asked.by, at=asked.at, hand_off=found, **form.cleaned_data)
        except NothingChanges as fault:
            messages.info(request, str(fault))
            return redirect("episode_status", organization, patient_id)
        except DomainError as fault:
            form.add_error("seen_on", str(fault))
        else:
            messages.success(request, "The patient was seen there. The episode can be closed as transferred now.")
            return redirect("episode_status", organization, patient_id)
    return _page(asked, "handoff_seen", {"form": form, "hand_off": found}, status=422 if asked.is_post else 200)


def _asked(request: HttpRequest, patient_id: UUID) -> Asked:
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        return Asked(request, patient_door(patient_id, for_=by, at=now), by, now)
    except NotFound:
        raise Http404 from None


def _ground(door: PatientDoor) -> tuple[Ground, StatusPapers]:
    assert door.episode is not None
    papers = status_papers(door.episode)
    return status_ground(door.episode, papers, door.today), papers


def _change(asked: Asked, form: StatusForm) -> bool:
    """Whether the status was changed, or stood so already; a refusal is shown in the form."""
    episode = asked.door.episode
    assert episode is not None
    ground, papers = _ground(asked.door)
    try:
        change_status_and_plan(
            by=asked.by,
            at=asked.at,
            episode=episode,
            ground=ground,
            next_purpose=_purpose(form.cleaned_data["to"], papers.plan),
            **form.cleaned_data,
        )
    except (NothingChanges, EpisodeEnded) as fault:
        messages.info(asked.request, str(fault))
        return True
    except FollowUpInThePast as fault:
        form.add_error("next_on", str(fault))
        return False
    except DomainError as fault:
        _show(form, fault)
        return False
    messages.success(asked.request, f"The status is now: {STATUS_LABELS[form.cleaned_data['to']].lower()}.")
    return True


def _discharge(asked: Asked, form: DischargeForm, ground: Ground) -> bool:
    """Whether the patient is discharged, by this form or one before it; a refusal is shown in the form."""
    assert asked.door.episode is not None
    revoked_on = form.cleaned_data["on"] if form.cleaned_data["revokes"] else None
    try:
        discharge(
            by=asked.by,
            at=asked.at,
            episode=asked.door.episode,
            closing=form.closing,
            ground=ground,
            revoked_on=revoked_on,
        )
    except EpisodeEnded as fault:
        messages.info(asked.request, str(fault))
        return True
    except DomainError as fault:
        _show(form, fault)
        return False
    messages.success(asked.request, "The patient is discharged. The closing note is on the chart.")
    return True


def _show(form: Refusable, fault: DomainError) -> None:
    if isinstance(fault, StatusRefused):
        form.show(fault)
    else:
        form.add_error(None, str(fault))


def _is_past(form: HandOffForm | SeenForm, field: str, door: PatientDoor) -> bool:
    """Whether a day has come; else that is said at its field."""
    if form.cleaned_data[field] <= door.today:
        return True
    form.add_error(field, "This day is in the future. Correct it.")
    return False


def _proposed(request: HttpRequest, ground: Ground) -> Mapping[str, Any]:
    """A reason that a link brings, with the day that its rule says."""
    reason = request.GET.get("reason", "")
    if reason not in REASONS:
        return {}
    is_inactivity = reason == "administrative_inactivity"
    return {"reason": reason, **({"on": ground.inactive_on} if is_inactivity else {})}


def _way_back(plan: WrittenPlan | None) -> Mapping[str, Any]:
    """What the relapse plan says of coming back, so that it is not typed again."""
    return {"way_back": way_back(plan.content)} if plan is not None else {}


def _purpose(to: str, plan: WrittenPlan | None) -> str:
    """What the contact after a change of status is about."""
    if to == PREVENTION:
        return (plan.content.next_purpose if plan is not None else "") or CHECK
    return BACK if to == ACTIVE else ""


def _to_do(ground: Ground) -> Any:
    """What the scores ask for; outside relapse prevention nothing does."""
    relapse = ground.relapse if ground.status == PREVENTION else ""
    return to_do(relapse, scored_on=max((scale.last_on for scale in ground.scales), default=None), today=ground.today)


def _status_page(asked: Asked, typed: StatusForm | None = None, *, status: int = 200) -> HttpResponse:
    episode, door = asked.door.episode, asked.door
    context: dict[str, Any] = {"is_open": door.is_open}
    if episode is not None:
        ground, papers = _ground(door)
        ways = MOVES[episode.status]
        plan, due = papers.plan, next_due(episode.id)
        context |= {
            "episode": episode,
            "is_no_step": typed is not None and typed.data.get("to") not in ways,
            "steps": [_step(ground, to, typed, plan, due) for to in ways],
            "ground": ground,
            "plan": plan,
            "due": due,
            "is_prevention": episode.status == PREVENTION,
            "to_do": _to_do(ground),
            "hand_offs": papers.hand_offs,
            "history": _history(asked, papers),
            "note": None if door.is_open else closing_note_of(episode),
            "may_reopen": not door.is_open and not has_newer_episode(episode),
        }
    return _page(asked, "status", context, status=status)


def _history(asked: Asked, papers: StatusPapers) -> list[tuple[StatusSince, str]]:
    """Each change with who made it."""
    episode = asked.door.episode
    assert episode is not None
    people = people_of(asked.by.organization_id)
    return [
        (since, str(people[since.by_id]) if since.by_id else "") for since in status_history(episode, papers.changes)
    ]


def _step(
    ground: Ground,
    to: str,
    typed: StatusForm | None,
    plan: WrittenPlan | None,
    due: NextDue | None,
) -> Step:
    button, about = _STEPS[ground.status, to]
    is_typed = typed is not None and typed.data.get("to") == to
    next_on, help_text = _next_contact(ground, to, plan, due)
    initial = {"to": to, "on": ground.today, "next_on": next_on}
    form = typed if typed is not None and is_typed else StatusForm(initial=initial)
    form.auto_id = f"id_{to}_%s"
    form.fields["next_on"].help_text = help_text
    return Step(to, button, about, considerations(to, ground), asks_reason(to, ground), form, next_on is not None)


def _next_contact(ground: Ground, to: str, plan: WrittenPlan | None, due: NextDue | None) -> tuple[date | None, str]:
    """When somebody speaks with the patient after a step, and why then; None where the step plans nothing."""
    now = f" Planned now: {due.on:%b} {due.on.day}." if due is not None else ""
    if to == PREVENTION:
        said = plan.content.next_on if plan is not None else None
        is_ahead = said is not None and said >= ground.today
        about = "As the relapse plan says." if is_ahead else "Every two months from now on."
        return said if is_ahead else next_check_on(ground.today), about + now
    if to == ACTIVE and ground.status == PREVENTION:
        return next_check_on(ground.today, within=RECALL_DAYS), f"Within two weeks.{now}"
    return None, ""


def _page(asked: Asked, template: str, context: Mapping[str, Any], *, status: int) -> HttpResponse:
    patient = asked.door.patient
    record("episode.status_viewed", by=asked.by, at=asked.at, patient_id=patient.id, object_id=patient.id)
    sub = " · ".join(filter(None, [patient.mrn, asked.door.clinic_name]))
    shown = {"door": asked.door, "today": asked.door.today, "sub": sub, **context}
    return render(asked.request, f"registry/{template}.html", shown, status=status)
