"""Everybody of an organization: who works there, who is invited, whose work ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from bhi.accounts.models import Invitation, SeatClinic, SeatLeave
from bhi.accounts.queries.credentials import Credential, credentials_by_seat
from bhi.tenancy.models import Clinic, Membership, Role

PAGE: Final = 50
SOON: Final = timedelta(days=60)


class Show(StrEnum):
    """Which of them a page lists."""

    AT_WORK = "at_work"
    INVITED = "invited"
    ENDED = "ended"


@dataclass(frozen=True)
class Away:
    """A leave that is or comes: until when is None while nobody knows."""

    id: UUID
    from_on: date
    until_on: date | None

    def holds_on(self, day: date) -> bool:
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


@dataclass(frozen=True)
class SeatRow:
    """One seat. No clinics: all of them. `email` is empty for a seat without a person."""

    id: UUID
    name: str
    credential: str
    email: str
    roles: tuple[str, ...]
    clinics: tuple[str, ...]
    is_active: bool
    is_invited: bool
    last_sign_in: datetime | None
    away: Away | None
    ending: tuple[Credential, ...]


@dataclass(frozen=True)
class InvitationRow:
    """Somebody asked to come."""

    id: UUID
    email: str
    name: str
    roles: tuple[str, ...]
    invited_at: datetime
    invited_by: str
    expires_at: datetime
    is_expired: bool


@dataclass(frozen=True)
class PeoplePage:
    """A page of seats, or the invitations; how many there are of each kind."""

    seats: tuple[SeatRow, ...]
    invitations: tuple[InvitationRow, ...]
    counts: Mapping[Show, int]
    total: int
    page: int

    @property
    def has_more(self) -> bool:
        return self.page * PAGE < self.total

    @property
    def shown(self) -> str:
        first = (self.page - 1) * PAGE
        return f"{first + 1} to {first + len(self.seats or self.invitations)}"


def people_page(
    organization_id: UUID, *, show: Show, at: datetime, today: date, page: int = 1, name: str = ""
) -> PeoplePage:
    """Fifty seats by name, or fifty open invitations, the latest first. `name` narrows seats to names that hold it."""
    invitations = open_invitations(organization_id, at=at)
    seats = _seats(organization_id)
    counts = {
        Show.AT_WORK: seats.filter(is_active=True).count(),
        Show.INVITED: len(invitations),
        Show.ENDED: seats.filter(is_active=False).count(),
    }
    if show is Show.INVITED:
        first = (page - 1) * PAGE
        return PeoplePage((), invitations[first : first + PAGE], counts, len(invitations), page)
    wanted = seats.filter(is_active=show is Show.AT_WORK)
    if name.strip():
        wanted = wanted.filter(Q(name__icontains=name.strip()) | Q(user__email__icontains=name.strip()))
    first = (page - 1) * PAGE
    found = list(wanted.select_related("user").order_by("name", "id")[first : first + PAGE])
    total = wanted.count() if name.strip() else counts[show]
    invited = {row.seat_id for row in _open(organization_id) if row.seat_id}
    rows = seat_rows(organization_id, found, today=today, invited=invited)
    return PeoplePage(rows, (), counts, total, page)


def seat_rows(
    organization_id: UUID, seats: Sequence[Membership], *, today: date, invited: Iterable[UUID] = ()
) -> tuple[SeatRow, ...]:
    """Seats with their clinics, leave and what of their credentials ends within 60 days or has ended."""
    clinics, away = _clinics_by_seat(organization_id, seats), _away_by_seat(organization_id, today)
    credentials, waiting = credentials_by_seat(organization_id), frozenset(invited)
    return tuple(
        SeatRow(
            id=seat.id,
            name=seat.name,
            credential=seat.credential,
            email=seat.user.email if seat.user else "",
            roles=tuple(Role(role).label for role in seat.roles),
            clinics=tuple(clinics.get(seat.id, ())),
            is_active=seat.is_active,
            is_invited=seat.id in waiting,
            last_sign_in=seat.user.last_login if seat.user else None,
            away=away.get(seat.id),
            ending=ending_of(credentials.get(seat.id, ()), today=today),
        )
        for seat in seats
    )


def seats_at_work(organization_id: UUID, *, today: date) -> tuple[SeatRow, ...]:
    """Every seat that may do something at present, by name."""
    seats = _seats(organization_id).filter(is_active=True).select_related("user").order_by("name", "id")
    return seat_rows(organization_id, list(seats), today=today)


def ending_of(credentials: Sequence[Credential], *, today: date) -> tuple[Credential, ...]:
    """What ends within 60 days or has ended, and was not recorded anew for longer under the same kind and name."""
    longest: dict[tuple[str, str, str], Credential] = {}
    for one in credentials:
        key = (one.kind, one.name, one.state)
        if key not in longest or (one.until_on or date.max) > (longest[key].until_on or date.max):
            longest[key] = one
    return tuple(one for one in longest.values() if one.until_on and one.until_on <= today + SOON)


def open_invitations(organization_id: UUID, *, at: datetime) -> tuple[InvitationRow, ...]:
    """Those not taken up and not withdrawn, the latest first, expired ones among them."""
    rows = _open(organization_id).select_related("invited_by").order_by("-invited_at", "id")
    return tuple(
        InvitationRow(
            id=row.id,
            email=row.email,
            name=row.name,
            roles=tuple(Role(role).label for role in row.roles),
            invited_at=row.invited_at,
            invited_by=row.invited_by.name,
            expires_at=row.expires_at,
            is_expired=row.expires_at <= at,
        )
        for row in rows
    )


def clinic_choices(organization_id: UUID) -> list[tuple[str, str]]:
    """The organization's clinics for a form, by name."""
    found = Clinic.objects.filter(organization_id=organization_id).order_by("name")
    return [(str(id_), name) for id_, name in found.values_list("id", "name")]


def away_on(organization_id: UUID, day: date) -> frozenset[UUID]:
    """Seats on leave on a day."""
    rows = SeatLeave.objects.filter(organization_id=organization_id, ended_at=None, from_on__lte=day)
    return frozenset(rows.filter(Q(until_on=None) | Q(until_on__gte=day)).values_list("seat_id", flat=True))


def free_seats(organization_id: UUID) -> list[tuple[str, str]]:
    """Seats without a person for a form, by name: whose work is on record and who has not signed in."""
    found = _seats(organization_id).filter(user=None, is_active=True).order_by("name", "id")
    return [(str(seat.id), str(seat)) for seat in found]


def day_of(organization_id: UUID, at: datetime) -> date:
    """The latest day that it is in any of the organization's clinics; without a clinic that in UTC."""
    zones = Clinic.objects.filter(organization_id=organization_id).values_list("time_zone", flat=True).distinct()
    return max((at.astimezone(ZoneInfo(zone)).date() for zone in zones), default=at.date())


def _seats(organization_id: UUID) -> QuerySet[Membership]:
    return Membership.objects.filter(organization_id=organization_id, is_system=False)


def _open(organization_id: UUID) -> QuerySet[Invitation]:
    return Invitation.objects.filter(organization_id=organization_id, accepted_at=None, withdrawn_at=None)


def _clinics_by_seat(organization_id: UUID, seats: Sequence[Membership]) -> dict[UUID, list[str]]:
    rows = SeatClinic.objects.filter(organization_id=organization_id, seat__in=seats, ended_at=None).order_by(
        "clinic__name"
    )
    found: dict[UUID, list[str]] = {}
    for seat_id, name in rows.values_list("seat_id", "clinic__name"):
        found.setdefault(seat_id, []).append(name)
    return found


def _away_by_seat(organization_id: UUID, today: date) -> dict[UUID, Away]:
    """The leave that is now, else the next."""
    rows = SeatLeave.objects.filter(organization_id=organization_id, ended_at=None).order_by("from_on")
    coming = rows.filter(Q(until_on=None) | Q(until_on__gte=today))
    found: dict[UUID, Away] = {}
    for row in coming:
        found.setdefault(row.seat_id, Away(row.id, row.from_on, row.until_on))
    return found
