"""Who is on duty at a clinic: its rota as pages show it and as notices follow it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Role
from registry.models import DutyTurn
from registry.rules.duty import Gap, Turn, on_duty, uncovered
from registry.rules.protocols import WEEKDAY_NAMES, clock_words


@dataclass(frozen=True)
class TurnShown:
    """A turn of the rota. `is_reachable` is false for somebody who left, or whose seat nobody signs in to."""

    id: UUID
    turn: Turn
    person: str
    is_reachable: bool

    @property
    def weekday(self) -> str:
        return WEEKDAY_NAMES[self.turn.weekday]

    @property
    def hours(self) -> str:
        """`8:00 am to 5:00 pm`; says so where it ends on the next day."""
        next_day = " the next day" if self.turn.ends_at <= self.turn.begins_at else ""
        return f"{clock_words(self.turn.begins_at)} to {clock_words(self.turn.ends_at)}{next_day}"

    @property
    def place(self) -> str:
        return "First" if self.turn.rank == 1 else "Then"


@dataclass(frozen=True)
class Rota:
    """A clinic's week: turns in order, when nobody is on duty, and who may be put on it."""

    turns: tuple[TurnShown, ...]
    gaps: tuple[str, ...]
    people: tuple[tuple[UUID, str], ...]

    @property
    def is_empty(self) -> bool:
        """Nobody would ever be told."""
        return not any(shown.is_reachable for shown in self.turns)


def rota_of(clinic_id: UUID, organization_id: UUID) -> Rota:
    """The rota as the settings page shows it. Two statements."""
    seats = people_of(organization_id)
    able = reachable(seats)
    shown = tuple(
        TurnShown(row.id, _turn(row), str(seats[row.member_id]), row.member_id in able) for row in _current(clinic_id)
    )
    gaps = uncovered(one.turn for one in shown if one.is_reachable)
    people = sorted(((seat.id, str(seat)) for seat in able.values()), key=lambda pair: pair[1])
    return Rota(shown, tuple(_gap_words(gap) for gap in gaps) if shown else (), tuple(people))


def has_rota(clinic_id: UUID, organization_id: UUID) -> bool:
    """Whether anybody who can be reached is ever on duty at a clinic. Two statements."""
    return bool(turns_of(clinic_id, reachable(people_of(organization_id))))


def turns_of(clinic_id: UUID, able: dict[UUID, Membership]) -> tuple[Turn, ...]:
    """The present turns of a clinic whose people can be reached."""
    return tuple(_turn(row) for row in _current(clinic_id) if row.member_id in able)


def duty_at(clinic_id: UUID, zone: ZoneInfo, at: datetime, able: dict[UUID, Membership]) -> tuple[UUID, ...]:
    """Who is on duty at an instant, the first to be told first."""
    return on_duty(turns_of(clinic_id, able), at.astimezone(zone))


def reachable(seats: dict[UUID, Membership]) -> dict[UUID, Membership]:
    """Those who sign in here and may take on a safety notice."""
    return {
        seat.id: seat
        for seat in seats.values()
        if seat.is_active and seat.user_id and Permission.HANDLE_SAFETY in permissions_of(seat.roles)
    }


def leads_of(able: dict[UUID, Membership]) -> tuple[UUID, ...]:
    """All clinic leads; where there is none, everybody who may take on a notice: too many rather than nobody."""
    leads = sorted(seat.id for seat in able.values() if Role.CLINIC_LEAD in seat.roles)
    return tuple(leads or sorted(able))


def all_turns_of(clinic_id: UUID) -> tuple[Turn, ...]:
    """The present turns of a clinic, of people who cannot be reached too."""
    return tuple(_turn(row) for row in _current(clinic_id))


def turn_of(turn_id: UUID, clinic_id: UUID) -> DutyTurn:
    """A turn of a clinic, in force or not. Raises NotFound."""
    found: DutyTurn | None = DutyTurn.objects.filter(id=turn_id, clinic_id=clinic_id).first()
    if found is None:
        raise NotFound
    return found


def _current(clinic_id: UUID) -> list[DutyTurn]:
    rows = DutyTurn.objects.filter(clinic_id=clinic_id, is_current=True)
    return list(rows.order_by("weekday", "begins_at", "rank", "id"))


def _turn(row: DutyTurn) -> Turn:
    return Turn(row.member_id, row.weekday, row.begins_at, row.ends_at, row.rank)


def _gap_words(gap: Gap) -> str:
    if (gap.from_weekday, gap.from_time) == (gap.until_weekday, gap.until_time):
        return "the whole week"
    return f"{_place_words(gap.from_weekday, gap.from_time)} to {_place_words(gap.until_weekday, gap.until_time)}"


def _place_words(weekday: int, at: time) -> str:
    return f"{WEEKDAY_NAMES[weekday]} {clock_words(at)}"
