"""What an enrolment rests on, the program it is in, and the sheet that the patient takes home."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError
from caseload.queries.follow_ups import next_due
from registry.forms.diagnoses import ProgramForm, TargetsForm
from registry.operations import change_program
from registry.operations.enrolment import choose_targets
from registry.queries.consents import cost_words
from registry.queries.enrolment import enrolment_shown, program_periods, targets_of
from registry.queries.protocols import protocol_of
from registry.queries.tools import tools_of
from registry.rules.enrolment import Part
from registry.rules.instruments import TARGET_SCALES
from registry.rules.welcome import Facts, day_in
from registry.rules.welcome import welcome_sheet as sheet_in
from registry.views.door import Asked, asked

# Pages of other parts that mend something; until one is there, the patient's own page is the way.
_ELSEWHERE = {
    "care_manager": "care_team",
    "clinician": "care_team",
    "npi": "care_team",
    "insurance": "coverage_new",
    "emergency_contact": "related_person_new",
}


@dataclass(frozen=True)
class PartShown:
    """A line of the checklist, with the address of the page that mends it; empty where there is none."""

    part: Part
    url: str


@requires(Permission.VIEW_CHART)
@require_safe
def enrolment(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The checklist, the papers, and every earlier enrolment."""
    it = asked(request, patient_id)
    episode = it.door.episode if it.door.is_open else None
    shown = enrolment_shown(it.door.patient, episode, zone=it.door.zone, today=it.door.today)
    may_enrol = it.may(Permission.ENROL)
    parts = [PartShown(part, _url(it, part) if may_enrol else "") for part in shown.checklist.parts]
    return it.page("enrolment.viewed", "registry/enrolment.html", {"shown": shown, "parts": parts})


@requires(Permission.ENROL)
@require_http_methods(["GET", "HEAD", "POST"])
def program(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The program with its changes, and the scales that the episode is steered by."""
    it = asked(request, patient_id)
    which = request.POST.get("what") if it.is_post else ""
    change = ProgramForm(request.POST if which == "program" else None, initial={"on": it.door.today})
    targets = _targets_form(it, is_sent=which == "targets")
    if it.is_post and it.door.is_open and (_changed(it, change) if which == "program" else _chosen(it, targets)):
        return redirect("enrolment", organization, patient_id)
    periods = program_periods(it.door.episode) if it.door.episode is not None else []
    context = {"change": change, "targets": targets, "periods": periods}
    status = (422 if it.door.is_open else 409) if it.is_post else 200
    return it.page("episode.program_opened", "registry/enrolment_program.html", context, status=status)


@requires(Permission.VIEW_CHART)
@require_safe
def welcome_sheet(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """A page for the patient: who calls, how often, what about, what it costs, and whom to call in a crisis."""
    it = asked(request, patient_id)
    language = _language(it)
    sheet = sheet_in(_facts(it, language), language)
    context = {"sheet": sheet, "other": "en" if language == "es" else "es"}
    return it.page("welcome.viewed", "registry/welcome.html", context)


def _facts(it: Asked, language: str) -> Facts:
    episode = it.door.episode if it.door.is_open else None
    protocol = protocol_of((episode or it.door.patient).clinic_id)
    due = next_due(episode.id) if episode is not None else None
    return Facts(
        clinic=protocol.clinic_name,
        hours=protocol.hours if language == "en" else "",
        care_manager=episode.care_manager.name if episode is not None and episode.care_manager is not None else "",
        clinician=str(episode.treating_clinician or "") if episode is not None else "",
        next_on=day_in(due.on, language) if due is not None and due.on >= it.door.today else "",
        cost=cost_words(it.door.patient.id, language),
        crisis=protocol.crisis_text_es if language == "es" else protocol.crisis_text,
    )


def _language(it: Asked) -> str:
    """The language that was asked for, else the patient's."""
    chosen = it.request.GET.get("language", "")
    if chosen in {"en", "es"}:
        return chosen
    return "es" if it.door.patient.language.casefold().startswith(("es", "span")) else "en"


def _url(it: Asked, part: Part) -> str:
    slug, patient_id = it.by.organization.slug, it.door.patient.id
    for name in filter(None, (_ELSEWHERE.get(part.key), part.page)):
        try:
            return reverse(name, args=[slug, patient_id])
        except NoReverseMatch:
            continue
    return ""


def _targets_form(it: Asked, *, is_sent: bool) -> TargetsForm:
    """Target scales among the clinic's tools, those chosen already included."""
    chosen = targets_of(it.door.episode)
    clinic_id = (it.door.episode or it.door.patient).clinic_id
    offered = {tool.key for tool in tools_of(clinic_id)} | set(chosen)
    keys = [key for key in TARGET_SCALES if key in offered]
    return TargetsForm(it.request.POST if is_sent else None, offered=keys, initial={"keys": list(chosen)})


def _changed(it: Asked, form: ProgramForm) -> bool:
    if not form.is_valid() or it.door.episode is None:
        return False
    if form.cleaned_data["on"] > it.door.today:
        form.add_error("on", "The day is in the future. Correct it.")
        return False
    if form.cleaned_data["on"] < it.door.episode.enrolled_on:
        form.add_error("on", "This date is before the enrolment. Correct it.")
        return False
    try:
        change_program(by=it.by, at=it.at, episode=it.door.episode, **form.cleaned_data)
    except DomainError as refusal:
        form.add_error("to", str(refusal))
        return False
    messages.success(it.request, "Program changed.")
    return True


def _chosen(it: Asked, form: TargetsForm) -> bool:
    if not form.is_valid() or it.door.episode is None:
        return False
    try:
        choose_targets(by=it.by, at=it.at, episode=it.door.episode, keys=form.cleaned_data["keys"])
    except DomainError as refusal:
        form.add_error("keys", str(refusal))
        return False
    messages.success(it.request, "Target scales saved.")
    return True
