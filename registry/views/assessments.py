"""A patient's scores: all of them, one of them, a new one, and one in place of a wrong one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.queries.doors import PatientDoor
from registry.forms.assessments import AssessmentForm, ReplacementForm
from registry.forms.score_entry import LANGUAGES, RISK_STEPS, ToolShown, item_field, part_field, risk_title, tool_shown
from registry.operations.assessments import record_assessment, replace_assessment
from registry.queries.assessments import ScoreShown, assessment_of, episode_on, score_shown, scores_of_patient
from registry.queries.protocols import protocol_of
from registry.queries.risk import has_open_case
from registry.queries.risk_protocols import routings_of
from registry.queries.tools import Tool, all_tools_of, scores_due, tools_of
from registry.rules.risk import SCREENERS
from registry.views.door import asked


@requires(Permission.VIEW_CHART)
@require_safe
def assessments(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Every score on record, those taken back included, below what the clinic's rhythm asks for."""
    here = asked(request, patient_id)
    now, by, door = here.at, here.by, here.door
    shown = scores_of_patient(patient_id, sex=door.patient.sex, enrolled_on=_enrolled_on(door))
    due = scores_due(door.episode, tools_of(_clinic_id(door))) if door.is_open and door.episode else ()
    record("assessments.viewed", by=by, at=now, patient_id=patient_id, object_id=patient_id)
    return render(request, "registry/assessments.html", _frame(door, by) | {"scores": shown, "rhythm": due})


@requires(Permission.VIEW_CHART)
@require_safe
def assessment(request: HttpRequest, organization: str, patient_id: UUID, assessment_id: UUID) -> HttpResponse:
    """One score with its answers, and what they call for."""
    here = asked(request, patient_id)
    now, by, door = here.at, here.by, here.door
    shown = _score(door, assessment_id)
    record("assessment.viewed", by=by, at=now, patient_id=patient_id, object_id=assessment_id)
    risk = _risk(shown)
    hours = routings_of(by.organization_id, _clinic_id(door)) if risk else ()
    crisis_text = protocol_of(_clinic_id(door)).crisis_text
    context = {"score": shown, "risk": risk, "crisis_text": crisis_text, "hours": hours}
    return render(request, "registry/assessment.html", _frame(door, by) | context)


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def assessment_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Choose a tool and enter what was answered. Faulty input comes back with everything as typed."""
    here = asked(request, patient_id)
    now, by, door = here.at, here.by, here.door
    tools = all_tools_of(_clinic_id(door))
    if request.method != "POST":
        return _entry_page(request, door, tools, None, by=by, at=now)
    tool = next((one for one in tools if one.key == request.POST.get("tool")), None)
    form = None if tool is None else _form(request, door, tool)
    kept = _keep(form, door, by=by, at=now) if form is not None and form.is_valid() else None
    if kept is None:
        return _entry_page(request, door, tools, form, by=by, at=now, status=422)
    return _told(request, organization, patient_id, kept, is_new=kept.recorded_at == now)


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def assessment_replace(request: HttpRequest, organization: str, patient_id: UUID, assessment_id: UUID) -> HttpResponse:
    """Enter a score again because it was wrong. One that was replaced already leads to the one that stands."""
    here = asked(request, patient_id)
    now, by, door = here.at, here.by, here.door
    wrong = _score(door, assessment_id)
    if not wrong.is_live:
        messages.info(request, "This score was corrected or taken back before.")
        return redirect("assessment", organization, patient_id, wrong.replaced_by or wrong.id)
    tool = next(one for one in all_tools_of(_clinic_id(door)) if one.key == wrong.instrument.key)
    form = _replacement(request, door, tool, wrong)
    kept = _replace(form, assessment_id, by=by, at=now) if request.method == "POST" and form.is_valid() else None
    if kept is not None:
        return _told(request, organization, patient_id, kept, is_new=True)
    record("assessment.viewed", by=by, at=now, patient_id=patient_id, object_id=assessment_id)
    shown = tool_shown(form, tool, language=form["language"].value() or "en")
    hours = routings_of(by.organization_id, _clinic_id(door))
    context = {"form": form, "score": wrong, "tool": shown, "hours": hours}
    status = 422 if request.method == "POST" else 200
    return render(request, "registry/assessment_replace.html", _frame(door, by) | context, status=status)


def _score(door: PatientDoor, assessment_id: UUID) -> ScoreShown:
    """A score of this patient, and of no other."""
    try:
        return score_shown(assessment_id, of=door.patient.id, sex=door.patient.sex, enrolled_on=_enrolled_on(door))
    except NotFound:
        raise Http404 from None


def _enrolled_on(door: PatientDoor) -> Any:
    return door.episode.enrolled_on if door.episode else None


def _clinic_id(door: PatientDoor) -> UUID:
    clinic_id: UUID = (door.episode or door.patient).clinic_id
    return clinic_id


def _frame(door: PatientDoor, by: Membership) -> dict[str, Any]:
    return {
        "door": door,
        "sub": " · ".join(part for part in (door.patient.mrn, door.clinic_name) if part),
        "may_enter": Permission.LOG_CONTACT in permissions_of(by.roles),
    }


def _form(request: HttpRequest, door: PatientDoor, tool: Tool) -> AssessmentForm:
    language = _words_in(request, door)
    data = request.POST if request.POST.get("tool") == tool.key else None
    return AssessmentForm(data, tool=tool, today=door.today, born=door.patient.birth_date, language=language)


def _words_in(request: HttpRequest, door: PatientDoor) -> str:
    """The language of the wording: as asked for, else the patient's where tools are in it."""
    asked = request.GET.get("words", "")
    spoken = "es" if door.patient.language.strip().lower() in ("es", "spanish", "español", "espanol") else "en"
    return asked if asked in LANGUAGES else spoken


def _keep(form: AssessmentForm, door: PatientDoor, *, by: Membership, at: datetime) -> Any:
    """The score, or None with the refusal said at its field."""
    given, on = form.given, form.cleaned_data["on"]
    assert given is not None
    try:
        return record_assessment(
            by=by,
            at=at,
            patient=door.patient,
            episode=episode_on(door.patient.id, on),
            instrument=given.instrument,
            on=on,
            items=given.items,
            total=given.total,
            item9=given.item9,
            difficulty=given.difficulty,
            language=given.language,
            client_token=form.cleaned_data["client_token"],
        )
    except DomainError as fault:
        form.say(fault)
        return None


def _replacement(request: HttpRequest, door: PatientDoor, tool: Tool, wrong: ScoreShown) -> ReplacementForm:
    data = request.POST if request.method == "POST" else None
    return ReplacementForm(
        data,
        tool=tool,
        today=door.today,
        born=door.patient.birth_date,
        language=wrong.language,
        initial=_as_entered(wrong),
    )


def _as_entered(wrong: ScoreShown) -> dict[str, Any]:
    """A score as its form was filled in."""
    key = wrong.instrument.key
    typed: dict[str, Any] = {
        item_field(key, number): str(answer.points)
        for number, answer in enumerate(wrong.answers, start=1)
        if answer.points is not None
    }
    if wrong.is_total_only:
        typed = {part_field(key, "total"): str(wrong.total), part_field(key, "critical"): wrong.critical_answer}
    return {"on": wrong.on, part_field(key, "difficulty"): wrong.difficulty_answer, **typed}


def _replace(form: ReplacementForm, assessment_id: UUID, *, by: Membership, at: datetime) -> Any:
    assert form.given is not None
    try:
        return replace_assessment(
            by=by,
            at=at,
            assessment=assessment_of(assessment_id),
            reason=form.cleaned_data["reason"],
            on=form.cleaned_data["on"],
            given=form.given,
        )
    except DomainError as fault:
        form.say(fault)
        return None


def _told(request: HttpRequest, organization: str, patient_id: UUID, kept: Any, *, is_new: bool) -> HttpResponse:
    """Say what was saved; answers that mean danger, and a screener of somebody at risk, lead to the protocol."""
    shown = score_shown(kept.id, of=patient_id)
    words = f"{shown.instrument.name}: {shown.result}."
    messages.success(request, f"Saved. {words}") if is_new else messages.info(request, f"Saved already. {words}")
    if (shown.is_risk or shown.instrument.key in SCREENERS) and has_open_case(patient_id):
        return redirect("risk_case", organization, patient_id)
    if shown.is_risk:
        return redirect("assessment", organization, patient_id, kept.id)
    return redirect("assessments", organization, patient_id)


def _risk(shown: ScoreShown) -> tuple[str, tuple[str, ...]] | None:
    """A title and steps where the answers call for any."""
    if shown.tier is not None:
        return (shown.result[:1].upper() + shown.result[1:], shown.tier.steps) if shown.is_risk else None
    return (risk_title(shown.instrument), RISK_STEPS) if shown.is_risk else None


def _entry_page(
    request: HttpRequest,
    door: PatientDoor,
    tools: tuple[Tool, ...],
    sent: AssessmentForm | None,
    *,
    by: Membership,
    at: datetime,
    status: int = 200,
) -> HttpResponse:
    record("assessment.opened", by=by, at=at, patient_id=door.patient.id, object_id=door.patient.id)
    language = _words_in(request, door)
    opens = request.GET.get("tool", "") if sent is None else sent.tool.key
    shown: list[tuple[ToolShown, AssessmentForm]] = []
    for tool in tools:
        form = sent if sent is not None and sent.tool.key == tool.key else _form(request, door, tool)
        shown.append((tool_shown(form, tool, language=language), form))
    context = {
        "in_use": [pair for pair in shown if pair[0].tool.is_in_use],
        "others": [pair for pair in shown if not pair[0].tool.is_in_use],
        "opens_others": any(not tool.is_in_use and tool.key == opens for tool in tools),
        "opens": opens,
        "sent": sent,
        "is_refused": status != 200,
        "hours": routings_of(by.organization_id, _clinic_id(door)),
        "languages": LANGUAGES.items(),
        "language": language,
    }
    return render(request, "registry/assessment_new.html", _frame(door, by) | context, status=status)
