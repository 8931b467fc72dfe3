"""Records kept to some, and records opened past that in an emergency: how long, with what reason, looked at by when.

45 CFR 164.312(a)(2)(ii) asks for a way to reach records in an emergency; what makes it safe is that it is short, named,
seen by others at once and looked at afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final

MINUTES_OPEN: Final = 60
SHORTEST_REASON: Final = 20
LOOKED_AT_WITHIN: Final = timedelta(hours=72)


class Stage(StrEnum):
    """Where an emergency access stands."""

    OPEN = "open"
    TO_LOOK_AT = "to_look_at"
    LATE = "late"
    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"


@dataclass(frozen=True)
class Access:
    """An access as far as its stage goes: from when until when, ended early or not, and what was found."""

    begun_at: datetime
    until: datetime
    ended_at: datetime | None = None
    was_justified: bool | None = None

    @property
    def over_at(self) -> datetime:
        """When it was over: ended by hand, else by time."""
        return min(self.ended_at, self.until) if self.ended_at else self.until


def until_when(begun_at: datetime) -> datetime:
    """When an access that begins now is over at the latest."""
    return begun_at + timedelta(minutes=MINUTES_OPEN)


def minutes_left(until: datetime, at: datetime) -> int:
    """Whole minutes, the one that runs included; never below 0."""
    return max(0, ceil((until - at).total_seconds() / 60))


def stage_of(access: Access, at: datetime) -> Stage:
    """Open, then to be looked at within three days, else late; or what was found."""
    if access.was_justified is not None:
        return Stage.JUSTIFIED if access.was_justified else Stage.NOT_JUSTIFIED
    if at < access.over_at:
        return Stage.OPEN
    return Stage.LATE if at >= access.over_at + LOOKED_AT_WITHIN else Stage.TO_LOOK_AT


def fault_of_reason(reason: str) -> str:
    """What is wrong with a reason, as a sentence; empty if nothing. Words have to tell somebody else what happened."""
    text = " ".join(reason.split())
    if len(text) < SHORTEST_REASON:
        return f"Say in a sentence what happened and why it cannot wait: at least {SHORTEST_REASON} characters."
    if len(set(text.lower())) < SHORTEST_REASON // 4:
        return "Say in words what happened and why it cannot wait."
    return ""
