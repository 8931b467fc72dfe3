"""A review session's days and minutes: when the next one is, and whose minutes an open patient's were.

Instants are aware; nothing here knows what time it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from caseload.rules.clock import local_date, local_instant

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# So briefly a patient lay open by mistake; so long somebody forgot to go on. Both are asked before they are posted.
SHORTEST = timedelta(seconds=30)
LONGEST = timedelta(minutes=40)
# So long after it began a session was probably left running.
FORGOTTEN = timedelta(hours=4)
LONGEST_DEFERRAL_DAYS = 60
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Spell:
    """A patient lay open from one instant to another."""

    id: UUID
    began_at: datetime
    ended_at: datetime

    @property
    def length(self) -> timedelta:
        return self.ended_at - self.began_at

    @property
    def is_asked(self) -> bool:
        """Too short or too long to be posted without being asked."""
        return self.length < SHORTEST or self.length > LONGEST

    @property
    def minutes(self) -> int:
        """Whole minutes, begun ones not counted."""
        return int(self.length.total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class SpellFault:
    """Minutes that cannot be a spell's, with the sentence that says what to enter."""

    spell_id: UUID
    sentence: str


def next_on(weekday: int, begins_at: time, *, zone: ZoneInfo, now: datetime) -> tuple[date, datetime]:
    """The next day of a standing slot whose time is still to come, and that instant. `weekday` 0 is Monday."""
    today = local_date(now, zone)
    on = today + timedelta(days=(weekday - today.weekday()) % _WEEK)
    planned_at = local_instant(datetime.combine(on, begins_at), zone)
    if planned_at <= now:
        on += timedelta(days=_WEEK)
        planned_at = local_instant(datetime.combine(on, begins_at), zone)
    return on, planned_at


def is_forgotten(began_at: datetime, planned_minutes: int, now: datetime) -> bool:
    """Whether a session was probably left running: much longer than planned."""
    return now - began_at > max(FORGOTTEN, 2 * timedelta(minutes=planned_minutes))


def faults_of_minutes(spells: Iterable[Spell], minutes: Mapping[UUID, int]) -> tuple[SpellFault, ...]:
    """What is wrong with the minutes given for spells: they can be shortened or left out (0), never lengthened.

    One that is asked and has none given is a fault too.
    """
    found = []
    for spell in spells:
        given = minutes.get(spell.id)
        most = -(-int(spell.length.total_seconds()) // 60)
        if given is None and spell.is_asked:
            found.append(SpellFault(spell.id, f"Confirm the minutes, 0 to {most}."))
        elif given is not None and not 0 <= given <= most:
            found.append(SpellFault(spell.id, f"Enter whole minutes from 0 to {most}."))
    return tuple(found)


def posted(spells: Iterable[Spell], minutes: Mapping[UUID, int]) -> tuple[Spell, ...]:
    """The spells as they are posted: shortened at the end to the minutes given, those of 0 left out.

    Without minutes given a spell is posted as it was.
    """
    kept = []
    for spell in spells:
        given = minutes.get(spell.id)
        ended_at = spell.ended_at if given is None else min(spell.ended_at, spell.began_at + timedelta(minutes=given))
        if ended_at > spell.began_at:
            kept.append(Spell(spell.id, spell.began_at, ended_at))
    return tuple(kept)


def fault_of_room(minutes: int, places: int, kept: int) -> tuple[str, str] | None:
    """Why a session cannot be so, as field and sentence; None when it can."""
    if not 10 <= minutes <= 240:
        return "minutes", "A session lasts from 10 to 240 minutes."
    if not 1 <= places <= 40:
        return "places", "A session has room for 1 to 40 patients."
    if not 0 <= kept <= places:
        return "kept_for_stalled", f"No more than the {places} places can be kept. Enter 0 to {places}."
    return None


def fault_of_deferral(reason: str, until_on: date, *, today: date) -> tuple[str, str] | None:
    """Why a patient cannot be put off so, as field and sentence; None when they can."""
    if not reason.strip():
        return "because", "Say why this patient can wait."
    if until_on <= today:
        return "until_on", "Choose a day after today."
    if until_on > today + timedelta(days=LONGEST_DEFERRAL_DAYS):
        return "until_on", f"A patient can be put off for {LONGEST_DEFERRAL_DAYS} days at most. Choose an earlier day."
    return None
