"""One referral, whole: the person, every attempt, the scores, the panel it would go to, and earlier enrolments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Role
from registry.models import (
    AttemptMode,
    AttemptOutcome,
    ClinicProtocol,
    Patient,
    Referral,
    ReferralAttempt,
    TreatingClinician,
)
from registry.queries.earlier import EarlierEpisode, earlier_episodes
from registry.queries.panels import Panel, open_episodes_by_care_manager, panel_of
from registry.queries.protocols import Protocol, protocol_from
from registry.queries.referral_rows import ReferralRow, attempts_of, row_of
from registry.queries.referral_scores import scores_at_referral
from registry.queries.referrals import referrals_of, seen_by
from registry.rules.business_days import business_days_after
from registry.rules.referrals import ENDED, NEXT_TRY_DAYS, days_in_vain


@dataclass(frozen=True)
class AttemptShown:
    """One attempt in words."""

    id: UUID
    at: datetime
    on: date
    mode: str
    outcome: str
    is_reached: bool
    note: str
    next_try_on: date | None
    by: str


@dataclass(frozen=True)
class ReferralPage:
    """Everything that the page of a referral shows. `attempts` with the latest first."""

    row: ReferralRow
    attempts: tuple[AttemptShown, ...]
    protocol: Protocol
    earlier: tuple[EarlierEpisode, ...]
    care_managers: tuple[tuple[str, str], ...]
    panel: Panel | None

    @property
    def referral(self) -> Referral:
        return self.row.referral

    @property
    def patient(self) -> Patient:
        return self.row.referral.patient

    @property
    def is_open(self) -> bool:
        return self.referral.state != ENDED

    @property
    def days_in_vain(self) -> int:
        """Days of attempts since the patient was last reached."""
        return days_in_vain(self.row.tries)

    @property
    def proposed_next_try(self) -> date:
        """When to try again, if nothing else is known: three business days from today."""
        return business_days_after(self.row.today, NEXT_TRY_DAYS)


def referral_page(referral_id: UUID, *, for_: Membership, at: datetime, only_own: bool) -> ReferralPage:
    """A live referral of the seat's organization; with `only_own` one that the seat made or is named in.

    Seven statements, nine for somebody who comes back. Raises NotFound.
    """
    found = referrals_of(for_.organization_id).filter(id=referral_id)
    found = found.filter(seen_by(for_.id)) if only_own else found
    referral = found.select_related("patient", "clinic", "treating_clinician").first()
    if referral is None:
        raise NotFound
    people = people_of(for_.organization_id)
    attempts = attempts_of([referral.id]).get(referral.id, [])
    scores = scores_at_referral([referral])[referral.id]
    row = row_of(referral, attempts, scores, people, at=at)
    protocol = protocol_from(referral.clinic, ClinicProtocol.objects.filter(clinic_id=referral.clinic_id).first())
    counts = open_episodes_by_care_manager(for_.organization_id)
    return ReferralPage(
        row=row,
        attempts=tuple(_shown(row.zone, attempt, people[attempt.recorded_by_id].name) for attempt in attempts[::-1]),
        protocol=protocol,
        earlier=earlier_episodes(referral.patient_id),
        care_managers=care_managers_in(people.values(), keep=referral.assigned_to_id),
        panel=panel_of(referral.assigned_to_id, limit=protocol.panel_limit, counts=counts),
    )


def own_clinician(seat: Membership) -> str:
    """The treating clinician that a seat is, as a choice of `clinician_choices`; empty for anybody else."""
    found = TreatingClinician.objects.filter(organization_id=seat.organization_id, membership_id=seat.id)
    clinician_id = found.values_list("id", flat=True).first()
    return str(clinician_id) if clinician_id else ""


def patient_to_refer(patient_id: UUID, *, for_: Membership) -> Patient:
    """A live patient of the seat's organization. Raises NotFound."""
    found = Patient.objects.live().filter(organization_id=for_.organization_id, id=patient_id)
    patient: Patient | None = found.select_related("clinic").first()
    if patient is None:
        raise NotFound
    return patient


def open_referral_of(patient_id: UUID) -> UUID | None:
    """The patient's open referral, if there is one."""
    found = Referral.objects.live().filter(patient_id=patient_id, ended_on__isnull=True)
    referral_id: UUID | None = found.values_list("id", flat=True).first()
    return referral_id


def seat_named_by(organization_id: UUID, seat_id: str) -> Membership | None:
    """The seat of a choice of `care_managers_in`; None where nobody was chosen."""
    return Membership.objects.filter(organization_id=organization_id, id=seat_id).first() if seat_id else None


def care_managers_in(people: Iterable[Membership], keep: UUID | None = None) -> tuple[tuple[str, str], ...]:
    """Active care managers by name, and whoever is `keep`."""
    chosen = [seat for seat in people if seat.id == keep or (seat.is_active and Role.CARE_MANAGER.value in seat.roles)]
    return tuple((str(seat.id), seat.name) for seat in sorted(chosen, key=lambda seat: (seat.name, seat.id)))


def _shown(zone: ZoneInfo, attempt: ReferralAttempt, by: str) -> AttemptShown:
    return AttemptShown(
        id=attempt.id,
        at=attempt.at,
        on=attempt.at.astimezone(zone).date(),
        mode=AttemptMode(attempt.mode).label,
        outcome=AttemptOutcome(attempt.outcome).label,
        is_reached=attempt.outcome == AttemptOutcome.REACHED,
        note=attempt.note,
        next_try_on=attempt.next_try_on,
        by=by,
    )
