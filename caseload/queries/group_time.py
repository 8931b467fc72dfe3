"""Whose minutes one call may be shared out to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.tenancy.models import Membership
from registry.models import Episode, Patient

MOST_PATIENTS = 200


@dataclass(frozen=True)
class InGroup:
    """One patient of the person's caseload."""

    episode_id: UUID
    patient_id: UUID
    patient_name: str
    mrn: str
    clinic_name: str


@dataclass(frozen=True)
class GroupChoice:
    """The person's open caseload by name, and the zone in which a call's times are typed: the first clinic's."""

    patients: tuple[InGroup, ...]
    zone: ZoneInfo
    zone_clinic: str
    has_other_zones: bool


def group_choice(for_: Membership) -> GroupChoice | None:
    """Whom a call may have been for; None without any patient. One statement."""
    own = Episode.objects.live().filter(
        organization_id=for_.organization_id,
        care_manager=for_,
        ended_on__isnull=True,
        patient__voided_at__isnull=True,
    )
    found = list(own.select_related("patient", "clinic").order_by("patient__sort_name", "id")[:MOST_PATIENTS])
    if not found:
        return None
    clinic = found[0].clinic
    patients = tuple(
        InGroup(one.id, one.patient_id, _listed(one.patient), one.patient.mrn, one.clinic.name) for one in found
    )
    zones = {one.clinic.time_zone for one in found}
    return GroupChoice(patients, ZoneInfo(clinic.time_zone), clinic.name, has_other_zones=len(zones) > 1)


def _listed(patient: Patient) -> str:
    return f"{patient.family_name}, {patient.given_name}"
