"""What is known of a person, for the page that shows and changes it, and finding people by what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F

from bhi.accounts.queries import people_of
from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic
from registry.models import (
    Coverage,
    Patient,
    Payer,
    RecordNumber,
    RelatedPerson,
    Representation,
    Sex,
    Stay,
    StayKind,
    TreatingClinician,
)
from registry.queries.duplicates import program_status
from registry.rules.people import Searched, has_expired, may_speak_today

SEXES = tuple(Sex.choices)
REPRESENTATIONS = tuple(Representation.choices)
STAY_KINDS = tuple(StayKind.choices)
MOST_FOUND = 50


@dataclass(frozen=True)
class NumberShown:
    """The number under which another clinic knows the patient."""

    id: UUID
    clinic: str
    mrn: str


@dataclass(frozen=True)
class RelatedShown:
    """Somebody of the patient's, and what holds for them today."""

    id: UUID
    name: str
    relation: str
    phone: str
    is_emergency_contact: bool
    represents: str
    may_speak_about: str
    until_on: date | None
    may_speak: bool
    has_expired: bool


@dataclass(frozen=True)
class CoverageShown:
    """An insurance; `place` is its turn among those that are open, None for one that ended. `held_by` names who holds
    it, where that is not the patient.
    """

    id: UUID
    payer: str
    member_id: str
    plan_name: str
    from_on: date | None
    until_on: date | None
    place: int | None
    group_number: str = ""
    held_by: str = ""


@dataclass(frozen=True)
class StayShown:
    """An emergency visit or a hospital stay."""

    id: UUID
    kind: str
    facility: str
    reason: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True)
class Details:
    """Everything on the page besides the patient's own columns."""

    numbers: tuple[NumberShown, ...]
    related: tuple[RelatedShown, ...]
    coverages: tuple[CoverageShown, ...]
    stays: tuple[StayShown, ...]

    @property
    def open_coverages(self) -> tuple[CoverageShown, ...]:
        return tuple(one for one in self.coverages if one.place is not None)

    @property
    def ended_coverages(self) -> tuple[CoverageShown, ...]:
        return tuple(one for one in self.coverages if one.place is None)


def patient_details(patient_id: UUID, *, today: date) -> Details:
    """What is on record around a patient. Four statements."""
    return Details(_numbers(patient_id), _related(patient_id, today), _coverages(patient_id), _stays(patient_id))


@dataclass(frozen=True)
class Found:
    """Somebody that a search found, and where they stand with the program."""

    id: UUID
    name: str
    birth_date: date
    mrn: str
    clinic: str
    status: str


# Every word somewhere in the name; a record number of any clinic, also that of a record merged into this one.
_FOUND = """
SELECT p.id, p.family_name, concat_ws(' ', p.given_name, nullif(p.middle_name, '')), p.birth_date, p.mrn, c.name,
       (SELECT e.ended_on IS NULL FROM registry_episode e
         WHERE e.organization_id = p.organization_id AND e.patient_id = p.id AND e.voided_at IS NULL
         ORDER BY e.ended_on IS NULL DESC LIMIT 1),
       EXISTS (SELECT FROM registry_referral r
                WHERE r.organization_id = p.organization_id AND r.patient_id = p.id AND r.voided_at IS NULL
                  AND r.ended_on IS NULL)
  FROM registry_patient p
  JOIN tenancy_clinic c ON c.organization_id = p.organization_id AND c.id = p.clinic_id
 WHERE p.organization_id = %(organization)s AND p.voided_at IS NULL AND p.merged_into_id IS NULL
   AND (%(words)s::text[] <> '{}'
        AND NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word
                         WHERE strpos(p.sort_name || ' ' || lower(p.preferred_name), word) = 0)
        OR p.birth_date = %(born)s::date
        OR %(mrn)s <> '' AND (ltrim(p.mrn, '0') = %(mrn)s OR p.id IN (
             SELECT n.patient_id FROM registry_recordnumber n
              WHERE n.organization_id = %(organization)s AND n.voided_at IS NULL AND ltrim(n.mrn, '0') = %(mrn)s)))
 ORDER BY p.sort_name, p.id
 LIMIT %(limit)s
"""


def people_found(organization_id: UUID, search: Searched, *, limit: int = MOST_FOUND) -> tuple[Found, ...]:
    """Whoever is on record, enrolled or not, by a part of the name in any order, a record number or a birth date.

    Nothing to search for finds nobody. One statement.
    """
    values: dict[str, Any] = {
        "organization": organization_id,
        "words": list(search.words),
        "mrn": search.mrn,
        "born": search.born,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, values)
        return tuple(_found(row) for row in cursor.fetchall())


def _found(row: tuple[Any, ...]) -> Found:
    person_id, family, given, born, mrn, clinic, is_enrolled, is_referred = row
    return Found(person_id, f"{family}, {given}", born, mrn, clinic, program_status(is_enrolled, is_referred))


def is_record_number_taken(organization_id: UUID, clinic_id: UUID, mrn: str, *, apart_from: UUID | None = None) -> bool:
    """Whether a clinic knows another patient under this number: as its own patient or as another clinic's."""
    of_clinic = {"organization_id": organization_id, "clinic_id": clinic_id, "mrn": mrn}
    own = Patient.objects.filter(voided_at__isnull=True, **of_clinic).exclude(id=apart_from).values("id")
    others = RecordNumber.objects.live().filter(**of_clinic).exclude(patient_id=apart_from).values("id")
    return bool(own.union(others, all=True).exists())


def merged_into(organization_id: UUID, patient_id: UUID) -> UUID | None:
    """The record under which a merged one goes on; None where it was not merged."""
    found = Patient.objects.filter(organization_id=organization_id, id=patient_id, voided_at__isnull=True)
    kept_id: UUID | None = found.values_list("merged_into_id", flat=True).first()
    return kept_id


def last_changed(organization_id: UUID, object_id: UUID, *, patient_id: UUID) -> tuple[UUID, datetime] | None:
    """Who changed a patient, a person or an insurance last, and when."""
    events = AuditEvent.objects.filter(organization_id=organization_id, patient_id=patient_id, object_id=object_id)
    found: tuple[UUID, datetime] | None = (
        events.filter(action__endswith=".changed").order_by("-id").values_list("by_id", "at").first()
    )
    return found


def related_person(patient_id: UUID, person_id: UUID) -> RelatedPerson:
    """A related person of this patient. Raises NotFound."""
    person: RelatedPerson = _one(RelatedPerson.objects.live().filter(patient_id=patient_id, id=person_id))
    return person


def people_to_call(organization_id: UUID, patient_id: UUID, care_manager_id: UUID | None) -> list[tuple[str, str]]:
    """Who stands by a patient, with phones: the care manager, then the emergency contacts. Two statements."""
    seat = people_of(organization_id).get(care_manager_id) if care_manager_id else None
    close = RelatedPerson.objects.live().filter(patient_id=patient_id, is_emergency_contact=True).order_by("name", "id")
    known = [
        (f"{name}, {relation.lower()}" if relation else name, phone)
        for name, relation, phone in close.values_list("name", "relation", "phone")
    ]
    return [(f"{seat.name}, care manager", ""), *known] if seat is not None else known


def coverage_of(patient_id: UUID, coverage_id: UUID) -> Coverage:
    """An insurance of this patient. Raises NotFound."""
    found = Coverage.objects.live().select_related("payer").filter(patient_id=patient_id, id=coverage_id)
    coverage: Coverage = _one(found)
    return coverage


def stay_of(patient_id: UUID, stay_id: UUID) -> Stay:
    """A stay of this patient. Raises NotFound."""
    stay: Stay = _one(Stay.objects.live().filter(patient_id=patient_id, id=stay_id))
    return stay


def record_number_of(patient_id: UUID, number_id: UUID) -> RecordNumber:
    """A record number of this patient. Raises NotFound."""
    found = RecordNumber.objects.live().select_related("clinic").filter(patient_id=patient_id, id=number_id)
    number: RecordNumber = _one(found)
    return number


def _one(found: Any) -> Any:
    row = found.first()
    if row is None:
        raise NotFound
    return row


def other_clinics_of(patient: Patient) -> list[Clinic]:
    """The organization's other clinics, by name."""
    found = Clinic.objects.filter(organization_id=patient.organization_id).exclude(id=patient.clinic_id)
    return list(found.order_by("name", "id"))


def payers_of(organization_id: UUID) -> list[Payer]:
    """Every payer by name."""
    return list(Payer.objects.filter(organization_id=organization_id).order_by("name"))


def clinicians_of(organization_id: UUID) -> list[TreatingClinician]:
    """Every treating clinician by name."""
    return list(TreatingClinician.objects.filter(organization_id=organization_id).order_by("sort_name", "credential"))


def _numbers(patient_id: UUID) -> tuple[NumberShown, ...]:
    found = RecordNumber.objects.live().filter(patient_id=patient_id).order_by("clinic__name", "mrn")
    return tuple(NumberShown(*row) for row in found.values_list("id", "clinic__name", "mrn"))


def _related(patient_id: UUID, today: date) -> tuple[RelatedShown, ...]:
    found = RelatedPerson.objects.live().filter(patient_id=patient_id).order_by("-is_emergency_contact", "name", "id")
    return tuple(
        RelatedShown(
            id=row.id,
            name=row.name,
            relation=row.relation,
            phone=row.phone,
            is_emergency_contact=row.is_emergency_contact,
            represents=row.get_represents_as_display() if row.represents_as else "",
            may_speak_about=row.may_speak_about,
            until_on=row.until_on,
            may_speak=may_speak_today(row.may_speak_about, row.until_on, today),
            has_expired=has_expired(row.may_speak_about, row.until_on, today),
        )
        for row in found
    )


def _coverages(patient_id: UUID) -> tuple[CoverageShown, ...]:
    found = Coverage.objects.live().filter(patient_id=patient_id).select_related("payer")
    rows = list(found.order_by("rank", F("from_on").asc(nulls_first=True), "id"))
    open_ids = [row.id for row in rows if row.until_on is None]
    return tuple(
        CoverageShown(
            id=row.id,
            payer=row.payer.name,
            member_id=row.member_id,
            plan_name=row.plan_name,
            from_on=row.from_on,
            until_on=row.until_on,
            place=open_ids.index(row.id) + 1 if row.until_on is None else None,
            group_number=row.group_number,
            held_by=f"{row.subscriber_given_name} {row.subscriber_family_name}".strip(),
        )
        for row in rows
    )


def _stays(patient_id: UUID) -> tuple[StayShown, ...]:
    found = Stay.objects.live().filter(patient_id=patient_id).order_by("-from_on", "-id")
    return tuple(
        StayShown(row.id, row.get_kind_display(), row.facility, row.reason, row.from_on, row.until_on) for row in found
    )
