"""Who a patient is and how they are reached: the page, and changing it a section at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.queries.merging import merges_into
from caseload.queries.doors import PatientDoor, PatientMerged, patient_door
from registry.forms.patients import SECTION_FORMS, ComparedForm
from registry.operations.errors import RecordNumberTaken
from registry.operations.persons import BornAfterDeath, ChangedMeanwhile, change_patient
from registry.queries.patients import patient_details
from registry.rules.people import SECTIONS
from registry.views.patient_pages import FormPage, Visit, collision_page, form_page, visit

PAGES = {
    "person": FormPage("Person", "Who the patient is", anchor="person"),
    "contact": FormPage("Contact ways", "How to reach the patient", anchor="contact"),
    "address": FormPage("Address", "Where the patient lives", anchor="address"),
    "number": FormPage("Record number", "Record number at the home clinic", anchor="numbers"),
    "visit": FormPage("Next visit", "Next visit in primary care", anchor="stays"),
}


@requires(Permission.VIEW_CHART)
@require_safe
def details(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Everything known of the person, each section with its way to change it."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        door = patient_door(patient_id, for_=by, at=now)
    except PatientMerged as merged:
        return redirect("patient_details", organization, merged.kept_id)
    except NotFound:
        raise Http404 from None
    record("patient.details_viewed", by=by, at=now, patient_id=patient_id, object_id=patient_id)
    may, people = permissions_of(by.roles), people_of(by.organization_id)
    context = {
        "door": door,
        "details": patient_details(patient_id, today=door.today),
        "team": _team(door, people),
        "merges": [(merge, people[merge.by_id]) for merge in merges_into(patient_id)],
        "may_edit": Permission.EDIT_PATIENT in may,
        "may_merge": Permission.MERGE_PATIENTS in may,
    }
    return render(request, "registry/patient_details.html", context)


@requires(Permission.EDIT_PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, organization: str, patient_id: UUID, section: str) -> HttpResponse:
    """One section. Where somebody else changed the same, both versions are shown before anything is saved."""
    seen = visit(request, organization, patient_id)
    if section not in PAGES:
        raise Http404
    return section_page(seen, PAGES[section], SECTION_FORMS[section], SECTIONS[section])


def section_page(seen: Visit, page: FormPage, form_of: type[ComparedForm], names: Sequence[str]) -> HttpResponse:
    """The form over these columns of the patient, and saving it."""
    stored = _stored(seen, names)
    form = form_of(seen.request.POST if seen.is_post else None, stored=stored, today=seen.door.today)
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, page)
    return _save(seen, form, page, names)


def _save(seen: Visit, form: ComparedForm, page: FormPage, names: Sequence[str]) -> HttpResponse:
    values = {name: form.cleaned_data[name] for name in names}
    try:
        change_patient(by=seen.by, at=seen.at, patient_id=seen.door.patient.id, values=values, shown=form.was)
    except ChangedMeanwhile as fault:
        stored = _stored(seen, names)
        return collision_page(seen, form, page, stored=stored, crossed=fault.fields, of=seen.door.patient.id)
    except RecordNumberTaken as fault:
        form.add_error("mrn", str(fault))
        return form_page(seen, form, page)
    except BornAfterDeath as fault:
        form.add_error("birth_date", str(fault))
        return form_page(seen, form, page)
    return seen.back("Saved.", page.anchor)


def _stored(seen: Visit, names: Sequence[str]) -> dict[str, object]:
    """What is stored of these columns, read once more: another may have saved since the door was opened."""
    seen.door.patient.refresh_from_db()
    return {name: getattr(seen.door.patient, name) for name in names}


def _team(door: PatientDoor, people: Mapping[UUID, Membership]) -> list[tuple[str, str]]:
    """Who cares for the patient, by what they are."""
    if door.episode is None:
        return []
    clinician = door.episode.treating_clinician
    named = f"{clinician}, NPI {clinician.npi}" if clinician and clinician.npi else str(clinician or "")
    manager, consultant = (
        people.get(seat_id) if seat_id else None
        for seat_id in (door.episode.care_manager_id, door.episode.consultant_id)
    )
    return [
        ("Treating clinician", named and (named if clinician and clinician.npi else f"{named}, NPI missing")),
        ("Care manager", str(manager or "")),
        ("Psychiatric consultant", str(consultant or "")),
    ]
