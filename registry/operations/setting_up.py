"""Making a clinic, and writing down what of the checklist no other row shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.db import transaction

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Clinic, Membership
from registry.models import (
    PayerCheck,
    PilotReview,
    Program,
    SetupAttestation,
    Training,
    TrainingKind,
)
from registry.operations.clinic_sites import NpiWrong
from registry.operations.protocols import set_protocol
from registry.operations.recording import Stamp, record_facts, refusing, stamped, void_facts
from registry.queries.setting_up import clinic_of, payer_here
from registry.rules.identifiers import npi_fault
from registry.rules.setting_up import fault_of_saying, training_due_on


class ClinicNameTaken(DomainError):
    """The organization has a clinic of this name."""

    def __init__(self) -> None:
        super().__init__("There is a clinic of this name already. Choose another name.")


class SetupRefused(DomainError):
    """Something of the checklist that cannot be recorded so. `field` names where the fault lies."""

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class NewClinic:
    """A clinic as it is to be made; an empty `npi` or address is not known yet."""

    name: str
    time_zone: str
    setting: str
    place_of_service: str
    program: str = "cocm"
    npi: str = ""
    address: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    phone: str = ""


@transaction.atomic
def make_clinic(*, by: Membership, at: datetime, values: NewClinic) -> Clinic:
    """A clinic of the organization, with the program in which its patients begin; its time zone is fixed from now on.

    Raises ClinicNameTaken, NpiWrong, SetupRefused for a time zone that there is not.
    """
    if values.time_zone not in available_timezones():
        raise SetupRefused("Choose a time zone of the list.", field="time_zone")
    if values.npi and (fault := npi_fault(values.npi)):
        raise NpiWrong(fault)
    columns = asdict(values)
    program = columns.pop("program")
    if program not in Program.values:
        raise SetupRefused("Choose the program.", field="program")
    clinic = Clinic(organization_id=by.organization_id, **columns)
    with refusing({"tenancy_clinic_name": ClinicNameTaken}):
        clinic.save(force_insert=True)
    set_protocol(by=by, at=at, clinic=clinic, program=program)
    filled = sorted(name for name, value in asdict(values).items() if value)
    record("clinic.made", by=by, at=at, object_id=clinic.id, fields=filled)
    return clinic


@transaction.atomic
def say_of_point(
    *, by: Membership, at: datetime, key: str, clinic_id: UUID | None, is_needed: bool, note: str, on: date
) -> SetupAttestation:
    """Say that a point is settled which no row shows, or that it is not for this clinic; what was said before is kept.

    Raises SetupRefused, NotFound.
    """
    fault = fault_of_saying(key, of_clinic=clinic_id is not None, is_needed=is_needed, note=note)
    if fault:
        raise SetupRefused(fault, field="note")
    stamp = Stamp(by, at)
    clinic = clinic_of(by.organization_id, clinic_id)
    before = _said(by, key, clinic_id)
    if before is not None and (before.is_needed, before.note) == (is_needed, note.strip()):
        return before
    if before is not None:
        void_facts([before], stamp=stamp, reason="Said otherwise later")
    said = stamped(SetupAttestation, stamp, clinic=clinic, item=key, on=on, is_needed=is_needed, note=note.strip())
    _keep("setup.said", said, stamp, ["item", "is_needed", "note"])
    return said


@transaction.atomic
def unsay_point(*, by: Membership, at: datetime, key: str, clinic_id: UUID | None) -> None:
    """Take back what was said of a point; nothing where nothing is said. Raises NotFound for a foreign clinic."""
    clinic_of(by.organization_id, clinic_id)
    said = _said(by, key, clinic_id)
    if said is not None:
        void_facts([said], stamp=Stamp(by, at), reason="Taken back")
        record("setup.unsaid", by=by, at=at, object_id=said.id, fields=["item"])


@transaction.atomic
def record_training(
    *, by: Membership, at: datetime, today: date, member_id: UUID, kind: str, on: date, by_whom: str
) -> Training:
    """Somebody was trained; due again a year later. Sent twice it is one. Raises SetupRefused."""
    if kind not in TrainingKind.values:
        raise SetupRefused("Choose what the training was about.", field="kind")
    seat = people_of(by.organization_id).get(member_id)
    if seat is None or seat.is_system:
        raise SetupRefused("Choose somebody of the list.", field="member")
    if on > today:
        raise SetupRefused("The day is in the future. Correct it.", field="on")
    live = Training.objects.live().filter(organization_id=by.organization_id, member_id=member_id, kind=kind, on=on)
    known: Training | None = live.first()
    if known is not None:
        return known
    stamp = Stamp(by, at)
    values: dict[str, Any] = {"member": seat, "kind": kind, "on": on, "by_whom": by_whom.strip()}
    training = stamped(Training, stamp, due_on=training_due_on(on), **values)
    _keep("training.recorded", training, stamp, ["kind", "on"])
    return training


@transaction.atomic
def record_payer_check(
    *,
    by: Membership,
    at: datetime,
    today: date,
    payer_id: UUID,
    program: str,
    is_covered: bool,
    on: date,
    source: str,
    note: str = "",
) -> PayerCheck:
    """A payer said whether it covers a program's services. Sent twice it is one. Raises SetupRefused, NotFound."""
    payer = payer_here(by.organization_id, payer_id)
    if program not in Program.values:
        raise SetupRefused("Choose the program.", field="program")
    if on > today:
        raise SetupRefused("The day is in the future. Correct it.", field="on")
    if not source.strip():
        raise SetupRefused("Say where it stands, or whom you spoke to.", field="source")
    values = {"program": program, "is_covered": is_covered, "on": on, "source": source.strip(), "note": note.strip()}
    known: PayerCheck | None = PayerCheck.objects.live().filter(payer=payer, **values).first()
    if known is not None:
        return known
    stamp = Stamp(by, at)
    check = stamped(PayerCheck, stamp, payer=payer, **values)
    _keep("payer.coverage_asked", check, stamp, sorted(values))
    return check


@dataclass(frozen=True)
class PilotSaid:
    """What was said of the first two weeks, and the figures as they were shown."""

    works: str
    mends: str
    changes: str
    go_on: bool
    figures: dict[str, Any]


@transaction.atomic
def review_pilot(*, by: Membership, at: datetime, clinic_id: UUID, on: date, said: PilotSaid) -> PilotReview:
    """Keep how the first two weeks were judged; a review that there was is replaced. Raises SetupRefused, NotFound."""
    clinic = clinic_of(by.organization_id, clinic_id)
    if clinic is None:
        raise NotFound
    if not said.works.strip() and not said.mends.strip():
        raise SetupRefused("Write what works, or what does not.", field="works")
    stamp = Stamp(by, at)
    values = {**asdict(said), **{name: getattr(said, name).strip() for name in ("works", "mends", "changes")}}
    earlier: list[PilotReview] = list(PilotReview.objects.live().select_for_update().filter(clinic=clinic))
    if any(all(getattr(row, name) == value for name, value in values.items()) for row in earlier):
        return earlier[0]
    void_facts(earlier, stamp=stamp, reason="Reviewed again")
    review = stamped(PilotReview, stamp, clinic=clinic, on=on, **values)
    _keep("pilot.reviewed", review, stamp, ["works", "mends", "changes", "go_on"])
    return review


def _said(by: Membership, key: str, clinic_id: UUID | None) -> SetupAttestation | None:
    rows = SetupAttestation.objects.live().select_for_update(of=("self",))
    found: SetupAttestation | None = rows.filter(
        organization_id=by.organization_id, item=key, clinic_id=clinic_id
    ).first()
    return found


def _keep(action: str, fact: Any, stamp: Stamp, fields: list[str]) -> None:
    record_facts([fact])
    record(action, by=stamp.by, at=stamp.at, object_id=fact.id, fields=fields)
