"""Whom the audit's ids mean: only as much as is needed to find a person and to tell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from bhi.audit.seen import Span
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.tenancy.sight import seeing_everything
from registry.models import Episode, Patient, RecordNumber

PURPOSE: Final = "seen "


@dataclass(frozen=True, slots=True)
class Named:
    """A patient by name and record number."""

    name: str
    mrn: str


def is_on_record(organization_id: UUID, patient_id: UUID) -> bool:
    """Whether the organization has this patient."""
    return Patient.objects.filter(organization_id=organization_id, id=patient_id).exists()


def names_of(organization_id: UUID, patient_ids: Iterable[UUID]) -> Mapping[UUID, Named]:
    """Name and record number by patient; who is not on record is left out."""
    found = Patient.objects.filter(organization_id=organization_id, id__in=set(patient_ids))
    return {one.id: Named(f"{one.family_name}, {one.given_name}", one.mrn) for one in found}


def patients_numbered(organization_id: UUID, number: str) -> frozenset[UUID]:
    """Whose record number this is, at any clinic, whether or not who asks may see the record: who opened a record that
    is kept to a few is what the audit is asked most. Ids alone come out. Two statements.
    """
    with seeing_everything():
        own = Patient.objects.filter(organization_id=organization_id, mrn=number).values_list("id", flat=True)
        others = RecordNumber.objects.filter(organization_id=organization_id, mrn=number, voided_at=None)
        return frozenset(own) | frozenset(others.values_list("patient_id", flat=True))


def patients_on_record(organization_id: UUID, patient_id: UUID) -> frozenset[UUID]:
    """The patient, if the organization has them, whether or not who asks may see the record; else nobody."""
    with seeing_everything():
        return frozenset({patient_id}) if is_on_record(organization_id, patient_id) else frozenset()


def patients_of_episodes(organization_id: UUID, episode_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Whom a list shows that knows its rows by episode. One statement."""
    found = Episode.objects.filter(organization_id=organization_id, id__in=set(episode_ids))
    return frozenset(found.values_list("patient_id", flat=True))


def purpose_of(job_id: UUID) -> str:
    """What the list that a job made is kept as."""
    return f"{PURPOSE}{job_id.hex}"


def list_file(organization_id: UUID, job_id: UUID, *, at: datetime) -> StoredFile:
    """The list that a job made, as long as it is kept. Raises NotFound."""
    kept = StoredFile.objects.filter(organization_id=organization_id, purpose=purpose_of(job_id), expires_at__gt=at)
    file: StoredFile | None = kept.first()
    if file is None:
        raise NotFound
    return file


def span_asked(organization_id: UUID, job_id: UUID) -> Span:
    """Whose acts between which instants a list was asked for. Raises NotFound."""
    told = Job.objects.filter(organization_id=organization_id, id=job_id).values_list("arguments", flat=True).first()
    if told is None:
        raise NotFound
    return span_of(told)


def span_of(told: Mapping[str, str]) -> Span:
    """What the arguments of a job say."""
    return Span(UUID(told["person_id"]), datetime.fromisoformat(told["since"]), datetime.fromisoformat(told["until"]))
