"""What of an organization is a substance use disorder program itself, and the notice that its patients get."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Membership
from bhi.tenancy.sight import seeing_everything
from registry.models import PartTwoNotice, PartTwoProgram
from registry.operations.errors import AlreadyVoided
from registry.operations.part_two import live_of, locked_patient, refuse, sent_before
from registry.operations.part_two_scope import refresh_all
from registry.operations.recording import Stamp, record_facts, refusing, stamped, void_facts
from registry.operations.rights_errors import ProgramDeclared
from registry.rules.part_two import faults_of_mark, faults_of_notice


@transaction.atomic
def declare_program(
    *, by: Membership, at: datetime, clinic_id: UUID | None, program_name: str, since_on: date, questions_to: str,
    today: date, client_token: UUID,
) -> PartTwoProgram:  # fmt: skip
    """The organization (no clinic) or a clinic of it is a program: every record there is covered, and each new one.

    A second submit returns the first. Raises RightsRefused, ProgramDeclared, NotFound.
    """
    rows = PartTwoProgram.objects.filter(organization_id=by.organization_id)
    known: PartTwoProgram | None = rows.filter(client_token=client_token).first()
    if known is not None:
        return known
    if clinic_id is not None and not Clinic.objects.filter(organization_id=by.organization_id, id=clinic_id).exists():
        raise NotFound
    faults = faults_of_mark(program_name=program_name, from_on=since_on, today=today)
    named = {"since_on" if name == "from_on" else name: fault for name, fault in faults.items()}
    if not questions_to.strip():
        named["questions_to"] = "Name whom patients ask: the notice that they get says it."
    refuse(named)
    says = {"program_name": program_name.strip(), "since_on": since_on, "questions_to": questions_to.strip()}
    made = stamped(PartTwoProgram, Stamp(by, at), clinic_id=clinic_id, client_token=client_token, **says)
    taken = ("registry_parttwoprogram_one_a_clinic", "registry_parttwoprogram_one_for_all")
    with refusing(dict.fromkeys(taken, ProgramDeclared)):
        record_facts([made])
    _cover_all(by)
    record("part_two.program_declared", by=by, at=at, object_id=made.id, fields=[*sorted(says), "clinic"])
    return made


@transaction.atomic
def end_program(*, by: Membership, at: datetime, program_id: UUID, reason: str) -> None:
    """It was no program: only marked records stay covered. Raises ReasonMissing, AlreadyVoided, NotFound."""
    rows = PartTwoProgram.objects.filter(organization_id=by.organization_id, id=program_id)
    found: PartTwoProgram | None = rows.select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    if not found.is_live:
        raise AlreadyVoided
    void_facts([found], stamp=Stamp(by, at), reason=reason)
    _cover_all(by)
    record("part_two.program_ended", by=by, at=at, object_id=program_id, fields=["void_reason"])


@transaction.atomic
def give_notice(
    *, by: Membership, at: datetime, patient_id: UUID, given_on: date, how: str, today: date, client_token: UUID
) -> PartTwoNotice:
    """The patient was given the notice of 42 CFR 2.22. A second submit returns the first.

    Raises RightsRefused, FormReused, NotFound.
    """
    patient = locked_patient(by, patient_id)
    known: PartTwoNotice | None = sent_before(PartTwoNotice, patient, client_token)
    if known is not None:
        return known
    refuse(faults_of_notice(given_on=given_on, how=how, today=today))
    says: dict[str, Any] = {"given_on": given_on, "how": how.strip()}
    made = stamped(PartTwoNotice, Stamp(by, at), patient=patient, client_token=client_token, **says)
    record_facts([made])
    record("part_two.notice_given", by=by, at=at, patient_id=patient_id, object_id=made.id, fields=sorted(says))
    return made


@transaction.atomic
def void_notice(*, by: Membership, at: datetime, patient_id: UUID, notice_id: UUID, reason: str) -> None:
    """It was recorded in error. Raises ReasonMissing, AlreadyVoided, NotFound."""
    locked_patient(by, patient_id)
    found = live_of(PartTwoNotice, by, patient_id, notice_id)
    void_facts([found], stamp=Stamp(by, at), reason=reason)
    record("part_two.notice_voided", by=by, at=at, patient_id=patient_id, object_id=notice_id, fields=["void_reason"])


def _cover_all(by: Membership) -> None:
    """Also the records that who sets this may not see."""
    with seeing_everything():
        refresh_all(by.organization_id)
