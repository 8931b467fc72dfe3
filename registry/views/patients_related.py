"""The people around a patient, and the numbers under which other clinics know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError
from bhi.tenancy.models import Clinic
from registry.forms.patients_around import ReasonForm, RecordNumberForm, RelatedPersonForm
from registry.operations.persons import (
    ChangedMeanwhile,
    add_record_number,
    add_related_person,
    change_related_person,
    take_back,
)
from registry.queries.patients import other_clinics_of, record_number_of, related_person
from registry.views.patient_pages import FormPage, Visit, collision_page, form_page, found, visit

METHODS = ["GET", "HEAD", "POST"]
FIELDS = ("name", "relation", "phone", "is_emergency_contact", "represents_as", "may_speak_about", "until_on")
_NEW = FormPage("Related person", "Somebody of the patient’s", save="Add", anchor="related")
_CHANGE = FormPage("Related person", "Somebody of the patient’s", anchor="related")


@requires(Permission.EDIT_PATIENT)
@require_http_methods(METHODS)
def related_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Somebody to call, who decides, or with whom we may speak."""
    seen = visit(request, organization, patient_id)
    form = RelatedPersonForm(request.POST if seen.is_post else None, today=seen.door.today)
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, _NEW)
    add_related_person(by=seen.by, at=seen.at, patient=seen.door.patient, **_values(form))
    return seen.back("Added.", "related")


@requires(Permission.EDIT_PATIENT)
@require_http_methods(METHODS)
def related_edit(request: HttpRequest, organization: str, patient_id: UUID, person_id: UUID) -> HttpResponse:
    """Change what is known of them, and what they may be told."""
    seen = visit(request, organization, patient_id)
    stored = _stored(seen, person_id)
    form = RelatedPersonForm(request.POST if seen.is_post else None, stored=stored, today=seen.door.today)
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, _CHANGE)
    try:
        change_related_person(by=seen.by, at=seen.at, person_id=person_id, values=_values(form), shown=form.was)
    except ChangedMeanwhile as fault:
        stored = _stored(seen, person_id)
        return collision_page(seen, form, _CHANGE, stored=stored, crossed=fault.fields, of=person_id)
    return seen.back("Saved.", "related")


@requires(Permission.EDIT_PATIENT)
@require_http_methods(METHODS)
def related_remove(request: HttpRequest, organization: str, patient_id: UUID, person_id: UUID) -> HttpResponse:
    """Take a related person off the list; the record keeps them with the reason."""
    seen = visit(request, organization, patient_id)
    person = found(lambda: related_person(patient_id, person_id))
    page = FormPage("Remove a person", f"Remove {person.name}", save="Remove", anchor="related", is_danger=True)
    return remove(seen, page, lambda why: take_back(by=seen.by, at=seen.at, fact=person, reason=why))


@requires(Permission.EDIT_PATIENT)
@require_http_methods(METHODS)
def number_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """The number under which another clinic of the organization knows the patient."""
    seen = visit(request, organization, patient_id)
    clinics = {clinic.id: clinic for clinic in other_clinics_of(seen.door.patient)}
    page = FormPage("Record number", "Record number at another clinic", save="Add", anchor="numbers")
    form = RecordNumberForm(
        request.POST if seen.is_post else None, clinics=[(clinic.id, clinic.name) for clinic in clinics.values()]
    )
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, page)
    return _add_number(seen, form, page, clinics[UUID(form.cleaned_data["clinic"])])


@requires(Permission.EDIT_PATIENT)
@require_http_methods(METHODS)
def number_remove(request: HttpRequest, organization: str, patient_id: UUID, number_id: UUID) -> HttpResponse:
    """Take back a number that was not the patient's."""
    seen = visit(request, organization, patient_id)
    number = found(lambda: record_number_of(patient_id, number_id))
    heading = f"Remove {number.mrn} at {number.clinic.name}"
    page = FormPage("Remove a record number", heading, save="Remove", anchor="numbers", is_danger=True)
    return remove(seen, page, lambda why: take_back(by=seen.by, at=seen.at, fact=number, reason=why))


def remove(seen: Visit, page: FormPage, operation: Callable[[str], None]) -> HttpResponse:
    """The page that asks why something is taken back, and taking it back."""
    form = ReasonForm(seen.request.POST if seen.is_post else None)
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, page)
    try:
        operation(form.cleaned_data["reason"])
    except DomainError as fault:
        form.add_error(None, str(fault))
        return form_page(seen, form, page)
    return seen.back("Removed. The record keeps it with the reason.", page.anchor)


def _add_number(seen: Visit, form: RecordNumberForm, page: FormPage, clinic: Clinic) -> HttpResponse:
    patient, mrn = seen.door.patient, form.cleaned_data["mrn"]
    try:
        add_record_number(by=seen.by, at=seen.at, patient=patient, clinic=clinic, mrn=mrn)
    except DomainError as fault:
        form.add_error("mrn", str(fault))
        return form_page(seen, form, page)
    return seen.back("Added.", "numbers")


def _values(form: RelatedPersonForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in FIELDS}


def _stored(seen: Visit, person_id: UUID) -> dict[str, Any]:
    person = found(lambda: related_person(seen.door.patient.id, person_id))
    return {name: getattr(person, name) for name in FIELDS}
