"""A running clock on a patient: how its time divides, and when to ask whether somebody is still at work.

Times are instants; nothing here knows what time it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

CALL, END_CALL, SEEN = "call", "end_call", "seen"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened while the clock ran: a call began or ended, or somebody said that they are at work."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """After how long without a sign of life to ask, alone and in a call; how long a time is taken without asking."""

    idle: timedelta = timedelta(minutes=20)
    idle_in_call: timedelta = timedelta(minutes=60)
    cap: timedelta = timedelta(minutes=90)


@dataclass(frozen=True, slots=True)
class Split:
    """Whole seconds before the first call, in calls, and after the first call outside calls."""

    preparation: int = 0
    call: int = 0
    charting: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was seen of the person from one instant to another."""

    begins_at: datetime
    ends_at: datetime


def is_in_call(marks: Iterable[Mark], at: datetime) -> bool:
    """Whether a call is marked at an instant, its first one included."""
    calls = [mark.kind for mark in marks if mark.kind != SEEN and mark.at <= at]
    return bool(calls) and calls[-1] == CALL


def can_mark(marks: Sequence[Mark], kind: str) -> bool:
    """Whether a mark says something new: a call begins only outside one, and ends only inside one."""
    if kind == SEEN:
        return True
    calls = [mark.kind for mark in marks if mark.kind != SEEN]
    return kind == (END_CALL if calls and calls[-1] == CALL else CALL)


def split(started_at: datetime, ended_at: datetime, marks: Sequence[Mark]) -> Split:
    """How the time divides, in whole seconds that add up to the whole. Without a call all of it is preparation."""
    moments = [started_at, *(mark.at for mark in marks if started_at < mark.at < ended_at), ended_at]
    parts = {"preparation": 0, "call": 0, "charting": 0}
    for begins, ends in pairwise(moments):
        parts[_part(marks, begins)] += int((ends - begins).total_seconds())
    return Split(**parts)


def _part(marks: Sequence[Mark], at: datetime) -> str:
    if is_in_call(marks, at):
        return "call"
    return "charting" if any(mark.kind == CALL and mark.at <= at for mark in marks) else "preparation"


def idle_gap(
    started_at: datetime, marks: Sequence[Mark], signs: Iterable[datetime], *, now: datetime, limits: Limits
) -> Gap | None:
    """The first stretch without a sign of life that is long enough to ask about, and was not answered for since.

    `signs` are the instants at which the person did anything; marks are signs too.
    """
    seen_at = max((mark.at for mark in marks if mark.kind == SEEN), default=started_at)
    known = {seen_at, now, *(mark.at for mark in marks), *signs}
    for begins, ends in pairwise(sorted(one for one in known if seen_at <= one <= now)):
        if ends - begins >= (limits.idle_in_call if is_in_call(marks, begins) else limits.idle):
            return Gap(begins, ends)
    return None
