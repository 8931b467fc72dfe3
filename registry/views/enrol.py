"""Enrolling: from a warm hand-off, from a referral, or again after a discharge; one form, saved as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Clinic, Membership, Role
from bhi.web.asked import own_clinics, seat
from caseload.operations.contacts import NextContact
from caseload.operations.enrol_now import (
    ConsentGiven,
    Enrolled,
    FirstSteps,
    Insurance,
    Representative,
    Start,
    enrol_now,
)
from caseload.queries.doors import PatientDoor, patient_door
from registry.forms.enrol import NEW, NOT_YET, QMB, EnrolNowForm, Offered, StartForm
from registry.forms.score_entry import field_of, tool_shown
from registry.operations.errors import ConsentImpossible, RecordNumberTaken, ScoreUnusable
from registry.operations.persons import ClinicianUnreadable
from registry.operations.referrals import NewPerson
from registry.queries.choices import (
    care_manager_choices,
    clinic_choices,
    clinic_named_by,
    clinician_choices,
    clinician_named_by,
    payer_choices,
    payer_named_by,
    payers_with_mbi,
    representative_choices,
    representative_named_by,
)
from registry.queries.consents import LANGUAGES, cost_words, current_texts, text_of
from registry.queries.duplicates import Alike, alike
from registry.queries.earlier import earlier_episodes
from registry.queries.enrolment import care_manager_named_by
from registry.queries.panels import open_episodes_by_care_manager, panel_of
from registry.queries.programs import program_of
from registry.queries.protocols import protocol_of
from registry.queries.referral_doors import open_referral
from registry.queries.referrals import was_referred
from registry.queries.tools import all_tools_of
from registry.rules.consent import COST_WORDS, is_minor
from registry.rules.enrolment import DEFAULT_TARGETS

FORM_METHODS = ["GET", "HEAD", "POST"]
_COSTS = (("QMB", "nothing"), ("Medicare", "medicare"), ("Another plan", "plan"), ("No insurance", "self_pay"))


@dataclass(frozen=True)
class Desk:
    """A request to enrol: who asks, whom it is about where that is known, and what the form offers."""

    request: HttpRequest
    by: Membership
    at: datetime
    clinic: Clinic
    offered: Offered
    program: str
    door: PatientDoor | None = None
    referral: Any = None

    @property
    def is_post(self) -> bool:
        return self.request.method == "POST"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.clinic.time_zone)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def enrol_new(request: HttpRequest, organization: str) -> HttpResponse:
    """Somebody is handed over now; who resembles them on record is shown before anything is saved."""
    if not clinic_choices(seat(request).organization_id):
        return render(request, "registry/enrol.html", {"has_no_clinic": True}, status=409 if request.POST else 200)
    desk = _desk(request)
    form = EnrolNowForm(_typed(desk), offered=desk.offered, zone=desk.zone, now=desk.at, initial=_initial(desk))
    if not desk.is_post:
        return _page(desk, form)
    alikes = _alikes(desk, form) if form.is_valid() else ()
    who = _who(desk, form, alikes) if form.is_valid() else None
    return _answer(desk, form, who, alikes)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def enrol_referred(request: HttpRequest, organization: str, referral_id: UUID) -> HttpResponse:
    """The patient of a referral is enrolled."""
    by, at = seat(request), timezone.now()
    try:
        referral = open_referral(referral_id, for_=by)
    except NotFound:
        raise Http404 from None
    return _known(request, patient_door(referral.patient_id, for_=by, at=at), referral)


@requires(Permission.ENROL)
@require_http_methods(FORM_METHODS)
def enrol_again(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Somebody on record is enrolled, for the first time or again, with the old enrolments in view."""
    by, at = seat(request), timezone.now()
    try:
        return _known(request, patient_door(patient_id, for_=by, at=at), None)
    except NotFound:
        raise Http404 from None


def _known(request: HttpRequest, door: PatientDoor, referral: Any) -> HttpResponse:
    desk = _desk(request, door, referral)
    sent_before = desk.is_post and referral is not None and referral.episode_id is not None
    if not sent_before and (door.is_open or (referral is not None and referral.ended_on is not None)):
        text = "This patient is enrolled already." if door.is_open else "This referral has ended."
        messages.info(request, text)
        return redirect("enrolment", desk.by.organization.slug, door.patient.id)
    form = StartForm(
        _typed(desk),
        offered=desk.offered,
        zone=desk.zone,
        now=desk.at,
        initial=_initial(desk),
        birth_date=door.patient.birth_date,
    )
    if not desk.is_post:
        return _page(desk, form)
    return _answer(desk, form, (referral or door.patient) if form.is_valid() else None, ())


def _answer(desk: Desk, form: StartForm, who: Any, alikes: tuple[Alike, ...]) -> HttpResponse:
    kept = _save(desk, form, who) if who is not None else None
    if kept is None:
        return _page(desk, form, alikes=alikes, status=422)
    _tell(desk, form, kept)
    return redirect("welcome_sheet", desk.by.organization.slug, kept.episode.patient_id)


def _desk(request: HttpRequest, door: PatientDoor | None = None, referral: Any = None) -> Desk:
    by, at = seat(request), timezone.now()
    organization_id = by.organization_id
    clinics = clinic_choices(organization_id, among=own_clinics(request))
    clinic = _clinic(by, request.POST.get("clinic", ""), clinics, door, referral)
    tools = {tool.key: tool for tool in all_tools_of(clinic.id)}
    patient = door.patient if door is not None else None
    today = at.astimezone(ZoneInfo(clinic.time_zone)).date()
    offered = Offered(
        clinics=clinics,
        clinicians=clinician_choices(organization_id),
        care_managers=care_manager_choices(organization_id),
        payers=payer_choices(organization_id),
        texts=current_texts(organization_id),
        tools=[tools[key] for key in DEFAULT_TARGETS],
        representatives=representative_choices(patient.id, today) if patient is not None else (),
        mbi_payers=payers_with_mbi(organization_id),
    )
    program = program_of(organization_id, clinic.id)
    return Desk(request, by, at, clinic, offered, program, door, referral)


def _clinic(
    by: Membership, chosen: str, clinics: list[tuple[str, str]], door: PatientDoor | None, referral: Any
) -> Clinic:
    """The clinic that was chosen, else that of the referral or the patient, else the first: one of the seat's own."""
    known = referral.clinic_id if referral is not None else door.patient.clinic_id if door is not None else ""
    own = [value for value, _ in clinics]
    found = clinic_named_by(by.organization_id, next(one for one in (chosen, str(known), own[0]) if one in own))
    assert found is not None
    return found


def _typed(desk: Desk) -> Any:
    return desk.request.POST if desk.is_post else None


def _initial(desk: Desk) -> dict[str, Any]:
    """What can be taken for granted: nothing of consent, direction or risk."""
    referral, language = desk.referral, desk.door.patient.language if desk.door is not None else ""
    texts = desk.offered.texts
    is_care_manager = Role.CARE_MANAGER.value in desk.by.roles
    own = desk.by.id if is_care_manager else None
    return {
        "clinic": desk.clinic.id,
        "program": desk.program,
        "care_manager": (referral.assigned_to_id if referral is not None else None) or own,
        "treating_clinician": referral.treating_clinician_id if referral is not None else None,
        "target_condition": referral.reason[:100] if referral is not None else "",
        "script": texts["es" if language.casefold().startswith(("es", "span")) else "en"].id,
    }


def _alikes(desk: Desk, form: EnrolNowForm) -> tuple[Alike, ...]:
    values = form.cleaned_data
    if was_referred(desk.by.organization_id, values["client_token"]):
        return ()  # whom the first of two presses put on record is no other person
    return alike(
        desk.by.organization_id,
        family_name=values["family_name"],
        given_name=values["given_name"],
        birth_date=values["birth_date"],
        phone=values["phone"],
        mrn=values["mrn"],
    )


def _who(desk: Desk, form: EnrolNowForm, alikes: tuple[Alike, ...]) -> Any:
    """The new person, or the one on record that was chosen; None while that has to be said."""
    values = form.cleaned_data
    chosen = values["same_as"]
    same = next((one for one in alikes if str(one.person.id) == chosen), None)
    if same is not None:
        return patient_door(same.person.id, for_=desk.by, at=desk.at).patient
    if alikes and chosen != NEW:
        form.add_error("same_as", "Somebody like this is on record. Say whether it is the same person.")
        return None
    return NewPerson(
        family_name=values["family_name"],
        given_name=values["given_name"],
        birth_date=values["birth_date"],
        mrn=values["mrn"],
        phone=values["phone"],
        may_leave_voicemail=values["may_leave_voicemail"],
        language=values["language"],
    )


def _save(desk: Desk, form: StartForm, who: Any) -> Enrolled | None:
    """What was saved; None with the refusal said at its field."""
    token = form.cleaned_data["client_token"]
    try:
        return enrol_now(
            by=desk.by, at=desk.at, client_token=token, who=who, start=_start(desk, form), first=_first(desk, form)
        )
    except DomainError as refusal:
        form.add_error(_field_of(refusal, form), str(refusal))
        return None


def _start(desk: Desk, form: StartForm) -> Start:
    values = form.cleaned_data
    ruled_out_by = {"clinician": "the treating clinician", "me": desk.by.name}.get(values["risk_ruled_out"], "")
    return Start(
        clinic=desk.clinic,
        enrolled_on=values["enrolled_on"],
        program=values["program"],
        care_manager=care_manager_named_by(desk.by.organization_id, values["care_manager"]),
        treating_clinician=clinician_named_by(desk.by.organization_id, values["treating_clinician"]),
        new_clinician=values["new_clinician"],
        target_condition=values["target_condition"],
        directed_how="" if values["directed"] == NOT_YET else values["directed"],
        risk_ruled_out_by=ruled_out_by,
    )


def _first(desk: Desk, form: StartForm) -> FirstSteps:
    values = form.cleaned_data
    payer = payer_named_by(desk.by.organization_id, values["payer"]) or values["new_payer"]
    next_on = values["next_on"]
    return FirstSteps(
        consent=_consent(desk, form) if form.moment is not None else None,
        insurance=Insurance(payer, values["member_id"], QMB if values["is_qmb"] else "") if payer else None,
        scores=form.scores,
        next_contact=NextContact(next_on, values["next_purpose"]) if next_on else None,
    )


def _consent(desk: Desk, form: StartForm) -> ConsentGiven:
    values, moment = form.cleaned_data, form.moment
    assert moment is not None
    named = values["representative_name"]
    on_record = None
    if values["given_by"] == "representative" and desk.door is not None:
        on_record = representative_named_by(desk.door.patient.id, values["representative"])
    is_new = values["given_by"] == "representative" and on_record is None and named
    return ConsentGiven(
        given_at=moment.at,
        is_time_known=moment.is_time_known,
        form=values["consent"],
        script=text_of(desk.by.organization_id, values["script"]),
        given_by=values["given_by"],
        minor_basis=values["minor_basis"] if values["given_by"] == "minor" else "",
        representative=Representative(named, values["represents_as"]) if is_new else None,
        related_person=on_record,
    )


def _field_of(refusal: DomainError, form: StartForm) -> str | None:
    """Where a refusal is shown; None is above the form."""
    if isinstance(refusal, ScoreUnusable):
        return field_of(refusal, form)
    if isinstance(refusal, ClinicianUnreadable):
        return "new_clinician"
    if isinstance(refusal, RecordNumberTaken):
        return "mrn" if "mrn" in form.fields else None
    names = {"on": "consent_on", "representative": "representative_name", "given_by": "given_by"}
    field = getattr(refusal, "field", "")
    if isinstance(refusal, ConsentImpossible):
        field = names.get(field, field)
    return field if field in form.fields else None


def _tell(desk: Desk, form: StartForm, kept: Enrolled) -> None:
    if not kept.was_new:
        messages.info(desk.request, "This enrolment was saved already.")
        return
    messages.success(desk.request, "Enrolled. Everything else is on the checklist.")
    if form.moment is None:
        messages.warning(desk.request, "Consent is missing: no minutes count before it.")
    if form.is_risk:
        messages.warning(desk.request, "An answer about self-harm is above 0. Assess safety before the patient leaves.")
    if form.cleaned_data["risk_ruled_out"] == NOT_YET:
        messages.warning(desk.request, "Urgent risk is not ruled out. Ask the treating clinician now.")


def _page(desk: Desk, form: StartForm, *, alikes: tuple[Alike, ...] = (), status: int = 200) -> HttpResponse:
    patient = desk.door.patient if desk.door is not None else None
    if patient is not None:
        record("enrolment.begun", by=desk.by, at=desk.at, patient_id=patient.id, object_id=patient.id)
    elif alikes:
        record("enrolment.begun", by=desk.by, at=desk.at, shown=[one.person.id for one in alikes])
    texts = desk.offered.texts
    context = {
        "form": form,
        "door": desk.door,
        "referral": desk.referral,
        "alikes": alikes,
        "same_as": form["same_as"].value() if "same_as" in form.fields else "",
        "earlier": earlier_episodes(patient.id) if patient is not None else (),
        "tools": [tool_shown(form, tool) for tool in desk.offered.tools],
        "texts": [texts[language] for language, _ in LANGUAGES],
        "cost": cost_words(patient.id) if patient is not None else "",
        "costs": [(name, COST_WORDS[kind]["en"]) for name, kind in _COSTS],
        "is_minor": patient is not None and is_minor(patient.birth_date, desk.door.today),  # type: ignore[union-attr]
        "panel": _panel(desk, form),
        "sub": f"{patient.mrn} · {desk.clinic.name}".strip(" ·") if patient is not None else "",
    }
    return render(desk.request, "registry/enrol.html", context, status=status)


def _panel(desk: Desk, form: StartForm) -> Any:
    """How full the panel of the named care manager is, where the clinic has a limit."""
    limit = protocol_of(desk.clinic.id).panel_limit
    named = str(form["care_manager"].value() or "")
    if limit is None or named not in dict(desk.offered.care_managers):
        return None
    return panel_of(UUID(named), limit=limit, counts=open_episodes_by_care_manager(desk.by.organization_id))
