"""The treating clinicians of an organization, as its settings show them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Role
from registry.models import ClinicianChannel, Episode, TreatingClinician

CHANNELS = tuple((str(value), str(label)) for value, label in ClinicianChannel.choices)


@dataclass(frozen=True)
class ClinicianShown:
    """A treating clinician: how they are told, with which seat they sign in, and how many patients are theirs."""

    id: UUID
    name: str
    credential: str
    npi: str
    channel: str
    channel_label: str
    email: str
    seat_id: UUID | None
    seat: str
    patients: int


def clinicians_shown(organization_id: UUID) -> tuple[ClinicianShown, ...]:
    """Every treating clinician by name. Three statements."""
    people = {seat_id: str(seat) for seat_id, seat in people_of(organization_id).items()}
    episodes = Episode.objects.live().filter(organization_id=organization_id, ended_on__isnull=True)
    counted = episodes.values_list("treating_clinician_id").annotate(Count("id")).order_by()
    patients = {clinician_id: count for clinician_id, count in counted if clinician_id is not None}
    rows = TreatingClinician.objects.filter(organization_id=organization_id).order_by("sort_name", "id")
    return tuple(
        ClinicianShown(
            id=row.id,
            name=row.name,
            credential=row.credential,
            npi=row.npi,
            channel=row.channel,
            channel_label=row.get_channel_display(),
            email=row.email,
            seat_id=row.membership_id,
            seat=people[row.membership_id] if row.membership_id else "",
            patients=patients.get(row.id, 0),
        )
        for row in rows
    )


def clinician_shown(organization_id: UUID, clinician_id: UUID) -> ClinicianShown:
    """One of them. Raises NotFound."""
    found = next((one for one in clinicians_shown(organization_id) if one.id == clinician_id), None)
    if found is None:
        raise NotFound
    return found


def clinician_seats(organization_id: UUID) -> list[tuple[str, str]]:
    """The seats with which a treating clinician may sign in."""
    seats = [seat for seat in people_of(organization_id).values() if seat.is_active]
    found = [(str(seat.id), str(seat)) for seat in seats if Role.TREATING_CLINICIAN.value in seat.roles]
    return sorted(found, key=lambda pair: pair[1])
