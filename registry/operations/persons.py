"""What is known of a person, changed one section at a time: nothing that somebody else wrote meanwhile is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Clinic, Membership
from registry.models import Episode, Fact, NotTheSame, Patient, RecordNumber, RelatedPerson, TreatingClinician
from registry.operations.errors import RecordNumberTaken
from registry.operations.recording import Stamp, announce_change, record_facts, refusing, stamped, void_facts
from registry.queries.episodes import episode_ids_of
from registry.queries.patients import is_record_number_taken
from registry.rules.identifiers import normal_mrn, npi_fault
from registry.rules.names import read_person, sort_name
from registry.rules.people import as_text, changed_meanwhile

F = TypeVar("F", bound=Fact)
# What lists show or sort by, or what ends the counting of minutes.
_ON_LISTS = {"family_name", "given_name", "middle_name", "died_on"}
_LIFE = {"birth_date", "died_on"}


class ChangedMeanwhile(DomainError):
    """Somebody else changed some of the same fields since the form was shown. `fields` names them."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__("Somebody else changed this while you were writing. Compare both, then save again.")
        self.fields = fields


class BornAfterDeath(DomainError):
    """The record would say that the patient died before the birth."""

    def __init__(self) -> None:
        super().__init__("This day is after the patient’s death. Correct one of the two.")


class ClinicianUnreadable(DomainError):
    """A treating clinician without a name, or with an NPI that cannot be one."""


class NpiTaken(ClinicianUnreadable):
    """An NPI that is already another clinician's; whose, the words say."""


@dataclass(frozen=True)
class NamedClinician:
    """A treating clinician as somebody types them."""

    name: str
    credential: str = ""
    npi: str = ""


@transaction.atomic
def change_patient(
    *, by: Membership, at: datetime, patient_id: UUID, values: Mapping[str, Any], shown: Mapping[str, str] | None = None
) -> Patient:
    """Change columns of a patient. `shown` is what the form showed of them, as rules.people.as_text writes it.

    Raises ChangedMeanwhile, RecordNumberTaken, BornAfterDeath, NotFound when the record was voided or merged meanwhile.
    """
    patient = _locked(Patient, by, patient_id)
    if values.get("mrn"):
        values = {**values, "mrn": normal_mrn(values["mrn"])}
        if is_record_number_taken(patient.organization_id, patient.clinic_id, values["mrn"], apart_from=patient.id):
            raise RecordNumberTaken
    changed = _apply(patient, values, shown)
    if not changed:
        return patient
    if _LIFE & set(changed) and patient.died_on is not None and patient.died_on < patient.birth_date:
        raise BornAfterDeath
    patient.sort_name = sort_name(patient.family_name, patient.given_name, patient.middle_name)
    with refusing({"registry_patient_mrn": RecordNumberTaken}):
        patient.save(update_fields=[*changed, "sort_name"])
    record("patient.changed", by=by, at=at, patient_id=patient.id, object_id=patient.id, fields=changed)
    if _ON_LISTS & set(changed):
        since = min(filter(None, (at.date(), patient.died_on)))
        announce_change(episode_ids_of(patient.id), stamp=Stamp(by, at), since=since)
    return patient


@transaction.atomic
def add_record_number(*, by: Membership, at: datetime, patient: Patient, clinic: Clinic, mrn: str) -> RecordNumber:
    """The number under which another clinic knows the patient. Raises RecordNumberTaken."""
    number = stamped(RecordNumber, Stamp(by, at), patient=patient, clinic=clinic, mrn=normal_mrn(mrn))
    if is_record_number_taken(patient.organization_id, clinic.id, number.mrn):
        raise RecordNumberTaken
    with refusing({"registry_recordnumber_once": RecordNumberTaken}):
        record_facts([number])
    record("record_number.added", by=by, at=at, patient_id=patient.id, object_id=number.id, fields=["mrn", "clinic"])
    return number


@transaction.atomic
def add_related_person(*, by: Membership, at: datetime, patient: Patient, **values: Any) -> RelatedPerson:
    """Somebody of the patient's: columns of RelatedPerson, of which `name` has to be there. Sent twice, kept once."""
    lock_patient(patient.id)
    same: RelatedPerson | None = RelatedPerson.objects.live().filter(patient=patient, **values).first()
    if same is not None:
        return same
    person = stamped(RelatedPerson, Stamp(by, at), patient=patient, **values)
    record_facts([person])
    record("related_person.added", by=by, at=at, patient_id=patient.id, object_id=person.id, fields=sorted(values))
    return person


@transaction.atomic
def change_related_person(
    *, by: Membership, at: datetime, person_id: UUID, values: Mapping[str, Any], shown: Mapping[str, str] | None = None
) -> RelatedPerson:
    """Change what is known of a related person. Raises ChangedMeanwhile, NotFound."""
    person = _locked(RelatedPerson, by, person_id)
    changed = _apply(person, values, shown)
    if changed:
        person.save(update_fields=changed)
        record(
            "related_person.changed", by=by, at=at, patient_id=person.patient_id, object_id=person.id, fields=changed
        )
    return person


@transaction.atomic
def set_care_team(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    treating_clinician_id: UUID | None,
    care_manager_id: UUID | None,
    consultant_id: UUID | None,
    npi: str = "",
    new_clinician: NamedClinician | None = None,
    shown: Mapping[str, str] | None = None,
) -> Episode:
    """Who treats, who manages and who is consulted in an episode.

    `npi` is that of the chosen clinician, where it was missing; `new_clinician` treats instead of the chosen one.
    Raises ChangedMeanwhile, ClinicianUnreadable, NpiTaken, NotFound.
    """
    episode = _locked(Episode, by, episode_id)
    if new_clinician is not None:
        named = {"name": new_clinician.name, "credential": new_clinician.credential, "npi": new_clinician.npi}
        treating_clinician_id = keep_clinician(by=by, at=at, **named).id
    elif treating_clinician_id is not None and npi:
        set_npi(by=by, at=at, clinician_id=treating_clinician_id, npi=npi)
    values = {
        "treating_clinician_id": treating_clinician_id,
        "care_manager_id": care_manager_id,
        "consultant_id": consultant_id,
    }
    changed = _apply(episode, values, shown)
    if changed:
        episode.save(update_fields=changed)
        fields = [name.removesuffix("_id") for name in changed]
        record("care_team.changed", by=by, at=at, patient_id=episode.patient_id, object_id=episode.id, fields=fields)
        announce_change([episode.id], stamp=Stamp(by, at), since=at.date())
    return episode


@transaction.atomic
def keep_clinician(
    *, by: Membership, at: datetime, name: str, credential: str = "", npi: str = ""
) -> TreatingClinician:
    """The treating clinician of this name, made when there is none; an NPI that was missing is added.

    Raises ClinicianUnreadable, NpiTaken.
    """
    read = read_person(f"{name}, {credential}" if credential else name)
    if not read.family or not read.given:
        raise ClinicianUnreadable("Enter the clinician's given and family name, such as Ana Rivera.")
    if npi:
        _check_npi(by, npi, sort_name=read.sort_name, credential=read.credential)
    clinician, is_new = TreatingClinician.objects.get_or_create(
        organization_id=by.organization_id,
        sort_name=read.sort_name,
        credential=read.credential,
        defaults={"name": " ".join(filter(None, (read.given, read.middle, read.family, read.suffix))), "npi": npi},
    )
    if is_new:
        record("clinician.added", by=by, at=at, object_id=clinician.id, fields=["name", "npi"])
    elif npi and not clinician.npi:
        set_npi(by=by, at=at, clinician_id=clinician.id, npi=npi)
    return clinician


@transaction.atomic
def set_npi(*, by: Membership, at: datetime, clinician_id: UUID, npi: str) -> None:
    """The NPI of a treating clinician. Raises ClinicianUnreadable, NpiTaken, NotFound."""
    _check_npi(by, npi, id=clinician_id)
    found = TreatingClinician.objects.filter(organization_id=by.organization_id, id=clinician_id)
    if not found.update(npi=npi):
        raise NotFound
    record("clinician.changed", by=by, at=at, object_id=clinician_id, fields=["npi"])


def _check_npi(by: Membership, npi: str, **of: object) -> None:
    """Refuse what is no NPI, or is that of a clinician on record other than `of`: it belongs to one person."""
    fault = npi_fault(npi)
    if fault:
        raise ClinicianUnreadable(fault)
    taken = TreatingClinician.objects.filter(organization_id=by.organization_id, npi=npi).exclude(**of).first()
    if taken is not None:
        raise NpiTaken(f"This is the NPI of {taken}. Choose them from the list, or correct the number.")


@transaction.atomic
def tell_apart(*, by: Membership, at: datetime, patient: Patient, other: Patient) -> NotTheSame:
    """Two alike records are two people: they are not suggested again. Told twice, the first stays."""
    found = NotTheSame.objects.live().filter(organization_id=by.organization_id)
    one, two = sorted((patient, other), key=lambda person: str(person.id))
    told: NotTheSame | None = found.filter(patient=one, other=two).first()
    if told is not None:
        return told
    told = stamped(NotTheSame, Stamp(by, at), patient=one, other=two)
    record_facts([told])
    for person in (one, two):
        record("patient.told_apart", by=by, at=at, patient_id=person.id, object_id=told.id)
    return told


@transaction.atomic
def take_back(*, by: Membership, at: datetime, fact: RelatedPerson | RecordNumber, reason: str) -> None:
    """Take a related person or a record number off the list. Raises ReasonMissing, AlreadyVoided."""
    void_facts([fact], stamp=Stamp(by, at), reason=reason)
    action = "related_person.voided" if isinstance(fact, RelatedPerson) else "record_number.voided"
    record(action, by=by, at=at, patient_id=fact.patient_id, object_id=fact.id, fields=["void_reason"])


def lock_patient(patient_id: UUID) -> None:
    """One writer at a time of what stands around a patient, so that what is sent twice is kept once."""
    list(Patient.objects.select_for_update(no_key=True).filter(id=patient_id).values_list("id"))


def _locked(model: type[F], by: Membership, fact_id: UUID) -> F:
    """A live fact of the organization as it is now, held until the transaction ends. Raises NotFound."""
    found: F | None = (
        model.objects.live().select_for_update(no_key=True).filter(organization_id=by.organization_id, id=fact_id)
    ).first()
    if found is None:
        raise NotFound
    return found


def _apply(fact: Fact, values: Mapping[str, Any], shown: Mapping[str, str] | None) -> list[str]:
    """Set what differs; returns the names of those columns. Raises ChangedMeanwhile."""
    stored = {name: getattr(fact, name) for name in values}
    crossed = changed_meanwhile(shown or {}, stored, values)
    if crossed:
        raise ChangedMeanwhile(crossed)
    changed = [name for name, value in values.items() if as_text(value) != as_text(stored[name])]
    for name in changed:
        setattr(fact, name, values[name])
    return changed
