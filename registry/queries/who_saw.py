"""Whom the audit's ids mean: only as much as is needed to find a person and to tell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from registry.models import Episode, Patient, RecordNumber


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
    return {
        one.id: Named(one.sort_name, one.mrn) for one in found.only("family_name", "given_name", "sort_name", "mrn")
    }


def patients_numbered(organization_id: UUID, number: str) -> frozenset[UUID]:
    """Whose record number this is, at any clinic."""
    own = Patient.objects.filter(organization_id=organization_id, mrn=number).values_list("id", flat=True)
    others = RecordNumber.objects.filter(organization_id=organization_id, mrn=number, voided_at=None)
    return frozenset(own) | frozenset(others.values_list("patient_id", flat=True))


def patients_of_episodes(organization_id: UUID, episode_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Whom a list shows that knows its rows by episode. One statement."""
    found = Episode.objects.filter(organization_id=organization_id, id__in=set(episode_ids))
    return frozenset(found.values_list("patient_id", flat=True))
