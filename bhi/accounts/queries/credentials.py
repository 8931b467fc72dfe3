"""At which clinics a seat works, and what it was licensed or trained for on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from bhi.accounts.models import CredentialKind, SeatClinic, SeatCredential
from bhi.tenancy.models import Membership


@dataclass(frozen=True)
class Credential:
    """One license or training: what, and from which day until which (None: no end is known)."""

    id: UUID
    kind: str
    name: str
    number: str
    state: str
    from_on: date
    until_on: date | None

    @property
    def kind_label(self) -> str:
        return CredentialKind(self.kind).label

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        place = " ".join(part for part in (self.state, self.number) if part)
        return f"{self.kind_label}: {self.name}{f' ({place})' if place else ''}"


def clinics_of(seat: Membership) -> frozenset[UUID] | None:
    """The clinics whose patients a seat works with; None: all of the organization's."""
    found = SeatClinic.objects.filter(organization_id=seat.organization_id, seat=seat, ended_at__isnull=True)
    return frozenset(found.values_list("clinic_id", flat=True)) or None


def credentials_on(organization_id: UUID, on: date) -> Mapping[UUID, tuple[Credential, ...]]:
    """What every seat held on a day, by seat; a seat with nothing on record is not in it."""
    holding = Q(from_on__lte=on) & (Q(until_on__isnull=True) | Q(until_on__gte=on))
    held: dict[UUID, list[Credential]] = {}
    for row in _live(organization_id).filter(holding):
        held.setdefault(row.seat_id, []).append(_credential(row))
    return {seat: tuple(rows) for seat, rows in held.items()}


def credentials_by_seat(organization_id: UUID, seat_id: UUID | None = None) -> Mapping[UUID, tuple[Credential, ...]]:
    """Everything on record of every seat, or of one, those that are over included, by seat and first day."""
    rows = _live(organization_id)
    held: dict[UUID, list[Credential]] = {}
    for row in rows.filter(seat_id=seat_id) if seat_id else rows:
        held.setdefault(row.seat_id, []).append(_credential(row))
    return {seat: tuple(found) for seat, found in held.items()}


def _live(organization_id: UUID) -> QuerySet[SeatCredential]:
    found = SeatCredential.objects.filter(organization_id=organization_id, voided_at__isnull=True)
    return found.order_by("seat_id", "kind", "from_on", "id")


def _credential(row: SeatCredential) -> Credential:
    return Credential(row.id, row.kind, row.name, row.number, row.state, row.from_on, row.until_on)
