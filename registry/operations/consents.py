"""Consent, the words it was asked with, and the visit that may begin the services."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import (
    Consent,
    ConsentForm,
    ConsentGiver,
    ConsentService,
    ConsentText,
    InitiatingVisit,
    Patient,
    RelatedPerson,
    TreatingClinician,
)
from registry.operations.drafts import draft_consent, draft_visit
from registry.operations.errors import ConsentImpossible, DateOutOfOrder, NothingChanges, TextChangedMeanwhile
from registry.operations.recording import Stamp, announce_change, keep_fact, record_facts, refusing, stamped
from registry.queries.episodes import episode_ids_of
from registry.rules.consent import Asked, fault_of, given_too_late


@transaction.atomic
def record_consent(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    given_at: datetime,
    service: str = ConsentService.BHI,
    form: str = ConsentForm.VERBAL,
    is_time_known: bool = True,
    treating_clinician: TreatingClinician | None = None,
    script: ConsentText | None = None,
    given_by: str = ConsentGiver.PATIENT,
    representative: RelatedPerson | None = None,
    minor_basis: str = "",
    taken_by: Membership | None = None,
    import_id: UUID | None = None,
) -> Consent:
    """Consent given at an instant; where only the day is known, at its local start."""
    stamp = Stamp(by, at, import_id)
    consent = draft_consent(
        stamp,
        patient=patient,
        given_at=given_at,
        service=service,
        form=form,
        is_time_known=is_time_known,
        treating_clinician=treating_clinician,
        script=script,
        given_by=given_by,
        representative=representative,
        minor_basis=minor_basis,
        taken_by=taken_by,
    )
    episodes = episode_ids_of(patient.id)
    keep_fact(
        "consent.recorded", consent, patient.id, episodes, stamp=stamp, since=given_at.date(), fields=["given_at"]
    )
    return consent


@transaction.atomic
def take_consent(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    given_at: datetime,
    form: str,
    is_time_known: bool = True,
    treating_clinician: TreatingClinician | None = None,
    script: ConsentText | None = None,
    given_by: str = ConsentGiver.PATIENT,
    representative: RelatedPerson | None = None,
    minor_basis: str = "",
    taken_by: Membership | None = None,
) -> Consent:
    """Consent as a person records it: checked against the patient's age and dates; the same again changes nothing.

    Raises ConsentImpossible with the field and the sentence.
    """
    Patient.objects.select_for_update(no_key=True).get(id=patient.id)
    day = given_at.astimezone(ZoneInfo(patient.clinic.time_zone)).date()
    asked = Asked(day, patient.birth_date, patient.died_on, given_by, representative is not None, minor_basis)
    fault = given_too_late(given_at, now=at) or fault_of(asked)
    if fault is not None:
        raise ConsentImpossible(*fault)
    values: dict[str, Any] = {
        "given_at": given_at,
        "form": form,
        "is_time_known": is_time_known,
        "treating_clinician": treating_clinician,
        "script": script,
        "given_by": given_by,
        "representative": representative,
        "minor_basis": minor_basis,
    }
    found = Consent.objects.live().filter(patient=patient, service=ConsentService.BHI, revoked_on=None, **values)
    same: Consent | None = found.first()
    return same or record_consent(by=by, at=at, patient=patient, taken_by=taken_by or by, **values)


@transaction.atomic
def revoke_consent(*, by: Membership, at: datetime, consent: Consent, on: date) -> Consent:
    """The patient took consent back: nothing counts from the local start of `on`.

    Raises NothingChanges when it was revoked before, DateOutOfOrder when `on` is before the day it was given.
    """
    zone = ZoneInfo(consent.patient.clinic.time_zone)
    if on < consent.given_at.astimezone(zone).date():
        raise DateOutOfOrder("Consent cannot be taken back before it was given. Correct the date.")
    if not Consent.objects.live().filter(id=consent.id, revoked_on__isnull=True).update(revoked_on=on):
        raise NothingChanges("This consent was taken back before.")
    consent.revoked_on = on
    record("consent.revoked", by=by, at=at, patient_id=consent.patient_id, object_id=consent.id, fields=["revoked_on"])
    announce_change(episode_ids_of(consent.patient_id), stamp=Stamp(by, at), since=on)
    return consent


@transaction.atomic
def write_consent_text(*, by: Membership, at: datetime, language: str, text: str, based_on: int) -> ConsentText:
    """A new version of the organization's consent text in a language; earlier ones stay as they were used.

    `based_on` is the number that the writer saw, 0 for none. The same text again changes nothing. Raises
    TextChangedMeanwhile when somebody wrote a version since.
    """
    versions = ConsentText.objects.live().filter(organization_id=by.organization_id, language=language)
    last: ConsentText | None = versions.order_by("-number").first()
    if last is not None and last.text == text:
        return last
    if (last.number if last is not None else 0) != based_on:
        raise TextChangedMeanwhile
    of_all = ConsentText.objects.filter(organization_id=by.organization_id, language=language)
    number = (of_all.aggregate(highest=Max("number"))["highest"] or 0) + 1
    version = stamped(ConsentText, Stamp(by, at), language=language, text=text, number=number)
    with refusing({"registry_consenttext_number": TextChangedMeanwhile}):
        record_facts([version])
    record("consent_text.written", by=by, at=at, object_id=version.id, fields=["text", "language"])
    return version


@transaction.atomic
def record_visit(
    *,
    by: Membership,
    at: datetime,
    patient: Patient,
    on: date,
    code: str = "",
    is_by_billing_practitioner: bool = True,
    treating_clinician: TreatingClinician | None = None,
    import_id: UUID | None = None,
) -> InitiatingVisit:
    """A visit that may begin the services, with the billing practitioner or another."""
    stamp = Stamp(by, at, import_id)
    visit = draft_visit(
        stamp,
        patient=patient,
        on=on,
        code=code,
        is_by_billing_practitioner=is_by_billing_practitioner,
        treating_clinician=treating_clinician,
    )
    episodes = episode_ids_of(patient.id)
    keep_fact("visit.recorded", visit, patient.id, episodes, stamp=stamp, since=on, fields=["on", "code"])
    return visit


@transaction.atomic
def note_visit(
    *,
    by: Membership,
    at: datetime,
    today: date,
    patient: Patient,
    on: date,
    code: str,
    is_by_billing_practitioner: bool,
    treating_clinician: TreatingClinician | None = None,
) -> InitiatingVisit:
    """A visit as a person records it; the same day and code again changes nothing.

    Raises DateOutOfOrder before birth or after `today`, the clinic's day.
    """
    Patient.objects.select_for_update(no_key=True).get(id=patient.id)
    if not patient.birth_date <= on <= today:
        raise DateOutOfOrder("A visit is not before birth and not in the future. Correct its date.")
    values: dict[str, Any] = {
        "on": on,
        "code": code,
        "is_by_billing_practitioner": is_by_billing_practitioner,
        "treating_clinician": treating_clinician,
    }
    same: InitiatingVisit | None = InitiatingVisit.objects.live().filter(patient=patient, **values).first()
    return same or record_visit(by=by, at=at, patient=patient, **values)
