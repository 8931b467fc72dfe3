"""Once a quarter somebody looks through who may do what: the list as it is, what was chosen so far, what was signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from json import dumps
from typing import Any, Final
from uuid import UUID

from bhi.accounts.models import AccessReview
from bhi.accounts.queries.people import SeatRow, day_of, seats_at_work
from bhi.errors import NotFound
from bhi.tenancy.models import Membership

_MONTHS_OF_QUARTER: Final = 3


class Decision(StrEnum):
    """What becomes of a seat."""

    KEEP = "keep"
    CHANGE = "change"
    END = "end"


WORDS: Final = {Decision.KEEP: "Keep as it is", Decision.CHANGE: "Change", Decision.END: "End"}


@dataclass(frozen=True)
class ReviewLine:
    """One seat as it was looked at, and what was decided about it."""

    seat: str
    name: str
    email: str
    roles: tuple[str, ...]
    clinics: tuple[str, ...]
    last_sign_in: str
    notes: tuple[str, ...]
    decision: str = ""
    reason: str = ""
    is_active: bool = True  # at present, whatever the line says

    @property
    def signed_in(self) -> str:
        """When last, as people say it."""
        return f"{date.fromisoformat(self.last_sign_in):%b %-d, %Y}" if self.last_sign_in else "Never"

    @property
    def words(self) -> str:
        return WORDS[Decision(self.decision)] if self.decision else ""

    @property
    def stored(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "seat": self.seat,
            "name": self.name,
            "email": self.email,
            "roles": list(self.roles),
            "clinics": list(self.clinics),
            "last_sign_in": self.last_sign_in,
            "notes": list(self.notes),
            "decision": self.decision,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class ReviewShown:
    """A review: of which quarter, its lines, and who signed it when."""

    quarter: date
    lines: tuple[ReviewLine, ...]
    signed_at: datetime | None = None
    signed_as: str = ""
    begun_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Of what was looked at, without what was decided: changes when somebody's access does."""
        facts = [(one.seat, one.name, one.roles, one.clinics) for one in self.lines]
        return sha256(dumps(facts).encode()).hexdigest()[:16]

    @property
    def to_do(self) -> tuple[ReviewLine, ...]:
        """What an admin has yet to carry out."""
        return tuple(one for one in self.lines if one.decision == Decision.END and one.is_active)

    @property
    def to_change(self) -> tuple[ReviewLine, ...]:
        return tuple(one for one in self.lines if one.decision == Decision.CHANGE and one.is_active)


def quarter_of(day: date) -> date:
    """The first day of a day's quarter."""
    return date(day.year, (day.month - 1) // _MONTHS_OF_QUARTER * _MONTHS_OF_QUARTER + 1, 1)


def quarter_words(quarter: date) -> str:
    """As people say it: January to March 2026."""
    return f"{quarter:%B} to {quarter.replace(month=quarter.month + 2):%B %Y}"


def review_due(organization_id: UUID, at: datetime) -> date | None:
    """The quarter whose list nobody has signed yet; None when it is signed."""
    quarter = quarter_of(day_of(organization_id, at))
    rows = AccessReview.objects.filter(organization_id=organization_id, quarter=quarter, signed_at__isnull=False)
    return None if rows.exists() else quarter


def reviews_listed(organization_id: UUID) -> tuple[ReviewShown, ...]:
    """Every review begun or signed, the latest first."""
    rows = AccessReview.objects.filter(organization_id=organization_id).order_by("-quarter")
    active = _active(organization_id)
    return tuple(_stored(row, active) for row in rows)


def review_of(organization_id: UUID, quarter: date, *, today: date) -> ReviewShown:
    """The signed review of a quarter as it was; of the present one what the seats are now with what was chosen so far.

    Raises NotFound for a quarter that was never begun and is not the present one.
    """
    row = AccessReview.objects.filter(organization_id=organization_id, quarter=quarter).first()
    if row is not None and row.signed_at:
        return _stored(row, _active(organization_id))
    if quarter != quarter_of(today):
        raise NotFound
    chosen = {line["seat"]: line for line in row.lines} if row else {}
    seats = seats_at_work(organization_id, today=today)
    lines = tuple(line_of(seat, chosen.get(str(seat.id), {}), today=today) for seat in seats)
    return ReviewShown(quarter, lines, begun_at=row.begun_at if row else None)


def line_of(seat: SeatRow, chosen: Mapping[str, Any], *, today: date) -> ReviewLine:
    """A seat as the list has it."""
    return ReviewLine(
        seat=str(seat.id),
        name=f"{seat.name}, {seat.credential}" if seat.credential else seat.name,
        email=seat.email,
        roles=seat.roles,
        clinics=seat.clinics,
        last_sign_in=seat.last_sign_in.date().isoformat() if seat.last_sign_in else "",
        notes=_notes(seat, today),
        decision=chosen.get("decision", ""),
        reason=chosen.get("reason", ""),
    )


def _notes(seat: SeatRow, today: date) -> tuple[str, ...]:
    found = [
        f"{one.name} {'ended' if one.until_on < today else 'ends'} {one.until_on:%b %-d, %Y}"
        for one in seat.ending
        if one.until_on
    ]
    if seat.away and seat.away.holds_on(today):
        found.append("On leave")
    return tuple(found)


def _stored(row: AccessReview, active: frozenset[str]) -> ReviewShown:
    lines = tuple(
        ReviewLine(
            seat=line["seat"],
            name=line["name"],
            email=line["email"],
            roles=tuple(line["roles"]),
            clinics=tuple(line["clinics"]),
            last_sign_in=line["last_sign_in"],
            notes=tuple(line["notes"]),
            decision=line["decision"],
            reason=line["reason"],
            is_active=line["seat"] in active,
        )
        for line in row.lines
    )
    return ReviewShown(row.quarter, lines, row.signed_at, row.signed_as, row.begun_at)


def _active(organization_id: UUID) -> frozenset[str]:
    seats = Membership.objects.filter(organization_id=organization_id, is_active=True)
    return frozenset(str(id_) for id_ in seats.values_list("id", flat=True))
