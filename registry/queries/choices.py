"""What forms of the registry offer to choose from: pairs of value and name, in order of the names."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Q

from bhi.tenancy.models import Clinic, Membership, Role
from registry.models import (
    ConsentForm,
    ConsentGiver,
    Payer,
    Program,
    RelatedPerson,
    Representation,
    TreatingClinician,
)

PROGRAMS = tuple(Program.choices)
CONSENT_FORMS = tuple(ConsentForm.choices)
CONSENT_GIVERS = tuple(ConsentGiver.choices)


def clinic_choices(organization_id: UUID, *, among: frozenset[UUID] | None = None) -> list[tuple[str, str]]:
    """The organization's clinics, or those `among` them that a seat works at."""
    rows = Clinic.objects.filter(organization_id=organization_id).order_by("name", "id")
    return [(str(row.id), row.name) for row in rows if among is None or row.id in among]


def clinician_choices(organization_id: UUID) -> list[tuple[str, str]]:
    """The organization's treating clinicians."""
    rows = TreatingClinician.objects.filter(organization_id=organization_id).order_by("sort_name", "id")
    return [(str(row.id), str(row)) for row in rows]


def payer_choices(organization_id: UUID) -> list[tuple[str, str]]:
    """The payers on record."""
    rows = Payer.objects.filter(organization_id=organization_id).order_by("name", "id")
    return [(str(row.id), row.name) for row in rows]


def care_manager_choices(organization_id: UUID) -> list[tuple[str, str]]:
    """Who manages care at present."""
    seats = Membership.objects.filter(
        organization_id=organization_id, is_active=True, roles__contains=[Role.CARE_MANAGER.value]
    )
    return [(str(seat.id), seat.name) for seat in seats.order_by("name", "id")]


def representative_choices(patient_id: UUID, on: date) -> list[tuple[str, str]]:
    """Who may decide for a patient on a day."""
    rows = RelatedPerson.objects.live().filter(patient_id=patient_id).exclude(represents_as="")
    current = rows.filter(Q(until_on__isnull=True) | Q(until_on__gte=on)).order_by("name", "id")
    return [(str(row.id), f"{row.name}, {Representation(row.represents_as).label.lower()}") for row in current]


def clinic_named_by(organization_id: UUID, clinic_id: str) -> Clinic | None:
    """The clinic of a choice."""
    return Clinic.objects.filter(organization_id=organization_id, id=clinic_id).first()


def clinician_named_by(organization_id: UUID, clinician_id: str) -> TreatingClinician | None:
    """The clinician of a choice; None where none was chosen."""
    found = TreatingClinician.objects.filter(organization_id=organization_id)
    return found.filter(id=clinician_id).first() if clinician_id else None


def representative_named_by(patient_id: UUID, person_id: str) -> RelatedPerson | None:
    """The representative of a choice; None where none was chosen."""
    found: RelatedPerson | None = None
    if person_id:
        found = RelatedPerson.objects.live().filter(patient_id=patient_id, id=person_id).first()
    return found


def payer_named_by(organization_id: UUID, payer_id: str) -> Payer | None:
    """The payer of a choice; None where none was chosen."""
    return Payer.objects.filter(organization_id=organization_id, id=payer_id).first() if payer_id else None


def payers_with_mbi(organization_id: UUID) -> frozenset[str]:
    """The payers whose member ids are Medicare numbers."""
    rows = Payer.objects.filter(organization_id=organization_id, takes_mbi=True).values_list("id", flat=True)
    return frozenset(map(str, rows))
