"""Requests to amend a record: asked, answered, and the statement of a patient who disagrees (45 CFR 164.526)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import AmendmentRequest
from registry.operations.part_two import live_of, locked_patient, refuse, sent_before
from registry.operations.recording import Stamp, record_facts, stamped, void_facts
from registry.operations.rights_errors import AlreadyAnswered, RightsRefused
from registry.rules.amendments import due_on, extended_due_on, faults_of_answer, faults_of_request


@transaction.atomic
def ask_to_amend(
    *, by: Membership, at: datetime, patient_id: UUID, asked_on: date, what: str, today: date, client_token: UUID
) -> AmendmentRequest:
    """Keep a request; the answer is due in sixty days. A second submit returns the first.

    Raises RightsRefused, FormReused, NotFound.
    """
    patient = locked_patient(by, patient_id)
    known: AmendmentRequest | None = sent_before(AmendmentRequest, patient, client_token)
    if known is not None:
        return known
    refuse(faults_of_request(asked_on=asked_on, today=today, what=what))
    says = {"asked_on": asked_on, "what": what.strip(), "due_on": due_on(asked_on)}
    made = stamped(AmendmentRequest, Stamp(by, at), patient=patient, client_token=client_token, **says)
    record_facts([made])
    record("amendment.asked", by=by, at=at, patient_id=patient_id, object_id=made.id, fields=sorted(says))
    return made


@transaction.atomic
def extend_amendment(*, by: Membership, at: datetime, patient_id: UUID, request_id: UUID, because: str) -> None:
    """Take thirty days more, once, with the reason that the patient is told (164.526(b)(2)(ii)).

    Raises RightsRefused, AlreadyAnswered, NotFound.
    """
    found: AmendmentRequest = live_of(AmendmentRequest, by, patient_id, request_id)
    if found.is_accepted is not None:
        raise AlreadyAnswered
    if found.extended_because or not because.strip():
        raise RightsRefused({"because": "The thirty days more are given once, with a reason that the patient is told."})
    found.due_on, found.extended_because = extended_due_on(found.asked_on), because.strip()
    found.save(update_fields=["due_on", "extended_because"])
    record("amendment.extended", by=by, at=at, patient_id=patient_id, object_id=request_id, fields=["due_on"])


@transaction.atomic
def answer_amendment(
    *, by: Membership, at: datetime, patient_id: UUID, request_id: UUID, is_accepted: bool | None, answer: str,
    basis: str, changed: str, answered_on: date, today: date,
) -> None:  # fmt: skip
    """Accept, with what was changed, or deny, with the basis. Saying the same again writes nothing.

    Raises RightsRefused, AlreadyAnswered, NotFound.
    """
    found: AmendmentRequest = live_of(AmendmentRequest, by, patient_id, request_id)
    says = {"is_accepted": is_accepted, "answer": answer.strip(), "answered_on": answered_on}
    says |= {"basis": basis if is_accepted is False else "", "changed": changed.strip() if is_accepted else ""}
    if found.is_accepted is not None:
        if all(getattr(found, name) == value for name, value in says.items()):
            return
        raise AlreadyAnswered
    days = {"asked_on": found.asked_on, "today": today, "answered_on": answered_on}
    refuse(faults_of_answer(**days, is_accepted=is_accepted, answer=answer, basis=basis, changed=changed))
    for name, value in says.items():
        setattr(found, name, value)
    found.answered_by = by
    found.save(update_fields=[*says, "answered_by"])
    record("amendment.answered", by=by, at=at, patient_id=patient_id, object_id=request_id, fields=sorted(says))


@transaction.atomic
def keep_disagreement(*, by: Membership, at: datetime, patient_id: UUID, request_id: UUID, statement: str) -> None:
    """Keep what the patient says against a denial; it goes with the record from then on (164.526(d)(2), (d)(5)).

    Raises RightsRefused, NotFound.
    """
    found: AmendmentRequest = live_of(AmendmentRequest, by, patient_id, request_id)
    if found.is_accepted is not False or not statement.strip():
        raise RightsRefused({"statement": "Enter the patient's statement. Only a request that was denied has one."})
    found.disagreement = statement.strip()
    found.save(update_fields=["disagreement"])
    record("amendment.disagreed", by=by, at=at, patient_id=patient_id, object_id=request_id, fields=["disagreement"])


@transaction.atomic
def void_amendment(*, by: Membership, at: datetime, patient_id: UUID, request_id: UUID, reason: str) -> None:
    """It was recorded in error. Raises ReasonMissing, AlreadyVoided, NotFound."""
    found: AmendmentRequest = live_of(AmendmentRequest, by, patient_id, request_id)
    void_facts([found], stamp=Stamp(by, at), reason=reason)
    record("amendment.voided", by=by, at=at, patient_id=patient_id, object_id=request_id, fields=["void_reason"])
