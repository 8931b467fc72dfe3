"""To whom a record is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of
from bhi.tenancy.models import Membership
from registry.models import Episode, Patient, Restriction, TreatingClinician

# Who meets patients at all: of others there is nothing to choose.
_SEEING = frozenset({Permission.VIEW_CHART, Permission.VIEW_MONTHS, Permission.IMPORT_CASELOAD})


@dataclass(frozen=True)
class SeatChoice:
    """Somebody who may be named, and what they do here."""

    id: UUID
    name: str
    roles: tuple[str, ...]
    is_chosen: bool


@dataclass(frozen=True)
class RestrictionShown:
    """What holds now: why, since when, by whom, and who sees the record besides."""

    reason: str
    since: datetime
    by: str
    names: tuple[str, ...]


def restrictions_of(organization_id: UUID, patient_id: UUID) -> list[Restriction]:
    """The live restriction of a record, then those of records that were merged into it."""
    merged, found = [patient_id], [patient_id]
    while merged:
        rows = Patient.objects.filter(organization_id=organization_id, merged_into_id__in=merged)
        merged = [row for row in rows.values_list("id", flat=True) if row not in found]
        found += merged
    held = Restriction.objects.live().filter(organization_id=organization_id, patient_id__in=found)
    return sorted(held, key=lambda row: found.index(row.patient_id))


def restriction_shown(organization_id: UUID, patient_id: UUID) -> RestrictionShown | None:
    """What holds of a record, in names; None where it is not restricted. Where two hold, who is in both."""
    held = restrictions_of(organization_id, patient_id)
    if not held:
        return None
    people = people_of(organization_id)
    named = set.intersection(*({*row.seats, row.recorded_by_id} for row in held))
    first = held[0]
    who = people.get(first.recorded_by_id)
    return RestrictionShown(
        reason=first.reason,
        since=first.recorded_at,
        by=who.name if who else "",
        names=tuple(sorted(people[seat].name for seat in named if seat in people)),
    )


def seats_to_choose(organization_id: UUID, patient_id: UUID, *, by: Membership) -> tuple[SeatChoice, ...]:
    """Everybody who could see the record but for whom asks, by name.

    Chosen are those of the present restriction; for a first one the patient's care team and who bills.
    """
    held = restrictions_of(organization_id, patient_id)
    chosen = set(held[0].seats) if held else _usual(organization_id, patient_id)
    people = [seat for seat in people_of(organization_id).values() if seat.is_active and not seat.is_system]
    able = [seat for seat in people if seat.id != by.id and permissions_of(seat.roles) & _SEEING]
    bills = {seat.id for seat in able if _only_bills(seat)} if not held else set()
    return tuple(
        SeatChoice(seat.id, seat.name, tuple(seat.roles), seat.id in chosen | bills)
        for seat in sorted(able, key=lambda seat: (seat.name, str(seat.id)))
    )


def _usual(organization_id: UUID, patient_id: UUID) -> set[UUID]:
    """Who looks after the patient now."""
    episodes = Episode.objects.live().filter(organization_id=organization_id, patient_id=patient_id, ended_on=None)
    team: set[UUID] = set()
    for manager, consultant, clinician in episodes.values_list(
        "care_manager_id", "consultant_id", "treating_clinician_id"
    ):
        seats = TreatingClinician.objects.filter(id=clinician).values_list("membership_id", flat=True)
        team |= {one for one in (manager, consultant, *seats) if one}
    return team


def _only_bills(seat: Membership) -> bool:
    allowed = permissions_of(seat.roles)
    return Permission.VIEW_MONTHS in allowed and Permission.VIEW_CHART not in allowed
