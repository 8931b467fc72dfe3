"""One seat: who it is, what it may do and where, what it was licensed for, when it is away, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from bhi.accounts.models import CredentialKind, Invitation, SeatClinic, SeatLeave
from bhi.accounts.queries.credentials import Credential, credentials_by_seat
from bhi.accounts.queries.people import Away, ending_of
from bhi.accounts.queries.seats import people_of
from bhi.audit.models import AuditEvent
from bhi.audit.words import WORDS
from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Role

LATEST: Final = 30
_FIELDS: Final = {"clinics": "clinics", "forced_because": "with work left"}


@dataclass(frozen=True)
class Change:
    """One change of a seat: when, by whom, what."""

    at: datetime
    person: str
    words: str
    detail: str


@dataclass(frozen=True)
class SeatPage:
    """Everything about one seat; no clinics: all of them."""

    id: UUID
    name: str
    credential: str
    email: str
    roles: tuple[str, ...]
    clinics: tuple[UUID, ...]
    is_active: bool
    ended_at: datetime | None
    ended_because: str
    has_person: bool
    is_invited: bool
    last_sign_in: datetime | None
    credentials: tuple[Credential, ...]
    ending: frozenset[UUID]
    leaves: tuple[Away, ...]
    changes: tuple[Change, ...]


def seat_page(organization_id: UUID, seat_id: UUID, *, today: date) -> SeatPage:
    """Raises NotFound; also for the organization's own actor."""
    seats = Membership.objects.filter(organization_id=organization_id, id=seat_id, is_system=False)
    seat = seats.select_related("user").first()
    if seat is None:
        raise NotFound
    credentials = credentials_by_seat(organization_id, seat.id).get(seat.id, ())
    clinics = SeatClinic.objects.filter(organization_id=organization_id, seat=seat, ended_at=None)
    waiting = Invitation.objects.filter(organization_id=organization_id, seat=seat, accepted_at=None)
    return SeatPage(
        id=seat.id,
        name=seat.name,
        credential=seat.credential,
        email=seat.user.email if seat.user else "",
        roles=tuple(seat.roles),
        clinics=tuple(clinics.values_list("clinic_id", flat=True)),
        is_active=seat.is_active,
        ended_at=seat.ended_at,
        ended_because=seat.ended_because,
        has_person=seat.user is not None,
        is_invited=waiting.filter(withdrawn_at=None).exists(),
        last_sign_in=seat.user.last_login if seat.user else None,
        credentials=credentials,
        ending=frozenset(one.id for one in ending_of(credentials, today=today)),
        leaves=_leaves(seat, today),
        changes=_changes(seat),
    )


def _leaves(seat: Membership, today: date) -> tuple[Away, ...]:
    """Those that are or come."""
    rows = SeatLeave.objects.filter(organization_id=seat.organization_id, seat=seat, ended_at=None).order_by("from_on")
    found = (Away(row.id, row.from_on, row.until_on) for row in rows)
    return tuple(one for one in found if one.until_on is None or one.until_on >= today)


def _changes(seat: Membership) -> tuple[Change, ...]:
    """The latest first, from the audit: which roles were given and taken, and by whom."""
    about = AuditEvent.objects.filter(
        organization_id=seat.organization_id, patient_id=None, object_id=seat.id, action__startswith="seat."
    )
    people = people_of(seat.organization_id)
    return tuple(
        Change(row.at, people[row.by_id].name, WORDS.get(row.action, row.action), _detail(row.fields))
        for row in about.exclude(action__in=["seat.viewed", "seat.end_opened"]).order_by("-id")[:LATEST]
    )


def _detail(fields: list[str]) -> str:
    """`gave_billing` as “gave Billing”; what else the words say already is left out."""
    return "; ".join(said for said in map(_said, fields) if said)


def _said(field: str) -> str:
    verb, _, role = field.partition("_")
    if verb in ("gave", "took") and role in Role.values:
        return f"{verb} {Role(role).label}"
    if field in CredentialKind.values:
        return CredentialKind(field).label
    return _FIELDS.get(field, "")
