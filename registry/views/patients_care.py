"""What pays for a patient, who cares for them, and where they have been: insurances, care team, stays."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_with
from bhi.errors import DomainError
from bhi.tenancy.models import Role
from registry.forms.patients_around import CareTeamForm, CoverageForm, EndStayForm, StayForm
from registry.operations.coverages import change_coverage, insure, move_coverage, void_coverage
from registry.operations.errors import DateOutOfOrder
from registry.operations.persons import ChangedMeanwhile, NamedClinician, NpiTaken, set_care_team
from registry.operations.stays import end_stay, record_stay, void_stay
from registry.queries.patients import clinicians_of, coverage_of, payers_of, stay_of
from registry.rules.holders import HELD
from registry.views.patient_pages import FormPage, Visit, collision_page, form_page, found, visit
from registry.views.patients_related import METHODS, remove

_NEW_COVERAGE = FormPage(
    "Insurance", "Another insurance", "Add", "It pays after those that are there; put it higher later.", "coverages"
)
_COVERAGE = FormPage("Insurance", "Insurance", anchor="coverages")
_TEAM = FormPage("Care team", "Care team", anchor="team")
_STAY = FormPage(
    "Stay",
    "Emergency visit or hospital stay",
    "Record",
    "When the patient leaves, a follow-up within 7 days is put on the list. Minutes during a hospital stay are marked.",
    "stays",
)
_END = FormPage("End a stay", "When the patient left", anchor="stays")


@requires(Permission.MEND_CLAIM_DATA)
@require_http_methods(METHODS)
def coverage_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Another insurance, after those that there are."""
    seen = visit(request, organization, patient_id)
    payers = payers_of(seen.by.organization_id)
    form = CoverageForm(request.POST if seen.is_post else None, payers=payers, today=seen.door.today)
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, _NEW_COVERAGE)
    insure(
        by=seen.by,
        at=seen.at,
        patient=seen.door.patient,
        payer=form.chosen_payer,
        payer_name=form.cleaned_data["new_payer"],
        **_coverage_values(form),
        held=_held(form),
    )
    return seen.back("Added.", "coverages")


@requires(Permission.MEND_CLAIM_DATA)
@require_http_methods(METHODS)
def coverage_edit(request: HttpRequest, organization: str, patient_id: UUID, coverage_id: UUID) -> HttpResponse:
    """Correct an insurance, or end it with its last day."""
    seen = visit(request, organization, patient_id)
    stored, payers = _stored_coverage(seen, coverage_id), payers_of(seen.by.organization_id)
    form = CoverageForm(request.POST if seen.is_post else None, payers=payers, stored=stored, today=seen.door.today)
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, _COVERAGE)
    chosen = form.chosen_payer
    try:
        change_coverage(
            by=seen.by,
            at=seen.at,
            coverage_id=coverage_id,
            values={"payer_id": chosen.id if chosen else None, **_coverage_values(form), **_held(form)},
            payer_name=form.cleaned_data["new_payer"],
            shown=form.was,
        )
    except ChangedMeanwhile as fault:
        stored = _stored_coverage(seen, coverage_id)
        return collision_page(seen, form, _COVERAGE, stored=stored, crossed=fault.fields, of=coverage_id)
    except DomainError as fault:
        form.add_error("until_on", str(fault))
        return form_page(seen, form, _COVERAGE)
    return seen.back("Saved.", "coverages")


@requires(Permission.MEND_CLAIM_DATA)
@require_http_methods(METHODS)
def coverage_remove(request: HttpRequest, organization: str, patient_id: UUID, coverage_id: UUID) -> HttpResponse:
    """Take back an insurance that the patient never had."""
    seen = visit(request, organization, patient_id)
    coverage = found(lambda: coverage_of(patient_id, coverage_id))
    intro = "Only where the patient never had it. One that is over gets its last day instead."
    page = FormPage(
        "Remove an insurance", f"Remove {coverage.payer.name}", "Remove", intro, "coverages", is_danger=True
    )
    return remove(seen, page, lambda why: void_coverage(by=seen.by, at=seen.at, coverage_id=coverage.id, reason=why))


@requires(Permission.MEND_CLAIM_DATA)
@require_POST
def coverage_move(request: HttpRequest, organization: str, patient_id: UUID, coverage_id: UUID) -> HttpResponse:
    """Let an insurance pay earlier or later."""
    seen = visit(request, organization, patient_id)
    found(lambda: coverage_of(patient_id, coverage_id))
    move_coverage(by=seen.by, at=seen.at, coverage_id=coverage_id, up=request.POST.get("way") != "down")
    return seen.back("Order changed.", "coverages")


@requires(Permission.EDIT_PATIENT)
@require_http_methods(METHODS)
def care_team(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Who treats, manages and is consulted."""
    seen = visit(request, organization, patient_id)
    if seen.door.episode is None:
        raise Http404
    form = CareTeamForm(
        request.POST if seen.is_post else None, choices=_choices(seen), stored=_stored_team(seen), today=seen.door.today
    )
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, _TEAM)
    return _save_team(seen, form)


@requires(Permission.EDIT_PATIENT)
@require_http_methods(METHODS)
def stay_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """An emergency visit or hospital stay, open while the patient is still there."""
    seen = visit(request, organization, patient_id)
    born = seen.door.patient.birth_date
    form = StayForm(request.POST if seen.is_post else None, today=seen.door.today, birth_date=born)
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, _STAY)
    record_stay(by=seen.by, at=seen.at, patient=seen.door.patient, **form.cleaned_data)
    return seen.back("Recorded.", "stays")


@requires(Permission.EDIT_PATIENT)
@require_http_methods(METHODS)
def stay_end(request: HttpRequest, organization: str, patient_id: UUID, stay_id: UUID) -> HttpResponse:
    """The day on which the patient left."""
    seen = visit(request, organization, patient_id)
    found(lambda: stay_of(patient_id, stay_id))
    form = EndStayForm(request.POST if seen.is_post else None, today=seen.door.today)
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, _END)
    try:
        end_stay(by=seen.by, at=seen.at, stay_id=stay_id, on=form.cleaned_data["until_on"])
    except DomainError as fault:
        form.add_error("until_on" if isinstance(fault, DateOutOfOrder) else None, str(fault))
        return form_page(seen, form, _END)
    return seen.back("Saved. A follow-up within 7 days is put on the list.", "stays")


@requires(Permission.EDIT_PATIENT)
@require_http_methods(METHODS)
def stay_remove(request: HttpRequest, organization: str, patient_id: UUID, stay_id: UUID) -> HttpResponse:
    """Take back a stay that was not so."""
    seen = visit(request, organization, patient_id)
    stay = found(lambda: stay_of(patient_id, stay_id))
    page = FormPage(
        "Remove a stay", f"Remove this {stay.get_kind_display().lower()}", "Remove", "", "stays", is_danger=True
    )
    return remove(seen, page, lambda why: void_stay(by=seen.by, at=seen.at, stay_id=stay.id, reason=why))


def _coverage_values(form: CoverageForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("member_id", "plan_name", "from_on", "until_on")}


def _held(form: CoverageForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in HELD}


def _stored_coverage(seen: Visit, coverage_id: UUID) -> dict[str, Any]:
    coverage = found(lambda: coverage_of(seen.door.patient.id, coverage_id))
    names = ("payer_id", "member_id", "plan_name", "from_on", "until_on", *HELD)
    return {name: getattr(coverage, name) for name in names}


def _stored_team(seen: Visit) -> dict[str, Any]:
    episode = seen.door.episode
    assert episode is not None
    episode.refresh_from_db()
    return {name: getattr(episode, name) for name in ("treating_clinician_id", "care_manager_id", "consultant_id")}


def _choices(seen: Visit) -> dict[str, list[tuple[str, str]]]:
    """Whom one may choose; whoever is chosen now stays in the list."""
    nobody = [("", "Nobody yet")]
    organization_id = seen.by.organization_id
    clinicians = [(str(one.id), f"{one}{'' if one.npi else ' (no NPI)'}") for one in clinicians_of(organization_id)]
    managers = [(str(key), name) for key, name in people_with(organization_id, Role.CARE_MANAGER)]
    consultants = [(str(key), name) for key, name in people_with(organization_id, Role.PSYCHIATRIC_CONSULTANT)]
    return {
        "treating_clinician_id": nobody + clinicians,
        "care_manager_id": nobody + managers,
        "consultant_id": nobody + consultants,
    }


def _save_team(seen: Visit, form: CareTeamForm) -> HttpResponse:
    episode = seen.door.episode
    assert episode is not None
    try:
        set_care_team(
            by=seen.by,
            at=seen.at,
            episode_id=episode.id,
            treating_clinician_id=form.chosen("treating_clinician_id"),
            care_manager_id=form.chosen("care_manager_id"),
            consultant_id=form.chosen("consultant_id"),
            npi=form.cleaned_data["npi"],
            new_clinician=_named(form),
            shown=form.was,
        )
    except ChangedMeanwhile as fault:
        return collision_page(seen, form, _TEAM, stored=_stored_team(seen), crossed=fault.fields, of=episode.id)
    except NpiTaken as fault:
        form.add_error("new_npi" if form.cleaned_data["new_npi"] else "npi", str(fault))
        return form_page(seen, form, _TEAM)
    except DomainError as fault:
        form.add_error("new_name", str(fault))
        return form_page(seen, form, _TEAM)
    return seen.back("Saved.", "team")


def _named(form: CareTeamForm) -> NamedClinician | None:
    """A clinician who is not in the list."""
    values = form.cleaned_data
    if not values["new_name"]:
        return None
    return NamedClinician(values["new_name"], values["new_credential"], values["new_npi"])
