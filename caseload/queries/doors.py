"""The door to one patient: what is absent and what is another organization's are the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.rules.clock import local_date
from registry.models import Episode, EpisodeStatus, Patient
from registry.queries.patients import merged_into


class PatientMerged(NotFound):
    """The record goes on under another one. Pages that show a patient lead there; for others it is not there."""

    def __init__(self, kept_id: UUID) -> None:
        super().__init__()
        self.kept_id = kept_id


@dataclass(frozen=True)
class PatientDoor:
    """A patient with the episode that pages are about: the open one, else the last. None before any enrolment."""

    patient: Patient
    episode: Episode | None
    clinic_name: str
    zone: ZoneInfo
    today: date

    @property
    def is_open(self) -> bool:
        """Whether contacts may be added."""
        return self.episode is not None and self.episode.status != EpisodeStatus.DISCHARGED

    @property
    def name(self) -> str:
        return self.patient.name

    @property
    def age(self) -> int:
        """Whole years, today or on the day of death."""
        on, born = self.patient.died_on or self.today, self.patient.birth_date
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def patient_door(patient_id: UUID, *, for_: Membership, at: datetime) -> PatientDoor:
    """A live patient of the seat's organization, in one statement, two before any enrolment.

    Raises NotFound, and PatientMerged, which is one, for a record that goes on under another.
    """
    of_patient = {"organization_id": for_.organization_id, "patient_id": patient_id}
    episodes = Episode.objects.live().filter(**of_patient, patient__voided_at__isnull=True)
    related = episodes.select_related("patient", "clinic", "treating_clinician")
    episode = min(related.order_by("-enrolled_on", "-id"), key=_is_over, default=None)
    patient = episode.patient if episode is not None else _patient(patient_id, for_.organization_id)
    clinic = episode.clinic if episode is not None else patient.clinic
    zone = ZoneInfo(clinic.time_zone)
    return PatientDoor(patient, episode, clinic.name, zone, local_date(at, zone))


def _patient(patient_id: UUID, organization_id: UUID) -> Patient:
    found = Patient.objects.live().filter(organization_id=organization_id, id=patient_id)
    patient: Patient | None = found.select_related("clinic").first()
    if patient is not None:
        return patient
    kept_id = merged_into(organization_id, patient_id)
    raise PatientMerged(kept_id) if kept_id else NotFound()


def _is_over(episode: Episode) -> bool:
    return episode.ended_on is not None
