"""What claims carry of a patient, for whoever mends it: name, address, insurance, authorizations, the clinician's NPI.

Billing opens it too, so nothing else is on it: no notes, scores, diagnoses (45 CFR 164.502(b), minimum necessary).
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import seat
from caseload.queries.doors import PatientMerged, patient_door
from registry.forms.insurance import AuthorizationForm, NpiForm
from registry.forms.patients import AddressForm, ClaimPersonForm
from registry.operations.authorizations import record_authorization, replace_authorization, void_authorization
from registry.operations.errors import AlreadyVoided
from registry.operations.persons import set_npi
from registry.queries.authorizations import authorization_of, authorizations_of
from registry.queries.insurance import insurance_of
from registry.queries.patients import payers_of
from registry.queries.treating import clinicians_named
from registry.rules.people import CLAIM_PERSON, SECTIONS
from registry.views.patient_pages import FormPage, Visit, form_page, found, visit
from registry.views.patients import section_page
from registry.views.patients_related import METHODS, remove

HEADING: Final = "Insurance and address"
_SECTIONS: Final = {
    "claims": (FormPage("Person", "Who the patient is, as claims tell it", anchor="person"), ClaimPersonForm),
    "address": (FormPage("Address", "Where the patient lives", anchor="address"), AddressForm),
}
_COLUMNS: Final = {"claims": CLAIM_PERSON, "address": SECTIONS["address"]}
_AGREED: Final = ("payer_id", "number", "from_on", "until_on")
_NEW = FormPage(
    *("Prior authorization", "A payer agreed beforehand", "Record"),
    "Claims of this payer carry the number for the days that it covers.",
    "authorizations",
)
_CORRECTED_MEANWHILE: Final = (
    "Somebody corrected or removed this number meanwhile. Correct the one that stands there now."
)
_CHANGE = FormPage("Prior authorization", "Prior authorization", anchor="authorizations")


@requires(Permission.MEND_CLAIM_DATA)
@require_safe
def insurance(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Everything that claims carry of the patient, each with its way to mend it."""
    by, now = seat(request), timezone.now()
    try:
        seen = Visit(request, organization, patient_door(patient_id, for_=by, at=now), by, now)
    except PatientMerged as merged:
        return redirect("patient_insurance", organization, merged.kept_id)
    except NotFound:
        raise Http404 from None
    record("patient.insurance_viewed", by=seen.by, at=seen.at, patient_id=patient_id, object_id=patient_id)
    return render(request, "registry/patient_insurance.html", _shown(seen))


def _shown(seen: Visit) -> dict[str, Any]:
    patient_id, episode = seen.door.patient.id, seen.door.episode
    numbers = authorizations_of(seen.by.organization_id, [patient_id]).get(patient_id, ())
    return {
        "door": seen.door,
        "coverages": insurance_of(patient_id),
        "authorizations": [(one, one.holds_on(seen.door.today)) for one in numbers],
        "clinician": episode.treating_clinician if episode is not None else None,
        "sub": " · ".join(part for part in (HEADING, seen.door.patient.mrn, seen.door.clinic_name) if part),
        "came_from": seen.came_from,
        "query": "?" + urlencode({"back": seen.came_from}),
    }


@requires(Permission.MEND_CLAIM_DATA)
@require_http_methods(METHODS)
def insurance_edit(request: HttpRequest, organization: str, patient_id: UUID, section: str) -> HttpResponse:
    """Name, birth date and sex, or the address."""
    seen = visit(request, organization, patient_id)
    if section not in _SECTIONS:
        raise Http404
    page, form_of = _SECTIONS[section]
    return section_page(seen, page, form_of, _COLUMNS[section])


@requires(Permission.MEND_CLAIM_DATA)
@require_http_methods(METHODS)
def authorization_new(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """A payer agreed to what the patient is given."""
    seen = visit(request, organization, patient_id)
    form = AuthorizationForm(request.POST if seen.is_post else None, payers=_payers(seen), today=seen.door.today)
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, _NEW)
    try:
        record_authorization(by=seen.by, at=seen.at, patient=seen.door.patient, **form.cleaned_data)
    except DomainError as fault:
        form.add_error(None, str(fault))
        return form_page(seen, form, _NEW)
    return seen.back("Recorded.", "authorizations")


@requires(Permission.MEND_CLAIM_DATA)
@require_http_methods(METHODS)
def authorization_edit(
    request: HttpRequest, organization: str, patient_id: UUID, authorization_id: UUID
) -> HttpResponse:
    """Correct a number or its days."""
    seen = visit(request, organization, patient_id)
    # Whoever sends a correction of what was corrected meanwhile is told so by the operation, and loses nothing typed.
    row = found(lambda: authorization_of(patient_id, authorization_id, even_voided=seen.is_post))
    stored = {name: getattr(row, name) for name in _AGREED}
    payers = list(dict.fromkeys([(str(row.payer_id), row.payer.name), *_payers(seen)]))
    form = AuthorizationForm(
        request.POST if seen.is_post else None, payers=payers, stored=stored, today=seen.door.today
    )
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, _CHANGE)
    try:
        replace_authorization(by=seen.by, at=seen.at, authorization_id=authorization_id, **form.cleaned_data)
    except AlreadyVoided:
        form.add_error(None, _CORRECTED_MEANWHILE)
        return form_page(seen, form, _CHANGE)
    except DomainError as fault:
        form.add_error(None, str(fault))
        return form_page(seen, form, _CHANGE)
    return seen.back("Saved. The record keeps what stood there before.", "authorizations")


@requires(Permission.MEND_CLAIM_DATA)
@require_http_methods(METHODS)
def authorization_remove(
    request: HttpRequest, organization: str, patient_id: UUID, authorization_id: UUID
) -> HttpResponse:
    """Take back a number that the payer never gave."""
    seen = visit(request, organization, patient_id)
    row = found(lambda: authorization_of(patient_id, authorization_id))
    intro = "Only where the payer never gave it. One that is over gets its last day instead."
    page = FormPage(
        *("Remove an authorization", f"Remove {row.number}", "Remove", intro, "authorizations"), is_danger=True
    )
    return remove(
        seen, page, lambda why: void_authorization(by=seen.by, at=seen.at, authorization_id=row.id, reason=why)
    )


@requires(Permission.MEND_CLAIM_DATA)
@require_http_methods(METHODS)
def insurance_npi(request: HttpRequest, organization: str, patient_id: UUID, clinician_id: UUID) -> HttpResponse:
    """The NPI of who treated the patient: claims are billed in their name."""
    seen = visit(request, organization, patient_id)
    clinician = clinicians_named(seen.by.organization_id, {clinician_id}).get(clinician_id)
    if clinician is None:
        raise Http404
    page = FormPage("NPI", f"NPI of {clinician}", anchor="clinician")
    form = NpiForm(request.POST if seen.is_post else None, initial={"npi": clinician.npi})
    if not form.is_bound or not form.is_valid():
        return form_page(seen, form, page)
    try:
        set_npi(by=seen.by, at=seen.at, clinician_id=clinician.id, npi=form.cleaned_data["npi"])
    except DomainError as fault:
        form.add_error("npi", str(fault))
        return form_page(seen, form, page)
    return seen.back("Saved.", "clinician")


def _payers(seen: Visit) -> list[tuple[str, str]]:
    """The payers of the patient's insurances; every payer where there are none."""
    own = {(str(one.payer_id), one.payer) for one in insurance_of(seen.door.patient.id)}
    return sorted(own, key=lambda pair: pair[1]) or [
        (str(payer.id), payer.name) for payer in payers_of(seen.by.organization_id)
    ]
