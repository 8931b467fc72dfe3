"""42 CFR part 2: what is marked, consents and their end, and the gate before something of a record leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from registry.models import PartTwoConsent, PartTwoMark, Patient
from registry.operations.errors import FormReused
from registry.operations.part_two_scope import refresh_part_two
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.operations.rights_errors import AlreadyRevoked, PartTwoRefused, RightsRefused
from registry.queries.part_two import part_two_of
from registry.rules.part_two import ConsentGiven, Use, faults_of_consent, faults_of_mark, kept_purpose


def check_may_leave(*, organization_id: UUID, patient_id: UUID, use: Use, on: date) -> ConsentGiven | None:
    """Let something of a record leave, or not. Returns the consent that allows it; None where none is needed.

    Asked in the transaction of what leaves, so that a revocation holds from the next disclosure on. Raises
    PartTwoRefused.
    """
    found = part_two_of(organization_id, patient_id)
    if not found.may_leave(use, on):
        raise PartTwoRefused(use)
    return found.consent(use, on) if found.is_marked else None


@transaction.atomic
def mark_part_two(
    *, by: Membership, at: datetime, patient_id: UUID, program_name: str, what: str, from_on: date, today: date,
    client_token: UUID,
) -> PartTwoMark:  # fmt: skip
    """Say that records of a substance use disorder program are in a patient's record.

    A second submit returns the first. Raises RightsRefused, FormReused, NotFound.
    """
    patient = locked_patient(by, patient_id)
    known: PartTwoMark | None = sent_before(PartTwoMark, patient, client_token)
    if known is not None:
        return known
    refuse(faults_of_mark(program_name=program_name, from_on=from_on, today=today))
    says = {"program_name": program_name.strip(), "what": what.strip(), "from_on": from_on}
    made = stamped(PartTwoMark, Stamp(by, at), patient=patient, client_token=client_token, **says)
    record_facts([made])
    refresh_part_two([patient_id])
    record("part_two.marked", by=by, at=at, patient_id=patient_id, object_id=made.id, fields=sorted(says))
    return made


@transaction.atomic
def end_mark(*, by: Membership, at: datetime, patient_id: UUID, mark_id: UUID, reason: str) -> None:
    """The mark was wrong. Raises ReasonMissing, AlreadyVoided, NotFound."""
    locked_patient(by, patient_id)
    mark = live_of(PartTwoMark, by, patient_id, mark_id)
    void_facts([mark], stamp=Stamp(by, at), reason=reason)
    refresh_part_two([patient_id])
    record("part_two.unmarked", by=by, at=at, patient_id=patient_id, object_id=mark_id, fields=["void_reason"])


@transaction.atomic
def record_part_two_consent(
    *, by: Membership, at: datetime, patient_id: UUID, purpose: str, also: Sequence[str] = (), purpose_text: str,
    discloser: str, recipient: str, what: str, signed_on: date, signed_by_name: str, until_on: date | None,
    until_event: str, today: date, client_token: UUID,
) -> PartTwoConsent:  # fmt: skip
    """Keep a written consent with what 42 CFR 2.31(a) asks of it. One paper for treatment, payment and operations and
    for a purpose of its own is kept as the former, with the latter in words.

    A second submit returns the first. Raises RightsRefused, FormReused, NotFound.
    """
    patient = locked_patient(by, patient_id)
    known: PartTwoConsent | None = sent_before(PartTwoConsent, patient, client_token)
    if known is not None:
        return known
    days: dict[str, Any] = {"signed_on": signed_on, "until_on": until_on}
    ends: dict[str, Any] = {
        "until_event": until_event.strip(),
        "purpose": purpose,
        "purpose_text": purpose_text.strip(),
    }
    says = {"discloser": discloser.strip(), "recipient": recipient.strip(), "what": what.strip()}
    empty = {name: "Enter this: a written consent names it." for name, text in says.items() if not text}
    refuse(empty | faults_of_consent(**days, **ends, also=also, today=today))
    kept = {"purpose": kept_purpose(purpose, also), "signed_by_name": signed_by_name.strip()}
    values = {**days, **ends, **says, **kept}
    made = stamped(PartTwoConsent, Stamp(by, at), patient=patient, client_token=client_token, **values)
    record_facts([made])
    record("part_two.consented", by=by, at=at, patient_id=patient_id, object_id=made.id, fields=sorted(values))
    return made


@transaction.atomic
def revoke_part_two_consent(
    *, by: Membership, at: datetime, patient_id: UUID, consent_id: UUID, revoked_on: date, how: str, today: date
) -> None:
    """The patient took a consent back: nothing leaves under it from now on (2.31(a)(6)).

    Raises RightsRefused, AlreadyRevoked, NotFound.
    """
    locked_patient(by, patient_id)
    consent = live_of(PartTwoConsent, by, patient_id, consent_id)
    if consent.revoked_at is not None:
        raise AlreadyRevoked
    faults = {}
    if revoked_on > today or revoked_on < consent.signed_on:
        faults["revoked_on"] = "Enter a day between the signature and today."
    if not how.strip():
        faults["how"] = "Say how the patient revoked it."
    refuse(faults)
    consent.revoked_at, consent.revoked_on, consent.revoked_by, consent.revoked_how = at, revoked_on, by, how.strip()
    consent.save(update_fields=["revoked_at", "revoked_on", "revoked_by", "revoked_how"])
    record("part_two.revoked", by=by, at=at, patient_id=patient_id, object_id=consent_id, fields=["revoked_on"])


@transaction.atomic
def void_part_two_consent(*, by: Membership, at: datetime, patient_id: UUID, consent_id: UUID, reason: str) -> None:
    """It was recorded in error. Raises ReasonMissing, AlreadyVoided, NotFound."""
    locked_patient(by, patient_id)
    consent = live_of(PartTwoConsent, by, patient_id, consent_id)
    void_facts([consent], stamp=Stamp(by, at), reason=reason)
    record("part_two.consent_voided", by=by, at=at, patient_id=patient_id, object_id=consent_id, fields=["void_reason"])


def locked_patient(by: Membership, patient_id: UUID) -> Patient:
    """The patient, locked: of a form that is sent twice at once the second finds the first. Raises NotFound."""
    found = Patient.objects.live().filter(organization_id=by.organization_id, id=patient_id)
    patient: Patient | None = found.select_for_update(no_key=True).first()
    if patient is None:
        raise NotFound
    return patient


def sent_before(kind: type[Any], patient: Patient, token: UUID) -> Any:
    """The row that this form made already. Raises FormReused where it was another patient's."""
    known = kind.objects.filter(organization_id=patient.organization_id, client_token=token).first()
    if known is not None and known.patient_id != patient.id:
        raise FormReused
    return known


def live_of(kind: type[Any], by: Membership, patient_id: UUID, object_id: UUID) -> Any:
    """A live row of a patient, locked. Raises NotFound."""
    rows = kind.objects.live().filter(organization_id=by.organization_id, patient_id=patient_id, id=object_id)
    found = rows.select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    return found


def refuse(faults: Any) -> None:
    """Raise RightsRefused where there is a fault."""
    if faults:
        raise RightsRefused(faults)
