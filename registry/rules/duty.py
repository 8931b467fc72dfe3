"""Who is on duty at a clinic, and whom a safety notice goes to when nobody takes it on.

Turns are wall clock times of the clinic's zone, as people agree on them: an hour that the clocks skip belongs to
nobody, one that they repeat is covered twice by the same person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

# Source: the issue that asked for it: after 15 minutes the next person, then the lead.
ROUND_MINUTES = 15
LAST_ROUND = 3
DAY = 24 * 60
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's turn every week from a weekday (0 is Monday) and time on; `rank` 1 is told first.

    An end that is not after the beginning means that time on the next day, so equal times are a whole day.
    """

    member_id: UUID
    weekday: int
    begins_at: time
    ends_at: time
    rank: int = 1

    @property
    def minutes(self) -> range:
        """The minutes of the week that it covers, from Monday 0:00; it may run past the week's end."""
        start = self.weekday * DAY + _minute(self.begins_at)
        length = (_minute(self.ends_at) - _minute(self.begins_at)) % DAY or DAY
        return range(start, start + length)

    def covers(self, minute: int) -> bool:
        """Whether a minute of the week (0 to 10079) lies in it."""
        return minute in self.minutes or minute + WEEK in self.minutes


@dataclass(frozen=True, slots=True)
class Round:
    """One round of telling, from 1; no members: nobody (more) was on duty."""

    number: int
    members: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of the week in which nobody is on duty, from one weekday and time to another."""

    from_weekday: int
    from_time: time
    until_weekday: int
    until_time: time


def on_duty(turns: Iterable[Turn], local: datetime) -> tuple[UUID, ...]:
    """Who is on duty at a local time of the clinic, by rank, each person once at their best rank."""
    minute = local.weekday() * DAY + _minute(local.time())
    found = sorted((turn for turn in turns if turn.covers(minute)), key=lambda turn: turn.rank)
    return tuple(dict.fromkeys(turn.member_id for turn in found))


def rounds_due(raised_at: datetime, at: datetime) -> int:
    """How many rounds of telling are due at an instant: one at once, one more every 15 minutes, three at most."""
    waited = max(at - raised_at, timedelta())
    return min(LAST_ROUND, 1 + waited // timedelta(minutes=ROUND_MINUTES))


def next_round_at(raised_at: datetime, done: int) -> datetime | None:
    """When the round after `done` rounds is due; None after the last."""
    return raised_at + done * timedelta(minutes=ROUND_MINUTES) if done < LAST_ROUND else None


def rounds_to_do(
    *,
    raised_at: datetime,
    at: datetime,
    done: int,
    duty: Sequence[UUID],
    told: Iterable[UUID],
    leads: Sequence[UUID],
) -> tuple[Round, ...]:
    """The rounds that are due at `at` after the first `done` ones, with whom each tells.

    First whoever is first on duty, then the next on duty who was not told yet, at last all leads. A round that finds
    nobody (more) on duty is kept without members, and the leads are told at once.
    """
    due, known, found = rounds_due(raised_at, at), list(told), list[Round]()
    number = done + 1
    while number <= due:
        members = _told_in(number, duty=duty, told=known, leads=leads)
        found.append(Round(number, members))
        known += members
        if not members and number < LAST_ROUND:
            number = due = LAST_ROUND
        else:
            number += 1
    return tuple(found)


def overlapping(turn: Turn, others: Iterable[Turn]) -> Turn | None:
    """The first turn of the same rank that shares a minute with this one."""
    return next((other for other in others if other.rank == turn.rank and _share(turn, other)), None)


def uncovered(turns: Iterable[Turn]) -> tuple[Gap, ...]:
    """When in a week nobody is on duty, in order from Monday; a gap over the week's end is one."""
    free = [True] * WEEK
    for turn in turns:
        for minute in turn.minutes:
            free[minute % WEEK] = False
    if all(free):
        return (Gap(0, time(0), 0, time(0)),)
    starts = [minute for minute in range(WEEK) if free[minute] and not free[minute - 1]]
    return tuple(_gap(start, next(n for n in range(start, 2 * WEEK) if not free[n % WEEK])) for start in starts)


def _told_in(number: int, *, duty: Sequence[UUID], told: Sequence[UUID], leads: Sequence[UUID]) -> tuple[UUID, ...]:
    if number == LAST_ROUND:
        return tuple(leads)
    return tuple(member for member in duty if member not in told)[:1]


def _share(turn: Turn, other: Turn) -> bool:
    first, second = turn.minutes, other.minutes
    return any(first.start < second.stop + shift and second.start + shift < first.stop for shift in (-WEEK, 0, WEEK))


def _gap(start: int, end: int) -> Gap:
    return Gap(*_place(start), *_place(end))


def _place(minute: int) -> tuple[int, time]:
    weekday, rest = divmod(minute % WEEK, DAY)
    return weekday, time(rest // 60, rest % 60)


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
